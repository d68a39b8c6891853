package auth_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

// wire responses requests, and writes down what it saw of them.
type wire struct {
	respond func(n int, req *http.Request) *http.Response
	seen    []string // method, path, Authorization, body
	open    atomic.Int64
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		if err := req.Body.Close(); err != nil {
			return nil, err
		}
	}
	w.seen = append(w.seen, strings.TrimSpace(req.Method+" "+req.URL.Path+" "+req.Header.Get("Authorization")+" "+string(body)))
	resp := w.respond(len(w.seen), req)
	resp.Request = req
	w.open.Add(1)
	resp.Body = &responseBody{Reader: strings.NewReader("answer"), open: &w.open}
	return resp, nil
}

type responseBody struct {
	io.Reader
	open *atomic.Int64
}

func (b *responseBody) Close() error { b.open.Add(-1); return nil }

// statuses responses with each of them in turn.
func statuses(list ...int) func(int, *http.Request) *http.Response {
	return func(n int, _ *http.Request) *http.Response {
		return &http.Response{StatusCode: list[min(n, len(list))-1], Header: http.Header{}}
	}
}

// tokens gives each in turn, keeps it until it is invalidated, and then fails.
func tokens(list ...string) auth.TokenSource {
	return auth.Cache(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
		if len(list) == 0 {
			return auth.Token{}, errors.New("no more tokens")
		}
		token := auth.Token{Value: tenantkit.NewSecret(list[0])}
		list = list[1:]
		return token, nil
	}))
}

// onceBody is a body that cannot be sent again, and that reports whether it was closed.
type onceBody struct {
	io.Reader
	closed bool
}

func (b *onceBody) Close() error { b.closed = true; return nil }

func TestTransport(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method, body string
		once         bool
		source       auth.TokenSource
		responses    []int
		status       int
		seen         []string
	}{
		"good":                         {"GET", "", false, tokens("a"), []int{200}, 200, []string{"GET /x Bearer a"}},
		"renewed after 401":            {"GET", "", false, tokens("a", "b"), []int{401, 200}, 200, []string{"GET /x Bearer a", "GET /x Bearer b"}},
		"renewed once only":            {"GET", "", false, tokens("a", "b", "c"), []int{401, 401, 200}, 401, []string{"GET /x Bearer a", "GET /x Bearer b"}},
		"body sent again":              {"POST", "body", false, tokens("a", "b"), []int{401, 201}, 201, []string{"POST /x Bearer a body", "POST /x Bearer b body"}},
		"body that cannot be":          {"POST", "body", true, tokens("a", "b"), []int{401, 201}, 401, []string{"POST /x Bearer a body"}},
		"renewal brings the same":      {"GET", "", false, tokens("a", "a"), []int{401, 200}, 401, []string{"GET /x Bearer a"}},
		"renewal fails":                {"GET", "", false, tokens("a"), []int{401, 200}, 401, []string{"GET /x Bearer a"}},
		"static credential":            {"GET", "", false, auth.StaticToken("a"), []int{401, 200}, 401, []string{"GET /x Bearer a"}},
		"other refusal is not its own": {"GET", "", false, tokens("a", "b"), []int{403, 200}, 403, []string{"GET /x Bearer a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := &wire{respond: statuses(test.responses...)}
			req := newRequest(t, test.method, "https://api.example.org/x", test.body)
			if test.once {
				req.Body, req.GetBody = &onceBody{Reader: strings.NewReader(test.body)}, nil
			}
			resp, err := auth.Transport(auth.Bearer(test.source), base).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != test.status {
				t.Errorf("the status is %d, want %d", resp.StatusCode, test.status)
			}
			if diff := cmp.Diff(test.seen, base.seen); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if len(req.Header) > 0 {
				t.Errorf("the caller's request was changed: %v", req.Header)
			}
			if text, err := io.ReadAll(resp.Body); err != nil || string(text) != "answer" {
				t.Errorf("the answer is %q, %v", text, err)
			}
			if err := resp.Body.Close(); err != nil || base.open.Load() != 0 {
				t.Errorf("%d responses are left open, %v", base.open.Load(), err)
			}
		})
	}
}

// Infoworks rejects a bearer token with 406.
func TestWithRejected(t *testing.T) {
	t.Parallel()
	infoworks := auth.WithRejected(func(resp *http.Response) bool { return resp.StatusCode == http.StatusNotAcceptable })
	tests := map[string]struct {
		opts      []auth.TransportOption
		responses []int
		status    int
		seen      []string
	}{
		"406":                {[]auth.TransportOption{infoworks}, []int{406, 200}, 200, []string{"GET /x Bearer a", "GET /x Bearer b"}},
		"406 again":          {[]auth.TransportOption{infoworks}, []int{406, 406, 200}, 406, []string{"GET /x Bearer a", "GET /x Bearer b"}},
		"401":                {[]auth.TransportOption{infoworks}, []int{401, 200}, 401, []string{"GET /x Bearer a"}},
		"406 without option": {nil, []int{406, 200}, 406, []string{"GET /x Bearer a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := &wire{respond: statuses(test.responses...)}
			req := newRequest(t, http.MethodGet, "https://api.example.org/x", "")
			resp, err := auth.Transport(auth.Bearer(tokens("a", "b", "c")), base, test.opts...).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if err := resp.Body.Close(); err != nil || resp.StatusCode != test.status {
				t.Errorf("the status is %d, want %d; %v", resp.StatusCode, test.status, err)
			}
			if diff := cmp.Diff(test.seen, base.seen); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestTransport_BadOptions(t *testing.T) {
	t.Parallel()
	for field, option := range map[string]auth.TransportOption{"opts": nil, "rejected": auth.WithRejected(nil)} {
		base := &wire{respond: statuses(200)}
		_, err := auth.Transport(auth.Bearer(tokens("a")), base, option).RoundTrip(newRequest(t, http.MethodGet, "https://api.example.org/x", ""))
		var invalid *tenantkit.ValidationError
		if !errors.As(err, &invalid) || invalid.Service != "auth" || invalid.Field != field || len(base.seen) > 0 {
			t.Errorf("%s: got %v, sent %q", field, err, base.seen)
		}
	}
}

func TestTransportOfNoRequest(t *testing.T) {
	t.Parallel()
	_, err := auth.Transport(auth.Bearer(auth.StaticToken("x")), &wire{}).RoundTrip(nil)
	if got := tenantkit.OutcomeOf(err); err == nil || got != tenantkit.OutcomeNotSent {
		t.Errorf("got %v, %v", err, got)
	}
}

func TestTransportRejectsToSend(t *testing.T) {
	t.Parallel()
	base := &wire{respond: statuses(200)}
	bearer := auth.Bearer(auth.StaticToken("MARKER"))
	tests := map[string]struct {
		credential auth.Credential
		url        string
		says       string
	}{
		"no credential": {nil, "https://api.example.org/", "no credential"},
		"no URL":        {bearer, "", "no URL"},
		"plain http":    {bearer, "http://api.example.org/", "use https"},
		"bad token":     {auth.Bearer(auth.StaticToken("MARKER\n")), "https://api.example.org/", "control character"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := &onceBody{Reader: strings.NewReader("body")}
			req := newRequest(t, http.MethodPost, "https://api.example.org/", "")
			req.Body, req.GetBody = body, nil
			if test.url == "" {
				req.URL = nil
			} else {
				req.URL = newRequest(t, http.MethodPost, test.url, "").URL
			}
			resp, err := auth.Transport(test.credential, base).RoundTrip(req)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("got %v, %v", resp, err)
			}
			mustNotShow(t, err, "MARKER")
			if !body.closed {
				t.Error("the body is left open")
			}
		})
	}
	t.Cleanup(func() {
		if len(base.seen) > 0 {
			t.Errorf("sent: %q", base.seen)
		}
	})
}

func TestTransportAndRedirects(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		to   string
		seen []string
	}{
		"same origin":    {"https://api.example.org/y", []string{"GET /x Bearer t0ken", "GET /y Bearer t0ken"}},
		"other host":     {"https://evil.example.org/y", []string{"GET /x Bearer t0ken"}},
		"other port":     {"https://api.example.org:8443/y", []string{"GET /x Bearer t0ken"}},
		"plain http":     {"http://api.example.org/y", []string{"GET /x Bearer t0ken"}},
		"with user info": {"https://api.example.org@evil.example.org/y", []string{"GET /x Bearer t0ken"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := &wire{respond: func(n int, _ *http.Request) *http.Response {
				if n > 1 {
					return &http.Response{StatusCode: http.StatusOK}
				}
				return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {test.to}}}
			}}
			client := &http.Client{Transport: auth.Transport(auth.Bearer(auth.StaticToken("t0ken")), base)}
			resp, err := client.Do(newRequest(t, http.MethodGet, "https://api.example.org/x", ""))
			if (err != nil) != (len(test.seen) == 1) {
				t.Errorf("got %v", err)
			}
			if err == nil {
				err = resp.Body.Close()
			}
			if err != nil {
				mustNotShow(t, err, "t0ken")
			}
			if diff := cmp.Diff(test.seen, base.seen); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestTransportBodyCannotBeMadeAgain(t *testing.T) {
	t.Parallel()
	base := &wire{respond: statuses(401, 200)}
	req := newRequest(t, http.MethodPost, "https://api.example.org/x", "body")
	req.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("gone") }
	resp, err := auth.Transport(auth.Bearer(tokens("a", "b")), base).RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || len(base.seen) != 1 {
		t.Errorf("got %v, %v after %q", resp, err, base.seen)
	}
}

// On the wire: the refused answer is read, so that its connection serves the repetition.
func TestTransportOnTheWire(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") != "Bearer b" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, strings.Repeat("refused ", 1000))
		}
	}))
	server.Config.ConnState = countNew(&connections)
	server.Start()
	defer server.Close()
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	client := &http.Client{Transport: auth.Transport(auth.Bearer(tokens("a", "b")), base)}
	resp, err := client.Do(newRequest(t, http.MethodGet, server.URL, ""))
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("got %d, %v", resp.StatusCode, err)
	}
	if connections.Load() != 1 {
		t.Errorf("%d connections", connections.Load())
	}
}

func TestTransportDefaultBase(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.WriteString(w, req.Header.Get("Authorization"))
	}))
	defer server.Close()
	resp, err := auth.Transport(auth.Bearer(auth.StaticToken("t0ken")), nil).RoundTrip(newRequest(t, http.MethodGet, server.URL, ""))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil || string(text) != "Bearer t0ken" {
		t.Errorf("the server saw %q, %v", text, err)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func countNew(n *atomic.Int64) func(net.Conn, http.ConnState) {
	return func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			n.Add(1)
		}
	}
}

// What was not sent for want of a credential, or for fear for it, has that outcome, whatever became
// of the calls that were to get one.
func TestTransportOutcome(t *testing.T) {
	t.Parallel()
	issuer := &tenantkit.Error{Service: "issuer", Operation: "Login", StatusCode: http.StatusNotFound, Outcome: tenantkit.OutcomeUnknown}
	fails := func(err error) auth.Credential {
		return auth.Bearer(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { return auth.Token{}, err }))
	}
	moved := func(_ int, req *http.Request) *http.Response {
		return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://other.example.org/"}}}
	}
	tests := []struct {
		name       string
		url        string
		credential auth.Credential
		respond    func(int, *http.Request) *http.Response
		is         error
		want       tenantkit.Outcome
	}{
		{"lost exchange", "https://api.example.org/", fails(issuer), nil, tenantkit.ErrNotFound, tenantkit.OutcomeNotSent},
		{"plain failure", "https://api.example.org/", fails(context.Canceled), nil, context.Canceled, tenantkit.OutcomeNotSent},
		{"plain http", "http://api.example.org/", auth.Bearer(auth.StaticToken("x")), nil, nil, tenantkit.OutcomeNotSent},
		{"no credential", "https://api.example.org/", nil, nil, nil, tenantkit.OutcomeNotSent},
		{"redirect to another origin", "https://api.example.org/", auth.Bearer(auth.StaticToken("x")), moved, nil, tenantkit.OutcomeUnknown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			base := &wire{respond: test.respond}
			client := http.Client{Transport: auth.Transport(test.credential, base)}
			resp, err := client.Post(test.url, "text/plain", strings.NewReader("body"))
			if err == nil {
				t.Fatal("no error", resp.Body.Close())
			}
			if got := tenantkit.OutcomeOf(err); got != test.want {
				t.Errorf("the outcome is %v, want %v, of: %v", got, test.want, err)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v is lost in: %v", test.is, err)
			}
			if len(base.seen) != 0 && test.respond == nil {
				t.Errorf("sent: %q", base.seen)
			}
		})
	}
}
