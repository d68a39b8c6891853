package rest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// An attempt that runs out of time is repeated like one that met a network error; the caller can
// tell it from the own deadline.
func TestAttemptTimeout(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		step step
		op   *Operation
		n    int
	}{
		"before the answer, read":   {step{delay: time.Hour}, &getThing, 4},
		"before the answer, put":    {step{delay: time.Hour}, &putThing, 4},
		"before the answer, create": {step{delay: time.Hour}, &createThing, 1},
		"before the answer, never":  {step{delay: time.Hour}, &burnThing, 1},
		"in the body, read":         {step{body: `{"id":"a1"}`, slow: time.Minute}, &getThing, 4},
		"in the body, create":       {step{body: `{"id":"a1"}`, slow: time.Minute}, &createThing, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				server := newMemory(t, tt.step)
				c := newTestClient(t, server, tenantkit.WithTimeout(7*time.Second))
				started := time.Now()
				err := c.Do(t.Context(), tt.op, callOf(tt.op), nil)
				failed := failedWith(t, err)
				if len(server.sent()) != tt.n || failed.Attempts != tt.n {
					t.Errorf("%d requests, Attempts = %d, want %d", len(server.sent()), failed.Attempts, tt.n)
				}
				if elapsed := time.Since(started); elapsed < time.Duration(tt.n)*7*time.Second || elapsed > time.Duration(tt.n)*7*time.Second+4*time.Second {
					t.Errorf("the call took %v", elapsed)
				}
				if !errors.Is(err, os.ErrDeadlineExceeded) || !isTimeout(err) {
					t.Errorf("%v is no os.ErrDeadlineExceeded", err)
				}
				wantSentinels(t, err) // neither context.DeadlineExceeded nor context.Canceled: the caller ended nothing
				if !strings.Contains(err.Error(), "the attempt took longer than its time-out of 7s") || strings.Contains(err.Error(), "context") {
					t.Errorf("text = %q", err)
				}
			})
		})
	}
}

// The attempt after the one that ran out of time has the whole time again.
func TestAttemptTimeoutThenSuccess(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		server := newMemory(t, step{delay: time.Hour}, step{delay: 6 * time.Second, body: `{}`})
		c := newTestClient(t, server, tenantkit.WithTimeout(7*time.Second))
		if err := c.Do(t.Context(), &getThing, callOf(&getThing), nil); err != nil {
			t.Error(err)
		}
	})
}

// Which time-out holds for an attempt: the operation's own is a least, unless the call says
// otherwise.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	long := getThing
	long.Timeout = 5 * time.Minute
	with := func(d time.Duration) []tenantkit.Option { return []tenantkit.Option{tenantkit.WithTimeout(d)} }
	tests := []struct {
		name         string
		op           *Operation
		client, call []tenantkit.Option
		want         time.Duration // 0 means none
	}{
		{"default", &getThing, nil, nil, 30 * time.Second},
		{"client's", &getThing, with(time.Second), nil, time.Second},
		{"call's", &getThing, with(time.Second), with(2 * time.Second), 2 * time.Second},
		{"call's, no other", &getThing, nil, with(2 * time.Second), 2 * time.Second},
		{"none, by the client", &getThing, with(-1), nil, 0},
		{"none, by the call", &getThing, with(time.Second), with(-1), 0},
		{"client's, with another option on the call", &getThing, with(time.Second), []tenantkit.Option{tenantkit.WithRetry(tenantkit.NoRetry())}, time.Second},
		{"long operation", &long, nil, nil, 5 * time.Minute},
		{"long operation, short client", &long, with(time.Second), nil, 5 * time.Minute},
		{"long operation, longer client", &long, with(time.Hour), nil, time.Hour},
		{"long operation, short call", &long, nil, with(time.Second), time.Second},
		{"long operation, none by the client", &long, with(-1), nil, 0},
		{"long operation, another option", &long, nil, []tenantkit.Option{tenantkit.WithUserAgent("x")}, 5 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				server := newMemory(t, step{delay: 3 * time.Hour, body: `{}`})
				c := newTestClient(t, server, append(tt.client, tenantkit.WithRetry(tenantkit.NoRetry()))...)
				started := time.Now()
				err := c.Do(t.Context(), tt.op, callOf(tt.op), tt.call)
				elapsed := time.Since(started)
				if tt.want == 0 {
					if err != nil || elapsed != 3*time.Hour {
						t.Errorf("err = %v after %v", err, elapsed)
					}
				} else if !errors.Is(err, os.ErrDeadlineExceeded) || elapsed != tt.want {
					t.Errorf("err = %v after %v, want a time-out after %v", err, elapsed, tt.want)
				}
			})
		})
	}
}

// The caller's deadline is not repeated, and is no time-out of an attempt.
func TestCallersDeadline(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		steps    []step
		attempts int
		status   int
		outcome  tenantkit.Outcome
		also     []error
	}{
		"before the answer":     {[]step{{delay: time.Hour}}, 1, 0, unknown, nil},
		"in the body":           {[]step{{body: `{"id":"a1"}`, slow: 5 * time.Second}}, 1, 200, applied, nil},
		"in a refusal's body":   {[]step{{status: 400, body: `{"id":"a1"}`, slow: 5 * time.Second}}, 1, 400, rejected, []error{tenantkit.ErrBadRequest}},
		"in the second attempt": {[]step{{status: 503}, {delay: time.Hour}}, 2, 0, unknown, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				server := newMemory(t, tt.steps...)
				c := newTestClient(t, server)
				started := time.Now()
				err := c.Do(ctx, &putThing, callOf(&putThing), nil)
				if elapsed := time.Since(started); elapsed != 10*time.Second {
					t.Errorf("the call took %v, want the 10s of the deadline", elapsed)
				}
				failed := failedWith(t, err)
				if failed.Attempts != tt.attempts || failed.StatusCode != tt.status || failed.Outcome != tt.outcome {
					t.Errorf("error = %+v", failed)
				}
				if errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%v looks like the time-out of an attempt", err)
				}
				wantSentinels(t, err, append(tt.also, context.DeadlineExceeded)...)
			})
		})
	}
}

// A context that has ended before the call sends nothing, and asks for no credential.
func TestDeadContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("shutting down")
	cancel(cause)
	server := newMemory(t)
	api := API{Credentials: map[string]auth.Credential{"": credentialFunc(func(*http.Request) { t.Error("the credential was asked for") })}}
	c := newAPIClient(t, api, testURL, server)
	err := c.Do(ctx, &createThing, callOf(&createThing), nil)
	failed := failedWith(t, err)
	if len(server.sent()) != 0 || failed.Attempts != 0 || failed.Outcome != notSent {
		t.Errorf("%d requests, error %+v", len(server.sent()), failed)
	}
	if !errors.Is(err, cause) {
		t.Errorf("the cause is not in %v", err)
	}
	wantSentinels(t, err, context.Canceled)
}

// The end of the context ends a wait at once, with the refusal and the cause in the chain.
func TestCancelledWait(t *testing.T) {
	t.Parallel()
	cause := errors.New("the operator pressed stop")
	tests := map[string]struct {
		step    step
		end     func(context.Context) (context.Context, func())
		want    []error
		outcome tenantkit.Outcome
	}{
		"cancelled": {errorStep(429, "60"), func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, []error{tenantkit.ErrRateLimited, context.Canceled}, rejected},
		"cancelled with a cause": {errorStep(503, "60"), func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(time.Second, func() { cancel(cause) })
			return ctx, func() { cancel(nil) }
		}, []error{tenantkit.ErrUnavailable, context.Canceled, cause}, rejected},
		"network error before": {step{err: errReset}, func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, []error{errReset, context.Canceled}, unknown},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				ctx, cancel := tt.end(t.Context())
				defer cancel()
				server := newMemory(t, tt.step)
				// Waits of about an hour, so that the second attempt does not come
				// before the end.
				policy := tenantkit.RetryPolicy{MaxElapsed: -1, BaseDelay: 1 << 62, MaxDelay: 1 << 62}
				c := newTestClient(t, server, tenantkit.WithRetry(policy))
				started := time.Now()
				var response tenantkit.Response
				err := c.Do(ctx, &putThing, callOf(&putThing), []tenantkit.Option{tenantkit.WithResponse(&response)})
				if elapsed := time.Since(started); elapsed != time.Second {
					t.Errorf("the call took %v, want the 1s until the end", elapsed)
				}
				wantSentinels(t, err, tt.want...)
				failed := failedWith(t, err)
				if failed.Attempts != 1 || failed.Outcome != tt.outcome || failed.StatusCode != tt.step.status {
					t.Errorf("error = %+v", failed)
				}
				if response.Duration != 0 || response.Elapsed != time.Second {
					t.Errorf("response = %+v, want the wait in Elapsed only", response)
				}
			})
		})
	}
}

// A cancelled attempt is not repeated, and its cause is known.
func TestCancelledAttempt(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		cause := errors.New("the operator pressed stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		time.AfterFunc(time.Second, func() { cancel(cause) })
		c := newTestClient(t, newMemory(t, step{delay: time.Hour}))
		err := c.Do(ctx, &getThing, callOf(&getThing), nil)
		wantSentinels(t, err, context.Canceled, cause)
		if n := strings.Count(err.Error(), cause.Error()); n != 1 {
			t.Errorf("the cause stands %d times in %q", n, err)
		}
	})
}

// The time that a credential takes is the caller's, not the attempt's.
func TestSlowCredential(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		source := auth.TokenSourceFunc(func(ctx context.Context) (auth.Token, error) {
			return auth.Token{Value: tenantkit.NewSecret("token")}, pause(ctx, time.Minute)
		})
		c := newAPIClient(t, API{Credentials: map[string]auth.Credential{"": auth.Bearer(source)}}, testURL, newMemory(t, jsonStep(`{}`)),
			tenantkit.WithTimeout(time.Second))
		if err := c.Do(t.Context(), &getThing, callOf(&getThing), nil); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := c.Do(ctx, &getThing, callOf(&getThing), nil)
		wantSentinels(t, err, context.DeadlineExceeded)
		if tenantkit.OutcomeOf(err) != notSent {
			t.Errorf("outcome of %v", err)
		}
	})
}

// The time-out of the caller's own http.Client is one of the attempt.
func TestTimeoutOfTheHTTPClient(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		server := newMemory(t, step{delay: time.Hour})
		c := newTestClient(t, nil, tenantkit.WithHTTPClient(&http.Client{Transport: server, Timeout: 3 * time.Second}))
		err := c.Do(t.Context(), &getThing, callOf(&getThing), nil)
		if !errors.Is(err, os.ErrDeadlineExceeded) || !isTimeout(err) || !strings.Contains(err.Error(), "the attempt took longer than its time-out of 3s") {
			t.Errorf("err = %v", err)
		}
		wantSentinels(t, err)
		if n := len(server.sent()); n != 4 {
			t.Errorf("%d attempts", n)
		}
	})
}

// A transport has time-outs of its own, which are neither the attempt's nor the caller's, and say
// what they are about.
func TestTimeoutsOfTheTransport(t *testing.T) {
	t.Parallel()
	err := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443}, Err: netTimeout{}}
	c := newTestClient(t, newMemory(t, step{err: err}), tenantkit.WithRetry(tenantkit.NoRetry()))
	got := c.Do(t.Context(), &getThing, callOf(&getThing), nil)
	wantSentinels(t, got)
	if !errors.Is(got, os.ErrDeadlineExceeded) || !isTimeout(got) || !strings.Contains(got.Error(), "dial tcp 192.0.2.1:443: i/o timeout") {
		t.Errorf("err = %v", got)
	}
	var op *net.OpError
	if !errors.As(got, &op) || op != err || !errors.Is(got, err) {
		t.Errorf("the transport's error is not in the chain of %v", got)
	}
	if tenantkit.OutcomeOf(got) != notSent {
		t.Errorf("outcome of %v", got)
	}
}

// netTimeout is like the time-outs of package net, which pass for the context's.
type netTimeout struct{}

func (netTimeout) Error() string        { return "i/o timeout" }
func (netTimeout) Timeout() bool        { return true }
func (netTimeout) Is(target error) bool { return target == context.DeadlineExceeded }
