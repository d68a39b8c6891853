package rest

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/fake"
)

// What fails before a request can be written was surely not sent, so that every class but Never is
// repeated.
func TestNotSentOnTheWire(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	secure := thingsServer(t, fake.TLS(), quiet)
	plain := thingsServer(t, quiet)

	var dials atomic.Int64
	noSuchHost := tenantkit.NewTransport()
	noSuchHost.DialContext = func(context.Context, string, string) (net.Conn, error) {
		dials.Add(1)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "things.example.org", IsNotFound: true}}
	}
	odd := tenantkit.NewTransport()
	odd.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route today") }
	silent := tenantkit.NewTransport()
	silent.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	oldTLS := tenantkit.NewTransport()
	oldTLS.TLSClientConfig = &tls.Config{MaxVersion: tls.VersionTLS11, InsecureSkipVerify: true}

	tests := map[string]struct {
		url       string
		transport *http.Transport
		text      string
	}{
		"refused":               {"http://" + closed.Addr().String(), tenantkit.NewTransport(), "connection refused"},
		"name lookup":           {"https://things.example.org", noSuchHost, "no such host"},
		"dialer of the caller":  {"https://things.example.org", odd, "no route today"},
		"dial takes too long":   {"https://things.example.org", silent, "time-out of 500ms"},
		"untrusted certificate": {secure.URL(), tenantkit.NewTransport(), "certificate"},
		"TLS version":           {secure.URL(), oldTLS, "no supported versions"},
		"no TLS there":          {"https" + strings.TrimPrefix(plain.URL(), "http"), tenantkit.NewTransport(), "HTTP response to HTTPS client"},
	}
	for name, tt := range tests {
		for _, op := range []*Operation{&createThing, &drawThing, &getThing, &burnThing} {
			t.Run(name+"/"+op.Name, func(t *testing.T) {
				t.Parallel()
				timeout := time.Minute
				if tt.transport == silent {
					timeout = hangTimeout
				}
				c := newAPIClient(t, testAPI(), tt.url, tt.transport, fastRetry(), tenantkit.WithTimeout(timeout))
				err := c.Do(t.Context(), op, callOf(op), nil)
				failed := failedWith(t, err)
				want := 3
				if op.Class == tenantkit.Never {
					want = 1
				}
				if failed.Outcome != notSent || failed.Attempts != want || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("outcome %v after %d attempts, want not sent after %d, with %q; %v", failed.Outcome, failed.Attempts, want, tt.text, err)
				}
			})
		}
	}
	t.Cleanup(func() {
		if n := len(plain.Requests()) + len(secure.Requests()); n != 0 {
			t.Errorf("%d requests were sent after all", n)
		}
	})
}

// A middleware may hide the trace of connections; then a reset is not taken for a request that was
// not sent.
func TestUnknownWithoutATrace(t *testing.T) {
	t.Parallel()
	server := thingsServer(t)
	hide := func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			return next.RoundTrip(req.WithContext(context.WithoutCancel(withoutTrace{req.Context()})))
		})
	}
	server.Fail(createThing.Name, fake.Fault{ResetAfter: true})
	c := newWireClient(t, server, tenantkit.WithTransport(hide))
	err := c.Do(t.Context(), &createThing, callOf(&createThing), nil)
	if tenantkit.OutcomeOf(err) != unknown || server.Applied(createThing.Name) != 1 {
		t.Errorf("err = %v, applied %d times", err, server.Applied(createThing.Name))
	}
}

// withoutTrace is a context without values.
type withoutTrace struct{ context.Context }

func (withoutTrace) Value(any) any { return nil }

// rawServer serves each connection with a function, and records what comes over it.
type rawServer struct {
	listener net.Listener
	mu       sync.Mutex
	heads    []string // request lines and headers
	wg       sync.WaitGroup
}

// newRawServer starts a server that hands each request's head, with its number on the connection,
// to serve.
func newRawServer(t *testing.T, serve func(conn *net.TCPConn, n int, head string) (goOn bool)) *rawServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{listener: listener}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		_ = listener.Close()
		s.wg.Wait()
	})
	s.wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.wg.Go(func() {
				defer conn.Close()
				defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
				s.handle(conn.(*net.TCPConn), serve)
			})
		}
	})
	return s
}

func (s *rawServer) handle(conn *net.TCPConn, serve func(*net.TCPConn, int, string) bool) {
	reader := bufio.NewReader(conn)
	for n := 1; ; n++ {
		var head strings.Builder
		length := 0
		for {
			line, err := reader.ReadString('\n')
			if err != nil {
				return
			}
			head.WriteString(line)
			_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
			if line == "\r\n" {
				break
			}
		}
		if _, err := io.CopyN(io.Discard, reader, int64(length)); err != nil {
			return
		}
		s.mu.Lock()
		s.heads = append(s.heads, head.String())
		s.mu.Unlock()
		if !serve(conn, n, head.String()) {
			return
		}
	}
}

func (s *rawServer) url() string { return "http://" + s.listener.Addr().String() }

func (s *rawServer) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.heads...)
}

const rawAnswer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"id\":\"a1\"}"

// On a kept connection net/http repeats by itself what it takes for idempotent. Where an operation
// has an effect it must not.
func TestNoSilentRepetition(t *testing.T) {
	t.Parallel()
	ends := map[string]func(*net.TCPConn){
		"reset": func(conn *net.TCPConn) { _ = conn.SetLinger(0) },
		"close": func(*net.TCPConn) {},
		"part of an answer": func(conn *net.TCPConn) {
			_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-"))
		},
	}
	for name, end := range ends {
		for _, op := range []*Operation{&drawThing, &createThing, &burnThing, &putThing, &getThing} {
			t.Run(name+"/"+op.Name, func(t *testing.T) {
				t.Parallel()
				path := strings.ReplaceAll(op.Path, "{thingID}", "a1")
				server := newRawServer(t, func(conn *net.TCPConn, n int, head string) bool {
					if n == 2 {
						end(conn)
						return false
					}
					_, _ = conn.Write([]byte(rawAnswer))
					return true
				})
				c := newAPIClient(t, testAPI(), server.url(), tenantkit.NewTransport(), tenantkit.WithRetry(tenantkit.NoRetry()))
				// The first call leaves the connection, the second one is lost on
				// it.
				if err := c.Do(t.Context(), &listThings, Call{Into: new(thing)}, nil); err != nil {
					t.Fatal(err)
				}
				err := c.Do(t.Context(), op, callOf(op), nil)
				times := 0
				for _, head := range server.received() {
					if strings.HasPrefix(head, op.Method+" "+path+" ") {
						times++
					}
				}
				if op.Class == tenantkit.Read {
					return // may be repeated by whomever
				}
				if times != 1 || tenantkit.OutcomeOf(err) != unknown || err == nil {
					t.Errorf("sent %d times, want once; err = %v", times, err)
				}
			})
		}
	}
}

// What keeps net/http from repeating a GET is not seen on the wire.
func TestGETHasNoBodyOnTheWire(t *testing.T) {
	t.Parallel()
	server := newRawServer(t, func(conn *net.TCPConn, _ int, _ string) bool {
		_, _ = conn.Write([]byte(rawAnswer))
		return true
	})
	c := newAPIClient(t, testAPI(), server.url(), tenantkit.NewTransport(), tenantkit.WithUserAgent("test"))
	if err := c.Do(t.Context(), &getThing, callOf(&getThing), nil); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := c.Do(t.Context(), &drawThing, callOf(&drawThing), nil); err != nil {
			t.Fatal(err)
		}
	}
	host := server.listener.Addr().String()
	rest := "Host: " + host + "\r\nUser-Agent: test\r\nAccept: application/json\r\nX-Api-Key: " + testKey + "\r\nAccept-Encoding: gzip\r\n\r\n"
	draw := "GET /things/draw HTTP/1.1\r\n" + rest
	want := []string{"GET /things/a1 HTTP/1.1\r\n" + rest, draw, draw, draw}
	got := server.received()
	if strings.Join(got, "") != strings.Join(want, "") {
		t.Errorf("on the wire:\n%s\nwant:\n%s", strings.Join(got, ""), strings.Join(want, ""))
	}
}

// The same over HTTP/2.
func TestGETHasNoBodyOverHTTP2(t *testing.T) {
	t.Parallel()
	server := thingsServer(t, fake.HTTP2())
	c := newWireClient(t, server)
	if err := c.Do(t.Context(), &drawThing, callOf(&drawThing), nil); err != nil {
		t.Fatal(err)
	}
	if r := server.Requests()[0]; len(r.Body) != 0 || r.Header.Get("Content-Length") != "" || r.Header.Get("Transfer-Encoding") != "" {
		t.Errorf("request = %+v", r)
	}
}
