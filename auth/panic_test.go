package auth_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

// A source runs in a goroutine of the cache, in which nobody could recover from its panic.
func TestCacheOfASourceThatPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		panics, fetches := true, 0
		cache := auth.Cache(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
			fetches++
			if panics {
				panic("broken")
			}
			return auth.Token{Value: tenantkit.NewSecret("t"), Expiry: time.Now().Add(time.Hour)}, nil
		}))
		ask := func() (died any) {
			defer func() { died = recover() }()
			if token, err := cache.Token(t.Context()); err != nil || token.Value != tenantkit.NewSecret("t") {
				t.Errorf("got %q, %v", token.Value.Reveal(), err)
			}
			return nil
		}
		if died := ask(); died != "broken" {
			t.Errorf("recovered from %v", died)
		}
		panics = false
		if died := ask(); died != nil {
			t.Errorf("the next one recovered from %v", died)
		}
		// In the background the kept token still serves.
		panics = true
		time.Sleep(time.Hour - time.Minute)
		for range 3 {
			if died := ask(); died != nil {
				t.Errorf("recovered from %v", died)
			}
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		if died := ask(); died != "broken" || fetches != 4 {
			t.Errorf("recovered from %v after %d fetches", died, fetches)
		}
	})
}

// The turn to refresh is given back, whichever part of the caller's own code panics.
func TestRefreshTokenAfterAPanic(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"source", "store", "lock", "unlock", "exchange"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			breaks := part
			at := func(part string) {
				if breaks == part {
					panic("broken")
				}
			}
			refresher := auth.RefreshToken(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
				at("source")
				return auth.Token{Value: tenantkit.NewSecret("r1")}, nil
			}), &breakingStore{auth.MemoryStore(), at}, func(context.Context, tenantkit.Secret) (auth.Grant, error) {
				at("exchange")
				return auth.Grant{Access: auth.Token{Value: tenantkit.NewSecret("a1")}}, nil
			})
			func() {
				defer func() {
					if died := recover(); died != "broken" {
						t.Errorf("recovered from %v", died)
					}
				}()
				_, _ = refresher.Token(t.Context())
			}()
			breaks = ""
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if token, err := refresher.Token(ctx); err != nil || token.Value != tenantkit.NewSecret("a1") {
				t.Errorf("got %q, %v", token.Value.Reveal(), err)
			}
		})
	}
}

// A new refresh token whose storing panics is not lost: the old one is good for nothing any more.
func TestRefreshTokenAfterAPanicOfSave(t *testing.T) {
	t.Parallel()
	panics := true
	store := &breakingStore{auth.MemoryStore(), func(part string) {
		if part == "save" && panics {
			panic("broken")
		}
	}}
	var spent []tenantkit.Secret
	refresher := auth.RefreshToken(auth.StaticToken("r1"), store, func(_ context.Context, refresh tenantkit.Secret) (auth.Grant, error) {
		spent = append(spent, refresh)
		return auth.Grant{Access: auth.Token{Value: tenantkit.NewSecret("a1")}, Refresh: auth.Token{Value: tenantkit.NewSecret("r2")}}, nil
	})
	func() {
		defer func() {
			if died := recover(); died != "broken" {
				t.Errorf("recovered from %v", died)
			}
		}()
		_, _ = refresher.Token(t.Context())
	}()
	panics = false
	if token, err := refresher.Token(t.Context()); err != nil || token.Value != tenantkit.NewSecret("a1") || len(spent) != 1 {
		t.Errorf("got %q, %v after %d exchanges", token.Value.Reveal(), err, len(spent))
	}
	if stored, err := store.Load(t.Context()); err != nil || stored.Value != tenantkit.NewSecret("r2") {
		t.Errorf("the store holds %q, %v", stored.Value.Reveal(), err)
	}
}

// breakingStore is a store of which each part may panic.
type breakingStore struct {
	auth.TokenLocker
	at func(part string)
}

func (s *breakingStore) Load(ctx context.Context) (auth.StoredToken, error) {
	s.at("store")
	return s.TokenLocker.Load(ctx)
}

func (s *breakingStore) Lock(ctx context.Context) (func() error, error) {
	s.at("lock")
	unlock, err := s.TokenLocker.Lock(ctx)
	return func() error { defer s.at("unlock"); return unlock() }, err
}

func (s *breakingStore) Save(ctx context.Context, token auth.StoredToken) error {
	s.at("save")
	return s.TokenLocker.Save(ctx, token)
}
