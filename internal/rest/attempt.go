package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

const (
	// maxRefusalBytes is how much of a refusal's body an error keeps.
	maxRefusalBytes = 64 << 10
	// maxDrainBytes is how much is read of a body that nobody wants, so that its connection can be used again, and maxDrainTime
	// how long that may take.
	maxDrainBytes = 256 << 10
	maxDrainTime  = time.Second
)

// attempt is one exchange, as far as it got.
type attempt struct {
	call    *call
	ctx     context.Context // ends with the caller's, and when the attempt runs out of time
	cancel  context.CancelCauseFunc
	timer   *time.Timer // nil when there is no time-out
	req     *http.Request
	resp    *http.Response // nil without an answer
	trace   connectionTrace
	secrets *redactor // made when it is first needed
	started time.Time
	took    time.Duration // until its answer was read, or failed
}

// send makes one attempt, up to the header of its answer.
func (c *call) send(ctx context.Context) (*attempt, *failure) {
	a := &attempt{call: c, started: time.Now()}
	a.ctx, a.cancel = context.WithCancelCause(ctx)
	req, err := c.request(httptrace.WithClientTrace(tenantkit.ContextWithAttempt(a.ctx, c.attempts+1), a.trace.hooks()))
	if err != nil {
		return a, a.unsent(err)
	}
	a.req = req
	if ctx.Err() != nil {
		return a, a.unsent(contextError(ctx))
	}
	if c.credential != nil {
		// Under the caller's context: the time to get a token is not the server's.
		if err := c.credential.Authorize(ctx, req); err != nil {
			return a, a.unsent(&credentialError{err})
		}
		for name, values := range req.Header {
			if !c.sets(name, values) {
				c.client.known.add(values...)
			}
		}
	}
	if timeout := c.settings.Timeout; timeout > 0 {
		a.timer = time.AfterFunc(timeout, func() { a.cancel(&timeoutError{timeout, nil}) })
	}
	c.attempts++
	resp, err := c.http.Do(req)
	if err != nil {
		if resp != nil {
			// A refusal by the caller's own CheckRedirect comes with the answer that it refused.
			err = errors.Join(err, resp.Body.Close())
		}
		return a, a.broken(err)
	}
	a.resp = resp
	if resp.Request == nil {
		// A middleware that answers by itself may not say to what.
		resp.Request = req
	}
	if c.op.isRedirect(resp) {
		return a, nil
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return a, a.refused()
	}
	return a, nil
}

// close ends the attempt. What is left of the body is not read.
func (a *attempt) close() {
	if a.timer != nil {
		a.timer.Stop()
	}
	if a.resp != nil {
		// Nothing that a caller waits for is in the body any more.
		_ = a.resp.Body.Close()
	}
	a.cancel(nil)
}

// drain reads the rest of the body, so that its connection can be used again, unless it is long or slow.
func (a *attempt) drain() {
	defer time.AfterFunc(maxDrainTime, func() { a.cancel(nil) }).Stop()
	// A failure costs the connection, and nothing else.
	_, _ = io.CopyN(io.Discard, a.resp.Body, maxDrainBytes)
}

// read returns the body, up to max bytes of it. A longer one is [wire.ErrTooLong]. One that does not announce its length is read into
// a buffer of first bytes, while it fits.
func (a *attempt) read(max, first int64) ([]byte, error) {
	announced := a.resp.ContentLength
	// One byte above what is announced, to meet the end without growing; a server's word alone makes no large buffer.
	size := min(announced, max, 1<<20) + 1
	if announced < 0 {
		size = first
	}
	body := make([]byte, 0, size)
	for {
		n, err := a.resp.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > max:
			return body[:max], wire.ErrTooLong
		case err == io.EOF:
			return body, nil
		case err != nil:
			return body, a.why(err)
		case len(body) == cap(body):
			// Doubled, and beyond the bound by little.
			body = slices.Grow(body, int(min(int64(len(body)), max-int64(len(body))+1)))
		}
	}
}

// why puts the end of the attempt's context in the place of the error that it caused.
func (a *attempt) why(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		// Its text holds the URL with the query.
		err = wrapped.Err
	}
	if a.ctx.Err() != nil {
		if timeout, ok := context.Cause(a.ctx).(*timeoutError); ok {
			return timeout
		}
		return contextError(a.ctx)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		// A time-out of the caller's http.Client or of the transport, which must not look like the end of the context.
		if own := a.call.http.Timeout; own > 0 && time.Since(a.started) >= own {
			return &timeoutError{own, err}
		}
		return &timeoutError{0, err}
	}
	return err
}

// timedBody is the body of a streamed answer. The attempt's time-out bounds each wait for the server, and not the caller's work
// between them.
type timedBody struct{ *attempt }

func (b timedBody) Read(p []byte) (int, error) {
	if b.timer != nil {
		b.timer.Reset(b.call.settings.Timeout)
		defer b.timer.Stop()
	}
	n, err := b.resp.Body.Read(p)
	if err != nil && err != io.EOF {
		err = b.why(err)
	}
	return n, err
}

// connectionTrace tells whether a request can have been written.
type connectionTrace struct{ asked, connected atomic.Bool }

func (t *connectionTrace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { t.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { t.connected.Store(true) },
	}
}

// outcome returns what is known about a request that ended with err in place of an answer.
func (t *connectionTrace) outcome(err error) tenantkit.Outcome {
	switch {
	case t.connected.Load():
		// Written or about to be: net/http writes on its own, so that even a cancelled request may still go out.
		return tenantkit.OutcomeUnknown
	case t.asked.Load() || failedToConnect(err):
		return tenantkit.OutcomeNotSent
	default:
		return tenantkit.OutcomeUnknown
	}
}

// failedToConnect recognizes, for transports that do not report their connections, errors that come before any writing.
func failedToConnect(err error) bool {
	var (
		dns         *net.DNSError
		op          *net.OpError
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		hostname    x509.HostnameError
		invalid     x509.CertificateInvalidError
		record      tls.RecordHeaderError
	)
	return errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial" || errors.Is(err, syscall.ECONNREFUSED) ||
		errors.As(err, &certificate) || errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &invalid) || errors.As(err, &record)
}
