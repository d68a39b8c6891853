package rest

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// Do calls the operation, and decodes its response into params.Into. It returns a
// [tenantkit.ValidationError] before anything is sent, and a [tenantkit.Error] after that.
func (c *Client) Do(ctx context.Context, op *Operation, params Call, opts []tenantkit.Option) error {
	call, err := c.newCall(ctx, op, params, opts)
	if err != nil {
		return err
	}
	a, err := call.run(ctx, call.decode)
	if err != nil {
		return err
	}
	call.end(a, nil)
	return nil
}

// Stream calls the operation when it is first iterated over, and decodes the elements of the array
// that is the named member of the response (or the whole response, with no name) one at a time. It
// may be retried up to the first element. It ends with the first error.
func Stream[T any](ctx context.Context, c *Client, op *Operation, params Call, member string, opts []tenantkit.Option) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		call, err := c.newCall(ctx, op, params, opts)
		if err != nil {
			yield(nil, err)
			return
		}
		s := &elements[T]{call: call, member: member}
		a, err := call.run(ctx, s.open)
		if err != nil {
			yield(nil, err)
			return
		}
		var failed *failure
		defer func() { call.end(a, failed) }()
		for s.more {
			if !yield(s.item, nil) {
				return
			}
			if err := contextError(ctx); err != nil {
				failed = a.streamFailure(err)
			} else {
				failed = s.next(a)
			}
			if failed != nil {
				yield(nil, failed.Error)
				return
			}
		}
		a.drain()
	}
}

// elements decodes the elements of a streamed response one at a time.
type elements[T any] struct {
	call   *call
	member string
	array  *wire.Array
	item   *T
	more   bool // whether item is an element
}

// open reads up to the first element, and decodes it.
func (s *elements[T]) open(a *attempt) *failure {
	var err error
	s.array, err = wire.OpenArray(timedBody{a}, s.member, s.call.settings.MaxResponseBytes, s.call.client.onSecret)
	if err != nil {
		return a.streamFailure(err)
	}
	return s.next(a)
}

// next decodes the next element.
func (s *elements[T]) next(a *attempt) *failure {
	var err error
	s.item = new(T)
	s.more, err = s.array.Next(s.item)
	if err == nil && s.more && s.call.Element != nil {
		if err := s.call.Element(s.item); err != nil {
			return a.invalidResponse(nil, err)
		}
	}
	return a.streamFailure(err)
}

// streamFailure is the failure of a streamed response, or nil. A response that broke off may be
// retried, one that cannot be decoded may not.
func (a *attempt) streamFailure(err error) *failure {
	if err == nil {
		return nil
	}
	return a.truncatedResponse(nil, err, !wire.IsInvalid(err) && !errors.Is(err, wire.ErrTooLong))
}

// decode reads the whole response into the call's Into.
func (c *call) decode(a *attempt) *failure {
	if c.op.isRedirect(a.resp) {
		a.drain()
		return a.checkResponse(nil)
	}
	if c.op.Expect == Status && isHTML(a.resp.Header.Get("Content-Type")) {
		// Keep the start of the page for the error. A read error only makes that excerpt
		// shorter.
		body, _ := a.readBody(maxErrorBytes)
		return a.invalidResponse(body, errors.New("it is an HTML page"))
	}
	if c.op.Expect == Status && c.Into == nil {
		a.drain()
		return nil
	}
	if a.resp.ContentLength > c.settings.MaxResponseBytes {
		return a.truncatedResponse(nil, wire.ErrTooLong, false)
	}
	body, err := a.readBody(c.settings.MaxResponseBytes)
	if err != nil {
		return a.truncatedResponse(body, err, !errors.Is(err, wire.ErrTooLong))
	}
	if len(bytes.TrimSpace(body)) == 0 {
		if c.op.Expect == Status {
			return nil
		}
		return a.unconfirmedResponse(body, errors.New("it is empty"))
	}
	if c.Into == nil {
		return nil
	}
	if err := wire.Unmarshal(body, c.Into, c.client.onSecret, wire.AnyCase(c.AnyCase)); err != nil {
		return a.invalidResponse(body, err)
	}
	if c.Check != nil {
		if err := c.Check(); err != nil {
			return a.unconfirmedResponse(body, err)
		}
	}
	return a.checkResponse(body)
}

// checkResponse returns the failure of a response that the call's CheckResponse rejects, or nil.
func (a *attempt) checkResponse(body []byte) *failure {
	if a.call.CheckResponse == nil {
		return nil
	}
	if err := a.call.CheckResponse(a.resp); err != nil {
		return a.invalidResponse(body, err)
	}
	return nil
}

// run makes attempts until use accepts the response of one, which it returns for [call.end], or
// until no other may follow.
func (c *call) run(ctx context.Context, use func(*attempt) *failure) (*attempt, error) {
	ctx = tenantkit.ContextWithOperation(ctx, c.op.Public())
	if c.op.Expect == JSONOrRedirect {
		ctx = context.WithValue(ctx, keepsRedirects{}, true)
	}
	for {
		a, f := c.send(ctx)
		if f == nil {
			f = use(a)
		}
		if f == nil || c.alreadyDeleted(f) {
			c.client.budget.give(max(1, c.retriesTaken))
			return a, nil
		}
		a.took = time.Since(a.started)
		taken := c.retriesTaken
		wait, again := c.shouldRetry(ctx, a, f)
		c.log(a, f, wait)
		a.close()
		if again {
			ended := sleep(ctx, wait)
			if ended == nil {
				c.priorOutcome = combineOutcomes(c.priorOutcome, f.Outcome)
				continue
			}
			// The retry that was not made goes back to the budget. A retry after a
			// renewal was not taken from it.
			c.client.budget.give(c.retriesTaken - taken)
			f.Err = joinInline(ended, f.Err)
		}
		f.Outcome = combineOutcomes(c.priorOutcome, f.Outcome)
		c.report(a)
		return nil, f.Error
	}
}

// end reports the attempt that got the call's response, and ends it.
func (c *call) end(a *attempt, f *failure) {
	a.took = time.Since(a.started)
	c.log(a, f, 0)
	c.report(a)
	a.close()
}

// renewCredential notifies the credential that it was rejected, and reports whether it now puts
// something else on a request.
func (c *call) renewCredential(ctx context.Context, a *attempt, f *failure) bool {
	if c.credential == nil {
		return false
	}
	if renewer, ok := c.credential.(auth.Renewer); ok {
		renewer.Rejected(a.req)
	}
	next, err := c.request(ctx)
	if err != nil {
		return false
	}
	if err := c.credential.Authorize(ctx, next); err != nil {
		f.Err = joinInline(f.Err, c.client.secrets.Error(&credentialError{err}))
		return false
	}
	return !sameHeader(a.req.Header, next.Header)
}

// sameHeader reports whether all of next is in sent, to which net/http may have added cookies.
func sameHeader(sent, next http.Header) bool {
	for name, values := range next {
		if !slices.Equal(sent[name], values) {
			return false
		}
	}
	return true
}

// report fills the caller's Response.
func (c *call) report(a *attempt) {
	response := c.settings.Response
	if response == nil {
		return
	}
	*response = tenantkit.Response{Attempts: c.attempts, Duration: a.took, Elapsed: time.Since(c.started)}
	if a.resp != nil {
		response.StatusCode = a.resp.StatusCode
		response.Header = c.client.publicHeader(a.resp.Header)
		response.RequestID = requestID(response.Header)
	}
}

// log writes the line of one attempt.
func (c *call) log(a *attempt, f *failure, wait time.Duration) {
	logger := c.settings.Logger
	if logger == nil || !logger.Enabled(a.ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{
		slog.String("service", c.op.Service),
		slog.String("operation", c.op.Name),
		slog.Int("attempt", c.attempts),
		slog.Duration("duration", a.took),
		slog.Duration("wait", wait),
	}
	if a.resp != nil {
		attrs = append(attrs, slog.Int("status", a.resp.StatusCode))
	}
	if f != nil {
		attrs = append(attrs, slog.String("outcome", f.Outcome.String()))
		if f.Err != nil {
			attrs = append(attrs, slog.String("error", f.Err.Error()))
		}
	}
	logger.LogAttrs(a.ctx, slog.LevelDebug, "tenantkit: attempt", attrs...)
}
