//go:build (darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd) && !tenantkit_portable_lock

package atomicfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// tryLock returns a nil context if somebody else has the lock.
func tryLock(ctx context.Context, path string, _ error) (context.Context, func() error, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, nil, err
	}
	locked, err := flock(file)
	if err != nil || !locked {
		return nil, nil, errors.Join(err, file.Close())
	}
	held, cancel := context.WithCancel(ctx)
	return held, once(func() error {
		cancel()
		// Whoever waits for the removed file finds out that it is removed. Should that
		// fail, the file stays for the next holder.
		_ = os.Remove(path)
		return file.Close()
	}), nil
}

// flock reports whether it locked the file and the file is still in its place: its last holder may
// have removed it.
func flock(file *os.File) (bool, error) {
	opened, err := file.Stat()
	if err != nil {
		return false, err
	}
	if !opened.Mode().IsRegular() {
		return false, fmt.Errorf("%s is not a regular file (%v): remove it", file.Name(), opened.Mode().Type())
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	present, err := os.Lstat(file.Name())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(opened, present), err
}
