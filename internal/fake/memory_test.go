package fake

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// exchange sends one request through memory.
func exchange(ctx context.Context, t *testing.T, s *Server, method, body string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, s.URL()+"/things/a?q=1", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: s.RoundTripper()}).Do(req)
	if err != nil {
		return reply{err: err}
	}
	got, err := io.ReadAll(resp.Body)
	return reply{status: resp.StatusCode, header: resp.Header, body: string(got), err: errors.Join(err, resp.Body.Close())}
}

// A request through memory ends as one over a connection does, in a bubble of virtual time.
func TestRoundTripper(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		method  string
		fault   Fault
		status  int // 0 when there is no response
		body    string
		is      error
		applied bool
		took    time.Duration
	}{
		{name: "read", method: "GET", status: 200, body: thingBody, applied: true},
		{name: "write", method: "PUT", status: 201, body: `{"id":"a","sent":"new"}`, applied: true},
		{name: "no body", method: "DELETE", status: 204, applied: true},
		{name: "no route", method: "PATCH", status: 404, body: "404 page not found\n"},
		{name: "delay", method: "GET", fault: Fault{Delay: time.Hour}, status: 200, body: thingBody, applied: true, took: time.Hour},
		{name: "slow", method: "GET", fault: Fault{Slow: time.Minute}, status: 200, body: thingBody, applied: true, took: 8 * time.Minute},
		{name: "status", method: "GET", fault: Fault{Status: 503, Body: "busy"}, status: 503, body: "busy"},
		{name: "reset before", method: "PUT", fault: Fault{ResetBefore: true}, is: syscall.ECONNRESET},
		{name: "reset after", method: "PUT", fault: Fault{ResetAfter: true}, is: syscall.ECONNRESET, applied: true},
		{name: "truncated", method: "GET", fault: Fault{Truncate: true}, status: 200, body: thingBody[:len(thingBody)/2], is: io.ErrUnexpectedEOF, applied: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, things())
			synctest.Test(t, func(t *testing.T) {
				if !cmp.Equal(tt.fault, Fault{}) {
					s.Fail("", tt.fault)
				}
				began := time.Now()
				got := exchange(t.Context(), t, s, tt.method, "new")
				if got.status != tt.status || got.body != tt.body || !errors.Is(got.err, tt.is) {
					t.Errorf("got %d %q %v, want %d %q %v", got.status, got.body, got.err, tt.status, tt.body, tt.is)
				}
				if took := time.Since(began); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				synctest.Wait()
				r := s.Requests()[0]
				if r.Applied != tt.applied || r.Status != tt.status || r.RawQuery != "q=1" || r.Method != tt.method {
					t.Errorf("recorded %+v", r)
				}
			})
		})
	}
}

// A client that has waited or read enough leaves, and the server ends with it.
func TestRoundTripperLeft(t *testing.T) {
	t.Parallel()
	s := start(t, things())
	synctest.Test(t, func(t *testing.T) {
		s.Fail("", Fault{Delay: time.Hour}, Fault{Endless: true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got := exchange(ctx, t, s, "GET", ""); !errors.Is(got.err, context.DeadlineExceeded) {
			t.Errorf("error = %v, want the end of the context", got.err)
		}
		synctest.Wait()
		if r := s.Requests()[0]; r.Applied {
			t.Error("the request was applied after its client left")
		}

		var connected bool
		traced := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
		req, err := http.NewRequestWithContext(traced, "GET", s.URL()+"/things/a", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := s.RoundTripper().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.ContentLength != -1 || !connected {
			t.Errorf("length %d, connected %t, want -1 and true", resp.ContentLength, connected)
		}
		if _, err := io.ReadFull(resp.Body, make([]byte, 1<<20)); err != nil {
			t.Error(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	})
	s.Close()
	if got := exchange(t.Context(), t, s, "GET", ""); !errors.Is(got.err, syscall.ECONNRESET) {
		t.Errorf("error of a closed server = %v, want a reset", got.err)
	}
}
