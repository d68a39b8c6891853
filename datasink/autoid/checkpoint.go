package autoid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/internal/atomicfile"
)

// A Checkpoint keeps the state of a run outside of the program, and admits one run at a time.
type Checkpoint interface {
	// Lock waits until no other run uses the checkpoint or ctx is done. The run uses the
	// context held, which is canceled if the lock is lost, and calls unlock at its end. See
	// [coord.Locker].
	Lock(ctx context.Context) (held context.Context, unlock func() error, err error)
	// Load returns the state that was last saved, the zero state if there is none.
	Load(ctx context.Context) (BulkState, error)
	// Save replaces the saved state. When it returns, the state must survive the end of the
	// program. It is called once at a time, and after Load.
	Save(ctx context.Context, state BulkState) error
}

// CheckpointIn returns a checkpoint that keeps the state in store and locks it with locker, both
// under key. If the lock is lost, the run ends, and it cannot overwrite the state of the run that
// has the lock by then.
func CheckpointIn(store coord.Store, locker coord.Locker, key string) Checkpoint {
	return &storeCheckpoint{store: store, locker: locker, key: key}
}

type storeCheckpoint struct {
	store  coord.Store
	locker coord.Locker
	key    string

	mu      sync.Mutex
	version string // of the value that was last loaded or saved
}

// Format prints the key only: the rest changes while a run works.
func (s *storeCheckpoint) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "checkpoint %q", s.key) }

func (s *storeCheckpoint) check() error {
	field := ""
	switch {
	case s.store == nil:
		field = "store"
	case s.locker == nil:
		field = "locker"
	default:
		return nil
	}
	return &tenantkit.ValidationError{Service: service, Operation: "CheckpointIn", Field: field, Reason: "must not be nil"}
}

func (s *storeCheckpoint) Lock(ctx context.Context) (context.Context, func() error, error) {
	if err := s.check(); err != nil {
		return nil, nil, err
	}
	return s.locker.Lock(ctx, s.key)
}

func (s *storeCheckpoint) Load(ctx context.Context) (BulkState, error) {
	if err := s.check(); err != nil {
		return BulkState{}, err
	}
	data, version, err := s.store.Load(ctx, s.key)
	if err != nil {
		return BulkState{}, err
	}
	s.mu.Lock()
	s.version = version
	s.mu.Unlock()
	if version == "" {
		return BulkState{}, nil
	}
	return decodeState(fmt.Sprintf("the value of %.64q", s.key), data)
}

func (s *storeCheckpoint) Save(ctx context.Context, state BulkState) error {
	if err := s.check(); err != nil {
		return err
	}
	data, err := json.Marshal(state)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next, err := s.store.Save(ctx, s.key, data, s.version)
	if err != nil {
		return err
	}
	s.version = next
	return nil
}

// FileCheckpoint returns a checkpoint in the file at path, which only its owner can read, for all
// processes of the machine. The file always contains a whole state, whenever the program or the
// machine stops: a new one is written next to it (.NAME.….tmp), and replaces it when it is on disk.
// The lock is a file next to it (NAME.lock). Delete the file to start anew.
func FileCheckpoint(path string) Checkpoint { return &fileCheckpoint{path: path} }

type fileCheckpoint struct {
	path string
	disk atomicfile.Disk
}

func (f *fileCheckpoint) Lock(ctx context.Context) (context.Context, func() error, error) {
	if err := f.check(); err != nil {
		return nil, nil, err
	}
	return atomicfile.Lock(ctx, f.path+".lock", coord.ErrLost)
}

func (f *fileCheckpoint) Load(context.Context) (BulkState, error) {
	if err := f.check(); err != nil {
		return BulkState{}, err
	}
	data, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return BulkState{}, nil
	}
	if err != nil {
		return BulkState{}, err
	}
	return decodeState(f.path, data)
}

// decodeState returns the state in data, which comes from the named place.
func decodeState(place string, data []byte) (BulkState, error) {
	var state BulkState
	if err := json.Unmarshal(data, &state); err != nil {
		return BulkState{}, fmt.Errorf("%s is not a checkpoint: %w", place, err)
	}
	if state.isZero() {
		return state, fmt.Errorf("%s is not a checkpoint: it has no state", place)
	}
	return state, nil
}

// check rejects a path that cannot be one.
func (f *fileCheckpoint) check() error {
	if reason := atomicfile.BadPath(f.path); reason != "" {
		return &tenantkit.ValidationError{Service: service, Operation: "FileCheckpoint", Field: "path", Reason: reason}
	}
	return nil
}

func (f *fileCheckpoint) Save(_ context.Context, state BulkState) error {
	if err := f.check(); err != nil {
		return err
	}
	data, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return f.disk.Replace(f.path, append(data, '\n'))
}
