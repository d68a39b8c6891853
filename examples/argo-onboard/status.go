package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tenantkit/tenantkit/coord"
)

// stateFile is a store with one value, the tenant's status while changes wipe it, in the file of
// this path. [lock] keeps other runs out.
type stateFile string

// Load returns the content of the file.
func (f stateFile) Load(context.Context, string) ([]byte, string, error) {
	data, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(data)
	return data, hex.EncodeToString(sum[:]), nil
}

// Save replaces the file, or removes it if value is nil.
func (f stateFile) Save(ctx context.Context, key string, value []byte, version string) (string, error) {
	_, current, err := f.Load(ctx, key)
	switch {
	case err != nil:
		return "", err
	case current != version:
		return "", coord.ErrStale
	case value != nil:
		err = writePrivately(string(f), value)
	default:
		if err = os.Remove(string(f)); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		return "", err
	}
	_, next, err := f.Load(ctx, key)
	return next, err
}

// writePrivately writes a file that only its owner can read, in whole or not at all.
func writePrivately(path string, data []byte) (err error) {
	// A temporary file has the mode 0600.
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = file.Write(append(data, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
