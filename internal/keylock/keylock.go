// Package keylock lets one caller at a time work on each thing that has a name.
package keylock

import (
	"context"
	"sync"
)

// Locks is a lock for each key that is in use. Its zero value is ready.
type Locks struct {
	mu   sync.Mutex
	held map[string]*waiting
}

type waiting struct {
	turn  chan struct{} // holds a token while nobody has the lock
	users int
}

// Lock waits for the key's lock until the context ends, and returns what gives it back.
func (l *Locks) Lock(ctx context.Context, key string) (unlock func(), err error) {
	l.mu.Lock()
	w := l.held[key]
	if w == nil {
		w = &waiting{turn: make(chan struct{}, 1)}
		w.turn <- struct{}{}
		if l.held == nil {
			l.held = make(map[string]*waiting)
		}
		l.held[key] = w
	}
	w.users++
	l.mu.Unlock()

	select {
	case <-w.turn:
		return func() { w.turn <- struct{}{}; l.leave(key, w) }, nil
	case <-ctx.Done():
		l.leave(key, w)
		return nil, ctx.Err()
	}
}

// leave forgets a key that nobody uses.
func (l *Locks) leave(key string, w *waiting) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.users--; w.users == 0 {
		delete(l.held, key)
	}
}
