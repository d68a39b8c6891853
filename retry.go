package tenantkit

import (
	"errors"
	"time"
)

// RetryPolicy says how often, and for how long, calls are retried. It does not say which calls:
// that follows from the [Class] of the operation.
//
//   - [Read] (a GET without side effects, a query sent by POST) and [Idempotent] (PUT, DELETE, and
//     a POST that sets an absolute value) are retried after network errors, after the statuses 408,
//     425, 429, 500, 502, 503, 504, 507 and 520 to 530, and after what RetryStatus adds. A deletion
//     that gets 404 after an attempt without a response counts as done.
//   - [Write] (a POST that creates, a GET with a side effect) is retried only if the request
//     certainly did not arrive (name lookup, connection, TLS), or if it was rejected before any
//     work (429, and 503 with Retry-After).
//   - [Never] (an operation that destroys a credential) is not retried.
//
// Retries use exponential backoff with full jitter: the delay is random, up to a limit that starts
// at BaseDelay and doubles up to MaxDelay. A Retry-After header (seconds, rounded up, or a date)
// overrides the delay. If the delay would exceed MaxElapsed or the deadline of the call's context,
// the call fails immediately instead of waiting.
//
// Apart from this policy, a call whose credential is rejected (401) is retried once if the
// credential can be renewed.
//
// Each field that is zero has the value of [DefaultRetryPolicy].
type RetryPolicy struct {
	// MaxAttempts is the number of attempts of one call, including the first. 1 means no
	// retries.
	MaxAttempts int
	// MaxElapsed limits the time from the start of a call to the start of its last attempt.
	// Negative means no limit.
	MaxElapsed time.Duration
	// BaseDelay limits the delay before the first retry.
	BaseDelay time.Duration
	// MaxDelay limits the delay before any retry, unless the server asks for a longer one.
	MaxDelay time.Duration
	// Budget is the number of retries that all calls of a client share. Each retry consumes
	// one. A call that succeeds, or that gets a definitive response (not 408, 429 or 5xx),
	// returns the retries that it consumed, or one if it consumed none. This keeps thousands of
	// callers from overloading a service that is down. The Budget of a policy for a single call
	// is ignored. Negative means no limit.
	Budget int
	// RetryStatus reports whether a response with the given status may be retried, in addition
	// to the statuses above. It is only asked about reads and idempotent writes, and cannot
	// cause another write to be retried. If nil, it adds nothing.
	RetryStatus func(op Operation, status int) bool `json:"-"`
}

// DefaultRetryPolicy returns the policy of a client without [WithRetry]: 4 attempts within 2
// minutes, delays of up to 500 ms doubling to 30 s, and a budget of 500 retries.
func DefaultRetryPolicy() RetryPolicy {
	return RetryPolicy{
		MaxAttempts: 4,
		MaxElapsed:  2 * time.Minute,
		BaseDelay:   500 * time.Millisecond,
		MaxDelay:    30 * time.Second,
		Budget:      500,
	}
}

// NoRetry returns a policy with a single attempt.
func NoRetry() RetryPolicy { return RetryPolicy{MaxAttempts: 1} }

func (p RetryPolicy) check() error {
	if p.MaxAttempts < 0 || p.BaseDelay < 0 || p.MaxDelay < 0 {
		return errors.New("MaxAttempts, BaseDelay and MaxDelay must not be negative")
	}
	return nil
}

// WithDefaults returns the policy with [DefaultRetryPolicy] in place of each zero field.
func (p RetryPolicy) WithDefaults() RetryPolicy {
	d := DefaultRetryPolicy()
	if p.MaxAttempts == 0 {
		p.MaxAttempts = d.MaxAttempts
	}
	if p.MaxElapsed == 0 {
		p.MaxElapsed = d.MaxElapsed
	}
	if p.BaseDelay == 0 {
		p.BaseDelay = d.BaseDelay
	}
	if p.MaxDelay == 0 {
		p.MaxDelay = d.MaxDelay
	}
	if p.Budget == 0 {
		p.Budget = d.Budget
	}
	return p
}
