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
			return auth.Token{Value: "t", Expiry: time.Now().Add(time.Hour)}, nil
		}))
		ask := func() (died any) {
			defer func() { died = recover() }()
			if token, err := cache.Token(t.Context()); err != nil || token.Value != "t" {
				t.Errorf("got %q, %v", string(token.Value), err)
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
	for _, part := range []string{"source", "store", "lock", "exchange"} {
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
				return auth.Token{Value: "r1"}, nil
			}), &breakingStore{auth.MemoryStore(), at}, func(context.Context, tenantkit.Secret) (auth.Grant, error) {
				at("exchange")
				return auth.Grant{Access: auth.Token{Value: "a1"}}, nil
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
			if token, err := refresher.Token(ctx); err != nil || token.Value != "a1" {
				t.Errorf("got %q, %v", string(token.Value), err)
			}
		})
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
	return s.TokenLocker.Lock(ctx)
}
