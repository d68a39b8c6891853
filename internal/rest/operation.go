package rest

import (
	"fmt"
	"net/http"
	"time"

	"github.com/tenantkit/tenantkit"
)

// Class says when a failed operation may be repeated. [tenantkit.RetryPolicy] describes it for users.
type Class uint8

const (
	// Read changes nothing: repeated after every failure that may pass.
	Read Class = iota
	// Idempotent sets an absolute value, so that a second time changes nothing more: repeated like Read.
	Idempotent
	// Write creates or spends something: repeated only when it surely was not applied.
	Write
	// Never is not repeated.
	Never
)

// String returns the class in words.
func (c Class) String() string {
	switch c {
	case Read:
		return "read"
	case Idempotent:
		return "idempotent write"
	case Write:
		return "write"
	default:
		return "never"
	}
}

// Answer says what a 2xx answer holds.
type Answer uint8

const (
	// JSON is a JSON body, without which the answer is an error.
	JSON Answer = iota
	// Anything is whatever comes: the status is the answer. An HTML page is an error all the same: it comes from a gateway in front
	// of the service, and says nothing of the call.
	Anything
	// JSONOrRedirect is a JSON body, or a redirect that says where to go, which is not followed: the call's Answered reads it.
	JSONOrRedirect
)

// Operation is one operation of an API, as data.
type Operation struct {
	// Name is the client's method, and labels errors, logs and metrics.
	Name   string
	Method string
	// Path stands under the base URL; a placeholder such as {tenantID} is named like the parameter that fills it.
	Path  string
	Class Class
	// Credential names the one of the client's credentials that the operation takes, where the client has several.
	Credential string
	Answer     Answer
	// Timeout is the least time that an attempt gets, 0 where the client's own will do.
	Timeout time.Duration
}

// Invalid returns the error of input to the operation that must not be sent.
func (op *Operation) Invalid(field, format string, args ...any) error {
	return &tenantkit.ValidationError{Operation: op.Name, Field: field, Reason: fmt.Sprintf(format, args...)}
}

// followsRedirects tells whether a redirect may be followed: nothing that has an effect is done at a place not asked for.
func (op *Operation) followsRedirects() bool {
	return op.Class == Read && op.Method == http.MethodGet && op.Answer != JSONOrRedirect
}

// isRedirect tells whether an answer is a redirect that the operation asks for.
func (op *Operation) isRedirect(resp *http.Response) bool {
	return op.Answer == JSONOrRedirect && resp.StatusCode >= 300 && resp.StatusCode <= 399 && resp.Header.Get("Location") != ""
}

// repeatsStatus tells whether a refusal of the given status may be repeated.
func (op *Operation) repeatsStatus(status int, waitAsked bool) bool {
	switch op.Class {
	case Read, Idempotent:
		switch status {
		case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
			http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
	case Write:
		return refusedBeforeWork(status, waitAsked)
	}
	return false
}

// repeatsFailure tells whether an attempt that got no usable answer may be repeated.
func (op *Operation) repeatsFailure(outcome tenantkit.Outcome) bool {
	switch op.Class {
	case Read, Idempotent:
		return true
	case Write:
		return outcome == tenantkit.OutcomeNotSent
	default:
		return false
	}
}

// refusedBeforeWork tells whether a status is that of a server too busy to begin, rather than of one that broke down on the way.
func refusedBeforeWork(status int, waitAsked bool) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable && waitAsked
}

// showsLife tells whether an answer comes from a service that does its work: where it refuses, it refuses the call, and is not too
// busy or broken for calls at all.
func showsLife(status int) bool {
	return status != 0 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests
}

// outcomeOf returns what a refusal of the given status says about the request's effect.
func outcomeOf(status int, waitAsked bool) tenantkit.Outcome {
	switch {
	case refusedBeforeWork(status, waitAsked):
		return tenantkit.OutcomeRejected
	case status == http.StatusRequestTimeout:
		// Sent by proxies too, which do not know how far the request got.
		return tenantkit.OutcomeUnknown
	case status >= 400 && status < 500, status == http.StatusTemporaryRedirect, status == http.StatusPermanentRedirect:
		return tenantkit.OutcomeRejected
	default:
		// A redirect of another kind may lead from a finished POST to its result; a 5xx says nothing.
		return tenantkit.OutcomeUnknown
	}
}
