package rest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
)

// classes are the operations whose repetition is tested, by class.
var classes = []struct {
	class tenantkit.Class
	ops   []*Operation
}{
	{tenantkit.Read, []*Operation{&getThing, &queryThings}},
	{tenantkit.Idempotent, []*Operation{&putThing, &deleteThing}},
	{tenantkit.Write, []*Operation{&createThing, &drawThing}},
	{tenantkit.Never, []*Operation{&burnThing}},
}

const (
	rejected = tenantkit.OutcomeRejected
	unknown  = tenantkit.OutcomeUnknown
	notSent  = tenantkit.OutcomeNotSent
	applied  = tenantkit.OutcomeApplied
)

// Which refusals are repeated, by class: the attempts of a policy of 4.
func TestRetry_Statuses(t *testing.T) {
	t.Parallel()
	const all = 4
	tests := []struct {
		status     int
		retryAfter string
		attempts   [4]int // read, idempotent, write, never
		outcome    tenantkit.Outcome
		sentinel   error
	}{
		{300, "", [4]int{1, 1, 1, 1}, unknown, nil},
		{304, "", [4]int{1, 1, 1, 1}, unknown, nil},
		{400, "", [4]int{1, 1, 1, 1}, rejected, tenantkit.ErrBadRequest},
		{400, "7", [4]int{1, 1, 1, 1}, rejected, tenantkit.ErrBadRequest},
		{402, "", [4]int{1, 1, 1, 1}, rejected, nil},
		{403, "", [4]int{1, 1, 1, 1}, rejected, tenantkit.ErrForbidden},
		{404, "", [4]int{1, 1, 1, 1}, rejected, tenantkit.ErrNotFound},
		{405, "", [4]int{1, 1, 1, 1}, rejected, nil},
		{406, "", [4]int{1, 1, 1, 1}, rejected, nil},
		{408, "", [4]int{all, all, 1, 1}, unknown, nil},
		{408, "7", [4]int{all, all, 1, 1}, unknown, nil},
		{409, "", [4]int{1, 1, 1, 1}, rejected, tenantkit.ErrConflict},
		{409, "7", [4]int{1, 1, 1, 1}, rejected, tenantkit.ErrConflict},
		{410, "", [4]int{1, 1, 1, 1}, rejected, tenantkit.ErrNotFound},
		{412, "", [4]int{1, 1, 1, 1}, rejected, nil},
		{418, "", [4]int{1, 1, 1, 1}, rejected, nil},
		{422, "", [4]int{1, 1, 1, 1}, rejected, tenantkit.ErrBadRequest},
		{425, "", [4]int{all, all, 1, 1}, rejected, nil},
		{429, "", [4]int{all, all, all, 1}, rejected, tenantkit.ErrRateLimited},
		{429, "7", [4]int{all, all, all, 1}, rejected, tenantkit.ErrRateLimited},
		{429, "soon", [4]int{all, all, all, 1}, rejected, tenantkit.ErrRateLimited},
		{500, "", [4]int{all, all, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{500, "7", [4]int{all, all, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{501, "", [4]int{1, 1, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{502, "", [4]int{all, all, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{502, "7", [4]int{all, all, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{503, "", [4]int{all, all, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{503, "7", [4]int{all, all, all, 1}, rejected, tenantkit.ErrUnavailable},
		{503, "soon", [4]int{all, all, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{504, "", [4]int{all, all, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{504, "7", [4]int{all, all, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{505, "", [4]int{1, 1, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{460, "", [4]int{1, 1, 1, 1}, unknown, nil},
		{463, "", [4]int{1, 1, 1, 1}, unknown, nil},
		{499, "", [4]int{1, 1, 1, 1}, unknown, nil},
		{507, "", [4]int{all, all, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{519, "", [4]int{1, 1, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{520, "", [4]int{all, all, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{525, "7", [4]int{all, all, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{530, "", [4]int{all, all, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{531, "", [4]int{1, 1, 1, 1}, unknown, tenantkit.ErrUnavailable},
		{599, "", [4]int{1, 1, 1, 1}, unknown, tenantkit.ErrUnavailable},
	}
	for _, tt := range tests {
		for i, class := range classes {
			for _, op := range class.ops {
				t.Run(fmt.Sprintf("%d %q/%s/%s", tt.status, tt.retryAfter, class.class, op.Name), func(t *testing.T) {
					t.Parallel()
					virtual(t, func(t *testing.T) {
						server := newMemory(t, errorStep(tt.status, tt.retryAfter))
						c := newTestClient(t, server, tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: time.Second, MaxDelay: 2 * time.Second}))
						started := time.Now()
						err := c.Do(t.Context(), op, callOf(op), nil)
						elapsed := time.Since(started)

						failed := failedWith(t, err)
						if n := len(server.sent()); n != tt.attempts[i] || failed.Attempts != n {
							t.Errorf("%d requests, Attempts = %d, want %d", n, failed.Attempts, tt.attempts[i])
						}
						// Without a wait that the server asks for: up to 1,
						// 2 and 2 seconds.
						least, most := time.Duration(0), 5*time.Second+3
						if tt.attempts[i] == 1 {
							most = 0
						} else if tt.retryAfter == "7" {
							least, most = 21*time.Second, 21*time.Second
						}
						if elapsed < least || elapsed > most {
							t.Errorf("the call took %v, want %v to %v", elapsed, least, most)
						}
						if failed.Outcome != tt.outcome || tenantkit.OutcomeOf(err) != tt.outcome {
							t.Errorf("outcome = %v, want %v", failed.Outcome, tt.outcome)
						}
						if failed.StatusCode != tt.status {
							t.Errorf("status = %d", failed.StatusCode)
						}
						want := time.Duration(0)
						if tt.retryAfter == "7" {
							want = 7 * time.Second
						}
						if failed.RetryAfter != want {
							t.Errorf("RetryAfter = %v, want %v", failed.RetryAfter, want)
						}
						if tt.sentinel == nil {
							wantSentinels(t, err)
						} else {
							wantSentinels(t, err, tt.sentinel)
						}
					})
				})
			}
		}
	}
}

// Which failures without an answer are repeated, by class, where the transport tells nothing of its
// connections.
func TestRetry_NetworkErrors(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	read := func(err error) error { return &net.OpError{Op: "read", Net: "tcp", Err: err} }
	tests := []struct {
		name     string
		err      error
		attempts [4]int
		outcome  tenantkit.Outcome
	}{
		{"connection refused", dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), [4]int{4, 4, 4, 1}, notSent},
		{"bare refused", syscall.ECONNREFUSED, [4]int{4, 4, 4, 1}, notSent},
		{"no such host", dial(&net.DNSError{Err: "no such host", Name: "things.example.org", IsNotFound: true}), [4]int{4, 4, 4, 1}, notSent},
		{"bare name lookup", &net.DNSError{Err: "server misbehaving"}, [4]int{4, 4, 4, 1}, notSent},
		{"dial time-out", dial(os.ErrDeadlineExceeded), [4]int{4, 4, 4, 1}, notSent},
		{"network unreachable", dial(syscall.ENETUNREACH), [4]int{4, 4, 4, 1}, notSent},
		{"certificate", &tls.CertificateVerificationError{Err: errors.New("expired")}, [4]int{4, 4, 4, 1}, notSent},
		{"unknown authority", x509.UnknownAuthorityError{}, [4]int{4, 4, 4, 1}, notSent},
		{"wrong host", x509.HostnameError{Certificate: &x509.Certificate{}, Host: "h"}, [4]int{4, 4, 4, 1}, notSent},
		{"invalid certificate", x509.CertificateInvalidError{Reason: x509.Expired}, [4]int{4, 4, 4, 1}, notSent},
		{"no TLS there", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, [4]int{4, 4, 4, 1}, notSent},
		{"reset", read(os.NewSyscallError("read", syscall.ECONNRESET)), [4]int{4, 4, 1, 1}, unknown},
		{"broken pipe", &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}, [4]int{4, 4, 1, 1}, unknown},
		{"end of file", io.EOF, [4]int{4, 4, 1, 1}, unknown},
		{"anything else", errors.New("boom"), [4]int{4, 4, 1, 1}, unknown},
	}
	for _, tt := range tests {
		for i, class := range classes {
			for _, op := range class.ops {
				t.Run(fmt.Sprintf("%s/%s/%s", tt.name, class.class, op.Name), func(t *testing.T) {
					t.Parallel()
					virtual(t, func(t *testing.T) {
						server := newMemory(t, step{err: tt.err})
						c := newTestClient(t, server)
						err := c.Do(t.Context(), op, callOf(op), nil)
						failed := failedWith(t, err)
						if n := len(server.sent()); n != tt.attempts[i] || failed.Attempts != n {
							t.Errorf("%d requests, Attempts = %d, want %d", n, failed.Attempts, tt.attempts[i])
						}
						if failed.Outcome != tt.outcome {
							t.Errorf("outcome = %v, want %v", failed.Outcome, tt.outcome)
						}
						if failed.StatusCode != 0 || failed.Header != nil || failed.Body.Reveal() != "" {
							t.Errorf("an answer out of nothing: %d %v %q", failed.StatusCode, failed.Header, failed.Body.Reveal())
						}
						if !errors.Is(err, tt.err) {
							t.Errorf("%v is not in the chain of %v", tt.err, err)
						}
						wantSentinels(t, err)
					})
				})
			}
		}
	}
}

// A repetition that is answered well ends the call well, with the same request each time.
func TestRetry_Succeeds(t *testing.T) {
	t.Parallel()
	for _, class := range classes[:3] {
		for _, op := range class.ops {
			t.Run(op.Name, func(t *testing.T) {
				t.Parallel()
				virtual(t, func(t *testing.T) {
					server := newMemory(t, errorStep(429, ""), errorStep(503, "3"), errorStep(429, "5"), jsonStep(`{"id":"a1"}`))
					c := newTestClient(t, server, tenantkit.WithHeader("X-Custom", "yes"))
					var got thing
					call := callOf(op)
					call.Into = &got
					var response tenantkit.Response
					if err := c.Do(t.Context(), op, call, []tenantkit.Option{tenantkit.WithResponse(&response)}); err != nil {
						t.Fatal(err)
					}
					requests := server.sent()
					if len(requests) != 4 || got.ID != "a1" || response.Attempts != 4 || response.StatusCode != 200 {
						t.Fatalf("%d requests, got %+v, response %+v", len(requests), got, response)
					}
					if op.Method == http.MethodPost && requests[0].body != `{"name":"n"}` {
						t.Errorf("body = %q", requests[0].body)
					}
					for i, r := range requests[1:] {
						first := requests[0]
						if r.body != first.body || r.URL.String() != first.URL.String() || !sameHeader(r.Header, first.Header) ||
							r.ContentLength != first.ContentLength || r.Host != first.Host {
							t.Errorf("attempt %d differs: %q %s %v, first %q %s %v", i+2, r.body, r.URL, r.Header, first.body, first.URL, first.Header)
						}
					}
					if response.Elapsed < 8*time.Second || response.Elapsed > 9*time.Second || response.Duration != 0 {
						t.Errorf("elapsed %v, last attempt %v", response.Elapsed, response.Duration)
					}
				})
			})
		}
	}
}

// A single attempt may be asked for, on the client or on the call; a call's own policy stands above
// the client's.
func TestRetryPolicies(t *testing.T) {
	t.Parallel()
	with := func(p tenantkit.RetryPolicy) []tenantkit.Option { return []tenantkit.Option{tenantkit.WithRetry(p)} }
	tests := []struct {
		name         string
		client, call []tenantkit.Option
		want         int
	}{
		{"default", nil, nil, 4},
		{"none, by the client", with(tenantkit.NoRetry()), nil, 1},
		{"none, by the call", nil, with(tenantkit.NoRetry()), 1},
		{"more, by the call", with(tenantkit.NoRetry()), with(tenantkit.RetryPolicy{MaxAttempts: 6}), 6},
		{"defaults again, by the call", with(tenantkit.NoRetry()), with(tenantkit.RetryPolicy{}), 4},
		{"the client's, with another option on the call", with(tenantkit.NoRetry()), []tenantkit.Option{tenantkit.WithTimeout(time.Hour)}, 1},
		{"no bound on the time", with(tenantkit.RetryPolicy{MaxAttempts: 30, MaxElapsed: -1, BaseDelay: time.Hour, MaxDelay: time.Hour}), nil, 30},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				server := newMemory(t, errorStep(500, ""))
				c := newTestClient(t, server, tt.client...)
				failed := failedWith(t, c.Do(t.Context(), &getThing, callOf(&getThing), tt.call))
				if n := len(server.sent()); n != tt.want || failed.Attempts != n {
					t.Errorf("%d requests, Attempts = %d, want %d", n, failed.Attempts, tt.want)
				}
				if failed.Err != nil {
					t.Errorf("Err = %v, want nothing beside the refusal", failed.Err)
				}
			})
		})
	}
}
