package atomicfile_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit/internal/atomicfile"
)

// Every holder removes the file that others wait for.
func TestLock_Exclusive(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	var holders, rounds atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 40 {
				held, unlock, err := atomicfile.Lock(t.Context(), path, errors.New("lost"))
				if err != nil {
					t.Error(err)
					return
				}
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d holders", n)
				}
				time.Sleep(10 * time.Microsecond) // for another to come in between
				rounds.Add(1)
				holders.Add(-1)
				if err := unlock(); err != nil || held.Err() == nil || unlock() != nil {
					t.Errorf("unlock: %v, context %v", err, held.Err())
				}
			}
		})
	}
	wg.Wait()
	if n := rounds.Load(); n != 320 {
		t.Errorf("%d rounds", n)
	}
	wantFiles(t, filepath.Dir(path))
}

func TestLock_ContextDone(t *testing.T) {
	t.Parallel()
	cause := errors.New("shutting down")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	dir := t.TempDir()
	if _, _, err := atomicfile.Lock(ctx, filepath.Join(dir, "lock"), nil); !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	wantFiles(t, dir)
}
