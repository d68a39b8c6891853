//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd) || tenantkit_portable_lock

package auth

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

// lockStale is how old a lock file must be to have no living owner: more than any holder takes.
const lockStale = 2 * time.Minute

// lockFile makes the file at path, which only one can, and unlock removes it. One that a killed program left behind keeps everybody
// out until it is lockStale old.
func lockFile(ctx context.Context, path string) (unlock func() error, err error) {
	for tries := 0; ; tries++ {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			return func() error { return os.Remove(path) }, file.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		info, err := os.Lstat(path)
		if err == nil && time.Since(info.ModTime()) > lockStale {
			err = os.Remove(path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // its owner has removed it, or somebody else
			return nil, err
		}
		if err := pause(ctx, tries); err != nil {
			return nil, err
		}
	}
}
