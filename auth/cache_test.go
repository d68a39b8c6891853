package auth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

// jwtOf makes a JSON Web Token with a signature of nothing.
func jwtOf(claims map[string]any) tenantkit.Secret {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return tenantkit.NewSecret(encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(payload) + "." + encode([]byte("signature")))
}

// mint is a token source that counts what is asked of it. Its tokens are "token-1", "token-2" and
// so on.
type mint struct {
	life    time.Duration // of a token; 0 means that it does not tell
	takes   time.Duration // of a fetch
	fetches atomic.Int64
	fail    atomic.Pointer[error]
	running atomic.Int64
	overlap atomic.Bool
}

func (m *mint) Token(ctx context.Context) (auth.Token, error) {
	n := m.fetches.Add(1)
	if m.running.Add(1) > 1 {
		m.overlap.Store(true)
	}
	defer m.running.Add(-1)
	select {
	case <-time.After(m.takes):
	case <-ctx.Done():
		return auth.Token{}, ctx.Err()
	}
	if err := m.fail.Load(); err != nil {
		return auth.Token{}, *err
	}
	token := auth.Token{Value: tenantkit.NewSecret(fmt.Sprintf("token-%d", n))}
	if m.life != 0 {
		token.Expiry = time.Now().Add(m.life)
	}
	return token, nil
}

func (m *mint) failWith(err error) {
	if err == nil {
		m.fail.Store(nil)
		return
	}
	m.fail.Store(&err)
}

// wantToken asks for a token and checks which it is, how long that took, and how many fetches there
// have been.
func wantToken(t *testing.T, source auth.TokenSource, m *mint, value string, waited time.Duration, fetches int64) {
	t.Helper()
	begin := time.Now()
	token, err := source.Token(t.Context())
	if err != nil {
		t.Fatalf("Token: %v", err)
	}
	if got := token.Value.Reveal(); got != value {
		t.Errorf("the token is %q, want %q", got, value)
	}
	if got := time.Since(begin); got != waited {
		t.Errorf("the caller waited %v, want %v", got, waited)
	}
	synctest.Wait()
	if got := m.fetches.Load(); got != fetches {
		t.Errorf("%d fetches, want %d", got, fetches)
	}
}

func TestCacheWindows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mint{life: 15 * time.Minute, takes: time.Second}
		cache := auth.Cache(m)

		wantToken(t, cache, m, "token-1", time.Second, 1)
		time.Sleep(12*time.Minute + 59*time.Second)
		wantToken(t, cache, m, "token-1", 0, 1)
		time.Sleep(time.Second) // two minutes before the end
		wantToken(t, cache, m, "token-1", 0, 2)
		wantToken(t, cache, m, "token-1", 0, 2)
		time.Sleep(2 * time.Second)
		wantToken(t, cache, m, "token-2", 0, 2)

		time.Sleep(14*time.Minute + 30*time.Second) // within 30 seconds of the end of the second
		wantToken(t, cache, m, "token-3", time.Second, 3)
		time.Sleep(time.Hour)
		wantToken(t, cache, m, "token-4", time.Second, 4)
	})
}

func TestCacheRefreshAhead(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		early, late time.Duration
		after       time.Duration
		value       string
		waited      time.Duration
		fetches     int64
	}{
		"before the early part":  {10 * time.Minute, time.Minute, 50*time.Minute - time.Second, "token-1", 0, 1},
		"in the early part":      {10 * time.Minute, time.Minute, 50 * time.Minute, "token-1", 0, 2},
		"in the late part":       {10 * time.Minute, time.Minute, 59 * time.Minute, "token-2", time.Second, 2},
		"early cut to a quarter": {50 * time.Minute, time.Minute, 44 * time.Minute, "token-1", 0, 1},
		"late cut to a tenth":    {50 * time.Minute, 40 * time.Minute, 53 * time.Minute, "token-1", 0, 2},
		"no early part":          {0, time.Minute, 59*time.Minute - time.Second, "token-1", 0, 1},
		"neither":                {0, 0, time.Hour - time.Second, "token-1", 0, 1},
		"neither, at the end":    {-1, -1, time.Hour, "token-2", time.Second, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := &mint{life: time.Hour + time.Second, takes: time.Second} // an hour from the end of the fetch
				cache := auth.Cache(m, auth.WithRefreshAhead(test.early, test.late))
				wantToken(t, cache, m, "token-1", time.Second, 1)
				time.Sleep(test.after + time.Second)
				wantToken(t, cache, m, test.value, test.waited, test.fetches)
				time.Sleep(time.Second)
			})
		})
	}
}

func TestCacheFetchesOnceForManyCallers(t *testing.T) {
	t.Parallel()
	tests := map[string]time.Duration{
		"no token yet":   0,
		"expired token":  time.Hour,
		"late in a life": 14*time.Minute + 50*time.Second,
	}
	for name, age := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := &mint{life: 15 * time.Minute, takes: 3 * time.Second}
				cache := auth.Cache(m)
				want := "token-1"
				if age > 0 {
					wantToken(t, cache, m, "token-1", 3*time.Second, 1)
					time.Sleep(age)
					want = "token-2"
				}
				before := m.fetches.Load()
				begin := time.Now()
				var wg sync.WaitGroup
				for range 1000 {
					wg.Go(func() {
						token, err := cache.Token(t.Context())
						if waited := time.Since(begin); err != nil || token.Value.Reveal() != want || waited != 3*time.Second {
							t.Errorf("got %q, %v after %v, the token was there after 3s", token.Value.Reveal(), err, waited)
						}
					})
				}
				wg.Wait()
				if got := m.fetches.Load() - before; got != 1 {
					t.Errorf("%d fetches for 1000 callers", got)
				}
			})
		})
	}
}

func TestCacheEarlyFetchHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mint{life: 15 * time.Minute}
		cache := auth.Cache(m)
		wantToken(t, cache, m, "token-1", 0, 1)
		time.Sleep(13 * time.Minute)
		m.takes = 10 * time.Second
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				begin := time.Now()
				token, err := cache.Token(t.Context())
				if err != nil || token.Value != tenantkit.NewSecret("token-1") || time.Since(begin) != 0 {
					t.Errorf("got %q, %v after %v", token.Value.Reveal(), err, time.Since(begin))
				}
			})
		}
		wg.Wait()
		time.Sleep(11 * time.Second)
		wantToken(t, cache, m, "token-2", 0, 2)
	})
}

func TestCacheFailedEarlyFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mint{life: time.Hour}
		cache := auth.Cache(m, auth.WithRefreshAhead(15*time.Minute, time.Minute))
		wantToken(t, cache, m, "token-1", 0, 1)
		time.Sleep(45 * time.Minute)
		m.failWith(errors.New("the issuer is down"))
		var gaps []time.Duration
		last, seen := time.Now(), m.fetches.Load()
		for range 15*60 - 1 { // up to the last second of the token's life
			if _, err := cache.Token(t.Context()); err != nil {
				t.Fatalf("a failed early fetch failed a call: %v", err)
			}
			synctest.Wait()
			if n := m.fetches.Load(); n > seen {
				if n > seen+1 {
					t.Fatalf("%d fetches within a second", n-seen)
				}
				gaps, last, seen = append(gaps, time.Since(last)), time.Now(), n
			}
			time.Sleep(time.Second)
		}
		wantBackoff(t, gaps)

		time.Sleep(2 * time.Second)
		if _, err := cache.Token(t.Context()); err == nil || err.Error() != "the issuer is down" {
			t.Errorf("after the end of the token the error is %v", err)
		}
		m.failWith(nil)
		token, err := cache.Token(t.Context())
		if err != nil || token.Value == tenantkit.NewSecret("token-1") {
			t.Errorf("once the issuer is back: %q, %v", token.Value.Reveal(), err)
		}
	})
}

// wantBackoff checks the waits between failed fetches in 15 minutes.
func wantBackoff(t *testing.T, gaps []time.Duration) {
	t.Helper()
	// Every wait is at most a minute, plus the second between two calls of the test.
	for i, gap := range gaps {
		if gap > 61*time.Second || i > 0 && gap < 2*time.Second {
			t.Errorf("fetch %d came %v after the one before", i, gap)
		}
	}
	if len(gaps) < 15 || len(gaps) > 50 {
		t.Fatalf("%d fetches in 15 minutes of failure: %v", len(gaps), gaps)
	}
	// A few may be the same by chance, since the test looks once a second; all of them are not.
	if settled := slices.Compact(slices.Clone(gaps[5:])); len(settled) < 2 {
		t.Errorf("the waits have no jitter: %v", gaps)
	}
}

func TestCacheLateFailureGivesTheLivingToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mint{life: 15 * time.Minute}
		cache := auth.Cache(m)
		wantToken(t, cache, m, "token-1", 0, 1)
		time.Sleep(14*time.Minute + 40*time.Second)
		m.failWith(errors.New("the issuer is down"))
		m.takes = time.Second
		wantToken(t, cache, m, "token-1", time.Second, 2)
		wantToken(t, cache, m, "token-1", 0, 2) // the next fetch is put off
	})
}

// The waits after failures start small again once a fetch has succeeded, and an abandoned fetch is
// no failure of the issuer's.
func TestCachePutsOffOnlyAfterFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mint{life: time.Hour}
		cache := auth.Cache(m, auth.WithRefreshAhead(15*time.Minute, 5*time.Minute))
		wantToken(t, cache, m, "token-1", 0, 1)
		time.Sleep(45 * time.Minute)
		m.failWith(errors.New("the issuer is down"))
		for range 60 {
			if _, err := cache.Token(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
		}
		m.failWith(nil)
		time.Sleep(time.Minute)
		n := m.fetches.Load() + 1
		renewed := fmt.Sprintf("token-%d", n)
		wantToken(t, cache, m, renewed, 0, n)

		time.Sleep(45 * time.Minute)
		m.failWith(errors.New("the issuer is down"))
		wantToken(t, cache, m, renewed, 0, n+1)
		time.Sleep(8 * time.Second) // the first wait is at most 7.5 seconds
		wantToken(t, cache, m, renewed, 0, n+2)

		m.failWith(nil)
		time.Sleep(10 * time.Minute) // now late
		m.takes = time.Minute / 2
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := cache.Token(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("late, a caller does not wait: %v", err)
		}
		wantToken(t, cache, m, fmt.Sprintf("token-%d", n+4), time.Minute/2, n+4)
	})
}

func TestCacheInvalidate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mint{life: time.Hour}
		cache := auth.Cache(m)
		cache.Invalidate(tenantkit.NewSecret("token-1")) // nothing is kept yet
		wantToken(t, cache, m, "token-1", 0, 1)
		cache.Invalidate(tenantkit.NewSecret("another"))
		wantToken(t, cache, m, "token-1", 0, 1)
		cache.Invalidate(tenantkit.NewSecret("token-1"))
		wantToken(t, cache, m, "token-2", 0, 2)
		cache.Invalidate(tenantkit.NewSecret("token-1")) // a call that was under way with the old token
		wantToken(t, cache, m, "token-2", 0, 2)
	})
}

// All callers are refused at once with the old token: one fetch serves them all.
func TestCacheInvalidateByMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mint{life: time.Hour, takes: time.Second}
		cache := auth.Cache(m)
		wantToken(t, cache, m, "token-1", time.Second, 1)
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				time.Sleep(rand.N(3 * time.Second))
				cache.Invalidate(tenantkit.NewSecret("token-1"))
				if token, err := cache.Token(t.Context()); err != nil || token.Value != tenantkit.NewSecret("token-2") {
					t.Errorf("got %q, %v", token.Value.Reveal(), err)
				}
			})
		}
		wg.Wait()
		if m.fetches.Load() != 2 {
			t.Errorf("%d fetches", m.fetches.Load())
		}
	})
}

func TestCacheInvalidatesTheSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mint{life: time.Hour}
		cache := auth.Cache(auth.Cache(m))
		wantToken(t, cache, m, "token-1", 0, 1)
		cache.Invalidate(tenantkit.NewSecret("token-1"))
		wantToken(t, cache, m, "token-2", 0, 2)
	})
}
