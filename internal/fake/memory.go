package fake

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"syscall"
)

// RoundTripper returns a transport that takes every request to the server through memory, whatever
// its host, over no connection. All that it does happens in goroutines of its requests, so that it
// serves in a testing/synctest bubble; the server itself listens, and has to be made outside of the
// bubble.
//
// A fault of the connection looks as it does over HTTP/2: a reset ends the exchange or the body,
// whatever was to come before it.
func (s *Server) RoundTripper() http.RoundTripper { return memory{s} }

type memory struct{ server *Server }

func (m memory) RoundTrip(req *http.Request) (*http.Response, error) {
	// Clients know by these hooks whether a request can have been sent.
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	ctx, cancel := context.WithCancel(req.Context())
	body, out := io.Pipe()
	w := &memoryWriter{header: make(http.Header), out: out, began: make(chan struct{}), ended: make(chan struct{})}
	go w.serve(m.server, served(ctx, req))
	select {
	case <-w.began:
	case <-w.ended:
		if w.status == 0 {
			cancel()
			return nil, &net.OpError{Op: "read", Net: "memory", Err: syscall.ECONNRESET}
		}
	case <-ctx.Done():
		// What the server still writes is for nobody.
		_ = body.Close()
		cancel()
		return nil, ctx.Err()
	}
	length, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64)
	if err != nil {
		length = -1
	}
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, ContentLength: length, Request: req, Body: &memoryBody{body, cancel},
	}, nil
}

// served is a request as its server gets it.
func served(ctx context.Context, req *http.Request) *http.Request {
	r := req.Clone(ctx)
	r.RemoteAddr = "memory"
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	return r
}

// memoryBody is the body of a response, of which the client may have enough before its end.
type memoryBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b *memoryBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

// memoryWriter is the server's end of an exchange.
type memoryWriter struct {
	header http.Header
	out    *io.PipeWriter
	began  chan struct{} // closed when the header is sent
	ended  chan struct{} // closed when nothing comes any more
	status int           // like sent written before began is closed, and read after it or after ended
	sent   http.Header
}

func (w *memoryWriter) serve(server *Server, r *http.Request) {
	defer func() {
		failed := recover()
		if failed != nil && failed != http.ErrAbortHandler {
			panic(failed)
		}
		if failed != nil {
			_ = w.out.CloseWithError(io.ErrUnexpectedEOF)
		} else {
			_ = w.out.Close()
		}
		_ = r.Body.Close()
		close(w.ended)
	}()
	server.serve(w, r)
}

func (w *memoryWriter) Header() http.Header { return w.header }

func (w *memoryWriter) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status, w.sent = status, w.header.Clone()
	close(w.began)
}

func (w *memoryWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.out.Write(p)
}

// Flush does nothing: every byte is sent at once.
func (w *memoryWriter) Flush() {}
