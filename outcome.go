package tenantkit

import "errors"

// Outcome is what is known about the effect of a call that failed. It matters for writes: it tells whether to repeat them.
// The zero value is [OutcomeUnknown], the one that asks for care.
type Outcome uint8

const (
	// OutcomeUnknown: the request may have arrived, and no answer tells what became of it. Look before you repeat a write.
	OutcomeUnknown Outcome = iota
	// OutcomeNotSent: the request did not reach the server. Nothing has changed there.
	OutcomeNotSent
	// OutcomeRejected: the server refused. Nothing has changed there.
	OutcomeRejected
	// OutcomeApplied: the server accepted, but its answer could not be read. Do not repeat a write: read its result instead.
	OutcomeApplied
)

// String returns the outcome in words.
func (o Outcome) String() string {
	switch o {
	case OutcomeNotSent:
		return "not sent"
	case OutcomeRejected:
		return "rejected"
	case OutcomeApplied:
		return "applied"
	default:
		return "unknown"
	}
}

// MarshalText returns the outcome in words, for JSON and logs.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// OutcomeOf returns what err, as returned by a call, says about the call's effect. Without an error a call was applied; an
// error that did not come from a call of this module says nothing, which is [OutcomeUnknown].
func OutcomeOf(err error) Outcome {
	if err == nil {
		return OutcomeApplied
	}
	var failed *Error
	if errors.As(err, &failed) {
		return failed.Outcome
	}
	var invalid *ValidationError
	if errors.As(err, &invalid) {
		return OutcomeNotSent
	}
	return OutcomeUnknown
}
