package fake

import (
	"net"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ended is what an observer sees of a request.
type ended struct {
	Operation string
	Status    int
	Applied   bool
	Effect    bool
	Faulty    bool
}

func TestOnRequest(t *testing.T) {
	t.Parallel()
	config := things()
	config.Routes = append(config.Routes, Route{Operation: "Reject", Method: "GET", Path: "/rejected", Handle: func(*Request) Response {
		return Text(http.StatusForbidden, "no")
	}})
	s := NewServer(config)
	defer s.Close()
	var mu sync.Mutex
	var seen []ended
	s.OnRequest(func(r Request) {
		r.Header.Set("Spoilt", "by the observer")
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, ended{r.Operation, r.Status, r.Applied, r.Effect, r.Fault != nil})
	})
	number := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(seen)
	}
	for i, test := range []struct {
		method, path string
		fault        *Fault
		want         ended
	}{
		{"GET", "/things/1", nil, ended{"GetThing", 200, true, true, false}},
		{"GET", "/rejected", nil, ended{"Reject", 403, true, false, false}},
		{"GET", "/nothing", nil, ended{"", 404, false, false, false}},
		{"PUT", "/things/1", &Fault{Status: 503}, ended{"PutThing", 503, false, false, true}},
		{"PUT", "/things/1", &Fault{Status: 500, Applied: true}, ended{"PutThing", 500, true, true, true}},
		{"PUT", "/things/1", &Fault{ResetBefore: true}, ended{"PutThing", 0, false, false, true}},
		{"PUT", "/things/1", &Fault{ResetAfter: true}, ended{"PutThing", 0, true, true, true}},
		{"GET", "/rejected", &Fault{Truncate: true}, ended{"Reject", 403, true, false, true}},
	} {
		if test.fault != nil {
			s.Fail("", *test.fault)
		}
		send(t, s, test.method, test.path, "")
		waitFor(func() bool { return number() == i+1 })
		mu.Lock()
		if diff := cmp.Diff(test.want, seen[i]); diff != "" {
			t.Errorf("%s %s with %+v: reported otherwise (-want +got):\n%s", test.method, test.path, test.fault, diff)
		}
		mu.Unlock()
	}
	if i := slices.IndexFunc(s.Requests(), func(r Request) bool { return r.Header.Get("Spoilt") != "" }); i >= 0 {
		t.Errorf("the observer changed request %d in the record", i)
	}

	s.OnRequest(nil)
	send(t, s, "GET", "/things/1", "")
	s.Close()
	if got := number(); got != 8 {
		t.Errorf("reported %d requests, want 8: the last one came after the observer left", got)
	}
}

// A server that closes ends its requests, reports them, and waits for that.
func TestClose_ReportsRequests(t *testing.T) {
	t.Parallel()
	s := NewServer(things())
	var seen []Request
	s.OnRequest(func(r Request) { seen = append(seen, r) })
	s.Fail("", Fault{Endless: true})
	resp, err := s.Client().Get(s.URL() + "/things/1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	s.Close()
	if len(seen) != 1 || seen[0].Operation != "GetThing" || seen[0].Status != 200 {
		t.Errorf("reported %+v", seen)
	}
}

// net/http ends the request of an observer that panics, or that ends its goroutine as a failed test
// does, and the server goes on.
func TestCloseAfterAnObserverFailed(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]func(Request){
		"panic": func(Request) { panic(http.ErrAbortHandler) }, // which net/http does not log
		"exit":  func(Request) { runtime.Goexit() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := NewServer(things())
			s.OnRequest(fails)
			send(t, s, "GET", "/things/1", "")
			closed := make(chan struct{})
			go func() { defer close(closed); s.Close() }()
			select {
			case <-closed:
			case <-time.After(10 * time.Second):
				t.Error("the server does not close")
			}
		})
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	s := start(t, things())
	send(t, s, "GET", "/things/1", "")
	s.ForgetRequests()
	send(t, s, "GET", "/things/2", "")
	if got := s.Requests(); len(got) != 1 || got[0].Path != "/things/2" {
		t.Errorf("the record holds %+v, want the second request", got)
	}
	if got := s.Applied("GetThing"); got != 2 {
		t.Errorf("%d requests are counted, want 2", got)
	}
}

func TestListener(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, things(), Listener(listener))
	if want := "http://" + listener.Addr().String(); s.URL() != want {
		t.Errorf("URL = %s, want %s", s.URL(), want)
	}
	if got := send(t, s, "GET", "/things/1", ""); got.status != http.StatusOK {
		t.Errorf("response = %+v", got)
	}
	s.Close()
	if _, err := listener.Accept(); err == nil {
		t.Error("the listener is open after Close")
	}
}
