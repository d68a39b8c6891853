package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// TokenStore keeps one token across calls, and perhaps across the runs of a program: the refresh
// token that [RefreshToken] got in exchange for another. This package has [MemoryStore],
// [FileStore] and [TokenStoreIn]; write one for a vault. It must be safe for concurrent use, and
// its errors must not contain the token.
type TokenStore interface {
	// Load returns what was saved last, and an error that is [ErrNoToken] when nothing was.
	Load(ctx context.Context) (StoredToken, error)
	// Save puts token in place of what was saved before. When it returns, the token must be as
	// safe as the store can make it; when it fails, or the program dies in it, Load must still
	// give what was saved before, or token, in whole.
	Save(ctx context.Context, token StoredToken) error
}

// TokenLocker is a TokenStore that several sources, or several processes, share: who holds its lock
// may read the token, exchange it and store the next one, while the others wait. A store that wraps
// another must hand on Lock too.
type TokenLocker interface {
	TokenStore
	// Lock waits until nobody else holds the lock, or the context ends. The function that it
	// returns gives the lock back.
	Lock(ctx context.Context) (unlock func() error, err error)
}

// StoredToken is what a [TokenStore] keeps.
type StoredToken struct {
	Token
	// Origin says which login the token descends from, by a digest of the first refresh token:
	// a store may outlive a login. It may be empty.
	Origin string
}

// ErrNoToken is the error of [TokenStore] when it holds no token.
var ErrNoToken = errors.New("no token is stored")

// MemoryStore returns a store that lasts as long as the program.
func MemoryStore() TokenLocker { return &memoryStore{locker: coord.Local()} }

type memoryStore struct {
	locker coord.Locker

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
	_, unlock, err := s.locker.Lock(ctx, "")
	return unlock, err
}

// Format writes the name of the constructor, for every verb, and may be called at any time.
func (s *memoryStore) Format(f fmt.State, _ rune) { writeName(f, "auth.MemoryStore") }

// TokenStoreIn returns a store that keeps the token in store under key, as JSON with its actual
// secret, and locks the key of the same name in locker. Programs on several machines share one
// login with it, if store and locker are shared.
//
// Save replaces only the token that was loaded or saved last through the same TokenLocker.
// Otherwise its error matches [coord.ErrStale]. If a lock is lost during an exchange, this keeps
// the next holder's token.
func TokenStoreIn(store coord.Store, locker coord.Locker, key string) TokenLocker {
	return &coordStore{store: store, locker: locker, key: key}
}

type coordStore struct {
	store  coord.Store
	locker coord.Locker
	key    string

	mu      sync.Mutex
	loaded  bool
	version string // what was loaded or saved last, if loaded
}

func (s *coordStore) check(operation string, ctx context.Context) error {
	switch {
	case s.store == nil:
		return invalid("TokenStoreIn", "store", "must not be nil")
	case s.locker == nil:
		return invalid("TokenStoreIn", "locker", "must not be nil")
	}
	return checkContext(operation, ctx)
}

func (s *coordStore) Load(ctx context.Context) (StoredToken, error) {
	if err := s.check("Load", ctx); err != nil {
		return StoredToken{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	data, err := s.load(ctx)
	switch {
	case err != nil:
		return StoredToken{}, err
	case data == nil:
		return StoredToken{}, fmt.Errorf("the store has no value for %.64q: %w", s.key, ErrNoToken)
	}
	token, err := decodeStored(data)
	if err != nil {
		return StoredToken{}, fmt.Errorf("the value of %.64q in the store %w", s.key, err)
	}
	return token, nil
}

// load remembers the version. The caller has the mutex.
func (s *coordStore) load(ctx context.Context) ([]byte, error) {
	data, version, err := s.store.Load(ctx, s.key)
	if err != nil {
		return nil, fmt.Errorf("loading the token: %w", err)
	}
	s.loaded, s.version = true, version
	return data, nil
}

func (s *coordStore) Save(ctx context.Context, token StoredToken) error {
	if err := s.check("Save", ctx); err != nil {
		return err
	}
	data, err := encodeStored(token)
	if err != nil {
		return fmt.Errorf("the token for %q %w", s.key, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.loaded {
		if _, err := s.load(ctx); err != nil {
			return err
		}
	}
	next, err := s.store.Save(ctx, s.key, data, s.version)
	if err != nil {
		return fmt.Errorf("saving the token: %w", err)
	}
	s.version = next
	return nil
}

func (s *coordStore) Lock(ctx context.Context) (func() error, error) {
	if err := s.check("Lock", ctx); err != nil {
		return nil, err
	}
	_, unlock, err := s.locker.Lock(ctx, s.key)
	if err != nil {
		return nil, fmt.Errorf("locking the token: %w", err)
	}
	return unlock, nil
}

// Format writes the name of the constructor and the key, for every verb, and may be called at any
// time.
func (s *coordStore) Format(f fmt.State, _ rune) {
	writeName(f, fmt.Sprintf("auth.TokenStoreIn(%q)", s.key))
}

// storedJSON is the form of a stored token.
type storedJSON struct {
	Token  *tenantkit.Secret `json:"token"`
	Expiry time.Time         `json:"expiry,omitzero"`
	Origin string            `json:"origin,omitzero"`
}

// maxStoredBytes limits a stored token: JSON may write one byte as six.
const maxStoredBytes = 8 * maxTokenBytes

// encodeStored returns the JSON of a token. Its error completes a sentence that begins with the
// token.
func encodeStored(token StoredToken) ([]byte, error) {
	if len(token.Value.Reveal()) > maxTokenBytes {
		return nil, fmt.Errorf("is longer than %d bytes", maxTokenBytes)
	}
	data, err := tenantkit.Reveal(storedJSON{Token: &token.Value, Expiry: token.Expiry, Origin: token.Origin})
	if err != nil {
		return nil, fmt.Errorf("cannot be written: %w", err)
	}
	return data, nil
}

// decodeStored reads the JSON of a token. Its error completes a sentence that begins with what
// contains the token.
func decodeStored(data []byte) (StoredToken, error) {
	var stored storedJSON
	if wire.Unmarshal(data, &stored) != nil || stored.Token == nil {
		// The cause is left out, since it may quote the token.
		return StoredToken{}, errors.New("does not contain what this store writes: remove it, or put the right one there")
	}
	return StoredToken{Token: Token{Value: *stored.Token, Expiry: stored.Expiry}, Origin: stored.Origin}, nil
}

// writeName prints a value that cannot be printed by its fields, since they change, or are a
// secret.
func writeName(f fmt.State, name string) {
	// fmt.State reports no write errors.
	_, _ = io.WriteString(f, name)
}
