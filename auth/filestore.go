package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit"
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
func FileStore(path string) TokenLocker { return fileStore(path) }

type fileStore string

// storedFile is the form of the file.
type storedFile struct {
	Token  *tenantkit.Secret `json:"token"`
	Expiry time.Time         `json:"expiry,omitzero"`
	Origin string            `json:"origin,omitzero"`
}

func (s fileStore) Load(context.Context) (StoredToken, error) {
	info, err := s.look()
	if err != nil {
		return StoredToken{}, err
	}
	if info == nil {
		return StoredToken{}, fmt.Errorf("the token file %s does not exist: %w", string(s), ErrNoToken)
	}
	data, err := s.read()
	if err != nil {
		return StoredToken{}, err
	}
	var stored storedFile
	if wire.Unmarshal(data, &stored) != nil || stored.Token == nil {
		// The cause is left out, since it may quote the token.
		return StoredToken{}, fmt.Errorf("the token file %s does not hold what this store writes: remove it, or put the right one there", string(s))
	}
	return StoredToken{Token: Token{Value: *stored.Token, Expiry: stored.Expiry}, Origin: stored.Origin}, nil
}

func (s fileStore) read() ([]byte, error) {
	file, err := os.Open(string(s))
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !private(info) {
		err = fmt.Errorf("the token file %s is open to others (mode %04o), who may know its token: if they do not, give it mode 0600",
			string(s), info.Mode().Perm())
	}
	var data []byte
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(file, maxFileBytes))
	}
	return data, errors.Join(err, file.Close())
}

func (s fileStore) Save(_ context.Context, token StoredToken) error {
	if len(token.Value) > maxTokenBytes {
		return fmt.Errorf("the token for the file %s is longer than %d bytes", string(s), maxTokenBytes)
	}
	data, err := tenantkit.Reveal(storedFile{Token: &token.Value, Expiry: token.Expiry, Origin: token.Origin})
	if err != nil {
		return fmt.Errorf("the token for the file %s cannot be written: %w", string(s), err)
	}
	if _, err := s.look(); err != nil {
		return err
	}
	temp, err := s.write(data)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, string(s)); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	s.sweep()
	return syncDir(filepath.Dir(string(s)))
}

// look returns what is in the file's place, nil if nothing is.
func (s fileStore) look() (fs.FileInfo, error) {
	info, err := os.Lstat(string(s))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("the token file %s is no regular file (%v): name the file itself", string(s), info.Mode().Type())
	}
	return info, nil
}

// write makes a file beside the path that holds data, on the disk and not only in the system's buffers.
func (s fileStore) write(data []byte) (path string, err error) {
	// It makes a new file of mode 0600, of a name that nobody can foresee: nothing that was put in its way is followed.
	temp, err := os.CreateTemp(filepath.Dir(string(s)), s.tempPrefix()+"*"+tempSuffix)
	if err != nil {
		return "", err
	}
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Sync()
	}
	if err := errors.Join(err, temp.Close()); err != nil {
		return "", errors.Join(err, os.Remove(temp.Name()))
	}
	return temp.Name(), nil
}

const (
	maxFileBytes = 8 * maxTokenBytes // JSON may write one byte as six

	tempSuffix = ".tmp"
	// How old the file of a Save must be to have no living owner.
	tempAge = time.Minute
)

func (s fileStore) tempPrefix() string { return "." + filepath.Base(string(s)) + "." }

// sweep removes what killed programs left behind. What it cannot remove stays: that must not keep a token from being stored.
func (s fileStore) sweep() {
	dir := filepath.Dir(string(s))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), s.tempPrefix()) || !strings.HasSuffix(entry.Name(), tempSuffix) {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > tempAge {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}

func (s fileStore) Lock(ctx context.Context) (func() error, error) {
	unlock, err := lockFile(ctx, string(s)+".lock")
	if err != nil {
		return nil, fmt.Errorf("the lock of the token file %s: %w", string(s), err)
	}
	// Room for more than any token.
	temp, err := s.write(make([]byte, 2*maxTokenBytes))
	if err == nil {
		err = os.Remove(temp)
	}
	if err != nil {
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
