package fake

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withKey rejects requests without a key.
func withKey(handle func(*Request) Response) func(*Request) Response {
	return func(r *Request) Response {
		if r.Header.Get("Key") != "good" {
			return Text(http.StatusUnauthorized, "no key")
		}
		return handle(r)
	}
}

// ask sends a request with the key, and returns status and body of the response.
func ask(t *testing.T, s *Server, method, path, key string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Key", key)
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, body)
}

func TestHandleFunc_RequestAndResponse(t *testing.T) {
	t.Parallel()
	config := things()
	config.BasePaths = []string{"/api"}
	s := start(t, config)
	s.HandleFunc("POST /reports/{id}/parts", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		w.Header().Set("Link", "<"+r.URL.Path+"?page=2>; rel=next")
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, r.Method, " ", r.RequestURI, " ", r.PathValue("id"), " ", r.FormValue("page"), " ", string(body), " ", err)
	})
	got := send(t, s, "POST", "/api/reports/a%2Fb/parts?page=1", "hello")
	if want := "POST /api/reports/a%2Fb/parts?page=1 a/b 1 hello <nil>"; got.err != nil || got.status != http.StatusAccepted || got.body != want {
		t.Errorf("response = %d %q %v, want 202 %q", got.status, got.body, got.err, want)
	}
	if link := got.header.Get("Link"); link != "</api/reports/a/b/parts?page=2>; rel=next" {
		t.Errorf("Link = %q", link)
	}
	r := s.Requests()[0]
	want := Request{
		Operation: "POST /reports/{id}/parts", Method: "POST", Path: "/api/reports/a%2Fb/parts", RawQuery: "page=1",
		PathValues: map[string]string{"id": "a/b"}, Body: []byte("hello"), ContentLength: 5, Status: 202, Applied: true, Effect: true,
	}
	r.Host, r.RemoteAddr, r.Header = "", "", nil
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("recorded otherwise (-want +got):\n%s", diff)
	}
	if n := s.Applied("POST /reports/{id}/parts"); n != 1 {
		t.Errorf("Applied = %d, want 1", n)
	}
	for _, path := range []string{"/reports/1/parts", "/api/reports/1"} {
		if got := send(t, s, "POST", path, ""); got.status != http.StatusNotFound {
			t.Errorf("POST %s = %d, want 404", path, got.status)
		}
	}
}

func TestHandleFunc_Guard(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	config := things()
	config.Lock = &mu
	config.Guard = withKey
	s := start(t, config)
	s.HandleFunc("GET /reports", func(w http.ResponseWriter, _ *http.Request) {
		if !mu.TryLock() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		defer mu.Unlock()
		fmt.Fprint(w, "reports")
	})
	if got := ask(t, s, "GET", "/reports", "bad"); got != "401 no key" {
		t.Errorf("with a bad key: %s", got)
	}
	if got := ask(t, s, "GET", "/reports", "good"); got != "200 reports" {
		t.Errorf("with the key: %s", got)
	}
}

func TestHandleFunc_Precedence(t *testing.T) {
	t.Parallel()
	config := things()
	config.BasePaths = []string{"", "/old"}
	s := start(t, config)
	respond := func(text string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
	}
	s.HandleFunc("GET /things/{id}", respond("first"))
	s.HandleFunc("GET /things/a", respond("second"))
	for path, want := range map[string]string{
		"/things/a": "200 second", "/things/b": "200 first", "/old/things/b": "200 first", "/older/things/b": "404 404 page not found\n",
	} {
		if got := ask(t, s, "GET", path, ""); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestHandleFunc_Fault(t *testing.T) {
	t.Parallel()
	s := start(t, things())
	s.HandleFunc("GET /reports", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "reports") })
	s.Fail("GET /reports", Fault{Status: http.StatusBadGateway})
	for _, want := range []string{"502 ", "200 reports"} {
		if got := ask(t, s, "GET", "/reports", ""); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestHandleFunc_CloseEndsItsContext(t *testing.T) {
	t.Parallel()
	s := NewServer(things())
	running, ended := make(chan struct{}), make(chan struct{})
	s.HandleFunc("GET /slow", func(_ http.ResponseWriter, r *http.Request) {
		close(running)
		<-r.Context().Done()
		close(ended)
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		resp, err := s.Client().Get(s.URL() + "/slow")
		if err == nil {
			resp.Body.Close()
		}
	}()
	<-running
	s.Close()
	<-ended
	<-done
}

// mistaken is a test that a fake closes itself with.
type mistaken struct {
	cleanups []func()
	errors   []string
}

func (*mistaken) Helper()                     {}
func (m *mistaken) Cleanup(f func())          { m.cleanups = append(m.cleanups, f) }
func (m *mistaken) Errorf(f string, a ...any) { m.errors = append(m.errors, fmt.Sprintf(f, a...)) }

func TestHandleFunc_Mistakes(t *testing.T) {
	t.Parallel()
	handler := func(http.ResponseWriter, *http.Request) {}
	for pattern, valid := range map[string]bool{"GET /a": true, "/a": false, "GET a": false, "GET": false, "": false, " /a": false} {
		test := new(mistaken)
		s := NewServer(things())
		CloseAtEnd(test, s)
		s.HandleFunc(pattern, handler)
		test.cleanups[0]()
		if (len(test.errors) == 0) != valid {
			t.Errorf("%q: errors %q", pattern, test.errors)
		}
	}
	test := new(mistaken)
	s := NewServer(things())
	CloseAtEnd(test, s)
	s.HandleFunc("GET /a", nil)
	test.cleanups[0]()
	if len(test.errors) != 1 {
		t.Errorf("a nil handler: errors %q", test.errors)
	}
}
