package auth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/internal/atomicfile"
)

// FileStore returns a store that keeps the token in a file of mode 0600, as JSON. Its directory
// must exist.
//
// Save writes a new file next to it (.NAME.….tmp), flushes it to the disk and moves it into place,
// so that the file contains the old token or the new one, whatever happens meanwhile. Lock locks a
// file next to it (NAME.lock) for all processes of the machine that use the same path, as
// [coord.Dir] does. It also finds out, before a refresh token is spent, whether the directory can
// be written to and the disk has room for the next one.
//
// A file that others than its owner may read is refused (on Unix), and so are symbolic links and
// everything else that is not a regular file, instead of the file and of its companions. Files that
// a killed program left in the middle of Save are removed by a later Save, after a minute.
//
// [TokenStoreIn] keeps tokens in a [coord.Store], for programs on several machines.
func FileStore(path string) TokenLocker { return &fileStore{path: path} }

type fileStore struct {
	path string
	disk atomicfile.Disk
}

// check refuses an invalid path.
func (s fileStore) check() error {
	if reason := atomicfile.BadPath(s.path); reason != "" {
		return invalid("FileStore", "path", "%s", reason)
	}
	return nil
}

func (s fileStore) Load(context.Context) (StoredToken, error) {
	if err := s.check(); err != nil {
		return StoredToken{}, err
	}
	data, err := atomicfile.ReadPrivate(s.path, maxStoredBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return StoredToken{}, fmt.Errorf("the token file %s does not exist: %w", s.path, ErrNoToken)
	case err != nil:
		return StoredToken{}, fmt.Errorf("the token file: %w", err)
	}
	token, err := decodeStored(data)
	if err != nil {
		return StoredToken{}, fmt.Errorf("the token file %s %w", s.path, err)
	}
	return token, nil
}

func (s fileStore) Save(_ context.Context, token StoredToken) error {
	if err := s.check(); err != nil {
		return err
	}
	data, err := encodeStored(token)
	if err != nil {
		return fmt.Errorf("the token for the file %s %w", s.path, err)
	}
	if err := atomicfile.CheckRegular(s.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the token file: %w", err)
	}
	return s.disk.Replace(s.path, data)
}

func (s fileStore) Lock(ctx context.Context) (func() error, error) {
	if err := errors.Join(s.check(), checkContext("Lock", ctx)); err != nil {
		return nil, err
	}
	_, unlock, err := atomicfile.Lock(ctx, s.path+".lock", coord.ErrLost)
	if err != nil {
		return nil, fmt.Errorf("the lock of the token file %s: %w", s.path, err)
	}
	// Room for more than any token.
	if err := s.disk.Probe(s.path, 2*maxTokenBytes); err != nil {
		return nil, errors.Join(fmt.Errorf("no token could be stored: %w", err), unlock())
	}
	return unlock, nil
}
