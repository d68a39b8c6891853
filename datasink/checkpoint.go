package datasink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// Checkpoint keeps the state of a long run outside of the program. It is for one run at a time.
type Checkpoint interface {
	// Load returns what was last saved, and the zero state when nothing was.
	Load(ctx context.Context) (BulkState, error)
	// Save replaces what was saved. When it returns, the state must survive the end of the program. It is called once at a time.
	Save(ctx context.Context, state BulkState) error
}

// FileCheckpoint returns a checkpoint in the file of the given path, which only its owner can read. The file always holds a whole
// state, whenever the program or the machine stops: a new one is written beside it, as path with .tmp at the end, and takes its
// place when it is on disk. Delete the file to begin anew.
func FileCheckpoint(path string) Checkpoint { return fileCheckpoint(path) }

type fileCheckpoint string

func (f fileCheckpoint) Load(context.Context) (BulkState, error) {
	var state BulkState
	data, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return state, nil
	}
	if err != nil {
		return state, err
	}
	if err := json.Unmarshal(data, &state); err != nil {
		return BulkState{}, fmt.Errorf("%s is no checkpoint: %w", string(f), err)
	}
	if state.isZero() {
		return state, fmt.Errorf("%s is no checkpoint: it holds no state", string(f))
	}
	return state, nil
}

func (f fileCheckpoint) Save(_ context.Context, state BulkState) error {
	data, err := json.Marshal(state)
	if err != nil {
		return err
	}
	temporary := string(f) + ".tmp"
	if err := writeSynced(temporary, append(data, '\n')); err != nil {
		return err
	}
	if err := os.Rename(temporary, string(f)); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(string(f)))
}

// writeSynced writes a new file, up to the disk, in the place of what a killed program may have left there.
func writeSynced(path string, data []byte) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// Only if it is new, so that no link that was put in its way is followed.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// syncDirectory brings a rename to the disk.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		// It does not open directories, and keeps the order of a rename by itself.
		return nil
	}
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	err = directory.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // a file system that knows no such thing
	}
	return errors.Join(err, directory.Close())
}
