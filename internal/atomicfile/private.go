package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ReadPrivate returns the content of the file at path, which must have at most limit bytes. A file
// that others than its owner may read or write is an error (on Unix), and so are symbolic links and
// everything else that is not a regular file.
func ReadPrivate(path string, limit int64) ([]byte, error) {
	if err := CheckRegular(path); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, err
	}
	data, err := readPrivate(file, limit)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	return data, nil
}

func readPrivate(file *os.File, limit int64) ([]byte, error) {
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, notRegular(file.Name(), info)
	case !private(info):
		return nil, fmt.Errorf("%s is open to others (mode %04o), who may know or change its content: if they do not, give it mode 0600",
			file.Name(), info.Mode().Perm())
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is longer than %d bytes", file.Name(), limit)
	}
	return data, err
}

// CheckRegular returns an error if something that is not a regular file is at path, or if nothing
// is ([fs.ErrNotExist]).
func CheckRegular(path string) error {
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = notRegular(path, info)
	}
	return err
}

func notRegular(path string, info fs.FileInfo) error {
	return fmt.Errorf("%s is not a regular file (%v): name the file itself", path, info.Mode().Type())
}
