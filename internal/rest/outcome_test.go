package rest

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/fake"
)

// thingsServer is a service of the test operations on loopback.
func thingsServer(t testing.TB, options ...fake.Option) *fake.Server {
	t.Helper()
	answer := func(body string) func(*fake.Request) fake.Response {
		return func(*fake.Request) fake.Response {
			return fake.Response{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
		}
	}
	var routes []fake.Route
	for _, op := range []Operation{drawThing, getThing, queryThings, putThing, createThing, burnThing} {
		routes = append(routes, fake.Route{Operation: op.Name, Method: op.Method, Path: op.Path, Handle: answer(`{"id":"a1","name":"thing"}`)})
	}
	routes = append(routes, fake.Route{Operation: listThings.Name, Method: http.MethodGet, Path: listThings.Path, Handle: answer(`[{"id":"a1"},{"id":"a2"}]`)})
	// A second deletion finds nothing.
	deleted := false
	routes = append(routes, fake.Route{Operation: deleteThing.Name, Method: http.MethodDelete, Path: deleteThing.Path, Handle: func(r *fake.Request) fake.Response {
		if deleted {
			return fake.JSON(http.StatusNotFound, map[string]string{"error": "not found"})
		}
		deleted = true
		return answer(`{"id":"a1"}`)(r)
	}})
	server := fake.NewServer(fake.Config{Routes: routes}, options...)
	t.Cleanup(server.Close)
	return server
}

// quiet keeps the server from telling of clients that hang up.
func quiet(s *httptest.Server) { s.Config.ErrorLog = log.New(io.Discard, "", 0) }

// fastRetry repeats without waiting long, since what it waits for is real.
func fastRetry() tenantkit.Option {
	return tenantkit.WithRetry(tenantkit.RetryPolicy{MaxAttempts: 3, BaseDelay: time.Microsecond, MaxDelay: time.Microsecond})
}

// newWireClient returns a client of the server with a transport of its own.
func newWireClient(t testing.TB, server *fake.Server, opts ...tenantkit.Option) *Client {
	t.Helper()
	transport := tenantkit.NewTransport()
	transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	return newAPIClient(t, testAPI(), server.URL(), transport, append([]tenantkit.Option{fastRetry()}, opts...)...)
}

// faults are all the ways in which the server can spoil an exchange, with what a client can know of
// the outcome.
var faults = []struct {
	name    string
	fault   fake.Fault
	outcome tenantkit.Outcome
}{
	{"reset unread", fake.Fault{ResetUnread: true}, unknown},
	{"reset before", fake.Fault{ResetBefore: true}, unknown},
	{"reset after", fake.Fault{ResetAfter: true}, unknown},
	{"reset in header", fake.Fault{ResetInHeader: true}, unknown},
	{"truncated", fake.Fault{Truncate: true}, applied},
	{"garbage", fake.Fault{Garbage: true}, applied},
	{"empty", fake.Fault{Empty: true}, unknown},
	{"HTML", fake.Fault{HTML: true}, unknown},
	{"HTML, applied", fake.Fault{HTML: true, Applied: true}, unknown},
	{"endless", fake.Fault{Endless: true}, applied},
	{"slow", fake.Fault{Delay: time.Hour}, unknown},
	{"slow, applied", fake.Fault{Delay: time.Hour, Applied: true}, unknown},
	{"408", fake.Fault{Status: 408}, unknown},
	{"429", fake.Fault{Status: 429}, rejected},
	{"500, not applied", fake.Fault{Status: 500}, unknown},
	{"500, applied", fake.Fault{Status: 500, Applied: true}, unknown},
	{"502, applied", fake.Fault{Status: 502, Applied: true}, unknown},
	{"503 with Retry-After", fake.Fault{Status: 503, RetryAfter: "0"}, rejected},
	{"504, applied", fake.Fault{Status: 504, Applied: true}, unknown},
	{"400", fake.Fault{Status: 400}, rejected},
	{"404", fake.Fault{Status: 404}, rejected},
	{"302, applied", fake.Fault{Status: 302, Header: http.Header{"Location": {"/elsewhere"}}, Applied: true}, unknown},
}

// timeoutFor is short for a fault that only a time-out ends, and for others so long that a busy
// machine does not reach it.
func timeoutFor(fault fake.Fault) time.Duration {
	if fault.Delay != 0 || fault.Slow != 0 || fault.Endless {
		return hangTimeout
	}
	return time.Minute
}

const hangTimeout = 500 * time.Millisecond

// What an error says of its outcome is never wrong, and no write that creates is applied twice.
func TestOutcomesOnTheWire(t *testing.T) {
	t.Parallel()
	for _, op := range []*Operation{&createThing, &drawThing, &putThing, &deleteThing, &burnThing} {
		for _, tt := range faults {
			t.Run(op.Name+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				server := thingsServer(t)
				c := newWireClient(t, server, tenantkit.WithRetry(tenantkit.NoRetry()),
					tenantkit.WithTimeout(timeoutFor(tt.fault)), tenantkit.WithMaxResponseBytes(1<<16))
				server.Fail(op.Name, tt.fault)
				err := c.Do(t.Context(), op, callOf(op), nil)
				failed := failedWith(t, err)
				if failed.Outcome != tt.outcome {
					t.Errorf("outcome = %v, want %v; %v", failed.Outcome, tt.outcome, err)
				}
				checkOutcome(t, server, op, err)
			})
		}
	}
}

// The outcome speaks of all attempts: each fault is followed by each other one.
func TestOutcomesOfSeveralAttempts(t *testing.T) {
	t.Parallel()
	for _, op := range []*Operation{&createThing, &drawThing, &putThing, &deleteThing} {
		for _, first := range faults {
			if first.fault.Delay != 0 || first.fault.Endless {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", op.Name, first.name), func(t *testing.T) {
				t.Parallel()
				for _, second := range faults {
					if second.fault.Delay != 0 || second.fault.Endless {
						continue
					}
					server := thingsServer(t)
					c := newWireClient(t, server, tenantkit.WithRetry(tenantkit.RetryPolicy{MaxAttempts: 2, BaseDelay: 1, MaxDelay: 1}))
					server.Fail(op.Name, first.fault, second.fault)
					err := c.Do(t.Context(), op, callOf(op), nil)
					t.Logf("then %s: %v", second.name, err)
					checkOutcome(t, server, op, err)
					c.CloseIdleConnections()
					server.Close()
				}
			})
		}
	}
}

// checkOutcome compares what err says with what the server knows.
func checkOutcome(t *testing.T, server *fake.Server, op *Operation, err error) {
	t.Helper()
	times := server.Applied(op.Name)
	if op.Class >= tenantkit.Write && times > 1 {
		t.Errorf("applied %d times", times)
	}
	switch outcome := tenantkit.OutcomeOf(err); outcome {
	case notSent, rejected:
		if times != 0 {
			t.Errorf("outcome = %v, and it was applied; %v", outcome, err)
		}
	case applied:
		// A DELETE is done too where an injected 404 lies.
		if times == 0 && (err != nil || op.Method != http.MethodDelete) {
			t.Errorf("outcome = %v, and it was not applied; %v", outcome, err)
		}
	}
}

// What an earlier attempt did is not forgotten for what a later one met.
func TestOutcomeRemembersEarlierAttempts(t *testing.T) {
	t.Parallel()
	cut := step{body: `{"id":`, cut: errReset} // accepted, and broken off
	lost := step{err: errReset}
	rejection := step{err: &netDialError}
	tests := map[string]struct {
		steps []step
		want  tenantkit.Outcome
	}{
		"refused connection":                {[]step{rejection}, notSent},
		"rejected":                          {[]step{errorStep(429, ""), errorStep(400, "")}, rejected},
		"rejected, then no connection":      {[]step{errorStep(429, ""), rejection}, rejected},
		"no connection, then rejected":      {[]step{rejection, errorStep(400, "")}, rejected},
		"lost, then no connection":          {[]step{lost, rejection}, unknown},
		"lost, then rejected":               {[]step{lost, errorStep(409, "")}, unknown},
		"lost, then applied":                {[]step{lost, cut, cut}, applied},
		"applied, then no connection":       {[]step{cut, rejection}, applied},
		"applied, then rejected":            {[]step{cut, errorStep(409, "")}, applied},
		"applied, then lost":                {[]step{cut, lost}, applied},
		"applied, then failing credentials": {[]step{cut, errorStep(401, "")}, applied},
		"408, then rejected":                {[]step{errorStep(408, ""), errorStep(409, "")}, unknown},
		"503, then rejected":                {[]step{errorStep(503, ""), errorStep(409, "")}, unknown},
		"503 before work, then rejected":    {[]step{errorStep(503, "1"), errorStep(409, "")}, rejected},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				c := newTestClient(t, newMemory(t, tt.steps...))
				err := c.Do(t.Context(), &putThing, callOf(&putThing), nil)
				if got := failedWith(t, err).Outcome; got != tt.want {
					t.Errorf("outcome = %v, want %v; %v", got, tt.want, err)
				}
			})
		})
	}
}

// A DELETE that meets 404 is done if an earlier attempt may have deleted, and not otherwise.
func TestDeleteMeets404(t *testing.T) {
	t.Parallel()
	gone := errorStep(404, "")
	tests := map[string]struct {
		steps []step
		done  bool
	}{
		"at once":                          {[]step{gone}, false},
		"after a lost answer":              {[]step{{err: errReset}, gone}, true},
		"after 500":                        {[]step{errorStep(500, ""), gone}, true},
		"after 502":                        {[]step{errorStep(502, ""), gone}, true},
		"after 503":                        {[]step{errorStep(503, ""), gone}, true},
		"after 504":                        {[]step{errorStep(504, ""), gone}, true},
		"after 408":                        {[]step{errorStep(408, ""), gone}, true},
		"after a broken answer":            {[]step{{body: `{"id"`, cut: errReset}, gone}, true},
		"after a broken answer of a proxy": {[]step{{body: `<html`, plain: true, cut: errReset}, gone}, true},
		"after 429":                        {[]step{errorStep(429, ""), gone}, false},
		"after 503 with Retry-After":       {[]step{errorStep(503, "1"), gone}, false},
		"after no connection":              {[]step{{err: &netDialError}, gone}, false},
		"after a lost answer and 429":      {[]step{{err: errReset}, errorStep(429, ""), gone}, true},
		"410 after a lost answer":          {[]step{{err: errReset}, errorStep(410, "")}, true},
		"403 after a lost answer":          {[]step{{err: errReset}, errorStep(403, "")}, false},
		"429, then time-out":               {[]step{errorStep(429, ""), {delay: time.Hour}, gone}, true},
	}
	for name, tt := range tests {
		for _, op := range []*Operation{&deleteThing, &dropThing} {
			if op.Expect == Status && (name == "after a broken answer" || name == "after a broken answer of a proxy") {
				continue // its body does not matter, so it was not lost
			}
			t.Run(name+"/"+op.Name, func(t *testing.T) {
				t.Parallel()
				virtual(t, func(t *testing.T) {
					server := newMemory(t, tt.steps...)
					c := newTestClient(t, server)
					var response tenantkit.Response
					err := c.Do(t.Context(), op, callOf(op), []tenantkit.Option{tenantkit.WithResponse(&response)})
					if (err == nil) != tt.done {
						t.Errorf("err = %v, want done = %t", err, tt.done)
					}
					last := tt.steps[len(tt.steps)-1].status
					if len(server.sent()) != len(tt.steps) || response.StatusCode != last {
						t.Errorf("%d requests, response %+v", len(server.sent()), response)
					}
				})
			})
		}
	}
	t.Run("a PUT is not done", func(t *testing.T) {
		t.Parallel()
		virtual(t, func(t *testing.T) {
			c := newTestClient(t, newMemory(t, step{err: errReset}, gone))
			if err := c.Do(t.Context(), &putThing, callOf(&putThing), nil); !errors.Is(err, tenantkit.ErrNotFound) || tenantkit.OutcomeOf(err) != unknown {
				t.Errorf("err = %v", err)
			}
		})
	})
}
