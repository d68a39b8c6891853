package coord

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tenantkit/tenantkit/internal/atomicfile"
)

// A Directory is a [Locker] and a [Store] for all processes of a machine. See [Dir].
type Directory struct {
	path  string
	disk  atomicfile.Disk
	local *local // keeps goroutines from polling, and serves them in turn
}

// maxValueBytes limits the memory for a file that something else wrote.
const maxValueBytes = 64 << 20

// Dir returns the locks and values in the directory at path, for all processes of a machine that
// use the same directory. It is made with mode 0700 if it does not exist; its parent must exist. It
// must be on a local disk.
//
// Values are in files of mode 0600, at most 64 MiB each. Each Save writes a new file, flushes it to
// the disk and moves it into place, so that whatever happens the old value or the new one is there.
// A file that others than its owner may read is an error (on Unix), and so is a symbolic link
// instead of a file. A file name starts with the readable part of its key.
//
// Locks are files that their holder locks (flock) and removes at the end; do not remove them. The
// system frees the lock of a killed process, and a lock is never lost. Windows and others without
// flock cannot free it: there, it is free after two minutes, holders renew their locks, and a lock
// that cannot be renewed for 90 seconds is lost.
//
// Processes get a lock in no particular order. One that locks again as soon as it has unlocked does
// not starve the others.
func Dir(path string) *Directory { return &Directory{path: path, local: newLocal()} }

// Lock locks key for this process and within it. See [Locker].
func (d *Directory) Lock(ctx context.Context, key string) (context.Context, func() error, error) {
	if err := d.prepare(ctx); err != nil {
		return nil, nil, fmt.Errorf("coord: Lock: %w", err)
	}
	held, unlock, err := d.lock(ctx, key)
	if err != nil {
		return nil, nil, fmt.Errorf("coord: Lock: %w", err)
	}
	return held, unlock, nil
}

func (d *Directory) lock(ctx context.Context, key string) (context.Context, func() error, error) {
	file := d.file(key)
	turn, leave, err := d.local.lock(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	// Whoever is next has this lock until it has the other, so that a holder cannot lock again
	// before it.
	_, arrive, err := atomicfile.Lock(turn, file+".next", ErrLost)
	if err != nil {
		return nil, nil, errors.Join(err, leave())
	}
	held, release, err := atomicfile.Lock(turn, file+".lock", ErrLost)
	if err != nil {
		return nil, nil, errors.Join(err, arrive(), leave())
	}
	unlock := func() error { return errors.Join(release(), leave()) }
	if err := arrive(); err != nil {
		return nil, nil, errors.Join(err, unlock())
	}
	return held, unlock, nil
}

// Load returns the value of key. See [Store].
func (d *Directory) Load(ctx context.Context, key string) ([]byte, string, error) {
	value, version, err := d.load(ctx, key)
	if err != nil {
		return nil, "", fmt.Errorf("coord: Load: %w", err)
	}
	return value, version, nil
}

func (d *Directory) load(ctx context.Context, key string) ([]byte, string, error) {
	if err := d.check(ctx); err != nil {
		return nil, "", err
	}
	return read(d.file(key) + ".value")
}

// Save replaces the value of key. See [Store].
func (d *Directory) Save(ctx context.Context, key string, value []byte, version string) (string, error) {
	next, err := d.save(ctx, key, value, version)
	if err != nil {
		return "", fmt.Errorf("coord: Save: %w", err)
	}
	return next, nil
}

func (d *Directory) save(ctx context.Context, key string, value []byte, version string) (next string, err error) {
	switch err := d.prepare(ctx); {
	case err != nil:
		return "", err
	case len(value) > maxValueBytes:
		return "", fmt.Errorf("the value is longer than %d bytes", maxValueBytes)
	}
	// Not the lock of Lock, which the caller may have.
	file := d.file(key)
	_, unlock, err := atomicfile.Lock(ctx, file+".save", ErrLost)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	switch _, current, err := read(file + ".value"); {
	case err != nil:
		return "", err
	case current != version:
		return "", ErrStale
	case value == nil:
		return "", d.disk.Remove(file + ".value")
	}
	next = rand.Text()
	return next, d.disk.Replace(file+".value", slices.Concat([]byte(next+"\n"), value))
}

// read returns the value in a file, and the version on its first line. No file is a missing value.
func read(file string) ([]byte, string, error) {
	data, err := atomicfile.ReadPrivate(file, maxValueBytes+versionBytes+1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	version, value, found := bytes.Cut(data, []byte("\n"))
	if !found || len(version) != versionBytes {
		return nil, "", fmt.Errorf("%s was not written by this package: remove it", file)
	}
	return value, string(version), nil
}

// versionBytes is the length of a version: 130 random bits.
const versionBytes = 26

// file returns the beginning of the paths of the files for key. Its length is bounded, it has no
// uppercase letters, since some file systems ignore case, and no two keys have the same.
func (d *Directory) file(key string) string {
	readable := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(key[:min(len(key), 60)]))
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(d.path, readable+"-"+hex.EncodeToString(sum[:16]))
}

func (d *Directory) check(ctx context.Context) error {
	if d == nil || d.local == nil {
		return errors.New("the directory must be made by Dir")
	}
	if err := checkContext(ctx); err != nil {
		return err
	}
	if reason := atomicfile.BadPath(d.path); reason != "" {
		return fmt.Errorf("path: %s", reason)
	}
	return nil
}

// prepare makes the directory, for calls that write.
func (d *Directory) prepare(ctx context.Context) error {
	if err := d.check(ctx); err != nil {
		return err
	}
	if err := os.Mkdir(d.path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// Format writes the path, for every verb, and may be called at any time.
func (d *Directory) Format(f fmt.State, _ rune) {
	text := "coord.Dir(<nil>)"
	if d != nil {
		text = fmt.Sprintf("coord.Dir(%q)", d.path)
	}
	// fmt.State reports no write errors.
	_, _ = io.WriteString(f, text)
}
