// Package atomicfile replaces small files in whole: whenever a program or its machine stops, and
// whatever of it fails, the file holds the old content or the new one.
package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
	"unicode"
)

const (
	tempSuffix = ".tmp"
	// How old a file left half way must be to have no living owner.
	tempAge = time.Minute
)

// Disk is where files are. Its zero value is the operating system's; tests put failures in place of
// single steps.
type Disk struct {
	// Create makes a new file as [os.CreateTemp] does: of mode 0600, under a name that nobody
	// can foresee, so that nothing that was put in its way is followed or written over.
	Create func(dir, pattern string) (File, error)
	Rename func(from, to string) error
	// SyncDir brings the renaming of a file in the directory to the disk.
	SyncDir func(dir string) error
}

// File is a new file.
type File interface {
	io.WriteCloser
	// Name returns its path.
	Name() string
	// Sync flushes it to the disk.
	Sync() error
}

// maxPath is what the longest path of any usual system has, in bytes.
const maxPath = 32 << 10

// BadPath says why a text is no path of a file, or nothing.
func BadPath(path string) string {
	switch {
	case path == "":
		return "it is empty"
	case len(path) > maxPath:
		return "it is longer than 32 KiB"
	case strings.ContainsFunc(path, unicode.IsControl):
		return "it holds a control character"
	}
	return ""
}

// Replace puts a file of mode 0600 with data in the place of what is at path, if anything is: it
// writes a new file beside it (.NAME.….tmp), flushes it to the disk, and moves it into place. What
// killed programs left behind of that is removed after a minute.
//
// After an error the old content is still there, but for an error of the very last step, the flush
// of the directory: then it is the new one, which a crash of the machine may yet undo.
func (d Disk) Replace(path string, data []byte) error {
	temp, err := d.write(path, data)
	if err != nil {
		return err
	}
	if err := d.rename(temp, path); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	sweep(path)
	return d.syncDir(filepath.Dir(path))
}

// Remove removes the file at path, if there is one, and brings that to the disk.
func (d Disk) Remove(path string) error {
	switch err := os.Remove(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return d.syncDir(filepath.Dir(path))
}

// Probe finds out whether a file of that many bytes could be put at path.
func (d Disk) Probe(path string, size int) error {
	temp, err := d.write(path, make([]byte, size))
	if err != nil {
		return err
	}
	return os.Remove(temp)
}

// write makes a file beside the path that holds data, on the disk and not only in the system's
// buffers.
func (d Disk) write(path string, data []byte) (name string, err error) {
	temp, err := d.create(filepath.Dir(path), tempPrefix(path)+"*"+tempSuffix)
	if err != nil {
		return "", err
	}
	n, err := temp.Write(data)
	if err == nil && n < len(data) {
		err = io.ErrShortWrite
	}
	if err == nil {
		err = temp.Sync()
	}
	if err := errors.Join(err, temp.Close()); err != nil {
		return "", errors.Join(err, os.Remove(temp.Name()))
	}
	return temp.Name(), nil
}

func tempPrefix(path string) string { return "." + filepath.Base(path) + "." }

// sweep removes what killed programs left behind. What it cannot remove stays: that must not keep
// anything from being stored.
func sweep(path string) {
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !isTemp(entry.Name(), path) {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > tempAge {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}

// isTemp tells whether a name is one that [os.CreateTemp] gave to a file of the path: with a
// number, so that no file of anybody else who likes such names is taken for one.
func isTemp(name, path string) bool {
	name, hasPrefix := strings.CutPrefix(name, tempPrefix(path))
	number, hasSuffix := strings.CutSuffix(name, tempSuffix)
	return hasPrefix && hasSuffix && number != "" && strings.Trim(number, "0123456789") == ""
}

func (d Disk) create(dir, pattern string) (File, error) {
	if d.Create != nil {
		return d.Create(dir, pattern)
	}
	return os.CreateTemp(dir, pattern)
}

func (d Disk) rename(from, to string) error {
	if d.Rename != nil {
		return d.Rename(from, to)
	}
	return os.Rename(from, to)
}

func (d Disk) syncDir(path string) error {
	if d.SyncDir != nil {
		return d.SyncDir(path)
	}
	if runtime.GOOS == "windows" {
		// It does not open directories, and keeps the order of a renaming by itself.
		return nil
	}
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
