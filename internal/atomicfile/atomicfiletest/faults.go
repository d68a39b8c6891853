// Package atomicfiletest makes disks that fail at every single step of replacing a file, and kills
// whoever replaces one there.
package atomicfiletest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/tenantkit/tenantkit/internal/atomicfile"
)

// Fault is a disk on which one thing goes wrong.
type Fault struct {
	Name string
	Disk atomicfile.Disk
	// Err is what the replacing must fail with; nil where it is killed.
	Err error
	// Replaced tells that the fault comes after the file was moved into place.
	Replaced bool
}

// Faults returns all faults for a file of that many bytes: each kind of failed write after each
// number of bytes, and a failure of, and a death before, every other step.
func Faults(size int) []Fault {
	broken := &os.PathError{Op: "sync", Path: "disk", Err: syscall.EIO}
	refused := &os.LinkError{Op: "rename", Old: "a", New: "b", Err: syscall.EACCES}
	rename := func(err error) func(from, to string) error { return func(string, string) error { return end(err) } }
	all := []Fault{
		{Name: "no new file", Err: syscall.ENOSPC, Disk: atomicfile.Disk{Create: func(string, string) (atomicfile.File, error) { return nil, syscall.ENOSPC }}},
		{Name: "flush fails", Err: broken, Disk: creating(file{cut: -1, syncErr: broken})},
		{Name: "killed before the flush", Disk: creating(file{cut: -1, syncErr: errKilled})},
		{Name: "close fails", Err: broken, Disk: creating(file{cut: -1, closeErr: broken})},
		{Name: "renaming fails", Err: refused, Disk: atomicfile.Disk{Rename: rename(refused)}},
		{Name: "killed before the renaming", Disk: atomicfile.Disk{Rename: rename(errKilled)}},
		{Name: "flush of the directory fails", Err: broken, Replaced: true, Disk: atomicfile.Disk{SyncDir: func(string) error { return broken }}},
		{Name: "killed after the renaming", Replaced: true, Disk: atomicfile.Disk{SyncDir: func(string) error { return end(errKilled) }}},
	}
	for n := range size {
		all = append(all,
			Fault{Name: fmt.Sprintf("killed after %d bytes", n), Disk: creating(file{cut: n, writeErr: errKilled})},
			Fault{Name: fmt.Sprintf("disk full after %d bytes", n), Err: syscall.ENOSPC, Disk: creating(file{cut: n, writeErr: syscall.ENOSPC})},
			Fault{Name: fmt.Sprintf("%d bytes written without an error", n), Err: io.ErrShortWrite, Disk: creating(file{cut: n})},
		)
	}
	return all
}

// Check tells what is wrong with what the replacing came to; nil for nothing.
func (f Fault) Check(killed bool, err error) error {
	switch {
	case killed != (f.Err == nil):
		return fmt.Errorf("killed: %t, with %w", killed, err)
	case killed, errors.Is(err, f.Err):
		return nil
	}
	return fmt.Errorf("the error is %w, want %w", err, f.Err)
}

// Try replaces, and tells whether it was killed in that.
func Try(replace func() error) (killed bool, err error) {
	defer func() {
		if died := recover(); died == errKilled {
			killed = true
		} else if died != nil {
			panic(died)
		}
	}()
	return false, replace()
}

// errKilled ends the program: nothing of it runs any more, and nothing is cleaned up.
var errKilled = errors.New("killed")

func end(err error) error {
	if err == errKilled {
		panic(errKilled)
	}
	return err
}

// file is a file of which one step fails.
type file struct {
	*os.File
	cut                         int // how many bytes are written at most; negative: all
	writeErr, syncErr, closeErr error
}

func creating(f file) atomicfile.Disk {
	return atomicfile.Disk{Create: func(dir, pattern string) (atomicfile.File, error) {
		made, err := os.CreateTemp(dir, pattern)
		f := f
		f.File = made
		return &f, err
	}}
}

func (f *file) Write(data []byte) (int, error) {
	if f.cut < 0 {
		return f.File.Write(data)
	}
	n, err := f.File.Write(data[:min(f.cut, len(data))])
	if err != nil {
		return n, err
	}
	if f.writeErr == errKilled {
		_ = f.File.Close() // as the system does
	}
	return n, end(f.writeErr)
}

func (f *file) Sync() error {
	if f.syncErr != nil {
		if f.syncErr == errKilled {
			_ = f.File.Close()
		}
		return end(f.syncErr)
	}
	return f.File.Sync()
}

func (f *file) Close() error { return errors.Join(f.File.Close(), f.closeErr) }
