package rest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

// respond is an in-memory server that is a function.
type respond func(n int64, req *http.Request) step

func (f respond) start(t testing.TB) (http.RoundTripper, *atomic.Int64) {
	var n atomic.Int64
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		return newMemory(t, f(n.Add(1), req)).RoundTrip(req)
	}), &n
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// always answers every request alike.
func always(s step) respond { return func(int64, *http.Request) step { return s } }

func TestBudgetOfADeadService(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer step
		budget int
		mixed  bool
		most   int
	}{
		{"503", errorStep(503, ""), 100, false, 100},
		{"503 with Retry-After", errorStep(503, "1"), 100, false, 100},
		{"429", errorStep(429, ""), 100, false, 100},
		{"503, writes among the reads", errorStep(503, ""), 100, true, 100},
		{"500, writes among the reads", errorStep(500, ""), 100, true, 100},
		{"408, writes among the reads", errorStep(408, ""), 100, true, 100},
		{"broken answers", step{body: "{", cut: errReset}, 100, false, 100},
		{"no connection", step{err: errReset}, 100, false, 100},
		{"default budget", errorStep(503, ""), 0, false, 500},
		{"none", errorStep(503, ""), -1, false, 6000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				const callers = 2000
				server, requests := always(tt.answer).start(t)
				c := newTestClient(t, server, tenantkit.WithRetry(tenantkit.RetryPolicy{Budget: tt.budget}))
				var (
					wg    sync.WaitGroup
					spent atomic.Int64
				)
				for i := range callers {
					wg.Go(func() {
						op := &getThing
						if tt.mixed && i%2 == 1 {
							op = &createThing
						}
						err := c.Do(context.Background(), op, callOf(op), nil)
						if err == nil {
							t.Error("a dead service answered")
						} else if strings.Contains(err.Error(), "budget") {
							spent.Add(1)
						}
					})
				}
				wg.Wait()
				if extra := requests.Load() - callers; extra != int64(tt.most) {
					t.Errorf("%d extra requests, want %d", extra, tt.most)
				}
				if tt.budget >= 0 && spent.Load() == 0 {
					t.Error("no caller was told of the budget")
				}
			})
		})
	}
}

// A client that found its service dead repeats again when the service is back, a little more with
// each success.
func TestBudgetIsRefilledBySuccess(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		var dead atomic.Bool
		server, requests := respond(func(int64, *http.Request) step {
			if dead.Load() {
				return errorStep(503, "")
			}
			return jsonStep(`{}`)
		}).start(t)
		c := newTestClient(t, server, tenantkit.WithRetry(tenantkit.RetryPolicy{Budget: 10}))
		call := func() (attempts int64) {
			before := requests.Load()
			_ = c.Do(t.Context(), &getThing, callOf(&getThing), nil)
			return requests.Load() - before
		}
		dead.Store(true)
		for range 20 {
			call()
		}
		if n := call(); n != 1 {
			t.Errorf("%d attempts with a spent budget, want 1", n)
		}
		dead.Store(false)
		call()
		call()
		dead.Store(true)
		if n := call(); n != 3 {
			t.Errorf("%d attempts after two successes, want 3", n)
		}
		dead.Store(false)
		for range 100 {
			call()
		}
		dead.Store(true)
		total := int64(0)
		for range 20 {
			total += call() - 1
		}
		if total != 10 {
			t.Errorf("%d repetitions after many successes, want the budget of 10", total)
		}
	})
}

// A call that ends well gives back all that it took.
func TestBudgetIsGivenBack(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		server, _ := respond(func(n int64, _ *http.Request) step {
			if n%4 != 0 {
				return errorStep(503, "")
			}
			return jsonStep(`{}`)
		}).start(t)
		c := newTestClient(t, server, tenantkit.WithRetry(tenantkit.RetryPolicy{Budget: 3}))
		for range 5 {
			if err := c.Do(t.Context(), &getThing, callOf(&getThing), nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A refusal that is about the call, not about the service, shows that the service lives.
func TestBudget_RefilledByDefinitiveResponses(t *testing.T) {
	t.Parallel()
	for status, refills := range map[int]bool{400: true, 401: true, 403: true, 404: true, 409: true, 429: false, 500: false, 501: false, 503: false} {
		virtual(t, func(t *testing.T) {
			var answer atomic.Int64
			answer.Store(500)
			server, requests := respond(func(int64, *http.Request) step { return errorStep(int(answer.Load()), "") }).start(t)
			c := newTestClient(t, server, tenantkit.WithRetry(tenantkit.RetryPolicy{Budget: 1}))
			do := func() { _ = c.Do(t.Context(), &getThing, callOf(&getThing), nil) }
			do()
			answer.Store(int64(status))
			_ = c.Do(t.Context(), &burnThing, callOf(&burnThing), nil)
			answer.Store(500)
			before := requests.Load()
			do()
			if got := requests.Load()-before == 2; got != refills {
				t.Errorf("after %d: repeated = %t, want %t", status, got, refills)
			}
		})
	}
}

// A service that fails now and then never spends the budget: what calls borrow, they give back.
func TestBudgetOutlivesFailures(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		const goroutines, calls = 500, 20
		server, requests := respond(func(n int64, _ *http.Request) step {
			if rand.New(rand.NewPCG(uint64(n), 1)).Float64() < 0.3 {
				return errorStep(503, "")
			}
			return step{delay: 10 * time.Millisecond, body: `{}`}
		}).start(t)
		c := newTestClient(t, server)
		var (
			wg     sync.WaitGroup
			failed atomic.Int64
		)
		for range goroutines {
			wg.Go(func() {
				for range calls {
					err := c.Do(t.Context(), &getThing, callOf(&getThing), nil)
					if err == nil {
						continue
					}
					failed.Add(1)
					if strings.Contains(err.Error(), "budget") {
						t.Errorf("after %d requests: %v", requests.Load(), err)
					}
				}
			})
		}
		wg.Wait()
		// All of four attempts fail in 0.8 % of the calls.
		if n := failed.Load(); n > goroutines*calls/50 {
			t.Errorf("%d of %d calls failed", n, goroutines*calls)
		}
	})
}

// A call that is cancelled while it waits gives back the repetition that it did not make.
func TestBudgetOfACancelledWait(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		server, requests := always(errorStep(503, "60")).start(t)
		c := newTestClient(t, server, tenantkit.WithRetry(tenantkit.RetryPolicy{Budget: 1, MaxAttempts: 2}))
		for range 5 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			wantSentinels(t, c.Do(ctx, &getThing, callOf(&getThing), nil), tenantkit.ErrUnavailable, context.Canceled)
			cancel()
		}
		before := requests.Load()
		_ = c.Do(t.Context(), &getThing, callOf(&getThing), nil)
		if n := requests.Load() - before; n != 2 {
			t.Errorf("%d attempts, want 2: the budget of 1 was not used before", n)
		}
	})
}

// A call that is cancelled between the renewal of its credential and the repetition has taken
// nothing out, and gives nothing back.
func TestBudgetOfACancelledRenewal(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		const calls = 50
		for range calls {
			ctx, cancel := context.WithCancel(t.Context())
			var asked atomic.Int64
			source := auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
				n := asked.Add(1)
				if n == 2 {
					cancel()
				}
				return auth.Token{Value: tenantkit.NewSecret(fmt.Sprintf("token-%d", n))}, nil
			})
			server, _ := always(errorStep(401, "")).start(t)
			c := newAPIClient(t, API{Credentials: map[string]auth.Credential{"": auth.Bearer(source)}}, testURL, server,
				tenantkit.WithRetry(tenantkit.RetryPolicy{Budget: 5}))
			c.budget.has = 0
			wantSentinels(t, c.Do(ctx, &getThing, callOf(&getThing), nil), tenantkit.ErrUnauthenticated, context.Canceled)
			if has := c.budget.has; has != 0 {
				t.Fatalf("the spent budget holds %d repetitions again, want none", has)
			}
		}
	})
}

// The budget of a policy for one call is not looked at, and an endless one is not bounded.
func TestBudgetBelongsToTheClient(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		server, requests := always(errorStep(503, "")).start(t)
		c := newTestClient(t, server, tenantkit.WithRetry(tenantkit.RetryPolicy{Budget: 3}))
		option := tenantkit.WithRetry(tenantkit.RetryPolicy{MaxAttempts: 10, MaxElapsed: -1, Budget: -1})
		_ = c.Do(t.Context(), &getThing, callOf(&getThing), []tenantkit.Option{option})
		if n := requests.Load(); n != 4 {
			t.Errorf("%d attempts, want 4", n)
		}
	})
}
