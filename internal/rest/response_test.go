package rest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/fake"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// A read gets its answer in spite of each fault that passes, and an error that says what is wrong
// where it stays.
func TestDo_FaultyResponse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault    fake.Fault
		repeated bool
		text     string
	}{
		"reset unread":    {fake.Fault{ResetUnread: true}, true, "reset"},
		"reset before":    {fake.Fault{ResetBefore: true}, true, "reset"},
		"reset after":     {fake.Fault{ResetAfter: true}, true, "reset"},
		"reset in header": {fake.Fault{ResetInHeader: true}, true, ""},
		"truncated":       {fake.Fault{Truncate: true}, true, "200 OK: invalid response: unexpected EOF"},
		"endless":         {fake.Fault{Endless: true}, false, "invalid response: longer than the bound on a response"},
		"empty":           {fake.Fault{Empty: true}, false, `invalid response: it is empty (Content-Type "")`},
		"garbage":         {fake.Fault{Garbage: true}, false, "invalid response: jsontext: "},
		"HTML":            {fake.Fault{HTML: true}, false, `(Content-Type "text/html; charset=utf-8")`},
		"blank":           {fake.Fault{Body: " \n "}, false, "it is empty"},
		"wrong type":      {fake.Fault{Body: `{"id":[]}`}, false, "/id"},
		"two values":      {fake.Fault{Body: `{} {}`}, false, "after top-level value"},
		"half a value":    {fake.Fault{Body: `{"id":`}, false, "unexpected EOF"},
		"204":             {fake.Fault{Status: 204}, false, "204 No Content: invalid response: it is empty"},
		"slow":            {fake.Fault{Delay: time.Hour}, true, "time-out of 500ms"},
		"slow body":       {fake.Fault{Slow: time.Hour}, true, "time-out of 500ms"},
	}
	for name, tt := range tests {
		for scheme, options := range map[string][]fake.Option{"http": {quiet}, "http2": {quiet, fake.HTTP2()}} {
			t.Run(name+"/"+scheme, func(t *testing.T) {
				t.Parallel()
				server := thingsServer(t, options...)
				hangs := tt.fault
				hangs.Endless = false // ends at the bound of a response, however long a busy machine takes to get there
				c := newWireClient(t, server, tenantkit.WithTimeout(timeoutFor(hangs)), tenantkit.WithMaxResponseBytes(1<<16))
				server.Fail("", tt.fault)
				var got thing
				err := c.Do(t.Context(), &getThing, Call{Path: []string{"a1"}, Into: &got}, nil)
				if tt.repeated {
					if err != nil || got.ID != "a1" || len(server.Requests()) != 2 {
						t.Errorf("got %+v, %v after %d requests", got, err, len(server.Requests()))
					}
				} else if failedWith(t, err).Attempts != 1 {
					t.Errorf("%d attempts; %v", failedWith(t, err).Attempts, err)
				}
				single := tt.fault
				single.Times = -1
				server.Fail("", single)
				err = c.Do(t.Context(), &getThing, callOf(&getThing), []tenantkit.Option{tenantkit.WithRetry(tenantkit.NoRetry())})
				failed := failedWith(t, err)
				if scheme == "http" && !strings.Contains(err.Error(), tt.text) {
					t.Errorf("err = %v, want %q in it", err, tt.text)
				}
				wantSentinels(t, err)
				if failed.Attempts != 1 {
					t.Errorf("%d attempts", failed.Attempts)
				}
			})
		}
	}
}

// What is sent beyond the announced length is not part of the answer.
func TestDo_OverlongResponse(t *testing.T) {
	t.Parallel()
	server := thingsServer(t, quiet)
	c := newWireClient(t, server)
	server.Fail("", fake.Fault{Overlong: true})
	for range 2 {
		var got thing
		if err := c.Do(t.Context(), &getThing, Call{Path: []string{"a1"}, Into: &got}, nil); err != nil || got.ID != "a1" {
			t.Errorf("got %+v, %v", got, err)
		}
	}
}

// An operation that promises no answer takes any, and reads it only as far as the connection is
// worth.
func TestDo_AnyResponse(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]step{
		"empty": {status: 204, plain: true}, "JSON": {body: `{}`}, "garbage": {body: "<html>"}, "broken": {body: "{", cut: errReset}, "endless": {endless: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newMemory(t, s)
			if err := newTestClient(t, server).Do(t.Context(), &dropThing, callOf(&dropThing), nil); err != nil || len(server.sent()) != 1 {
				t.Errorf("err = %v after %d requests", err, len(server.sent()))
			}
		})
	}
	into := Operation{Name: "TouchThing", Method: http.MethodPost, Path: "/things", Class: tenantkit.Write, Expect: Status}
	for body, want := range map[string]string{"": "", "  ": "", `{"id":"a1"}`: "a1"} {
		var got thing
		c := newTestClient(t, newMemory(t, jsonStep(body)))
		if err := c.Do(t.Context(), &into, Call{Into: &got}, nil); err != nil || got.ID != want {
			t.Errorf("%q: got %+v, %v", body, got, err)
		}
	}
	var got thing
	c := newTestClient(t, newMemory(t, jsonStep(`{"id":`)))
	if err := c.Do(t.Context(), &into, Call{Into: &got}, nil); tenantkit.OutcomeOf(err) != applied || err == nil {
		t.Errorf("half an answer: %v", err)
	}
}

// An operation may look at what came, and refuse it.
func TestDo_CheckedResponse(t *testing.T) {
	t.Parallel()
	mismatch := errors.New("the thing has no id")
	call := func() Call {
		var got thing
		return Call{Into: &got, Check: func() error {
			if got.ID == "" {
				return mismatch
			}
			return nil
		}}
	}
	c := newTestClient(t, newMemory(t, jsonStep(`{"id":"a1"}`), jsonStep(`{"name":"n"}`)))
	if err := c.Do(t.Context(), &createThing, call(), nil); err != nil {
		t.Error(err)
	}
	err := c.Do(t.Context(), &createThing, call(), nil)
	if !errors.Is(err, mismatch) || tenantkit.OutcomeOf(err) != unknown || failedWith(t, err).Body.Reveal() != `{"name":"n"}` {
		t.Errorf("err = %v", err)
	}
	// Nobody looks into an answer that nobody wants, but it must be there.
	c = newTestClient(t, newMemory(t, jsonStep(`<html>`), jsonStep(``)))
	if err := c.Do(t.Context(), &createThing, Call{}, nil); err != nil {
		t.Error(err)
	}
	if err := c.Do(t.Context(), &createThing, Call{}, nil); tenantkit.OutcomeOf(err) != unknown || err == nil {
		t.Errorf("err = %v", err)
	}
}

// An answer of any length up to the bound is read, announced or not.
func TestResponseBound(t *testing.T) {
	t.Parallel()
	const bound = 5000
	body := func(n int) string { return `{"name":"` + strings.Repeat("x", n-len(`{"name":""}`)) + `"}` }
	for _, n := range []int{11, 12, 8191, 8192, 8193, bound - 1, bound, bound + 1, 1<<20 - 1, 1 << 20, 1<<20 + 1, 3 << 20} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d/%t", n, chunked), func(t *testing.T) {
				t.Parallel()
				server := newHTTPServer(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					if chunked {
						_ = http.NewResponseController(w).Flush()
					}
					_, _ = io.WriteString(w, body(n))
				})
				c := newAPIClient(t, testAPI(), server.URL, tenantkit.NewTransport(), tenantkit.WithMaxResponseBytes(bound))
				var got thing
				err := c.Do(t.Context(), &getThing, Call{Path: []string{"a1"}, Into: &got}, nil)
				if n <= bound {
					if err != nil || len(got.Name) != n-11 {
						t.Errorf("got %d bytes, %v", len(got.Name), err)
					}
					return
				}
				failed := failedWith(t, err)
				if !errors.Is(err, wire.ErrTooLong) || failed.Attempts != 1 || failed.Outcome != applied || len(failed.Body.Reveal()) > bound {
					t.Errorf("%d attempts, %d bytes in the error; %v", failed.Attempts, len(failed.Body.Reveal()), err)
				}
				// The call may have its own bound.
				if err := c.Do(t.Context(), &getThing, Call{Path: []string{"a1"}, Into: &got}, []tenantkit.Option{tenantkit.WithMaxResponseBytes(4 << 20)}); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func newHTTPServer(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// A small answer that unpacks to a large one is bounded by what it unpacks to, and so is a refusal.
//
// Not in parallel: the memory that it counts is that of the process.
func TestGzipBomb(t *testing.T) {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if _, err := io.CopyN(zip, zeros{}, 48<<20); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	server := newHTTPServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write(packed.Bytes())
	})
	c := newAPIClient(t, testAPI(), server.URL, tenantkit.NewTransport(), tenantkit.WithMaxResponseBytes(1<<20))
	before := allocated()
	if err := c.Do(t.Context(), &getThing, callOf(&getThing), nil); !errors.Is(err, wire.ErrTooLong) {
		t.Errorf("err = %v", err)
	}
	err := c.Do(t.Context(), &createThing, callOf(&createThing), nil)
	wantSentinels(t, err, tenantkit.ErrBadRequest)
	if n := len(failedWith(t, err).Body.Reveal()); n != maxErrorBytes {
		t.Errorf("%d bytes of the refusal are kept", n)
	}
	if used := allocated() - before; used > 24<<20 {
		t.Errorf("%d MiB were allocated", used>>20)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

// A length that is announced and not sent costs no memory.
func TestLyingContentLength(t *testing.T) {
	t.Parallel()
	for _, length := range []string{"1000000", "60000000", "99999999999999999", "9223372036854775807"} {
		t.Run(length, func(t *testing.T) {
			t.Parallel()
			server := newRawServer(t, func(conn *net.TCPConn, _ int, _ string) bool {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "+length+"\r\n\r\n{}")
				return false
			})
			c := newAPIClient(t, testAPI(), server.url(), tenantkit.NewTransport(), tenantkit.WithRetry(tenantkit.NoRetry()))
			err := c.Do(t.Context(), &getThing, callOf(&getThing), nil)
			if err == nil || len(length) > 8 != errors.Is(err, wire.ErrTooLong) {
				t.Errorf("err = %v", err)
			}
			err = c.Do(t.Context(), &getThing, callOf(&getThing), []tenantkit.Option{tenantkit.WithMaxResponseBytes(math.MaxInt64)})
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("without a bound: err = %v", err)
			}
		})
	}
}

// The beginning of a refusal is kept, however long it is and whether or not its length is
// announced.
func TestDo_LongErrorResponse(t *testing.T) {
	t.Parallel()
	long := `{"error":"no"}` + strings.Repeat(" ", 1<<20)
	for _, announced := range []bool{true, false} {
		server := newHTTPServer(t, func(w http.ResponseWriter, _ *http.Request) {
			if announced {
				w.Header().Set("Content-Length", fmt.Sprint(len(long)))
			}
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, long)
		})
		c := newAPIClient(t, testAPI(), server.URL, tenantkit.NewTransport())
		err := c.Do(t.Context(), &getThing, callOf(&getThing), nil)
		if failed := failedWith(t, err); failed.Body.Reveal() != long[:maxErrorBytes] || failed.StatusCode != http.StatusConflict {
			t.Errorf("announced %t: %d bytes are kept; %v", announced, len(failed.Body.Reveal()), err)
		}
	}
}

// What a refusal's body lacks is lacking of the explanation only.
func TestDo_BrokenErrorResponse(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]step{
		"broken":   {status: 409, body: `{"error":"n`, cut: errReset},
		"endless":  {status: 409, body: `{"error":"n`, endless: true},
		"no UTF-8": {status: 409, body: "{\"error\":\"n\xff"},
		"empty":    {status: 409},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := newTestClient(t, newMemory(t, s)).Do(t.Context(), &createThing, callOf(&createThing), nil)
			wantSentinels(t, err, tenantkit.ErrConflict)
			failed := failedWith(t, err)
			if failed.Outcome != rejected || failed.Err != nil || s.body != "" && !strings.HasPrefix(failed.Body.Reveal(), `{"error":"n`) {
				t.Errorf("error = %+v", failed)
			}
		})
	}
}
