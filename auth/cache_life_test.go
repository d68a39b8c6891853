package auth_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantkit/tenantkit/auth"
)

func TestCacheClockSkew(t *testing.T) {
	t.Parallel()
	// Of a token that lives 15 minutes by its claims, as seen by a machine whose clock is ahead
	// of the issuer's by skew.
	tests := map[string]struct {
		skew     time.Duration
		expiry   bool // whether the source reports it too
		lifetime time.Duration
	}{
		"right clock":               {0, true, 15 * time.Minute},
		"right clock, from claims":  {0, false, 15 * time.Minute},
		"ahead by minutes":          {5 * time.Minute, true, 10 * time.Minute},
		"ahead by more than a life": {20 * time.Minute, true, 15 * time.Minute},
		"ahead by years":            {30000 * time.Hour, false, 15 * time.Minute},
		"behind by minutes":         {-5 * time.Minute, true, 15 * time.Minute},
		"behind by days":            {-100 * time.Hour, false, 15 * time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := &mint{takes: 10 * time.Second}
				cache := auth.Cache(auth.TokenSourceFunc(func(ctx context.Context) (auth.Token, error) {
					issued := time.Now().Add(-test.skew)
					if _, err := m.Token(ctx); err != nil {
						return auth.Token{}, err
					}
					token := auth.Token{Value: jwtOf(map[string]any{"iat": issued.Unix(), "exp": issued.Add(15 * time.Minute).Unix()})}
					if test.expiry {
						token.Expiry = issued.Add(15 * time.Minute)
					}
					return token, nil
				}), auth.WithRefreshAhead(0, time.Minute))
				ask := func() {
					t.Helper()
					if _, err := cache.Token(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				ask()
				time.Sleep(test.lifetime - m.takes - time.Minute - time.Second)
				ask()
				if m.fetches.Load() != 1 {
					t.Errorf("renewed too early")
				}
				time.Sleep(time.Second)
				ask()
				if m.fetches.Load() != 2 {
					t.Errorf("not renewed in time")
				}
			})
		})
	}
}

func TestCacheOfTokensThatAreOverOnArrival(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mint{life: -time.Minute}
		cache := auth.Cache(m)
		wantToken(t, cache, m, "token-1", 0, 1)
		wantToken(t, cache, m, "token-2", 0, 2)
	})
}

func TestCacheShortLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mint{life: 2 * time.Second}
		cache := auth.Cache(m)
		for range 20 * 60 {
			if _, err := cache.Token(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond)
		}
		if got := m.fetches.Load(); got < 30 || got > 41 {
			t.Errorf("%d fetches in a minute of 2-second tokens", got)
		}
	})
}

func TestCacheMaxAge(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		life   time.Duration
		maxAge time.Duration
		after  time.Duration
		fresh  bool
	}{
		"unknown end":                {0, 0, 10000 * time.Hour, false},
		"unknown end, below the age": {0, time.Hour, 57 * time.Minute, false},
		"unknown end, above the age": {0, time.Hour, time.Hour, true},
		"long life, above the age":   {24 * time.Hour, time.Hour, time.Hour, true},
		"short life, below the age":  {time.Minute, time.Hour, time.Minute, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := &mint{life: test.life}
				cache := auth.Cache(m, auth.WithMaxAge(test.maxAge))
				wantToken(t, cache, m, "token-1", 0, 1)
				time.Sleep(test.after)
				if test.fresh {
					wantToken(t, cache, m, "token-2", 0, 2)
				} else {
					wantToken(t, cache, m, "token-1", 0, 1)
				}
			})
		})
	}
}

// Seven days of 15-minute tokens, 50 callers, and an issuer that is away for an hour: no call fails
// but in that hour.
func TestCacheForAWeek(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mint{life: 15 * time.Minute, takes: 2 * time.Second}
		cache := auth.Cache(m)
		begin := time.Now()
		const week, outage = 7 * 24 * time.Hour, 80 * time.Hour
		var wg sync.WaitGroup
		wg.Go(func() {
			time.Sleep(outage)
			m.failWith(errors.New("the issuer is away"))
			time.Sleep(time.Hour)
			m.failWith(nil)
		})
		var failed atomic.Int64
		for range 50 {
			wg.Go(func() {
				for time.Since(begin) < week {
					token, err := cache.Token(t.Context())
					at := time.Since(begin)
					switch {
					case err != nil && (at < outage || at > outage+time.Hour+2*time.Second):
						t.Errorf("failed at %v: %v", at, err)
					case err != nil:
						failed.Add(1)
					case !token.Expiry.After(time.Now()):
						t.Errorf("at %v the token was over since %v", at, time.Since(token.Expiry))
					}
					time.Sleep(rand.N(2 * time.Minute))
				}
			})
		}
		wg.Wait()
		if failed.Load() == 0 {
			t.Error("nothing failed in the outage: the test does not test it")
		}
		if m.overlap.Load() {
			t.Error("two fetches ran at once")
		}
	})
}
