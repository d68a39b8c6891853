package auth_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

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
