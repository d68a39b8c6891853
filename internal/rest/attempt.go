package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
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
	// maxErrorBytes is how much of the body of an error response is kept, and maxFieldBytes how
	// much of each field in it.
	maxErrorBytes = 64 << 10
	maxFieldBytes = 1 << 10
	// firstBytes is the size of the first buffer for a response of unknown length.
	firstBytes = 8 << 10
	// maxDrainBytes is how much is read of a body that nobody wants, so that its connection can
	// be used again, and maxDrainTime how long that may take.
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
	resp    *http.Response // nil without a response
	trace   connectionTrace
	started time.Time
	took    time.Duration // until its response was read, or failed
}

// send makes one attempt, up to the header of its response.
func (c *call) send(ctx context.Context) (*attempt, *failure) {
	a := &attempt{call: c, started: time.Now()}
	a.ctx, a.cancel = context.WithCancelCause(ctx)
	req, err := c.request(httptrace.WithClientTrace(tenantkit.ContextWithAttempt(a.ctx, c.attempts+1), a.trace.start()))
	if err != nil {
		return a, a.notSent(err)
	}
	a.req = req
	if ctx.Err() != nil {
		return a, a.notSent(contextError(ctx))
	}
	if c.credential != nil {
		// Under the caller's context: the time to get a token is not the server's.
		if err := c.credential.Authorize(ctx, req); err != nil {
			return a, a.notSent(&credentialError{err})
		}
		c.pinCredential(req)
	}
	if limiter := c.settings.RateLimiter; limiter != nil {
		if err := limiter.Wait(ctx); err != nil {
			return a, a.notSent(joinInline(contextError(ctx), fmt.Errorf("waiting for WithRateLimit: %w", err)))
		}
	}
	if timeout := c.settings.Timeout; timeout > 0 {
		a.timer = time.AfterFunc(timeout, func() { a.cancel(&timeoutError{timeout, nil}) })
	}
	c.attempts++
	resp, err := c.http.Do(req)
	if err != nil {
		if resp != nil {
			// The error of the caller's own CheckRedirect comes with the response that
			// it rejected.
			err = errors.Join(err, resp.Body.Close())
		}
		return a, a.transportFailure(err)
	}
	a.resp = resp
	if resp.Request == nil {
		// A middleware that makes a response itself may not set its request.
		resp.Request = req
	}
	if c.op.isRedirect(resp) {
		return a, nil
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return a, a.errorResponse()
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

// drain reads the rest of the body, so that its connection can be used again, unless it is long or
// slow.
func (a *attempt) drain() {
	defer time.AfterFunc(maxDrainTime, func() { a.cancel(nil) }).Stop()
	// A failure costs the connection, and nothing else.
	_, _ = io.CopyN(io.Discard, a.resp.Body, maxDrainBytes)
}

// readBody returns the body, up to limit bytes of it. A longer one is [wire.ErrTooLong].
func (a *attempt) readBody(limit int64) ([]byte, error) {
	announced := a.resp.ContentLength
	// One byte above what is announced, to meet the end without growing; a server's word alone
	// makes no large buffer.
	size := min(announced, limit, 1<<20) + 1
	if announced < 0 {
		size = firstBytes
	}
	body := make([]byte, 0, size)
	for {
		n, err := a.resp.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > limit:
			return body[:limit], wire.ErrTooLong
		case err == io.EOF:
			return body, nil
		case err != nil:
			return body, a.contextCause(err)
		case len(body) == cap(body):
			// Doubled, and beyond the bound by little.
			body = slices.Grow(body, int(min(int64(len(body)), limit-int64(len(body))+1)))
		}
	}
}

// contextCause returns the reason why the attempt's context is done instead of the error that it
// caused.
func (a *attempt) contextCause(err error) error {
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
		// A time-out of the caller's http.Client or of the transport, which must not look
		// like the end of the context.
		if own := a.call.http.Timeout; own > 0 && time.Since(a.started) >= own {
			return &timeoutError{own, err}
		}
		return &timeoutError{0, err}
	}
	return err
}

// timedBody is the body of a streamed response. The attempt's time-out bounds each wait for the
// server, and not the caller's work between them.
type timedBody struct{ *attempt }

func (b timedBody) Read(p []byte) (int, error) {
	if b.timer != nil {
		b.timer.Reset(b.call.settings.Timeout)
		defer b.timer.Stop()
	}
	n, err := b.resp.Body.Read(p)
	if err != nil && err != io.EOF {
		err = b.contextCause(err)
	}
	return n, err
}

// connectionTrace records whether a request can have been written.
type connectionTrace struct {
	hooks            httptrace.ClientTrace
	asked, connected atomic.Bool
}

// start returns the hooks that record it.
func (t *connectionTrace) start() *httptrace.ClientTrace {
	t.hooks.GetConn = func(string) { t.asked.Store(true) }
	t.hooks.GotConn = func(httptrace.GotConnInfo) { t.connected.Store(true) }
	return &t.hooks
}

// outcome returns what is known about a request that ended with err instead of a response.
func (t *connectionTrace) outcome(err error) tenantkit.Outcome {
	switch {
	case t.connected.Load():
		// Written or about to be: net/http writes on its own, so that even a cancelled
		// request may still go out.
		return tenantkit.OutcomeUnknown
	case t.asked.Load() || failedToConnect(err):
		return tenantkit.OutcomeNotSent
	default:
		return tenantkit.OutcomeUnknown
	}
}

// failedToConnect recognizes, for transports that do not report their connections, errors that come
// before any writing.
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
