package rest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/coord"
)

func lockedClient(t *testing.T, locker coord.Locker, rt http.RoundTripper) *Client {
	t.Helper()
	return newTestClient(t, rt, tenantkit.WithLocker(locker), fastRetry())
}

func TestLocked_KeyAndContext(t *testing.T) {
	t.Parallel()
	locker := new(fakeLocker)
	c := lockedClient(t, locker, newMemory(t, jsonStep(`{}`)))
	failure := errors.New("failed")
	err := c.Locked(t.Context(), &putThing, []string{"a1"}, []string{"thing", "a1"}, func(held context.Context) error {
		if locker.unlocked != 0 || held == t.Context() {
			t.Error("the work does not have the lock")
		}
		return failure
	})
	if err != failure || locker.unlocked != 1 || locker.key != "things https://things.example.org:443 thing a1" {
		t.Errorf("err = %v, unlocked %d times, key %q", err, locker.unlocked, locker.key)
	}
}

func TestLocked_Excludes(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		// Two clients without a locker in common do not wait for each other; the goroutines
		// of one do.
		c := newTestClient(t, newMemory(t, jsonStep(`{}`)))
		started := time.Now()
		done := make(chan time.Duration, 2)
		for range 2 {
			go func() {
				err := c.Locked(t.Context(), &putThing, []string{"a1"}, []string{"thing", "a1"}, func(context.Context) error {
					time.Sleep(time.Second)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				done <- time.Since(started)
			}()
		}
		if first, second := <-done, <-done; first != time.Second || second != 2*time.Second {
			t.Errorf("done after %v and %v", first, second)
		}
	})
}

func TestLocked_ContextDoneWhileWaiting(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		server := newMemory(t, jsonStep(`{}`))
		c := lockedClient(t, coord.Local(), server)
		err := c.Locked(t.Context(), &putThing, []string{"a1"}, []string{"thing", "a1"}, func(context.Context) error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			return c.Locked(ctx, &putThing, []string{"a1"}, []string{"thing", "a1"}, func(context.Context) error {
				t.Error("two have the lock")
				return nil
			})
		})
		wantSentinels(t, err, context.DeadlineExceeded)
		failed := failedWith(t, err)
		if failed.Outcome != notSent || failed.URL != testURL+"/things/a1" || !strings.Contains(err.Error(), "waiting for the lock of thing a1") || len(server.sent()) != 0 {
			t.Errorf("error = %+v", failed)
		}
	})
}

func TestLocked_EngineFails(t *testing.T) {
	t.Parallel()
	c := lockedClient(t, &fakeLocker{lockErr: errEngine}, newMemory(t))
	err := c.Locked(t.Context(), &createThing, nil, []string{"thing"}, func(context.Context) error {
		t.Error("work without a lock")
		return nil
	})
	if !errors.Is(err, errEngine) || failedWith(t, err).Outcome != notSent {
		t.Errorf("err = %v", err)
	}
	wantSentinels(t, err)
}

func TestLocked_UnlockFails(t *testing.T) {
	t.Parallel()
	c := lockedClient(t, &fakeLocker{unlockErr: errEngine}, newMemory(t, jsonStep(`{}`), errorStep(409, "")))
	work := func(held context.Context) error { return c.Do(held, &createThing, callOf(&createThing), nil) }
	err := c.Locked(t.Context(), &createThing, nil, []string{"thing"}, work)
	if !errors.Is(err, errEngine) || failedWith(t, err).Outcome != applied {
		t.Errorf("err = %v", err)
	}
	err = c.Locked(t.Context(), &createThing, nil, []string{"thing"}, work)
	if !errors.Is(err, errEngine) || tenantkit.OutcomeOf(err) != rejected || strings.Contains(err.Error(), "\n") {
		t.Errorf("err = %v", err)
	}
	wantSentinels(t, err, tenantkit.ErrConflict)
}

// When the lock is lost, it is unknown what became of a request that was sent, and of work that
// others may have overwritten.
func TestLocked_LockLost(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		before, during bool
		want           tenantkit.Outcome
		requests       int
	}{
		"before the request": {true, false, notSent, 0},
		"during the request": {false, true, unknown, 1},
		"after the request":  {false, false, unknown, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			locker := new(fakeLocker)
			server := newMemory(t, jsonStep(`{}`))
			c := lockedClient(t, locker, roundTripper(func(req *http.Request) (*http.Response, error) {
				if tt.during {
					resp, err := server.RoundTrip(req)
					locker.lose(coord.ErrLost)
					if err == nil {
						err = errors.Join(req.Context().Err(), resp.Body.Close())
					}
					return nil, err
				}
				return server.RoundTrip(req)
			}))
			err := c.Locked(t.Context(), &createThing, nil, []string{"thing"}, func(held context.Context) error {
				if tt.before {
					locker.lose(coord.ErrLost)
				}
				err := c.Do(held, &createThing, callOf(&createThing), nil)
				locker.lose(coord.ErrLost)
				return err
			})
			if !errors.Is(err, coord.ErrLost) || failedWith(t, err).Outcome != tt.want || len(server.sent()) != tt.requests {
				t.Errorf("%d requests; err = %v", len(server.sent()), err)
			}
		})
	}
}

func TestLocked_Validation(t *testing.T) {
	t.Parallel()
	var missing *Client
	work := func(context.Context) error {
		t.Error("called")
		return nil
	}
	wantInvalid(t, missing.Locked(t.Context(), &putThing, nil, nil, work), "UpdateThing", "client", "NewClient")
	var ctx context.Context
	wantInvalid(t, newTestClient(t, newMemory(t)).Locked(ctx, &putThing, nil, nil, work), "UpdateThing", "ctx", "nil")
}
