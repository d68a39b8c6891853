package rest

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
)

// A redirect is followed by reads within their origin, and by nothing else.
func TestRedirects(t *testing.T) {
	t.Parallel()
	const base = "https://things.example.org/v1"
	tests := []struct {
		name, base, location string
		op                   *Operation
		followed             bool
	}{
		{"same origin, absolute", base, "https://things.example.org/v2/things/a1", &getThing, true},
		{"same origin, path", base, "/v2/things/a1", &getThing, true},
		{"same origin, relative", base, "../things/a1", &getThing, true},
		{"same origin, query", base, "?page=2", &getThing, true},
		{"same origin, without scheme", base, "//things.example.org/v2", &getThing, true},
		{"same origin, default port", base, "https://things.example.org:443/v2", &getThing, true},
		{"same origin, upper case", base, "HTTPS://THINGS.EXAMPLE.ORG/v2", &getThing, true},
		{"same port", base[:26] + ":8443", "https://things.example.org:8443/v2", &getThing, true},
		{"other host", base, "https://evil.example.org/v1/things/a1", &getThing, false},
		{"other host, without scheme", base, "//evil.example.org/v1", &getThing, false},
		{"host below", base, "https://a.things.example.org/", &getThing, false},
		{"host above", base, "https://example.org/", &getThing, false},
		{"host as prefix", base, "https://things.example.org.evil.example.org/", &getThing, false},
		{"trailing dot", base, "https://things.example.org./", &getThing, false},
		{"other port", base, "https://things.example.org:8443/", &getThing, false},
		{"port against none", base[:26] + ":8443", "https://things.example.org/", &getThing, false},
		{"plain http", base, "http://things.example.org/v1/things/a1", &getThing, false},
		{"plain http, port of https", base, "http://things.example.org:443/", &getThing, false},
		{"https from http", "http://127.0.0.1", "https://127.0.0.1/", &getThing, false},
		{"other loopback", "http://127.0.0.1:80", "http://localhost/", &getThing, false},
		{"user info", base, "https://user:password@things.example.org/", &getThing, false},
		{"host as user", base, "https://things.example.org@evil.example.org/", &getThing, false},
		{"other scheme", base, "ftp://things.example.org/", &getThing, false},
		{"file", base, "file:///etc/passwd", &getThing, false},
		{"nowhere", base, "", &getThing, false},
		{"query by POST", base, "/v2", &queryThings, false},
		{"PUT", base, "/v2", &putThing, false},
		{"DELETE", base, "/v2", &deleteThing, false},
		{"POST", base, "/v2", &createThing, false},
		{"GET with an effect", base, "/v2", &drawThing, false},
		{"never", base, "/v2", &burnThing, false},
	}
	for _, tt := range tests {
		for _, status := range []int{301, 302, 303, 307, 308} {
			t.Run(fmt.Sprint(tt.name, "/", status), func(t *testing.T) {
				t.Parallel()
				header := http.Header{"Location": {tt.location}}
				if tt.location == "" {
					header = nil
				}
				server := newMemory(t, step{status: status, header: header}, jsonStep(`{"id":"a1"}`))
				c := newAPIClient(t, testAPI(), tt.base, server)
				err := c.Do(t.Context(), tt.op, callOf(tt.op), nil)
				requests := server.sent()
				if tt.followed {
					if err != nil || len(requests) != 2 || requests[1].Header.Get("X-Api-Key") != testKey {
						t.Errorf("err = %v after %d requests", err, len(requests))
					}
					return
				}
				failed := failedWith(t, err)
				if len(requests) != 1 || failed.StatusCode != status || failed.Attempts != 1 {
					t.Errorf("%d requests, error %+v", len(requests), failed)
				}
				want := unknown
				if status >= 307 {
					want = rejected
				}
				if failed.Outcome != want {
					t.Errorf("outcome = %v, want %v", failed.Outcome, want)
				}
				if strings.Contains(err.Error(), "password") {
					t.Errorf("user info in %q", err)
				}
				wantSentinels(t, err)
			})
		}
	}
}

// Where a redirect is not followed the error says why, without the query of the place.
func TestRedirectText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		op             *Operation
		location, want string
	}{
		"other origin": {&getThing, "https://evil.example.org/login?token=abc#top",
			"things: GetThing: GET https://things.example.org/v1/things/a1: 302 Found: a redirect to https://evil.example.org/login is not followed: reads follow up to 5 within their origin, writes none"},
		"write": {&createThing, "/login?token=abc",
			"things: CreateThing: POST https://things.example.org/v1/things: 302 Found: a redirect to https://things.example.org/login is not followed: reads follow up to 5 within their origin, writes none (it is unknown whether the server applied it: look before you repeat a write)"},
		"too many": {&getThing, "/login?token=abc",
			"things: GetThing: GET https://things.example.org/v1/things/a1: 302 Found: a redirect to https://things.example.org/login is not followed: reads follow up to 5 within their origin, writes none"},
		"nowhere": {&getThing, "",
			"things: GetThing: GET https://things.example.org/v1/things/a1: 302 Found: a redirect that does not say where to"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, newMemory(t, step{status: 302, header: http.Header{"Location": {tt.location}}}))
			err := c.Do(t.Context(), tt.op, callOf(tt.op), nil)
			if err == nil || err.Error() != tt.want {
				t.Errorf("text\n%v\nwant\n%s", err, tt.want)
			}
		})
	}
}

func TestChainOfRedirects(t *testing.T) {
	t.Parallel()
	hop := func(n int) step { return step{status: 302, header: http.Header{"Location": {fmt.Sprint("/hop/", n)}}} }
	steps := []step{hop(1), hop(2), hop(3), hop(4), hop(5)}
	server := newMemory(t, append(steps, jsonStep(`{"id":"a1"}`))...)
	if err := newTestClient(t, server).Do(t.Context(), &getThing, callOf(&getThing), nil); err != nil || len(server.sent()) != 6 {
		t.Errorf("five: %v after %d requests", err, len(server.sent()))
	}
	server = newMemory(t, append(steps, hop(6), jsonStep(`{}`))...)
	if err := newTestClient(t, server).Do(t.Context(), &getThing, callOf(&getThing), nil); err == nil || len(server.sent()) != 6 {
		t.Errorf("six: %v after %d requests", err, len(server.sent()))
	}
	// The last hop counts, not only the first.
	server = newMemory(t, hop(1), step{status: 307, header: http.Header{"Location": {"https://evil.example.org/"}}}, jsonStep(`{}`))
	if err := newTestClient(t, server).Do(t.Context(), &getThing, callOf(&getThing), nil); err == nil || len(server.sent()) != 2 {
		t.Errorf("to elsewhere at last: %v after %d requests", err, len(server.sent()))
	}
}

// A refusal behind a redirect is read like any, and the call keeps its own URL.
func TestDo_ErrorBehindARedirect(t *testing.T) {
	t.Parallel()
	server := newMemory(t, step{status: 302, header: http.Header{"Location": {"/elsewhere"}}}, errorStep(404, ""))
	err := newTestClient(t, server).Do(t.Context(), &getThing, callOf(&getThing), nil)
	wantSentinels(t, err, tenantkit.ErrNotFound)
	if failed := failedWith(t, err); failed.URL != testURL+"/things/a1" || failed.Attempts != 1 {
		t.Errorf("error = %+v", failed)
	}
}

// The caller's own rule can refuse more, and allow nothing more.
func TestOwnCheckRedirect(t *testing.T) {
	t.Parallel()
	own := errors.New("no redirects here")
	for name, tt := range map[string]struct {
		location string
		check    func(*http.Request, []*http.Request) error
		want     error
		n        int
	}{
		"allows":              {"/elsewhere", func(*http.Request, []*http.Request) error { return nil }, nil, 2},
		"refuses":             {"/elsewhere", func(*http.Request, []*http.Request) error { return own }, own, 1},
		"takes the last":      {"/elsewhere", func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, nil, 1},
		"allows other origin": {"https://evil.example.org/", func(*http.Request, []*http.Request) error { return nil }, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newMemory(t, step{status: 302, header: http.Header{"Location": {tt.location}}}, jsonStep(`{}`))
			client := &http.Client{Transport: server, CheckRedirect: tt.check}
			c := newTestClient(t, nil, tenantkit.WithHTTPClient(client), tenantkit.WithRetry(tenantkit.NoRetry()))
			err := c.Do(t.Context(), &getThing, callOf(&getThing), nil)
			if len(server.sent()) != tt.n || (err == nil) != (tt.n == 2) || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("err = %v after %d requests", err, len(server.sent()))
			}
			if client.Transport != http.RoundTripper(server) || tt.check == nil {
				t.Error("the caller's client was changed")
			}
		})
	}
}

// Over a network, nothing at all reaches another origin.
func TestNothingReachesAnotherOrigin(t *testing.T) {
	t.Parallel()
	other := func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s reached another origin: %v", r.Method, r.URL, r.Header)
	}
	evil := newHTTPServer(t, other)
	evilTLS := httptest.NewTLSServer(http.HandlerFunc(other))
	t.Cleanup(evilTLS.Close)
	var location string
	server := newHTTPServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	transport := tenantkit.NewTransport()
	transport.TLSClientConfig = evilTLS.Client().Transport.(*http.Transport).TLSClientConfig
	c := newAPIClient(t, testAPI(), server.URL, transport)
	for _, location = range []string{evil.URL, evilTLS.URL, strings.Replace(evil.URL, "127.0.0.1", "localhost", 1), strings.Replace(evil.URL, "//", "//"+strings.TrimPrefix(server.URL, "http://")+"@", 1)} {
		for _, op := range []*Operation{&getThing, &createThing, &putThing} {
			if err := c.Do(t.Context(), op, callOf(op), nil); err == nil {
				t.Errorf("%s to %s was followed", op.Name, location)
			}
		}
	}
}
