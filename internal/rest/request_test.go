package rest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

func TestBaseURL(t *testing.T) {
	t.Parallel()
	const (
		absolute = "it must be absolute"
		userInfo = "it must not hold a user or a password"
		query    = "it must not hold a query or a fragment"
		plain    = "plain http to a host that is not loopback"
		steps    = "its path must not hold the steps"
		notURL   = "it is not a URL"
	)
	insecure := []tenantkit.Option{tenantkit.WithInsecureHTTP()}
	tests := []struct {
		url    string
		opts   []tenantkit.Option
		want   string // URL of the first request
		reason string
	}{
		{"https://h.example.org", nil, "https://h.example.org/things/a", ""},
		{"https://h.example.org:65536", nil, "", "its port is none"},
		{"https://h\xff.example.org", nil, "", "its host is not valid UTF-8"},
		{"https://h.example.org/\xff", nil, "", "its path holds control characters, or is not valid UTF-8"},
		{"https://h.example.org/a%0Db", nil, "", "its path holds control characters, or is not valid UTF-8"},
		{"https://h.example.org/" + strings.Repeat("a", 4096), nil, "", "it is longer than 4096 bytes"},
		{"https://h.example.org/", nil, "https://h.example.org/things/a", ""},
		{"https://h.example.org/api/v2", nil, "https://h.example.org/api/v2/things/a", ""},
		{"https://h.example.org/api/v2//", nil, "https://h.example.org/api/v2/things/a", ""},
		{"https://h.example.org:8443/api", nil, "https://h.example.org:8443/api/things/a", ""},
		{"HTTPS://H.Example.org/Api", nil, "https://H.Example.org/Api/things/a", ""},
		{"https://h.example.org/a%20b/c%2Fd", nil, "https://h.example.org/a%20b/c%2Fd/things/a", ""},
		{"https://h.example.org/ü", nil, "https://h.example.org/%C3%BC/things/a", ""},
		{"https://[2001:db8::1]:443/x", nil, "https://[2001:db8::1]:443/x/things/a", ""},
		{"http://localhost:8080", nil, "http://localhost:8080/things/a", ""},
		{"http://127.0.0.1", nil, "http://127.0.0.1/things/a", ""},
		{"http://127.8.9.10:1", nil, "http://127.8.9.10:1/things/a", ""},
		{"http://[::1]:8080", nil, "http://[::1]:8080/things/a", ""},
		{"http://h.example.org", insecure, "http://h.example.org/things/a", ""},
		{"http://h.example.org", nil, "", plain},
		{"http://10.0.0.1", nil, "", plain},
		{"http://localhost.example.org", nil, "", plain},
		{"http://127.0.0.1.example.org", nil, "", plain},
		{"http://0.0.0.0", nil, "", plain},
		{"", nil, "", absolute},
		{"h.example.org", nil, "", absolute},
		{"/api/v2", nil, "", absolute},
		{"//h.example.org", nil, "", absolute},
		{"ftp://h.example.org", nil, "", absolute},
		{"https:h.example.org", nil, "", absolute},
		{"https:///api", nil, "", absolute},
		{"https://:443/api", nil, "", absolute},
		{"mailto:a@h.example.org", nil, "", absolute},
		{"https://user:password@h.example.org", nil, "", userInfo},
		{"https://user@h.example.org", nil, "", userInfo},
		{"https://@h.example.org", nil, "", userInfo},
		{"http://user:password@h.example.org", insecure, "", userInfo},
		{"https://h.example.org?key=password", nil, "", query},
		{"https://h.example.org/?", nil, "", query},
		{"https://h.example.org/#top", nil, "", query},
		{"https://h.example.org/#", nil, "", query},
		{"https://h.example.org/a/../b", nil, "", steps},
		{"https://h.example.org/./a", nil, "", steps},
		{"https://h.example.org/a/%2e%2e/b", nil, "", steps},
		{"https://h.example.org:port/password", nil, "", notURL},
		{"https://h.example.org/%zz/password", nil, "", notURL},
		{"https://h example.org/password", nil, "", notURL},
		{"https://h.example.org/\n", nil, "", notURL},
		{" https://h.example.org", nil, "", notURL},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			t.Parallel()
			server := newMemory(t)
			c, err := New(testAPI(), tt.url, append(tt.opts, tenantkit.WithHTTPClient(&http.Client{Transport: server})))
			if tt.reason != "" {
				wantInvalid(t, err, "NewClient", "baseURL", tt.reason)
				if err != nil && strings.Contains(err.Error(), "password") && tt.reason != userInfo {
					t.Errorf("%q repeats what may be secret", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Do(t.Context(), &getThing, Call{Path: []string{"a"}, Into: new(thing)}, nil); err != nil {
				t.Fatal(err)
			}
			got := server.sent()[0]
			if got.URL.String() != tt.want || got.Host != got.URL.Host {
				t.Errorf("URL = %s, Host = %s, want %s", got.URL, got.Host, tt.want)
			}
			base := c.BaseURL()
			base.Path = "/changed"
			if c.BaseURL().Path == "/changed" {
				t.Error("the client's URL can be changed from outside")
			}
		})
	}
}

var badPathValues = map[string]string{
	"":                             "it is empty",
	".":                            "it is a step in a path",
	"..":                           "it is a step in a path",
	"/":                            "it holds a slash",
	"a/b":                          "it holds a slash",
	"../a":                         "it holds a slash",
	"a\nb":                         "it holds a control character",
	"a\x00":                        "it holds a control character",
	"\x7f":                         "it holds a control character",
	"a\u0085":                      "it holds a control character",
	"a\xff":                        "it is not valid UTF-8",
	strings.Repeat("a", 1025):      "it is longer than 1024 bytes",
	strings.Repeat("é", 512) + "x": "it is longer than 1024 bytes",
}

func TestBadPathValues(t *testing.T) {
	t.Parallel()
	two := Operation{Name: "GetPart", Method: http.MethodGet, Path: "/things/{thingID}/parts/{partID}", Class: tenantkit.Read}
	server := newMemory(t)
	c := newTestClient(t, server)
	for value, reason := range badPathValues {
		wantInvalid(t, c.Do(t.Context(), &getThing, Call{Path: []string{value}}, nil), "GetThing", "thingID", reason)
		wantInvalid(t, c.Do(t.Context(), &two, Call{Path: []string{value, "p"}}, nil), "GetPart", "thingID", reason)
		wantInvalid(t, c.Do(t.Context(), &two, Call{Path: []string{"t", value}}, nil), "GetPart", "partID", reason)
	}
	wantInvalid(t, c.Do(t.Context(), &two, Call{Path: []string{"t"}}, nil), "GetPart", "partID", "it is missing")
	wantInvalid(t, c.Do(t.Context(), &getThing, Call{}, nil), "GetThing", "thingID", "it is missing")
	if len(server.sent()) != 0 {
		t.Errorf("%d requests were sent", len(server.sent()))
	}
}

// Values are escaped on the wire, and what needs no escape stands as it is.
func TestPathOnTheWire(t *testing.T) {
	t.Parallel()
	part := Operation{Name: "GetPart", Method: http.MethodGet, Path: "/users:byID/{userID}/parts/{partID}", Class: tenantkit.Read}
	for value, want := range map[string]string{
		"a1":                      "a1",
		"ada@example.org":         "ada@example.org",
		"a+b:c=d&e$f":             "a+b:c=d&e$f",
		"a!b*c'd(e)":              "a%21b%2Ac%27d%28e%29",
		"a b":                     "a%20b",
		"a%2Fb":                   "a%252Fb",
		"100%":                    "100%25",
		"a?b#c":                   "a%3Fb%23c",
		"a;b,c":                   "a%3Bb%2Cc",
		"a\\b\"c<d>e[f]{g}|h^i`j": "a%5Cb%22c%3Cd%3Ee%5Bf%5D%7Bg%7D%7Ch%5Ei%60j",
		"é😀":                      "%C3%A9%F0%9F%98%80",
		"...":                     "...",
		".a":                      ".a",
		"{partID}":                "%7BpartID%7D",
		"~-._":                    "~-._",
		" ":                       "%20",
		strings.Repeat("a", 1024): strings.Repeat("a", 1024),
	} {
		for _, base := range []string{"", "/api/v2", "/a%2Fb"} {
			server := newRawServer(t, func(conn *net.TCPConn, _ int, _ string) bool {
				_, _ = conn.Write([]byte(rawAnswer))
				return true
			})
			c := newAPIClient(t, testAPI(), server.url()+base, tenantkit.NewTransport())
			if err := c.Do(t.Context(), &part, Call{Path: []string{value, value}, Into: new(thing)}, nil); err != nil {
				t.Fatal(err)
			}
			line, _, _ := strings.Cut(server.received()[0], "\r\n")
			if want := "GET " + base + "/users:byID/" + want + "/parts/" + want + " HTTP/1.1"; line != want {
				t.Errorf("%q: %s, want %s", value, line, want)
			}
		}
	}
}

// What a URL is made of comes out of it again.
func FuzzPath(f *testing.F) {
	for value := range badPathValues {
		f.Add(value)
	}
	for _, value := range []string{"a1", "a+b@c", "a%2Fb", "é 😀", "?#;,", "..."} {
		f.Add(value)
	}
	base, err := url.Parse("https://h.example.org/api%2Fv2/x")
	if err != nil {
		f.Fatal(err)
	}
	c := &Client{base: base}
	f.Fuzz(func(t *testing.T, value string) {
		built, err := c.url(&getThing, []string{value})
		if (err == nil) != (badPathValue(value) == "") {
			t.Fatalf("%q: %v", value, err)
		}
		if err != nil {
			return
		}
		parsed, err := url.Parse(built.String())
		if err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		if parsed.Host != base.Host || parsed.RawQuery != "" || parsed.Fragment != "" || parsed.User != nil || parsed.EscapedPath() != built.EscapedPath() {
			t.Errorf("%q: %s is %#v", value, built, parsed)
		}
		last, found := strings.CutPrefix(parsed.EscapedPath(), "/api%2Fv2/x/things/")
		if got, err := url.PathUnescape(last); !found || err != nil || got != value || strings.Contains(last, "/") {
			t.Errorf("%q: %s gives %q, %v", value, built, got, err)
		}
	})
}

type thingQuery struct {
	Name  string   `url:"name,omitempty"`
	Tags  []string `url:"tag,omitempty"`
	Limit int      `url:"limit,omitempty"`
	All   bool     `url:"all"`
}

func TestQuery(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		query any
		want  string
	}{
		"none":     {nil, ""},
		"nil":      {(*thingQuery)(nil), ""},
		"zero":     {thingQuery{}, "all=false"},
		"all":      {&thingQuery{"a b&c=d", []string{"x", "é/+"}, 5, true}, "all=true&limit=5&name=a+b%26c%3Dd&tag=x&tag=%C3%A9%2F%2B"},
		"and path": {thingQuery{Name: "?"}, "all=false&name=%3F"},
	} {
		server := newMemory(t)
		c := newTestClient(t, server)
		if err := c.Do(t.Context(), &listThings, Call{Query: tt.query}, nil); err != nil {
			t.Fatal(err)
		}
		if got := server.sent()[0].URL.RawQuery; got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	server := newMemory(t)
	c := newTestClient(t, server)
	wantInvalid(t, c.Do(t.Context(), &listThings, Call{Query: 7}, nil), "ListThings", "query", "")
	// A secret has no place in a URL, and its redaction none on the wire.
	type secretQuery struct {
		Key tenantkit.Secret `url:"key"`
	}
	wantInvalid(t, c.Do(t.Context(), &listThings, Call{Query: secretQuery{tenantkit.NewSecret("s3cret")}}, nil), "ListThings", "key", "secret")
	if len(server.sent()) != 0 {
		t.Errorf("%d requests were sent: %s", len(server.sent()), server.sent()[0].URL)
	}
}

// The whole of a request, byte for byte.
func TestRequestOnTheWire(t *testing.T) {
	t.Parallel()
	agent := "tenantkit/devel (+" + runtime.Version() + ")"
	credentials := map[string]auth.Credential{
		"":      auth.APIKey("x-api-key", auth.StaticToken(testKey)),
		"login": auth.Basic("user", auth.StaticToken("p:w")),
	}
	login := Operation{Name: "Login", Method: http.MethodPost, Path: "/login", Class: tenantkit.Write, Credential: "login"}
	tests := map[string]struct {
		op   *Operation
		call Call
		opts []tenantkit.Option
		want string // with HOST in place of the server's
	}{
		"GET": {&getThing, callOf(&getThing), nil,
			"GET /things/a1 HTTP/1.1\r\nHost: HOST\r\nUser-Agent: " + agent + "\r\nAccept: application/json\r\nX-Api-Key: " + testKey + "\r\nAccept-Encoding: gzip\r\n\r\n"},
		"PUT": {&putThing, callOf(&putThing), nil,
			"PUT /things/a1 HTTP/1.1\r\nHost: HOST\r\nUser-Agent: " + agent + "\r\nContent-Length: 12\r\nAccept: application/json\r\nContent-Type: application/json\r\nX-Api-Key: " + testKey + "\r\nAccept-Encoding: gzip\r\n\r\n"},
		"POST without a body": {&createThing, Call{Into: new(thing)}, nil,
			"POST /things HTTP/1.1\r\nHost: HOST\r\nUser-Agent: " + agent + "\r\nContent-Length: 0\r\nAccept: application/json\r\nX-Api-Key: " + testKey + "\r\nAccept-Encoding: gzip\r\n\r\n"},
		"DELETE": {&deleteThing, callOf(&deleteThing), nil,
			"DELETE /things/a1 HTTP/1.1\r\nHost: HOST\r\nUser-Agent: " + agent + "\r\nAccept: application/json\r\nX-Api-Key: " + testKey + "\r\nAccept-Encoding: gzip\r\n\r\n"},
		"other credential of the operation": {&login, Call{Into: new(thing)}, nil,
			"POST /login HTTP/1.1\r\nHost: HOST\r\nUser-Agent: " + agent + "\r\nContent-Length: 0\r\nAccept: application/json\r\nAuthorization: Basic dXNlcjpwOnc=\r\nAccept-Encoding: gzip\r\n\r\n"},
		"other credential of the call": {&getThing, Call{Path: []string{"a1"}, Credential: auth.Bearer(auth.StaticToken("t")), Into: new(thing)}, nil,
			"GET /things/a1 HTTP/1.1\r\nHost: HOST\r\nUser-Agent: " + agent + "\r\nAccept: application/json\r\nAuthorization: Bearer t\r\nAccept-Encoding: gzip\r\n\r\n"},
		"headers": {&getThing, Call{Path: []string{"a1"}, Header: http.Header{"X-Call": {"1", "2"}}, Into: new(thing)},
			[]tenantkit.Option{tenantkit.WithHeader("x-custom", "yes"), tenantkit.WithHeader("X-Api-Key", "not this"), tenantkit.WithUserAgent("app/1.0")},
			"GET /things/a1 HTTP/1.1\r\nHost: HOST\r\nUser-Agent: app/1.0\r\nAccept: application/json\r\nX-Api-Key: " + testKey + "\r\nX-Call: 1\r\nX-Call: 2\r\nX-Custom: yes\r\nAccept-Encoding: gzip\r\n\r\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newRawServer(t, func(conn *net.TCPConn, _ int, _ string) bool {
				_, _ = conn.Write([]byte(rawAnswer))
				return true
			})
			api := API{Service: "things", Credentials: credentials}
			c := newAPIClient(t, api, server.url(), tenantkit.NewTransport())
			if err := c.Do(t.Context(), tt.op, tt.call, tt.opts); err != nil {
				t.Fatal(err)
			}
			want := strings.ReplaceAll(tt.want, "HOST", server.listener.Addr().String())
			if diff := cmp.Diff(want, server.received()[0]); diff != "" {
				t.Errorf("request differs (-want +got):\n%s", diff)
			}
		})
	}
}

// Bad input is refused before anything is sent.
func TestBadInput(t *testing.T) {
	t.Parallel()
	server := newMemory(t)
	c := newTestClient(t, server)
	rejection := tenantkit.Option(func(*tenantkit.Settings) error { return fmt.Errorf("not like this") })
	lost := secretThing{ID: "a", Password: tenantkit.NewSecret(tenantkit.Redacted)}
	tests := map[string]struct {
		client        *Client
		ctx           context.Context
		call          Call
		opts          []tenantkit.Option
		field, reason string
	}{
		"no client":            {nil, t.Context(), Call{}, nil, "client", "must be made by NewClient"},
		"no context":           {c, nil, Call{}, nil, "ctx", "must not be nil"},
		"nil option":           {c, t.Context(), Call{}, []tenantkit.Option{nil}, "opts", "an option is nil"},
		"bad option":           {c, t.Context(), Call{}, []tenantkit.Option{rejection}, "opts", "not like this"},
		"lost secret":          {c, t.Context(), Call{Body: &lost}, nil, "password", "read the object again"},
		"lost secret, deep":    {c, t.Context(), Call{Body: map[string]any{"users": []secretThing{{}, lost}}}, nil, "users.1.password", "[redacted]"},
		"no UTF-8":             {c, t.Context(), Call{Body: thing{Name: "\xff"}}, nil, "name", "must be valid UTF-8"},
		"no UTF-8 in a name":   {c, t.Context(), Call{Body: map[string]any{"a": map[string]int{"\xff": 1}}}, nil, "a", "must be valid UTF-8, member names included"},
		"no UTF-8 in a query":  {c, t.Context(), Call{Query: struct{ A string }{"\xff"}}, nil, "A", "not valid UTF-8"},
		"an endless query":     {c, t.Context(), Call{Query: struct{ A string }{strings.Repeat("a", 65<<10)}}, nil, "A", "longer than 64 KiB"},
		"not for JSON":         {c, t.Context(), Call{Body: func() {}}, nil, "body", ""},
		"not for JSON, deeper": {c, t.Context(), Call{Body: map[string]any{"a": func() {}}}, nil, "a", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantInvalid(t, tt.client.Do(tt.ctx, &createThing, tt.call, tt.opts), "CreateThing", tt.field, tt.reason)
		})
	}
	t.Cleanup(func() {
		if len(server.sent()) != 0 {
			t.Errorf("%d requests were sent", len(server.sent()))
		}
	})
	_, err := New(testAPI(), testURL, []tenantkit.Option{nil})
	wantInvalid(t, err, "NewClient", "opts", "an option is nil")
	_, err = New(testAPI(), testURL, []tenantkit.Option{rejection})
	wantInvalid(t, err, "NewClient", "opts", "not like this")
	(*Client)(nil).CloseIdleConnections()
}

// A response that was filled by an earlier call does not speak for one that was never sent.
func TestResponseOfBadInput(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, newMemory(t))
	var response tenantkit.Response
	opts := []tenantkit.Option{tenantkit.WithResponse(&response)}
	if err := c.Do(t.Context(), &getThing, callOf(&getThing), opts); err != nil || response.StatusCode != 200 {
		t.Fatalf("%v, %+v", err, response)
	}
	if err := c.Do(t.Context(), &getThing, Call{Path: []string{".."}}, opts); err == nil || response.StatusCode != 0 || response.Attempts != 0 {
		t.Errorf("%v, %+v", err, response)
	}
}

// One line for each attempt, at debug level, and none without a logger.
func TestLog(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		var log bytes.Buffer
		handler := slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})
		failing := step{delay: time.Second, status: 503, header: http.Header{"Retry-After": {"7"}}, body: `{"token":"abc"}`}
		server := newMemory(t, failing, step{delay: 2 * time.Second, err: errReset}, step{delay: 3 * time.Second, body: `{}`})
		c := newTestClient(t, server, tenantkit.WithLogger(slog.New(handler)), tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: 1, MaxDelay: 1}))
		call := callOf(&getThing)
		call.Query = thingQuery{Name: "abc"}
		if err := c.Do(t.Context(), &getThing, call, nil); err != nil {
			t.Fatal(err)
		}
		want := `level=DEBUG msg="tenantkit: attempt" service=things operation=GetThing attempt=1 duration=1s wait=7s status=503 outcome=rejected
level=DEBUG msg="tenantkit: attempt" service=things operation=GetThing attempt=2 duration=2s wait=0s outcome=unknown error="read tcp: read: connection reset by peer"
level=DEBUG msg="tenantkit: attempt" service=things operation=GetThing attempt=3 duration=3s wait=0s status=200
`
		if diff := cmp.Diff(want, strings.ReplaceAll(log.String(), "wait=1ns", "wait=0s")); diff != "" {
			t.Errorf("log differs (-want +got):\n%s", diff)
		}
		log.Reset()
		silent := []tenantkit.Option{tenantkit.WithLogger(nil)}
		if err := c.Do(t.Context(), &getThing, call, silent); err != nil || log.Len() != 0 {
			t.Errorf("%v, logged %q", err, log.String())
		}
	})
}
