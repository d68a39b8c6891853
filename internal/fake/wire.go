package fake

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
)

const slowParts = 8

// newTLSConfig is filled in by httptest with its certificate.
func newTLSConfig() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12}
}

// wire writes one response, well or badly.
type wire struct {
	w   http.ResponseWriter
	ctx context.Context
}

// send writes the response with what the fault does to the connection.
func (o wire) send(response Response, fault *Fault) {
	switch {
	case fault.cutsHeader(response):
		o.reset(head(response)[:len("HTTP/1.1 200 OK\r\n")])
	case fault.Truncate:
		o.begin(response, response.header())
		o.write(response.Body[:len(response.Body)/2])
		panic(http.ErrAbortHandler)
	case fault.Overlong:
		o.overlong(response)
	case fault.Endless:
		o.endless(response)
	case fault.Slow > 0:
		o.slow(response, fault)
	default:
		o.begin(response, response.header())
		if !response.bodiless() {
			// The client may be gone; then nobody would read it.
			_, _ = o.w.Write(response.Body)
		}
	}
}

func (o wire) begin(response Response, header http.Header) {
	for name, values := range header {
		o.w.Header()[name] = values
	}
	o.w.WriteHeader(response.status())
}

// write sends bytes at once, and says whether the client still takes them.
func (o wire) write(data []byte) bool {
	if _, err := o.w.Write(data); err != nil {
		return false
	}
	return http.NewResponseController(o.w).Flush() == nil
}

func (o wire) slow(response Response, fault *Fault) {
	o.begin(response, response.header())
	part := (len(response.Body) + slowParts - 1) / slowParts
	for rest := response.Body; len(rest) > 0; rest = rest[part:] {
		part = min(part, len(rest))
		if http.NewResponseController(o.w).Flush() != nil || !pause(o.ctx, fault.Slow) || !o.write(rest[:part]) {
			panic(http.ErrAbortHandler)
		}
	}
}

func (o wire) endless(response Response) {
	header := response.header()
	header.Del("Content-Length")
	o.begin(response, header)
	start := bytes.TrimRight(response.Body, " \r\n\t")
	if n := len(start); n > 0 && (start[n-1] == '}' || start[n-1] == ']') {
		start = start[:n-1]
	}
	filler := bytes.Repeat([]byte(" "), 32<<10)
	for ok := o.write(start); ok; {
		ok = o.write(filler)
	}
	panic(http.ErrAbortHandler)
}

// overlong writes past net/http, which refuses to send more than was announced.
func (o wire) overlong(response Response) {
	conn := o.hijack()
	defer conn.Close()
	defer context.AfterFunc(o.ctx, func() { _ = conn.Close() })()
	data := append(head(response), response.Body...)
	// The client may hang up at the surplus; that is what the fault is for.
	_, _ = conn.Write(append(data, "surplus after the announced length"...))
}

// reset sends the bytes and a TCP reset.
func (o wire) reset(first []byte) {
	conn := o.hijack()
	defer conn.Close()
	if len(first) > 0 {
		_, _ = conn.Write(first)
	}
	raw := conn
	if secured, ok := conn.(*tls.Conn); ok {
		raw = secured.NetConn()
	}
	if tcp, ok := raw.(*net.TCPConn); ok {
		// Without lingering, closing sends a reset in place of an orderly end.
		_ = tcp.SetLinger(0)
	}
	_ = raw.Close()
}

// hijack takes the connection over. With HTTP/2 there is none to take, and the stream is reset
// instead.
func (o wire) hijack() net.Conn {
	conn, _, err := http.NewResponseController(o.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return conn
}

// head is the response's status line and header as HTTP/1.1 writes them.
func head(response Response) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %03d %s\r\n", response.status(), http.StatusText(response.status()))
	// Writing to a bytes.Buffer cannot fail.
	_ = response.header().Write(&b)
	b.WriteString("\r\n")
	return b.Bytes()
}
