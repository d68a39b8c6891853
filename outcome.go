package tenantkit

import "errors"

// Outcome is what is known about the effect of a failed call. For writes, it decides whether to
// retry. The zero value is [OutcomeUnknown], the one that asks for care.
type Outcome uint8

const (
	// OutcomeUnknown: the request may have arrived, and there is no response that says whether
	// it took effect. Check before you retry a write.
	OutcomeUnknown Outcome = iota
	// OutcomeNotSent: the request did not reach the server. Nothing has changed there.
	OutcomeNotSent
	// OutcomeRejected: the server rejected the request. Nothing has changed there.
	OutcomeRejected
	// OutcomeApplied: the server accepted the request, but its response could not be read. Do
	// not retry a write: read its result instead.
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

// advice says what the outcome means for a write.
func (o Outcome) advice() string {
	switch o {
	case OutcomeNotSent:
		return "it did not reach the server"
	case OutcomeRejected:
		return "the server did not apply it"
	case OutcomeApplied:
		return "the server applied it: do not repeat a write"
	default:
		return "it is unknown whether the server applied it: look before you repeat a write"
	}
}

// OutcomeOf returns what err, as returned by a call, says about the call's effect. Without an error
// a call was applied; an error that did not come from a call of this module says nothing, which is
// [OutcomeUnknown], unless it has a method Outcome() Outcome. Where the errors of several calls are
// joined ([errors.Join]), it returns what is known of all of them: [OutcomeUnknown] if they differ
// on whether anything changed.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return OutcomeApplied
	}
	outcome, _ := outcomeIn(err)
	return outcome
}

// outcomeIn returns the outcome of the calls of which the errors are in err, and whether there are
// any.
func outcomeIn(err error) (outcome Outcome, found bool) {
	switch err := err.(type) {
	case *Error:
		return err.Outcome, true
	case *ValidationError:
		return OutcomeNotSent, true
	case interface{ Outcome() Outcome }:
		return err.Outcome(), true
	case interface{ Unwrap() error }:
		return outcomeIn(err.Unwrap())
	case interface{ Unwrap() []error }:
		for _, part := range err.Unwrap() {
			if next, ok := outcomeIn(part); ok && found {
				outcome = joint(outcome, next)
			} else if ok {
				outcome, found = next, true
			}
		}
		return outcome, found
	}
	var failed *Error
	if errors.As(err, &failed) {
		return failed.Outcome, true
	}
	return OutcomeUnknown, false
}

// joint returns what is known of two calls.
func joint(a, b Outcome) Outcome {
	switch {
	case a == b:
		return a
	case min(a, b) == OutcomeNotSent && max(a, b) == OutcomeRejected:
		return OutcomeRejected
	default:
		return OutcomeUnknown
	}
}
