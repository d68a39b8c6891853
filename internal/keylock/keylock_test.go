package keylock

import (
	"context"
	"errors"
	"sync"
	"testing"
)

func TestLocks(t *testing.T) {
	t.Parallel()
	var locks Locks
	unlock, err := locks.Lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	other, err := locks.Lock(t.Context(), "b")
	if err != nil {
		t.Fatalf("another key: %v", err)
	}
	other()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := locks.Lock(ended, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("the error of a wait that was ended is %v", err)
	}
	unlock()
	count := 0 // unguarded but for the lock
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			unlock, err := locks.Lock(t.Context(), "a")
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			count++
		})
	}
	group.Wait()
	if count != 100 || len(locks.held) != 0 {
		t.Errorf("counted %d, %d keys are kept", count, len(locks.held))
	}
}
