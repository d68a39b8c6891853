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

// Do calls the operation, and decodes its answer into what.Into. Its errors are [tenantkit.ValidationError], before anything is
// sent, and [tenantkit.Error].
func (c *Client) Do(ctx context.Context, op *Operation, what Call, opts []tenantkit.Option) error {
	made, err := c.newCall(ctx, op, what, opts)
	if err != nil {
		return err
	}
	answered, err := made.run(ctx, made.decode)
	if err != nil {
		return err
	}
	made.end(answered, nil)
	return nil
}

// Stream calls the operation when it is first iterated over, and decodes the elements of the array that is the named member of
// the answer (or the whole answer, with no name) one at a time. It may be repeated up to the first element. An error is the last
// that it yields.
func Stream[T any](ctx context.Context, c *Client, op *Operation, what Call, member string, opts []tenantkit.Option) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		made, err := c.newCall(ctx, op, what, opts)
		if err != nil {
			yield(nil, err)
			return
		}
		var (
			array *wire.Array
			item  *T
			more  bool
		)
		next := func(a *attempt) *failure {
			var err error
			item = new(T)
			more, err = array.Next(item)
			if err == nil && more && made.Element != nil {
				if err := made.Element(item); err != nil {
					return a.unusable(nil, err)
				}
			}
			return a.streamFailure(err)
		}
		answered, err := made.run(ctx, func(a *attempt) *failure {
			var err error
			if array, err = wire.OpenArray(timedBody{a}, member, made.settings.MaxResponseBytes); err != nil {
				return a.streamFailure(err)
			}
			return next(a)
		})
		if err != nil {
			yield(nil, err)
			return
		}
		var failed *failure
		defer func() { made.end(answered, failed) }()
		for more {
			if !yield(item, nil) {
				return
			}
			if err := contextError(ctx); err != nil {
				failed = answered.streamFailure(err)
			} else {
				failed = next(answered)
			}
			if failed != nil {
				yield(nil, failed.Error)
				return
			}
		}
		answered.drain()
	}
}

// streamFailure is the failure of a streamed answer, or nil. One that broke off may be repeated, one that cannot be decoded not.
func (a *attempt) streamFailure(err error) *failure {
	if err == nil {
		return nil
	}
	return a.unread(nil, err, !wire.IsInvalid(err) && !errors.Is(err, wire.ErrTooLong))
}

// decode reads the whole answer into the call's Into.
func (c *call) decode(a *attempt) *failure {
	if c.op.isRedirect(a.resp) {
		a.drain()
		return a.answered(nil)
	}
	if c.op.Answer == Anything && isHTML(a.resp.Header.Get("Content-Type")) {
		// The begin of the page, for the error. What is missing of it is missing of an explanation only.
		body, _ := a.read(maxRefusalBytes, firstBytes)
		return a.unusable(body, errors.New("it is an HTML page"))
	}
	if c.op.Answer == Anything && c.Into == nil {
		a.drain()
		return nil
	}
	if a.resp.ContentLength > c.settings.MaxResponseBytes {
		return a.unread(nil, wire.ErrTooLong, false)
	}
	body, err := a.read(c.settings.MaxResponseBytes, c.client.sizes.get(c.op))
	if err != nil {
		return a.unread(body, err, !errors.Is(err, wire.ErrTooLong))
	}
	c.client.sizes.set(c.op, len(body))
	if len(bytes.TrimSpace(body)) == 0 {
		if c.op.Answer == Anything {
			return nil
		}
		return a.unfounded(body, errors.New("it is empty"))
	}
	if c.Into == nil {
		return nil
	}
	if err := wire.Unmarshal(body, c.Into); err != nil {
		return a.unusable(body, err)
	}
	if c.Check != nil {
		if err := c.Check(); err != nil {
			return a.unfounded(body, err)
		}
	}
	return a.answered(body)
}

// answered is the failure of an answer that the call's own Answered refuses, or nil.
func (a *attempt) answered(body []byte) *failure {
	if a.call.Answered == nil {
		return nil
	}
	if err := a.call.Answered(a.resp); err != nil {
		return a.unusable(body, err)
	}
	return nil
}

// run makes attempts until use takes the answer of one, which it returns for [call.end], or until no other may follow.
func (c *call) run(ctx context.Context, use func(*attempt) *failure) (*attempt, error) {
	ctx = tenantkit.ContextWithOperation(ctx, c.client.api.Service, c.op.Name)
	ctx = context.WithValue(ctx, operationKey{}, c.op)
	for {
		a, f := c.send(ctx)
		if f == nil {
			f = use(a)
		}
		if f == nil || c.doneBefore(f) {
			c.client.budget.give(max(1, c.borrowed))
			return a, nil
		}
		a.took = time.Since(a.started)
		borrowed := c.borrowed
		wait, again := c.another(ctx, a, f)
		c.log(a, f, wait)
		a.close()
		if again {
			ended := sleep(ctx, wait)
			if ended == nil {
				c.before = overall(c.before, f.Outcome)
				continue
			}
			// The repetition that was not made goes to another call, if it was taken out: one after a renewal is not.
			c.client.budget.give(c.borrowed - borrowed)
			f.Err = both(ended, f.Err)
		}
		f.Outcome = overall(c.before, f.Outcome)
		c.report(a)
		return nil, f.Error
	}
}

// end tells of the attempt that brought the call's answer, and ends it.
func (c *call) end(a *attempt, f *failure) {
	a.took = time.Since(a.started)
	c.log(a, f, 0)
	c.report(a)
	a.close()
}

// doneBefore tells whether a refusal shows that an earlier attempt was applied: what it deleted is gone. The page of a gateway that
// does not find the service shows nothing.
func (c *call) doneBefore(f *failure) bool {
	maybe := c.before == tenantkit.OutcomeApplied || c.before == tenantkit.OutcomeUnknown
	return maybe && c.op.Method == http.MethodDelete && f.StatusCode != 0 && errors.Is(f.Error, tenantkit.ErrNotFound) &&
		!isHTML(f.Header.Get("Content-Type"))
}

// overall returns what is known of a call of which the attempts had the given outcomes.
func overall(before, last tenantkit.Outcome) tenantkit.Outcome {
	for _, outcome := range []tenantkit.Outcome{tenantkit.OutcomeApplied, tenantkit.OutcomeUnknown, tenantkit.OutcomeRejected} {
		if before == outcome || last == outcome {
			return outcome
		}
	}
	return tenantkit.OutcomeNotSent
}

// another decides whether another attempt follows a failed one, and after what wait. Where not, it adds the reason to the error.
func (c *call) another(ctx context.Context, a *attempt, f *failure) (time.Duration, bool) {
	if ctx.Err() != nil {
		if !errors.Is(f.Err, ctx.Err()) {
			f.Err = both(contextError(ctx), f.Err)
		}
		return 0, false
	}
	if f.credentialRefused && !c.renewed {
		c.renewed = true
		if c.renew(ctx, a, f) {
			return 0, true
		}
	}
	if !f.repeatable {
		if showsLife(f.StatusCode) {
			c.client.budget.give(max(1, c.borrowed))
		}
		return 0, false
	}
	wait, err := c.wait(ctx, f.RetryAfter, f.waitAsked)
	if err != nil {
		if err != errNoMoreAttempts {
			f.Err = both(f.Err, err)
		}
		return 0, false
	}
	return wait, true
}

// renew tells the credential that it was refused, and reports whether it now puts something else on a request.
func (c *call) renew(ctx context.Context, a *attempt, f *failure) bool {
	if c.credential == nil {
		return false
	}
	if renewer, ok := c.credential.(auth.Renewer); ok {
		renewer.Refused(a.req)
	}
	next, err := c.request(ctx)
	if err != nil {
		return false
	}
	if err := c.credential.Authorize(ctx, next); err != nil {
		f.Err = both(f.Err, a.redactor().err(&credentialError{err}))
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
		response.Header = a.redactor().header(a.resp.Header)
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
		slog.String("service", c.client.api.Service),
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
