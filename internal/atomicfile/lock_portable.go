//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd) || tenantkit_portable_lock

package atomicfile

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"time"
)

const (
	// leaseAge is how old a lock file must be to have no living owner.
	leaseAge = 2 * time.Minute
	// leaseRenewal is how often an owner renews its lock file.
	leaseRenewal = 20 * time.Second
	// leaseEnd is when a lock that could not be renewed counts as lost.
	leaseEnd = 90 * time.Second
)

// tryLock returns a nil context if somebody else has the lock.
func tryLock(ctx context.Context, path string, lost error) (context.Context, func() error, error) {
	owner, began := rand.Text(), time.Now()
	err := makeLock(path, owner)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, nil, breakLock(path)
	case err != nil:
		return nil, nil, err
	}
	held, cancel := context.WithCancelCause(ctx)
	expiry := time.AfterFunc(time.Until(began.Add(leaseEnd)), func() { cancel(lost) })
	turn := make(chan struct{}, 1) // contains a token while nobody uses the file
	var renewal *time.Timer
	renewal = time.AfterFunc(leaseRenewal, func() {
		select {
		case <-turn:
		default:
			return
		}
		defer func() { turn <- struct{}{} }()
		now := time.Now()
		switch mine, err := isLock(path, owner); {
		case err == nil && !mine:
			cancel(lost)
			return
		case err == nil && os.Chtimes(path, now, now) == nil && expiry.Stop():
			expiry.Reset(time.Until(now.Add(leaseEnd)))
		}
		renewal.Reset(leaseRenewal)
	})
	turn <- struct{}{}
	return held, once(func() error {
		<-turn
		renewal.Stop()
		expiry.Stop()
		gone := held.Err() != nil && errors.Is(context.Cause(held), lost)
		cancel(context.Canceled)
		if mine, err := isLock(path, owner); gone || err != nil || !mine {
			return err
		}
		return os.Remove(path)
	}), nil
}

func makeLock(path, owner string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(owner)
	if err := errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// isLock reports whether the lock file at path has this owner.
func isLock(path, owner string) (bool, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return string(text) == owner, err
}

// breakLock removes the lock file of a killed process. Only one process at a time does, so that
// none removes the file of the next owner.
func breakLock(path string) error {
	if old, err := isOld(path); err != nil || !old {
		return err
	}
	breaker := path + ".old"
	err := makeLock(breaker, "")
	if errors.Is(err, fs.ErrExist) {
		if old, err := isOld(breaker); err != nil || !old {
			return err
		}
		return os.Remove(breaker)
	}
	if err != nil {
		return err
	}
	old, err := isOld(path)
	if err == nil && old {
		err = os.Remove(path)
	}
	return errors.Join(err, os.Remove(breaker))
}

// isOld reports whether the file at path exists and has no living owner.
func isOld(path string) (bool, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && time.Since(info.ModTime()) > leaseAge, err
}
