package coord

import (
	"context"
	"errors"
	"sync"
)

// Local returns a Locker for the goroutines of one process. Its locks are never lost.
func Local() Locker { return &local{held: make(map[string]*waiters)} }

type local struct {
	mu   sync.Mutex
	held map[string]*waiters
}

// waiters are the holder of a key and all who wait for it.
type waiters struct {
	turn  chan struct{} // holds a token while nobody has the lock
	users int
}

// Lock waits until no other goroutine holds key or ctx is done.
func (l *local) Lock(ctx context.Context, key string) (context.Context, func() error, error) {
	if ctx == nil {
		return nil, nil, errors.New("coord: Lock: ctx must not be nil")
	}
	l.mu.Lock()
	w := l.held[key]
	if w == nil {
		w = &waiters{turn: make(chan struct{}, 1)}
		w.turn <- struct{}{}
		l.held[key] = w
	}
	w.users++
	l.mu.Unlock()

	select {
	case <-w.turn:
		held, cancel := context.WithCancel(ctx)
		return held, sync.OnceValue(func() error {
			cancel()
			w.turn <- struct{}{}
			l.leave(key, w)
			return nil
		}), nil
	case <-ctx.Done():
		l.leave(key, w)
		return nil, nil, context.Cause(ctx)
	}
}

// leave forgets a key that nobody uses.
func (l *local) leave(key string, w *waiters) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.users--; w.users == 0 {
		delete(l.held, key)
	}
}
