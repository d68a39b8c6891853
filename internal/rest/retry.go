package rest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/tenantkit/tenantkit"
)

// This file decides about retries: which failures may be retried, how long to wait, and when to
// give up.

// retriesStatus reports whether a response with an error status may be retried.
func (c *call) retriesStatus(status int, waitAsked bool) bool {
	switch c.op.Class {
	case tenantkit.Read, tenantkit.Idempotent:
		return isTransient(status) || c.policy.RetryStatus != nil && c.policy.RetryStatus(c.op.Public(), status)
	case tenantkit.Write:
		return rejectedUnstarted(status, waitAsked)
	default:
		return false
	}
}

// isTransient reports whether another attempt may get a response other than status.
func isTransient(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusInsufficientStorage:
		return true
	}
	return status >= 520 && status <= 530 // Cloudflare's
}

// rejectedUnstarted reports whether a status says that the server was too busy to start, rather
// than that it failed on the way.
func rejectedUnstarted(status int, waitAsked bool) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable && waitAsked
}

// retriesOutcome reports whether an attempt without a usable response may be retried.
func (op *Operation) retriesOutcome(outcome tenantkit.Outcome) bool {
	switch op.Class {
	case tenantkit.Read, tenantkit.Idempotent:
		return true
	case tenantkit.Write:
		return outcome == tenantkit.OutcomeNotSent
	default:
		return false
	}
}

// statusOutcome returns the outcome of a request whose response has an error status.
func statusOutcome(status int, waitAsked bool) tenantkit.Outcome {
	switch {
	case rejectedUnstarted(status, waitAsked):
		return tenantkit.OutcomeRejected
	case status == http.StatusRequestTimeout, status == 499, status == 460, status == 463:
		// Proxies send these too, and do not know how far the request got.
		return tenantkit.OutcomeUnknown
	case status >= 400 && status < 500, status == http.StatusTemporaryRedirect, status == http.StatusPermanentRedirect:
		return tenantkit.OutcomeRejected
	default:
		// A redirect of another kind may lead from a finished POST to its result; a 5xx
		// says nothing.
		return tenantkit.OutcomeUnknown
	}
}

// isDefinitive reports whether a status comes from a service that works: it rejects the call, and
// is not too busy or broken for calls.
func isDefinitive(status int) bool {
	return status != 0 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests
}

// alreadyDeleted reports whether a failed attempt shows that an earlier one succeeded: the object
// that it deleted is gone. A gateway that does not find the service shows nothing.
func (c *call) alreadyDeleted(f *failure) bool {
	mayHaveDeleted := c.priorOutcome == tenantkit.OutcomeApplied || c.priorOutcome == tenantkit.OutcomeUnknown
	return mayHaveDeleted && c.op.Deletes && f.StatusCode != 0 && errors.Is(f.Error, tenantkit.ErrNotFound) &&
		!isHTML(f.Header.Get("Content-Type"))
}

// combineOutcomes returns the outcome of a call whose attempts had the given outcomes.
func combineOutcomes(prior, last tenantkit.Outcome) tenantkit.Outcome {
	for _, outcome := range []tenantkit.Outcome{tenantkit.OutcomeApplied, tenantkit.OutcomeUnknown, tenantkit.OutcomeRejected} {
		if prior == outcome || last == outcome {
			return outcome
		}
	}
	return tenantkit.OutcomeNotSent
}

// shouldRetry decides whether another attempt follows a failed one, and after which wait. If not,
// it adds the reason to the error.
func (c *call) shouldRetry(ctx context.Context, a *attempt, f *failure) (time.Duration, bool) {
	if ctx.Err() != nil {
		if !errors.Is(f.Err, ctx.Err()) {
			f.Err = joinInline(contextError(ctx), f.Err)
		}
		return 0, false
	}
	if f.credentialRejected && !c.credentialRenewed {
		c.credentialRenewed = true
		if c.renewCredential(ctx, a, f) {
			return 0, true
		}
	}
	if !f.retryable {
		if isDefinitive(f.StatusCode) {
			c.client.budget.give(max(1, c.retriesTaken))
		}
		return 0, false
	}
	wait, err := c.retryDelay(ctx, f.RetryAfter, f.waitAsked)
	if err != nil {
		if err != errNoMoreAttempts {
			f.Err = joinInline(f.Err, err)
		}
		return 0, false
	}
	return wait, true
}

// errNoMoreAttempts ends a call without an explanation.
var errNoMoreAttempts = errors.New("no more attempts")

// notRetried is the reason why a failure that may be retried was not.
func notRetried(format string, args ...any) error {
	return fmt.Errorf("not retried: "+format, args...)
}

// retryDelay returns how long to wait before another attempt, or the reason why there is none.
func (c *call) retryDelay(ctx context.Context, asked time.Duration, waitAsked bool) (time.Duration, error) {
	if c.attempts >= c.policy.MaxAttempts {
		return 0, errNoMoreAttempts
	}
	if c.delays == nil {
		c.delays = newDelays(c.policy)
	}
	wait := c.delays.NextBackOff()
	if waitAsked && asked > 0 {
		wait = asked
	}
	if c.policy.MaxElapsed >= 0 {
		if left := c.policy.MaxElapsed - time.Since(c.started); wait > left {
			return 0, notRetried("a wait of %v does not fit into the %v that the retry policy allows (MaxElapsed)", wait, c.policy.MaxElapsed)
		}
	}
	if deadline, ok := ctx.Deadline(); ok {
		if left := time.Until(deadline); wait >= left {
			return 0, notRetried("a wait of %v does not fit into the %v left of the context's deadline", wait, left)
		}
	}
	if !c.client.budget.take() {
		return 0, notRetried("the retry budget of the client is spent (RetryPolicy.Budget), since its calls keep failing")
	}
	c.retriesTaken++
	return wait, nil
}

// sleep waits until wait is over or ctx is done.
func sleep(ctx context.Context, wait time.Duration) error {
	if ctx.Err() != nil {
		// With a zero wait and a done context, select could pick either case.
		return contextError(ctx)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return contextError(ctx)
	case <-timer.C:
		return nil
	}
}

// newDelays returns the waits between the attempts of one call: full jitter under a doubling limit.
// The library draws evenly around an interval, so half of the limit as interval and all of it as
// spread reach from zero to the limit.
func newDelays(policy tenantkit.RetryPolicy) *backoff.ExponentialBackOff {
	delays := backoff.NewExponentialBackOff()
	delays.InitialInterval = min(policy.BaseDelay, policy.MaxDelay) / 2
	delays.MaxInterval = policy.MaxDelay / 2
	delays.RandomizationFactor = 1
	delays.Multiplier = 2
	delays.MaxElapsedTime = 0
	delays.Reset()
	return delays
}

// retryAfter reads the header Retry-After, and reports whether there is one that can be read:
// seconds, whole or with a fraction, which is rounded up to a second, or a date. A date is taken
// relative to the response's own Date, so that skewed clocks do not matter; one in the past means
// now.
func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if strings.Trim(value, "0123456789.") == "" {
		seconds, err := strconv.ParseFloat(value, 64)
		switch {
		case err != nil && !errors.Is(err, strconv.ErrRange):
			return 0, false
		case seconds > float64(math.MaxInt64/int64(time.Second)):
			return math.MaxInt64, true
		}
		return time.Duration(math.Ceil(seconds)) * time.Second, true
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return max(0, until.Sub(now)), true
}

// budget is the number of retries that the calls of a client share. A nil budget has no limit.
type budget struct {
	mu        sync.Mutex
	size, has int
}

func newBudget(size int) *budget {
	if size < 0 {
		return nil
	}
	return &budget{size: size, has: size}
}

// take consumes one retry, and reports whether there was one.
func (b *budget) take() bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.has == 0 {
		return false
	}
	b.has--
	return true
}

// give returns n retries.
func (b *budget) give(n int) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.has = min(b.has+n, b.size)
}
