package fake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each fault as a client sees it over HTTP/1.1.
func TestFaultOnTheWire(t *testing.T) {
	t.Parallel()
	type want struct {
		status   int    // 0 when the client must not get a response
		body     string // what of it could be read
		ctype    string
		err      error // any, when it is errAny
		recorded int   // status in the record
		applied  bool
	}
	real := want{status: 200, body: thingBody, ctype: "application/json", recorded: 200, applied: true}
	tests := []struct {
		name  string
		fault Fault
		want  want
	}{
		{"nothing", Fault{}, real},
		{"delay", Fault{Delay: time.Millisecond}, real},
		{"delay after applied", Fault{Delay: time.Millisecond, Applied: true}, real},
		{"slow", Fault{Slow: time.Millisecond}, real},
		{"status", Fault{Status: 503}, want{status: 503, recorded: 503}},
		{"status with text", Fault{Status: 502, Body: "bad gateway"}, want{status: 502, body: "bad gateway", ctype: "text/plain; charset=utf-8", recorded: 502}},
		{"status with JSON", Fault{Status: 429, Body: `{"a":1}`}, want{status: 429, body: `{"a":1}`, ctype: "application/json", recorded: 429}},
		{"status with type", Fault{Status: 429, Body: `{"a":1}`, Header: http.Header{"content-type": {"x/y"}}}, want{status: 429, body: `{"a":1}`, ctype: "x/y", recorded: 429}},
		{"body alone", Fault{Body: `{"a":1}`}, want{status: 200, body: `{"a":1}`, ctype: "application/json", recorded: 200}},
		{"status without body allowed", Fault{Status: 204, Body: "x"}, want{status: 204, ctype: "", recorded: 204}},
		{"applied, status", Fault{Status: 500, Applied: true}, want{status: 500, recorded: 500, applied: true}},
		{"HTML", Fault{HTML: true}, want{status: 200, body: htmlPage, ctype: "text/html; charset=utf-8", recorded: 200}},
		{"HTML with status", Fault{HTML: true, Status: 502}, want{status: 502, body: htmlPage, ctype: "text/html; charset=utf-8", recorded: 502}},
		{"garbage", Fault{Garbage: true}, want{status: 200, body: garbage, ctype: "application/json", recorded: 200, applied: true}},
		{"empty", Fault{Empty: true}, want{status: 200, recorded: 200, applied: true}},
		{"reset unread", Fault{ResetUnread: true}, want{err: errAny}},
		{"reset before", Fault{ResetBefore: true}, want{err: errAny}},
		{"reset after", Fault{ResetAfter: true}, want{err: errAny, applied: true}},
		{"reset in header", Fault{ResetInHeader: true}, want{err: errAny, applied: true}},
		{"truncate", Fault{Truncate: true}, want{status: 200, body: thingBody[:len(thingBody)/2], ctype: "application/json", err: io.ErrUnexpectedEOF, recorded: 200, applied: true}},
		{"truncated status", Fault{Status: 500, Body: "abcd", Truncate: true}, want{status: 500, body: "ab", ctype: "text/plain; charset=utf-8", err: io.ErrUnexpectedEOF, recorded: 500}},
		{"truncate without body", Fault{Status: 500, Truncate: true}, want{err: errAny}},
		{"overlong", Fault{Overlong: true}, real},
	}
	for _, tt := range tests {
		for scheme, options := range map[string][]Option{"http": nil, "https": {TLS()}} {
			t.Run(tt.name+"/"+scheme, func(t *testing.T) {
				t.Parallel()
				s := start(t, things(), options...)
				s.Fail("GetThing", tt.fault)
				got := send(t, s, "GET", "/things/a", "")
				switch {
				case tt.want.err == errAny && got.err == nil:
					t.Errorf("no error, status %d", got.status)
				case tt.want.err != errAny && !errors.Is(got.err, tt.want.err):
					t.Errorf("error = %v, want %v", got.err, tt.want.err)
				}
				if got.status != tt.want.status || got.body != tt.want.body || got.header.Get("Content-Type") != tt.want.ctype {
					t.Errorf("response = %d %q %q, want %d %q %q", got.status, got.header.Get("Content-Type"), got.body, tt.want.status, tt.want.ctype, tt.want.body)
				}
				r := s.Requests()[0]
				if r.Status != tt.want.recorded || r.Applied != tt.want.applied || r.Fault == nil || !cmp.Equal(*r.Fault, tt.fault) {
					t.Errorf("recorded status %d, applied %t, fault %+v, want %d, %t", r.Status, r.Applied, r.Fault, tt.want.recorded, tt.want.applied)
				}
				if n := s.Applied("GetThing"); (n == 1) != tt.want.applied {
					t.Errorf("Applied = %d", n)
				}
				if again := send(t, s, "GET", "/things/a", ""); again.err != nil || again.body != thingBody {
					t.Errorf("the request after the fault: %+v", again)
				}
			})
		}
	}
}

var errAny = errors.New("any error")

func TestFault_HeaderJoinsResponse(t *testing.T) {
	t.Parallel()
	s := start(t, things())
	s.Fail("GetThing", Fault{RetryAfter: "7", Header: http.Header{"X-Real": {"no"}, "X-More": {"a", "b"}}})
	got := send(t, s, "GET", "/things/a", "")
	if got.body != thingBody || got.header.Get("Retry-After") != "7" || got.header.Get("X-Real") != "no" || !slices.Equal(got.header["X-More"], []string{"a", "b"}) {
		t.Errorf("response = %+v", got)
	}
	if again := send(t, s, "GET", "/things/a", ""); again.header.Get("X-Real") != "yes" || again.header.Get("Retry-After") != "" {
		t.Errorf("the fault outlived its request: %+v", again)
	}
}

func TestEndlessGoesOnUntilTheClientLeaves(t *testing.T) {
	t.Parallel()
	s := start(t, things())
	s.Fail("GetThing", Fault{Endless: true})
	resp, err := s.Client().Get(s.URL() + "/things/a")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	const much = 8 << 20
	got, err := io.ReadAll(io.LimitReader(resp.Body, much))
	if err != nil || len(got) != much || resp.ContentLength != -1 {
		t.Fatalf("read %d bytes of %d, %v", len(got), resp.ContentLength, err)
	}
	start := strings.TrimRight(string(got), " ")
	if start != strings.TrimSuffix(thingBody, "}") {
		t.Errorf("body starts with %q", start)
	}
}

func TestSlowSendsTheHeaderFirst(t *testing.T) {
	t.Parallel()
	s := start(t, things())
	s.Fail("GetThing", Fault{Slow: time.Hour})
	resp, err := s.Client().Get(s.URL() + "/things/a")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 || resp.ContentLength != int64(len(thingBody)) {
		t.Errorf("response = %d, %d bytes", resp.StatusCode, resp.ContentLength)
	}
}

// A request whose client gave up during the delay is not applied any more; with Applied it is
// already.
func TestDelayAndGoneClient(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]Fault{"before": {Delay: time.Hour}, "after": {Delay: time.Hour, Applied: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, things())
			s.Fail("PutThing", fault)
			ctx, cancel := context.WithCancel(t.Context())
			req, err := http.NewRequestWithContext(ctx, "PUT", s.URL()+"/things/a", strings.NewReader("abc"))
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				waitFor(func() bool {
					requests := s.Requests()
					return len(requests) > 0 && len(requests[0].Body) > 0 && requests[0].Applied == fault.Applied
				})
				cancel()
			}()
			if _, err := s.Client().Do(req); !errors.Is(err, context.Canceled) {
				t.Errorf("error = %v", err)
			}
			s.Close()
			if r := s.Requests()[0]; r.Applied != fault.Applied || r.Status != 0 {
				t.Errorf("recorded %+v", r)
			}
		})
	}
}

// Which requests of a series are hit, by how the faults were given.
func TestFaultsAreUsedUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		fail func(*Server)
		want []int
	}{
		{"one each, in order", func(s *Server) { s.Fail("GetThing", Fault{Status: 500}, Fault{Status: 503}) }, []int{500, 503, 200, 200}},
		{"times", func(s *Server) { s.Fail("GetThing", Fault{Status: 500, Times: 2}, Fault{Status: 503}) }, []int{500, 500, 503, 200}},
		{"without end", func(s *Server) { s.Fail("GetThing", Fault{Status: 500, Times: -1}, Fault{Status: 503}) }, []int{500, 500, 500, 500}},
		{"any operation", func(s *Server) { s.Fail("", Fault{Status: 500}) }, []int{500, 200, 200, 200}},
		{"other operation", func(s *Server) { s.Fail("PutThing", Fault{Status: 500}) }, []int{200, 200, 200, 200}},
		{"calls add up", func(s *Server) { s.Fail("GetThing", Fault{Status: 500}); s.Fail("", Fault{Status: 503}) }, []int{500, 503, 200, 200}},
		{"recovered", func(s *Server) { s.Fail("GetThing", Fault{Status: 500, Times: -1}); s.Recover() }, []int{200, 200, 200, 200}},
		{"a pass in between", func(s *Server) { s.Fail("GetThing", Fault{}, Fault{Status: 500}) }, []int{200, 500, 200, 200}},
		{"rate of one", func(s *Server) { s.Fail("GetThing", Fault{Status: 500, Rate: 1}) }, []int{500, 500, 500, 500}},
		{"rate with times", func(s *Server) { s.Fail("GetThing", Fault{Status: 500, Rate: 1, Times: 1}) }, []int{500, 200, 200, 200}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, things())
			tt.fail(s)
			var got []int
			for range tt.want {
				got = append(got, send(t, s, "GET", "/things/a", "").status)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("statuses differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFaultWithoutRoute(t *testing.T) {
	t.Parallel()
	s := start(t, things())
	s.Fail("", Fault{Status: 503})
	if got := send(t, s, "GET", "/nowhere", ""); got.status != 503 {
		t.Errorf("status = %d, want 503", got.status)
	}
}

func TestRateIsAShareAndTheSameInEveryRun(t *testing.T) {
	t.Parallel()
	const requests = 400
	run := func() (hits []bool, n int) {
		s := &Server{}
		s.Fail("Op", Fault{Rate: 0.25})
		for range requests {
			hit := s.nextFault("Op") != nil
			s.nextFault("Other")
			hits = append(hits, hit)
			if hit {
				n++
			}
		}
		return hits, n
	}
	first, n := run()
	second, _ := run()
	if !slices.Equal(first, second) {
		t.Error("two runs differ")
	}
	if n < requests/5 || n > requests/3 {
		t.Errorf("%d of %d hit, want about a quarter", n, requests)
	}
}

// A test with a misspelt operation meets no fault, and would pass for nothing.
func TestFailOfNoOperation(t *testing.T) {
	t.Parallel()
	server := NewServer(Config{Routes: []Route{{Operation: "Get", Method: http.MethodGet, Path: "/", Handle: func(*Request) Response { return Text(http.StatusOK, "ok") }}}})
	test := &recorder{}
	CloseAtEnd(test, server)
	server.Fail("Get", Fault{Status: 500})
	server.Fail("", Fault{Status: 500})
	server.Fail("Gte", Fault{Status: 500})
	test.end()
	want := []string{`Fail("Gte", …): the fake has no such operation, so nothing failed; operations are named like the client's methods`}
	if !slices.Equal(test.errors, want) {
		t.Errorf("the test is told %q, want %q", test.errors, want)
	}
	select {
	case <-server.Done():
	default:
		t.Error("the server is not closed")
	}
}

// recorder is a test whose end comes when it is asked for.
type recorder struct {
	end    func()
	errors []string
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.end = f }
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
