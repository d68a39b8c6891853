//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd) || tenantkit_portable_lock

package atomicfile_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantkit/tenantkit/internal/atomicfile"
)

var errLost = errors.New("the lock was lost")

// If the system does not free locks, the lock of a killed process is held until it is old.
func TestLock_LeftBehind(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := atomicfile.Lock(ctx, path, errLost); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a lock that may be held: %v", err)
	}
	old := time.Now().Add(-3 * time.Minute)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	_, unlock, err := atomicfile.Lock(t.Context(), path, errLost)
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	wantFiles(t, filepath.Dir(path))
}

// Whoever was killed while it removed an old lock keeps nobody out.
func TestLock_BreakerLeftBehind(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	old := time.Now().Add(-3 * time.Minute)
	for _, file := range []string{path, path + ".old"} {
		if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Chtimes(file, old, old)); err != nil {
			t.Fatal(err)
		}
	}
	_, unlock, err := atomicfile.Lock(t.Context(), path, errLost)
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	wantFiles(t, filepath.Dir(path))
}

func TestLock_Renewal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	synctest.Test(t, func(t *testing.T) {
		held, unlock, err := atomicfile.Lock(t.Context(), path, errLost)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		info, err := os.Stat(path)
		if err != nil || time.Since(info.ModTime()) > time.Minute || held.Err() != nil {
			t.Errorf("after an hour: renewed at %v, %v, lost: %v", info.ModTime(), err, context.Cause(held))
		}
		if err := unlock(); err != nil {
			t.Error(err)
		}
	})
	wantFiles(t, filepath.Dir(path))
}

func TestLock_Lost(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(path string) error{
		"removed":         os.Remove,
		"somebody else's": func(path string) error { return os.WriteFile(path, []byte("somebody else"), 0o600) },
		"cannot be read":  func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "lock")
			synctest.Test(t, func(t *testing.T) {
				held, unlock, err := atomicfile.Lock(t.Context(), path, errLost)
				if err != nil {
					t.Fatal(err)
				}
				if err := lose(path); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				<-held.Done()
				if took := time.Since(began); took >= 2*time.Minute || !errors.Is(context.Cause(held), errLost) {
					t.Errorf("the lock was lost after %v: %v", took, context.Cause(held))
				}
				_, before := os.Stat(path)
				_ = unlock()
				if _, after := os.Stat(path); errors.Is(before, os.ErrNotExist) != errors.Is(after, os.ErrNotExist) {
					t.Errorf("unlock removed what is not its own: %v", after)
				}
			})
		})
	}
}
