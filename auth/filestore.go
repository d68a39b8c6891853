package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/atomicfile"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// FileStore returns a store that keeps the token in a file of mode 0600, as JSON. Its directory must exist.
//
// Save writes a new file beside it (.NAME.….tmp), flushes it to the disk and moves it into place, so that the file holds the old
// token or the new one in whole, whatever happens meanwhile. Lock holds for all processes of the machine that use the same path,
// by way of an empty file beside it (NAME.lock); it also finds out, before a refresh token is spent, whether the directory can be
// written to and the disk has room for the next one. The system takes back the lock of a program that was killed; on Windows and
// others that have no flock, it holds for two minutes.
//
// A file that others than its owner may read is refused (on Unix), and so are symbolic links and everything else that is no regular
// file, in place of the file and of its companions. Files that a killed program left in the middle of Save are removed by a later
// Save, after a minute.
func FileStore(path string) TokenLocker { return &fileStore{path: path} }

type fileStore struct {
	path string
	disk atomicfile.Disk
}

// storedFile is the form of the file.
type storedFile struct {
	Token  *tenantkit.Secret `json:"token"`
	Expiry time.Time         `json:"expiry,omitzero"`
	Origin string            `json:"origin,omitzero"`
}

// check refuses what is no path.
func (s fileStore) check() error {
	if reason := atomicfile.BadPath(s.path); reason != "" {
		return &tenantkit.ValidationError{Operation: "FileStore", Field: "path", Reason: reason}
	}
	return nil
}

func (s fileStore) Load(context.Context) (StoredToken, error) {
	info, err := s.look()
	if err != nil {
		return StoredToken{}, err
	}
	if info == nil {
		return StoredToken{}, fmt.Errorf("the token file %s does not exist: %w", s.path, ErrNoToken)
	}
	data, err := s.read()
	if err != nil {
		return StoredToken{}, err
	}
	var stored storedFile
	if wire.Unmarshal(data, &stored) != nil || stored.Token == nil {
		// The cause is left out, since it may quote the token.
		return StoredToken{}, fmt.Errorf("the token file %s does not hold what this store writes: remove it, or put the right one there", s.path)
	}
	return StoredToken{Token: Token{Value: *stored.Token, Expiry: stored.Expiry}, Origin: stored.Origin}, nil
}

func (s fileStore) read() ([]byte, error) {
	file, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !private(info) {
		err = fmt.Errorf("the token file %s is open to others (mode %04o), who may know its token: if they do not, give it mode 0600",
			s.path, info.Mode().Perm())
	}
	var data []byte
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(file, maxFileBytes))
	}
	return data, errors.Join(err, file.Close())
}

func (s fileStore) Save(_ context.Context, token StoredToken) error {
	if len(token.Value.Reveal()) > maxTokenBytes {
		return fmt.Errorf("the token for the file %s is longer than %d bytes", s.path, maxTokenBytes)
	}
	data, err := tenantkit.Reveal(storedFile{Token: &token.Value, Expiry: token.Expiry, Origin: token.Origin})
	if err != nil {
		return fmt.Errorf("the token for the file %s cannot be written: %w", s.path, err)
	}
	if _, err := s.look(); err != nil {
		return err
	}
	return s.disk.Replace(s.path, data)
}

// look returns what is in the file's place, nil if nothing is.
func (s fileStore) look() (fs.FileInfo, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	info, err := os.Lstat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("the token file %s is no regular file (%v): name the file itself", s.path, info.Mode().Type())
	}
	return info, nil
}

const maxFileBytes = 8 * maxTokenBytes // JSON may write one byte as six

func (s fileStore) Lock(ctx context.Context) (func() error, error) {
	if err := errors.Join(s.check(), checkContext("Lock", ctx)); err != nil {
		return nil, err
	}
	unlock, err := lockFile(ctx, s.path+".lock")
	if err != nil {
		return nil, fmt.Errorf("the lock of the token file %s: %w", s.path, err)
	}
	// Room for more than any token.
	if err := s.disk.Probe(s.path, 2*maxTokenBytes); err != nil {
		return nil, errors.Join(fmt.Errorf("no token could be stored: %w", err), unlock())
	}
	return unlock, nil
}

// pause waits before another try to get a lock: the longer, the more there were, up to a quarter of a second.
func pause(ctx context.Context, tries int) error {
	timer := time.NewTimer(min(time.Millisecond<<min(tries, 8), 250*time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
