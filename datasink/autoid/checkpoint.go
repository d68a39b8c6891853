package autoid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/atomicfile"
)

// Checkpoint keeps the state of a long run outside of the program. It is for one run at a time.
type Checkpoint interface {
	// Load returns what was last saved, and the zero state when nothing was.
	Load(ctx context.Context) (BulkState, error)
	// Save replaces what was saved. When it returns, the state must survive the end of the program. It is called once at a time.
	Save(ctx context.Context, state BulkState) error
}

// FileCheckpoint returns a checkpoint in the file of the given path, which only its owner can read. The file always holds a whole
// state, whenever the program or the machine stops: a new one is written beside it (.NAME.….tmp), and takes its place when it is on
// disk. Delete the file to begin anew.
func FileCheckpoint(path string) Checkpoint { return &fileCheckpoint{path: path} }

type fileCheckpoint struct {
	path string
	disk atomicfile.Disk
}

func (f fileCheckpoint) Load(context.Context) (BulkState, error) {
	var state BulkState
	if err := f.check(); err != nil {
		return state, err
	}
	data, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return state, nil
	}
	if err != nil {
		return state, err
	}
	if err := json.Unmarshal(data, &state); err != nil {
		return BulkState{}, fmt.Errorf("%s is no checkpoint: %w", f.path, err)
	}
	if state.isZero() {
		return state, fmt.Errorf("%s is no checkpoint: it holds no state", f.path)
	}
	return state, nil
}

// check refuses what is no path.
func (f fileCheckpoint) check() error {
	if reason := atomicfile.BadPath(f.path); reason != "" {
		return &tenantkit.ValidationError{Operation: "FileCheckpoint", Field: "path", Reason: reason}
	}
	return nil
}

func (f fileCheckpoint) Save(_ context.Context, state BulkState) error {
	if err := f.check(); err != nil {
		return err
	}
	data, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return f.disk.Replace(f.path, append(data, '\n'))
}
