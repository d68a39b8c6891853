//go:build (darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd) && !tenantkit_portable_lock

package auth

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile locks the file at path, which it makes if need be, for this process and within it. The system takes the lock back when
// the process ends, however it does. The file is never removed: who waits for one that was would wait for another lock than others.
func lockFile(ctx context.Context, path string) (unlock func() error, err error) {
	for tries := 0; ; tries++ {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, err
		}
		info, err := file.Stat()
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("%s is no regular file (%v): remove it", path, info.Mode().Type())
		}
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return file.Close, nil
		case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EINTR):
			err = pause(ctx, tries)
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
	}
}
