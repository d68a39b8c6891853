package infoworks_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

// mints remembers when a client made its access tokens.
type mints struct {
	base http.RoundTripper
	mu   sync.Mutex
	made []time.Time
}

func (m *mints) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := m.base.RoundTrip(req)
	if op, _ := tenantkit.OperationFromContext(req.Context()); op.Name == "AccessToken" && err == nil && resp.StatusCode == http.StatusOK {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.made = append(m.made, time.Now())
	}
	return resp, err
}

// A week of 50 goroutines on tokens of 15 minutes, with an outage of an hour and a refresh token
// that is replaced. Nobody lacks a token while the server works, and each token is made once.
func TestSoak(t *testing.T) {
	t.Parallel()
	const (
		goroutines  = 50
		week        = 7 * 24 * time.Hour
		outageBegin = 60*time.Hour + 7*time.Minute
		outageEnd   = outageBegin + time.Hour
		rotation    = 100*time.Hour + 11*time.Minute
	)
	server := start(t)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithDeadline(t.Context(), began.Add(week))
		defer cancel()

		var current atomic.Value
		current.Store(tenantkit.NewSecret(refreshToken))
		made := &mints{base: server.RoundTripper()}
		client := through(t, server, infoworks.Credentials{
			RefreshToken: auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
				return auth.Token{Value: current.Load().(tenantkit.Secret)}, nil
			}),
		}, tenantkit.WithTransport(func(http.RoundTripper) http.RoundTripper { return made }))

		var group sync.WaitGroup
		var calls, failures atomic.Int64
		for i := range goroutines {
			group.Go(func() {
				random := rand.New(rand.NewPCG(uint64(i), 0))
				for ctx.Err() == nil {
					err := lookUp(ctx, client)
					at := time.Since(began)
					calls.Add(1)
					switch {
					case err == nil || ctx.Err() != nil:
					case at >= outageBegin && at <= outageEnd:
						failures.Add(1)
					default:
						t.Errorf("after %v: %v", at, err)
					}
					pause(ctx, time.Duration(random.Int64N(int64(45*time.Minute))))
				}
			})
		}
		group.Go(func() {
			pause(ctx, outageBegin)
			server.Fail("", infoworkstest.Fault{Status: http.StatusServiceUnavailable, Times: -1})
			pause(ctx, (outageEnd-outageBegin)/2)
			server.Recover()
			server.Fail("", infoworkstest.Fault{ResetUnread: true, Times: -1})
			pause(ctx, (outageEnd-outageBegin)/2)
			server.Recover()
		})
		group.Go(func() {
			pause(ctx, rotation)
			if err := client.RegenerateRefreshToken(ctx); err != nil {
				t.Error(err)
			}
			// The time that a person needs to copy the new one.
			pause(ctx, time.Minute)
			current.Store(tenantkit.NewSecret(server.RefreshToken(username)))
		})
		group.Wait()

		if calls.Load() < 10_000 || failures.Load() == 0 {
			t.Errorf("%d calls, %d failures in the outage: too few to mean anything", calls.Load(), failures.Load())
		}
		var last time.Duration
		for i, when := range made.made {
			at := when.Sub(began)
			// Renewed with two minutes to go, when the next call comes.
			if i > 0 && at-last < 12*time.Minute+59*time.Second {
				t.Errorf("tokens were made after %v and %v", last, at)
			}
			last = at
		}
		if n, most := len(made.made), int(week/(13*time.Minute)); n > most || n < most*8/10 {
			t.Errorf("%d tokens were made in a week, want about %d", n, most)
		}
		t.Logf("%d calls, %d of them failed in the outage; %d tokens", calls.Load(), failures.Load(), len(made.made))
	})
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
