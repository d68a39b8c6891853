package tenantkit

import (
	"errors"
	"time"
)

// RetryPolicy says how often, and how long, calls are repeated. It does not say which calls: that follows from the operation.
//
//   - Reads (every GET without side effect, and queries sent by POST) and idempotent writes (PUT, DELETE, and POSTs that set an
//     absolute value) are repeated after network errors and the statuses 408, 429, 500, 502, 503 and 504. A DELETE that meets
//     404 after an attempt whose answer was lost counts as done.
//   - Other writes (a POST that creates, a GET with a side effect) are repeated only when the request surely did not arrive (name
//     lookup, connection, TLS) or was refused before work (429, and 503 with Retry-After).
//   - Calls that destroy credentials are never repeated.
//
// The wait before a repetition is drawn evenly between zero and a bound that starts at BaseDelay and doubles up to MaxDelay. A
// Retry-After answer replaces it. A wait that does not fit into MaxElapsed, or into the deadline of the call's context, is not
// begun: the call ends at once.
//
// Apart from this policy, a call that is refused for its credential (401) is sent once more if the credential can be renewed.
//
// Each field that is zero has the value of [DefaultRetryPolicy].
type RetryPolicy struct {
	// MaxAttempts is the number of attempts of one call, the first included. 1 means no repetition.
	MaxAttempts int
	// MaxElapsed bounds the time of a call, from its start to the start of its last attempt. Negative means no bound.
	MaxElapsed time.Duration
	// BaseDelay bounds the wait before the first repetition.
	BaseDelay time.Duration
	// MaxDelay bounds the wait before any repetition, unless the server asks for a longer one.
	MaxDelay time.Duration
	// Budget is the number of repetitions that all calls of a client may make until calls succeed again: each repetition takes
	// one out, and a call that ends well, or is refused by a service that is neither busy nor broken, gives back what it took,
	// and one at least. It keeps thousands of callers from hammering a service that is down. It belongs to the client: the
	// Budget of a policy given to a single call is not looked at. Negative means no bound.
	Budget int
	// RetryStatus reports whether a response with the given status may be retried, in addition to the statuses above. It is only asked
	// about reads and idempotent writes, and cannot cause another write to be retried. If nil, it adds nothing.
	RetryStatus func(op Operation, status int) bool `json:"-"`
}

// DefaultRetryPolicy is the policy of a client that is given none: 4 attempts within 2 minutes, waits of up to 500 ms doubling
// to 30 s, and a budget of 500 repetitions.
func DefaultRetryPolicy() RetryPolicy {
	return RetryPolicy{
		MaxAttempts: 4,
		MaxElapsed:  2 * time.Minute,
		BaseDelay:   500 * time.Millisecond,
		MaxDelay:    30 * time.Second,
		Budget:      500,
	}
}

// NoRetry is the policy of a single attempt.
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
