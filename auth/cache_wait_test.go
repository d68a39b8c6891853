package auth_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

func TestCacheErrorBelongsToTheWaitersOfItsFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mint{takes: time.Second}
		down := errors.New("the issuer is down")
		m.failWith(down)
		cache := auth.Cache(m)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, err := cache.Token(t.Context()); !errors.Is(err, down) {
					t.Errorf("a waiter got %v", err)
				}
			})
		}
		wg.Wait()
		m.failWith(nil)
		wantToken(t, cache, m, "token-2", time.Second, 2)
	})
}

func TestCacheCallerLeaves(t *testing.T) {
	t.Parallel()
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		var value any
		m := &mint{takes: 10 * time.Second}
		cache := auth.Cache(auth.TokenSourceFunc(func(ctx context.Context) (auth.Token, error) {
			value = ctx.Value(key{})
			return m.Token(ctx)
		}))
		leader, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "leader"))
		hurried, cancelHurried := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancelHurried()
		var wg sync.WaitGroup
		begin := time.Now()
		wg.Go(func() {
			_, err := cache.Token(leader)
			if !errors.Is(err, context.Canceled) || time.Since(begin) != time.Second {
				t.Errorf("the cancelled leader got %v after %v", err, time.Since(begin))
			}
		})
		synctest.Wait()
		wg.Go(func() {
			_, err := cache.Token(hurried)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 2*time.Second {
				t.Errorf("the hurried waiter got %v after %v", err, time.Since(begin))
			}
		})
		wg.Go(func() {
			token, err := cache.Token(t.Context())
			if err != nil || token.Value != tenantkit.NewSecret("token-1") || time.Since(begin) != 10*time.Second {
				t.Errorf("the patient waiter got %q, %v after %v", token.Value.Reveal(), err, time.Since(begin))
			}
		})
		time.Sleep(time.Second)
		cancel()
		wg.Wait()
		if m.fetches.Load() != 1 {
			t.Errorf("%d fetches", m.fetches.Load())
		}
		if value != "leader" {
			t.Errorf("the fetch does not see the values of the leader's context")
		}
		if _, err := cache.Token(leader); !errors.Is(err, context.Canceled) {
			t.Errorf("a context that has ended already got %v", err)
		}
	})
}

func TestCacheAbandonedFetch(t *testing.T) {
	t.Parallel()
	abandon := func(t *testing.T, cache auth.TokenSource) {
		var wg sync.WaitGroup
		for i := range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i+1)*time.Second)
			defer cancel()
			wg.Go(func() {
				if _, err := cache.Token(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
	}
	t.Run("is cancelled when the last has left", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			m := &mint{takes: 10 * time.Second}
			cache := auth.Cache(m)
			abandon(t, cache)
			synctest.Wait()
			if n := m.running.Load(); n != 0 {
				t.Fatalf("%d fetches go on for nobody", n)
			}
			wantToken(t, cache, m, "token-2", 10*time.Second, 2)
		})
	})
	t.Run("is not overtaken by the next", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			m := &mint{takes: time.Second}
			cache := auth.Cache(auth.TokenSourceFunc(func(ctx context.Context) (auth.Token, error) {
				token, err := m.Token(context.WithoutCancel(ctx))
				time.Sleep(10 * time.Second) // deaf to its context
				return token, errors.Join(err, ctx.Err())
			}))
			abandon(t, cache)
			wantToken(t, cache, m, "token-2", 8*time.Second+11*time.Second, 2)
			if m.overlap.Load() {
				t.Error("two fetches ran at once")
			}
		})
	})
	t.Run("serves the next if it succeeds", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			m := &mint{takes: 10 * time.Second}
			cache := auth.Cache(auth.TokenSourceFunc(func(ctx context.Context) (auth.Token, error) {
				return m.Token(context.WithoutCancel(ctx))
			}))
			abandon(t, cache)
			wantToken(t, cache, m, "token-1", 7*time.Second, 1)
		})
	})
}

func TestCacheFetchTimeout(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		opts []auth.CacheOption
		want time.Duration
	}{
		"default":   {nil, time.Minute},
		"given":     {[]auth.CacheOption{auth.WithFetchTimeout(5 * time.Second)}, 5 * time.Second},
		"not given": {[]auth.CacheOption{auth.WithFetchTimeout(0)}, time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				_, err := auth.Cache(&mint{takes: time.Hour}, test.opts...).Token(t.Context())
				if !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("the error is %v", err)
				}
				if err != nil && !strings.Contains(err.Error(), test.want.String()) {
					t.Errorf("the error does not name the limit: %v", err)
				}
				if got := time.Since(begin); got != test.want {
					t.Errorf("took %v, want %v", got, test.want)
				}
			})
		})
	}
}

// A fetch that is cut off in the early part must not be cancelled with its first caller, nor hold
// anybody up.
func TestCacheEarlyFetchOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mint{life: 15 * time.Minute}
		cache := auth.Cache(m)
		wantToken(t, cache, m, "token-1", 0, 1)
		time.Sleep(14*time.Minute + 25*time.Second)
		m.takes = 20 * time.Second
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := cache.Token(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
		time.Sleep(6 * time.Second) // now late: callers wait for the early fetch
		waiter, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if token, err := cache.Token(waiter); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %q, %v", token.Value.Reveal(), err)
		}
		time.Sleep(14 * time.Second)
		wantToken(t, cache, m, "token-2", 0, 2)
	})
}

func TestCacheOfASourceThatGivesNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		source auth.TokenSource
		want   string
	}{
		"nil":   {nil, "source: must not be nil"},
		"empty": {auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { return auth.Token{}, nil }), "empty token"},
		"exits": {auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { runtime.Goexit(); panic("not reached") }), "ended its goroutine"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, err := auth.Cache(test.source).Token(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, %v", token.Value.Reveal(), err)
			}
		})
	}
}
