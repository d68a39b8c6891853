package coord

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/tenantkit/tenantkit/internal/atomicfile"
)

// Local returns a Locker for the goroutines of one process. They get a lock in the order in which
// they asked for it, and it is never lost.
func Local() Locker { return newLocal() }

func newLocal() *local { return &local{keys: make(map[string]*waiters)} }

type local struct {
	mu   sync.Mutex
	keys map[string]*waiters
}

// waiters are the holder of a key and all who wait for it.
type waiters struct {
	turn  chan struct{} // contains a token while nobody has the lock
	users int
}

// Lock waits until no other goroutine has the lock of key or ctx is done.
func (l *local) Lock(ctx context.Context, key string) (context.Context, func() error, error) {
	held, unlock, err := l.lock(ctx, key)
	if err != nil {
		return nil, nil, fmt.Errorf("coord: Lock: %w", err)
	}
	return held, unlock, nil
}

func (l *local) lock(ctx context.Context, key string) (context.Context, func() error, error) {
	if err := checkContext(ctx); err != nil {
		return nil, nil, err
	}
	w := l.enter(key)
	select {
	case <-w.turn:
	case <-ctx.Done():
		l.leave(key, w)
		return nil, nil, atomicfile.Ended(ctx)
	}
	held, cancel := context.WithCancel(ctx)
	var done atomic.Bool
	return held, func() error {
		if !done.Swap(true) {
			cancel()
			w.turn <- struct{}{}
			l.leave(key, w)
		}
		return nil
	}, nil
}

func (l *local) enter(key string) *waiters {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.keys[key]
	if w == nil {
		w = &waiters{turn: make(chan struct{}, 1)}
		w.turn <- struct{}{}
		l.keys[key] = w
	}
	w.users++
	return w
}

// leave forgets a key that nobody uses.
func (l *local) leave(key string, w *waiters) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.users--; w.users == 0 {
		delete(l.keys, key)
	}
}

// Format writes "coord.Local()", for every verb, and may be called at any time.
func (l *local) Format(f fmt.State, _ rune) {
	// fmt.State reports no write errors.
	_, _ = io.WriteString(f, "coord.Local()")
}
