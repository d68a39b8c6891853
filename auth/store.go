package auth

import (
	"context"
	"errors"
	"sync"
)

// TokenStore keeps one token across calls, and perhaps across the runs of a program: the refresh token that [RefreshToken] got in
// exchange for another. This package has [MemoryStore] and [FileStore]; write one for a vault or a database. It must be safe for
// concurrent use, and its errors must not hold the token.
type TokenStore interface {
	// Load returns what was saved last, and an error that is [ErrNoToken] when nothing was.
	Load(ctx context.Context) (StoredToken, error)
	// Save puts token in place of what was saved before. When it returns, the token must be as safe as the store can make it;
	// when it fails, or the program dies in it, Load must still give what was saved before, or token, in whole.
	Save(ctx context.Context, token StoredToken) error
}

// TokenLocker is a TokenStore that several sources, or several processes, share: who holds its lock may read the token, exchange
// it and store the next one, while the others wait. A store that wraps another must hand on Lock too.
type TokenLocker interface {
	TokenStore
	// Lock waits until nobody else holds the lock, or the context ends. The function that it returns gives the lock back.
	Lock(ctx context.Context) (unlock func() error, err error)
}

// StoredToken is what a [TokenStore] keeps.
type StoredToken struct {
	Token
	// Origin says which login the token descends from, by a digest of the first refresh token: a store may outlive a login. It may be
	// empty.
	Origin string
}

// ErrNoToken is the error of [TokenStore] when it holds no token.
var ErrNoToken = errors.New("no token is stored")

// MemoryStore returns a store that lasts as long as the program.
func MemoryStore() TokenLocker {
	return &memoryStore{turn: make(chan struct{}, 1)}
}

type memoryStore struct {
	turn chan struct{}

	mu    sync.Mutex
	saved *StoredToken // nil: none
}

func (s *memoryStore) Load(context.Context) (StoredToken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.saved == nil {
		return StoredToken{}, ErrNoToken
	}
	return *s.saved, nil
}

func (s *memoryStore) Save(_ context.Context, token StoredToken) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saved = &token
	return nil
}

func (s *memoryStore) Lock(ctx context.Context) (func() error, error) {
	if err := checkContext("Lock", ctx); err != nil {
		return nil, err
	}
	select {
	case s.turn <- struct{}{}:
		return func() error { <-s.turn; return nil }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
