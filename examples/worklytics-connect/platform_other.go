//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// lock keeps other runs out until unlock. A run that is killed leaves the file, which then has to be removed by hand.
func lock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s: another run is at work, or was killed: remove the file if there is none", path)
	}
	if err != nil {
		return nil, err
	}
	return func() {
		// A file that stays is told by the next run.
		_ = file.Close()
		_ = os.Remove(path)
	}, nil
}

// syncDirectory does nothing: here a directory cannot be synced.
func syncDirectory(string) error { return nil }
