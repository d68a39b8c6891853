package fake

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

const thingBody = `{"name":"thing","list":[1,2,3]}`

// things is a small API: reads, writes, a route that needs decoding, a response without body.
func things() Config {
	return Config{Routes: []Route{
		{Operation: "GetThing", Method: "GET", Path: "/things/{id}", Handle: func(*Request) Response {
			return Response{Header: http.Header{"Content-Type": {"application/json"}, "X-Real": {"yes"}}, Body: []byte(thingBody)}
		}},
		{Operation: "PutThing", Method: "PUT", Path: "/things/{id}", Handle: func(r *Request) Response {
			return JSON(http.StatusCreated, map[string]string{"id": r.Value("id"), "sent": string(r.Body)})
		}},
		{Operation: "DeleteThing", Method: "DELETE", Path: "/things/{id}", Handle: func(*Request) Response {
			return Response{Status: http.StatusNoContent}
		}},
		{Operation: "FindPart", Method: "GET", Path: "/things:byID/{id}/parts/{part}", Handle: func(r *Request) Response {
			return Text(http.StatusTeapot, r.Value("id")+"|"+r.Value("part")+"|"+r.Value("none"))
		}},
	}}
}

func start(t *testing.T, config Config, options ...Option) *Server {
	t.Helper()
	s := NewServer(config, options...)
	t.Cleanup(s.Close)
	return s
}

// reply is what a client saw of one exchange.
type reply struct {
	status int
	header http.Header
	body   string
	err    error // of the exchange, or of reading the body
}

func send(t *testing.T, s *Server, method, path, body string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	// An own connection for each request, so that the transport never retries one on its own.
	req.Close = true
	resp, err := s.Client().Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return reply{status: resp.StatusCode, header: resp.Header, body: string(got), err: err}
}

// waitFor returns when the server got as far as the test needs it.
func waitFor(reached func() bool) {
	for !reached() {
		runtime.Gosched()
	}
}

func TestNotFoundHandler(t *testing.T) {
	t.Parallel()
	config := things()
	config.NotFound = func(r *Request) Response { return Text(http.StatusGone, "no "+r.Path) }
	s := start(t, config)
	if got := send(t, s, "GET", "/nowhere", ""); got.status != http.StatusGone || got.body != "no /nowhere" {
		t.Errorf("response = %d %q", got.status, got.body)
	}
	if r := s.Requests()[0]; r.Applied || r.Operation != "" {
		t.Errorf("a request without route counts as applied: %+v", r)
	}
}

func TestRequestsRecordsEverything(t *testing.T) {
	t.Parallel()
	s := start(t, things())
	req, err := http.NewRequestWithContext(t.Context(), "PUT", s.URL()+"/things/a%2Fb?q=%20&q", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer secret")
	other := &http.Transport{} // so that the two requests have a connection each
	defer other.CloseIdleConnections()
	resp, err := other.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	send(t, s, "GET", "/things/2", "")

	requests := s.Requests()
	got := requests[0]
	if got.RemoteAddr == "" || got.RemoteAddr == requests[1].RemoteAddr {
		t.Errorf("RemoteAddr = %q and %q, want two connections", got.RemoteAddr, requests[1].RemoteAddr)
	}
	want := Request{
		Operation: "PutThing", Method: "PUT", Path: "/things/a%2Fb", PathValues: map[string]string{"id": "a/b"}, RawQuery: "q=%20&q",
		Host: strings.TrimPrefix(s.URL(), "http://"), Body: []byte("hello"), ContentLength: 5, Status: 201, Applied: true, Effect: true,
		Header: http.Header{
			"Accept-Encoding": {"gzip"}, "Authorization": {"Bearer secret"}, "Content-Length": {"5"}, "User-Agent": {"Go-http-client/1.1"},
		},
		RemoteAddr: got.RemoteAddr,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record differs (-want +got):\n%s", diff)
	}
	if n := s.Applied("PutThing"); n != 1 {
		t.Errorf("Applied = %d, want 1", n)
	}
}

func TestRequestsAreCopies(t *testing.T) {
	t.Parallel()
	config := Config{Routes: []Route{{Operation: "Put", Method: "PUT", Path: "/{id}", Handle: func(r *Request) Response {
		r.Body[0], r.PathValues["id"] = 'X', "X"
		r.Header.Set("User-Agent", "X")
		return Response{}
	}}}}
	s := start(t, config)
	s.Fail("Put", Fault{Header: http.Header{"A": {"b"}}})
	send(t, s, "PUT", "/id", "body")
	first := s.Requests()
	first[0].Body[1], first[0].PathValues["id"] = 'Y', "Y"
	first[0].Header.Set("User-Agent", "Y")
	first[0].Fault.Header.Set("A", "Y")
	got := s.Requests()[0]
	if string(got.Body) != "body" || got.Value("id") != "id" || got.Header.Get("User-Agent") != "Go-http-client/1.1" || got.Fault.Header.Get("A") != "b" {
		t.Errorf("the record was changed from outside: %+v", got)
	}
}

func TestAppliedCountsSuccessesOnly(t *testing.T) {
	t.Parallel()
	s := start(t, things())
	send(t, s, "GET", "/things:byID/x/parts/y", "")
	if n := s.Applied("FindPart"); n != 0 {
		t.Errorf("Applied = %d after a 418, want 0", n)
	}
	if r := s.Requests()[0]; !r.Applied {
		t.Error("the handler ran, and the record says it did not")
	}
}

func TestHandlersRunOneAtATime(t *testing.T) {
	t.Parallel()
	const clients = 20
	var lock sync.Mutex
	count := 0 // unguarded but for the server's lock
	inside := make(chan struct{}, 1)
	meet := new(sync.WaitGroup)
	meet.Add(2)
	config := Config{Lock: &lock, Routes: []Route{
		{Operation: "Count", Method: "POST", Path: "/count", Handle: func(*Request) Response {
			select {
			case inside <- struct{}{}:
			default:
				t.Error("two handlers run at once")
				return Response{}
			}
			count++
			for range 1000 {
				runtime.Gosched() // lets another one in, if it can come in
			}
			<-inside
			return Text(http.StatusOK, fmt.Sprint(count))
		}},
		// Answers only when two requests are inside at once.
		{Operation: "Meet", Method: "POST", Path: "/meet", Concurrent: true, Handle: func(*Request) Response {
			meet.Done()
			meet.Wait()
			return Response{}
		}},
	}}
	s := start(t, config)
	var clientsDone sync.WaitGroup
	for range clients {
		clientsDone.Go(func() { send(t, s, "POST", "/count", "") })
	}
	for range 2 {
		clientsDone.Go(func() { send(t, s, "POST", "/meet", "") })
	}
	clientsDone.Wait()
	lock.Lock()
	defer lock.Unlock()
	if count != clients || s.Applied("Count") != clients || s.Applied("Meet") != 2 {
		t.Errorf("count = %d, applied %d and %d", count, s.Applied("Count"), s.Applied("Meet"))
	}
	if got := len(s.Requests()); got != clients+2 {
		t.Errorf("%d requests recorded, want %d", got, clients+2)
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	config := things()
	config.MaxBody = 4
	s := start(t, config)
	if got := send(t, s, "PUT", "/things/a", "1234"); got.status != http.StatusCreated {
		t.Errorf("at the limit: %+v", got)
	}
	if got := send(t, s, "PUT", "/things/a", "12345"); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("over the limit: %+v", got)
	}
	r := s.Requests()[1]
	if r.Applied || string(r.Body) != "1234" || r.ContentLength != 5 {
		t.Errorf("over the limit: recorded %+v", r)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		option Option
		proto  string
	}{
		"TLS":   {TLS(), "HTTP/1.1"},
		"HTTP2": {HTTP2(), "HTTP/2.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, things(), tt.option)
			if !strings.HasPrefix(s.URL(), "https://127.0.0.1:") {
				t.Errorf("URL = %s", s.URL())
			}
			transport := s.Client().Transport.(*http.Transport).Clone()
			transport.TLSClientConfig.RootCAs = s.CertPool()
			defer transport.CloseIdleConnections()
			resp, err := (&http.Client{Transport: transport}).Get(s.URL() + "/things/a")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if body, err := io.ReadAll(resp.Body); err != nil || string(body) != thingBody || resp.Proto != tt.proto {
				t.Errorf("%s %q %v, want %s", resp.Proto, body, err, tt.proto)
			}
		})
	}
	t.Run("plain has no certificate", func(t *testing.T) {
		t.Parallel()
		s := start(t, things())
		if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") || !s.CertPool().Equal(s.CertPool()) || s.http.Certificate() != nil {
			t.Errorf("URL = %s", s.URL())
		}
	})
}

func TestJSONOfWhatJSONCannotExpress(t *testing.T) {
	t.Parallel()
	got := JSON(http.StatusOK, make(chan int))
	if got.Status != http.StatusInternalServerError || !bytes.Contains(got.Body, []byte("unsupported type")) {
		t.Errorf("response = %d %q", got.Status, got.Body)
	}
}
