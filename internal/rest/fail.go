package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/excerpt"
)

// failure describes why an attempt failed, and whether it may be retried.
type failure struct {
	*tenantkit.Error
	retryable          bool
	waitAsked          bool // by a Retry-After that can be read
	credentialRejected bool
}

// notSent returns the failure of an attempt that was not started.
func (a *attempt) notSent(err error) *failure {
	return &failure{Error: a.error(err, tenantkit.OutcomeNotSent)}
}

// transportFailure returns the failure of an attempt without a response.
func (a *attempt) transportFailure(err error) *failure {
	outcome := a.trace.outcome(err)
	return &failure{Error: a.error(a.contextCause(err), outcome), retryable: a.call.op.retriesOutcome(outcome)}
}

// truncatedResponse returns the failure of an attempt whose body broke off, or is too long.
func (a *attempt) truncatedResponse(body []byte, err error, retryable bool) *failure {
	f := a.invalidResponse(body, err)
	f.retryable = retryable && a.call.op.retriesOutcome(f.Outcome)
	return f
}

// invalidResponse returns the failure of an attempt that was accepted with a response that does not
// contain what it should. Whether the service itself accepted it, or a gateway that returns 200 to
// everything, follows from the content type.
func (a *attempt) invalidResponse(body []byte, err error) *failure {
	outcome := tenantkit.OutcomeUnknown
	kind := a.resp.Header.Get("Content-Type")
	if isJSON(kind) {
		outcome = tenantkit.OutcomeApplied
	} else {
		err = fmt.Errorf("%w (Content-Type %q)", err, kind)
	}
	f := &failure{Error: a.error(fmt.Errorf("invalid response: %w", err), outcome)}
	f.Body = bodyExcerpt(body)
	return f
}

// unconfirmedResponse returns the failure of an attempt whose response does not say that it was
// accepted, although its status does.
func (a *attempt) unconfirmedResponse(body []byte, err error) *failure {
	f := a.invalidResponse(body, err)
	f.Outcome = tenantkit.OutcomeUnknown
	return f
}

// bodyExcerpt returns the start of a body for an error.
func bodyExcerpt(body []byte) tenantkit.Secret {
	return tenantkit.NewSecret(string(body[:min(len(body), maxErrorBytes)]))
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json"))
}

func isHTML(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "text/html" || kind == "application/xhtml+xml")
}

// errorResponse returns the failure of an attempt whose response has a status other than 2xx.
func (a *attempt) errorResponse() *failure {
	c := a.call
	// A truncated body only shortens the error message: the status is known.
	body, _ := a.readBody(maxErrorBytes)
	a.drain()
	asked, waitAsked := retryAfter(a.resp.Header, time.Now())
	status := a.resp.StatusCode
	f := &failure{
		Error:     a.error(nil, statusOutcome(status, waitAsked)),
		retryable: c.retriesStatus(status, waitAsked),
		waitAsked: waitAsked,
	}
	f.RetryAfter = asked
	f.Body = bodyExcerpt(body)
	if status >= 300 && status <= 399 {
		f.Err = c.client.secrets.Error(notFollowed(target(a.resp)))
	}
	if c.client.api.ReadError != nil {
		// Fields of an error are valid UTF-8, whatever the server sent.
		c.client.api.ReadError(f.Error, bytes.ToValidUTF8(body, []byte("\uFFFD")))
	}
	for _, field := range []*string{&f.Code, &f.Message, &f.Details, &f.RequestID} {
		// Redacted before it is shortened: half a secret is one, too.
		*field = excerpt.Of(c.client.secrets.Field(*field), maxFieldBytes)
	}
	if c.client.api.CredentialRejected != nil {
		f.credentialRejected = c.client.api.CredentialRejected(f.Error)
	} else {
		f.credentialRejected = status == http.StatusUnauthorized
	}
	return f
}

func notFollowed(target string) error {
	if target == "" {
		return errors.New("a redirect that does not say where to")
	}
	return fmt.Errorf("a redirect to %s is not followed: reads follow up to %d within their origin, writes none", target, maxRedirects)
}

// target returns where a redirect leads, without its query, or nothing.
func target(resp *http.Response) string {
	location, err := resp.Location()
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: location.Scheme, Host: location.Host, Path: location.Path}).String()
}

// error returns the error of the attempt, as far as it got.
func (a *attempt) error(err error, outcome tenantkit.Outcome) *tenantkit.Error {
	c := a.call
	e := &tenantkit.Error{
		Service: c.op.Service, Operation: c.op.Name, Method: c.op.Method,
		URL:      (&url.URL{Scheme: c.url.Scheme, Host: c.url.Host, Path: c.url.Path, RawPath: c.url.RawPath}).String(),
		ReadOnly: c.op.Class == tenantkit.Read, Attempts: c.attempts, Outcome: outcome,
	}
	e.Err = c.client.secrets.Error(err)
	if a.resp != nil {
		e.StatusCode = a.resp.StatusCode
		e.Header = c.client.publicHeader(a.resp.Header)
		e.RequestID = requestID(e.Header)
	}
	return e
}

// Error returns an error of the operation as a whole, for a client that makes one operation out of
// several calls. Path holds the values of the path's placeholders.
func (c *Client) Error(op *Operation, path []string, outcome tenantkit.Outcome, err error) *tenantkit.Error {
	failed := &tenantkit.Error{
		Service: op.Service, Operation: op.Name, Method: op.Method, URL: c.base.String() + op.Path,
		ReadOnly: op.Class == tenantkit.Read, Outcome: outcome, Err: err,
	}
	// What cannot stand in a path was not checked yet.
	if u, err := c.url(op, path); err == nil {
		failed.URL = u.String()
	}
	return failed
}

// AsNotSent returns the error of a read that must succeed before a write, as the error of that
// write, for which nothing was sent.
func AsNotSent(err error) error {
	var failed *tenantkit.Error
	if errors.As(err, &failed) {
		failed.Outcome = tenantkit.OutcomeNotSent
	}
	return err
}

// timeoutError is an attempt that took too long. It is no context.DeadlineExceeded, which would
// look like the caller's own.
type timeoutError struct {
	after time.Duration // 0 where only the error knows
	err   error         // of the transport, or nil
}

func (e *timeoutError) Error() string {
	if e.after == 0 {
		return e.err.Error()
	}
	return fmt.Sprintf("the attempt took longer than its time-out of %v", e.after)
}

func (e *timeoutError) Timeout() bool { return true }

func (e *timeoutError) Is(target error) bool {
	return target == os.ErrDeadlineExceeded || target != context.DeadlineExceeded && errors.Is(e.err, target)
}

func (e *timeoutError) As(target any) bool { return errors.As(e.err, target) }

// credentialError is why there is no credential for a call. The refusal of another call may be in
// it: what that one was for was not found, or in conflict, and not what this call is for.
type credentialError struct{ err error }

func (e *credentialError) Error() string { return e.err.Error() }

func (e *credentialError) Is(target error) bool {
	switch target {
	case tenantkit.ErrBadRequest, tenantkit.ErrForbidden, tenantkit.ErrNotFound, tenantkit.ErrConflict:
		return false
	default:
		return errors.Is(e.err, target)
	}
}

func (e *credentialError) As(target any) bool { return errors.As(e.err, target) }

// joinInline returns an error that wraps first and second and has a message of one line. Each may
// be nil.
func joinInline(first, second error) error {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return &joinedError{first, second}
}

type joinedError struct{ first, second error }

func (e *joinedError) Error() string   { return e.first.Error() + ": " + e.second.Error() }
func (e *joinedError) Unwrap() []error { return []error{e.first, e.second} }
