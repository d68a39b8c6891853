//go:build unix

package auth

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// private tells whether nobody but the file's owner may read or write it.
func private(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 == 0 }

// syncDir puts on the disk that a file was moved in the directory.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	err = dir.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // a file system that knows no such thing
	}
	return errors.Join(err, dir.Close())
}
