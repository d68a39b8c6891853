package rest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/fake"
)

// countingServer counts the connections that are made to it.
func countingServer(t *testing.T, handler http.HandlerFunc) (url string, connections *atomic.Int64) {
	t.Helper()
	connections = new(atomic.Int64)
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, connections
}

// A hundred calls in a row take one connection, whatever becomes of them.
func TestConnectionReuse(t *testing.T) {
	t.Parallel()
	list := `[` + strings.TrimSuffix(strings.Repeat(`{"id":"a1","name":"thing"},`, 1000), ",") + "]\n"
	chunked := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			for part := range strings.SplitAfterSeq(body, "},") {
				_, _ = io.WriteString(w, part)
				if len(part)%7 == 0 {
					_ = http.NewResponseController(w).Flush()
				}
			}
			_ = http.NewResponseController(w).Flush()
		}
	}
	do := func(op *Operation, into func() any) func(*testing.T, *Client) error {
		return func(t *testing.T, c *Client) error {
			call := callOf(op)
			call.Into = into()
			return c.Do(t.Context(), op, call, nil)
		}
	}
	stream := func(member string) func(*testing.T, *Client) error {
		return func(t *testing.T, c *Client) error {
			n := 0
			for _, err := range Stream[thing](t.Context(), c, &listThings, Call{}, member, nil) {
				if err != nil {
					return err
				}
				n++
			}
			if n != 1000 {
				t.Errorf("%d elements", n)
			}
			return nil
		}
	}
	nothing := func() any { return nil }
	tests := map[string]struct {
		handler http.HandlerFunc
		call    func(*testing.T, *Client) error
		fails   bool
	}{
		"list":                     {chunked(200, list), do(&listThings, func() any { return new([]thing) }), false},
		"list that nobody wants":   {chunked(200, list), do(&listThings, nothing), false},
		"any answer":               {chunked(200, list), do(&dropThing, nothing), false},
		"no content":               {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, do(&dropThing, nothing), false},
		"answer that is no JSON":   {chunked(200, "<html>"), do(&listThings, func() any { return new([]thing) }), true},
		"stream":                   {chunked(200, list), stream(""), false},
		"stream of a member":       {chunked(200, `{"data":`+list+`,"status":{"code":"200"}}`+strings.Repeat(" ", 10000)), stream("data"), false},
		"refusal":                  {chunked(404, `{"error":"no"}`), do(&getThing, nothing), true},
		"refusal, repeated":        {chunked(503, `{"error":"no"}`), do(&getThing, nothing), true},
		"long refusal":             {chunked(409, list[:25000]+strings.Repeat(" ", 100000)), do(&createThing, nothing), true},
		"refusal of a stream":      {chunked(403, `{"error":"no"}`), stream(""), true},
		"refusal of an any answer": {chunked(403, `{"error":"no"}`), do(&dropThing, nothing), true},
		"redirect of a write": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}, do(&createThing, nothing), true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, connections := countingServer(t, tt.handler)
			c := newAPIClient(t, testAPI(), url, tenantkit.NewTransport(), fastRetry())
			for range 100 {
				if err := tt.call(t, c); (err != nil) != tt.fails {
					t.Fatalf("err = %v", err)
				}
			}
			// One, where the machine is idle: net/http drops a connection whose writer
			// reports 50 ms late. A client that does not read to the end needs 100.
			if n := connections.Load(); n > 5 {
				t.Errorf("%d connections, want 1, or a few", n)
			}
		})
	}
}

// CloseIdleConnections reaches the connections, also behind a middleware that does not pass the
// call on.
func TestCloseIdleConnections(t *testing.T) {
	t.Parallel()
	plain := func(next http.RoundTripper) http.RoundTripper { return roundTripper(next.RoundTrip) }
	for name, opts := range map[string][]tenantkit.Option{"plain": nil, "middleware": {tenantkit.WithTransport(plain)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			closed := make(chan struct{}, 1)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
			server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateClosed {
					closed <- struct{}{}
				}
			}
			server.Start()
			defer server.Close()
			c, err := New(testAPI(), server.URL, opts)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Do(t.Context(), &getThing, callOf(&getThing), nil); err != nil {
				t.Fatal(err)
			}
			c.CloseIdleConnections()
			select {
			case <-closed:
			case <-time.After(10 * time.Second):
				t.Error("the connection is still open")
				server.CloseClientConnections()
			}
		})
	}
}

// The client works the same over HTTP/2, many calls over one connection.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	server := thingsServer(t, fake.HTTP2())
	c := newWireClient(t, server)
	for _, op := range []*Operation{&getThing, &queryThings, &putThing, &deleteThing, &createThing, &drawThing, &burnThing} {
		call := callOf(op)
		call.Into = new(thing)
		if err := c.Do(t.Context(), op, call, nil); err != nil || call.Into.(*thing).ID != "a1" {
			t.Errorf("%s: %v, %+v", op.Name, err, call.Into)
		}
	}
	n := 0
	for _, err := range Stream[thing](t.Context(), c, &listThings, Call{}, "", nil) {
		if err != nil {
			t.Error(err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d elements", n)
	}
	requests := server.Requests()
	for _, r := range requests {
		if r.RemoteAddr != requests[0].RemoteAddr {
			t.Errorf("connection %s, want %s", r.RemoteAddr, requests[0].RemoteAddr)
		}
	}
}

// A middleware sees each attempt, with its number and the names of the call, and the last one given
// sees it first.
func TestMiddleware(t *testing.T) {
	t.Parallel()
	var seen []string
	mark := func(name string) tenantkit.Option {
		return tenantkit.WithTransport(func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(req *http.Request) (*http.Response, error) {
				op, _ := tenantkit.OperationFromContext(req.Context())
				seen = append(seen, fmt.Sprint(name, " ", op.Service, " ", op.Name, " ", tenantkit.AttemptFromContext(req.Context()), " ", req.Header.Get("X-Api-Key") != ""))
				return next.RoundTrip(req)
			})
		})
	}
	server := newMemory(t, errorStep(429, "0"), jsonStep(`{}`))
	c := newTestClient(t, server, fastRetry(), mark("inner"), mark("outer"))
	if err := c.Do(t.Context(), &getThing, callOf(&getThing), nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), &createThing, callOf(&createThing), []tenantkit.Option{mark("call")}); err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), &getThing, callOf(&getThing), nil); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"outer things GetThing 1 true", "inner things GetThing 1 true", "outer things GetThing 2 true", "inner things GetThing 2 true",
		"call things CreateThing 1 true", "outer things CreateThing 1 true", "inner things CreateThing 1 true",
		"outer things GetThing 1 true", "inner things GetThing 1 true",
	}
	if strings.Join(seen, "\n") != strings.Join(want, "\n") {
		t.Errorf("seen:\n%s", strings.Join(seen, "\n"))
	}
}

// A middleware that gives no transport would have calls made by another one.
func TestMiddlewareWithoutTransport(t *testing.T) {
	t.Parallel()
	none := tenantkit.WithTransport(func(http.RoundTripper) http.RoundTripper { return nil })
	_, err := New(testAPI(), testURL, []tenantkit.Option{none})
	wantInvalid(t, err, "NewClient", "opts", "WithTransport: the function returned nil")
	server := newMemory(t)
	c := newTestClient(t, server)
	err = c.Do(t.Context(), &getThing, callOf(&getThing), []tenantkit.Option{none})
	wantInvalid(t, err, "GetThing", "opts", "WithTransport: the function returned nil")
	if len(server.sent()) != 0 {
		t.Error("a request was sent")
	}
}

// What belongs to an attempt ends with its call.
func TestAttemptsEnd(t *testing.T) {
	t.Parallel()
	var seen []context.Context
	watch := tenantkit.WithTransport(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			seen = append(seen, req.Context())
			return next.RoundTrip(req)
		})
	})
	server := newMemory(t, errorStep(503, "0"), jsonStep(`{}`), errorStep(404, ""), jsonStep(`[{},{}]`))
	c := newTestClient(t, server, fastRetry(), watch)
	_ = c.Do(t.Context(), &getThing, callOf(&getThing), nil)
	_ = c.Do(t.Context(), &getThing, callOf(&getThing), nil)
	for range Stream[thing](t.Context(), c, &listThings, Call{}, "", nil) {
		break
	}
	for i, ctx := range seen {
		if ctx.Err() == nil {
			t.Errorf("the context of attempt %d goes on", i+1)
		}
	}
	if len(seen) != 4 {
		t.Errorf("%d attempts", len(seen))
	}
}

// Many goroutines share a client, each with options of its own.
func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	server := thingsServer(t, quiet)
	server.Fail("", fake.Fault{Rate: 0.2, Status: 429}, fake.Fault{Rate: 0.1, ResetBefore: true})
	source := &rotating{tokens: []string{testKey}}
	api := API{Service: "things", Credentials: map[string]auth.Credential{"": auth.APIKey("X-Api-Key", source)}}
	c := newAPIClient(t, api, server.URL(), tenantkit.NewTransport(), tenantkit.WithRetry(tenantkit.RetryPolicy{MaxAttempts: 12, BaseDelay: 1, MaxDelay: 1}),
		tenantkit.WithHeader("X-Client", "shared"))
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			name := fmt.Sprint("caller-", i)
			var response tenantkit.Response
			opts := []tenantkit.Option{
				tenantkit.WithHeader("X-Caller", name), tenantkit.WithResponse(&response),
				tenantkit.WithTransport(func(next http.RoundTripper) http.RoundTripper {
					return roundTripper(func(req *http.Request) (*http.Response, error) {
						if req.Header.Get("X-Caller") != name || req.Header.Get("X-Client") != "shared" {
							t.Errorf("%s sends %v", name, req.Header)
						}
						return next.RoundTrip(req)
					})
				}),
			}
			for range 5 {
				var got thing
				if err := c.Do(t.Context(), &getThing, Call{Path: []string{"a1"}, Into: &got}, opts); err != nil || got.ID != "a1" || response.StatusCode != 200 {
					t.Errorf("%s: %+v, %+v, %v", name, got, response, err)
				}
				n := 0
				for _, err := range Stream[thing](t.Context(), c, &listThings, Call{}, "", opts) {
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
					n++
				}
				if n != 2 {
					t.Errorf("%s: %d elements", name, n)
				}
			}
		})
	}
	wg.Wait()
}
