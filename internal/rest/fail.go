package rest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit"
)

// failure is what is wrong with an attempt.
type failure struct {
	*tenantkit.Error
	repeatable        bool
	waitAsked         bool // by a Retry-After that can be read
	credentialRefused bool
}

// unsent is the failure of an attempt that was not begun.
func (a *attempt) unsent(err error) *failure {
	return &failure{Error: a.error(err, tenantkit.OutcomeNotSent)}
}

// broken is the failure of an attempt without an answer.
func (a *attempt) broken(err error) *failure {
	outcome := a.trace.outcome(err)
	return &failure{Error: a.error(a.why(err), outcome), repeatable: a.call.op.repeatsFailure(outcome)}
}

// unread is the failure of an attempt whose body broke off, or is too long.
func (a *attempt) unread(body []byte, err error, repeatable bool) *failure {
	f := a.unusable(body, err)
	f.repeatable = repeatable && a.call.op.repeatsFailure(f.Outcome)
	return f
}

// unusable is the failure of an attempt that was accepted with an answer that does not hold what it should. Whether the service
// itself accepted, or something before it that answers 200 to everything, the content type tells.
func (a *attempt) unusable(body []byte, err error) *failure {
	outcome := tenantkit.OutcomeUnknown
	kind := a.resp.Header.Get("Content-Type")
	if isJSON(kind) {
		outcome = tenantkit.OutcomeApplied
	} else {
		err = fmt.Errorf("%w (Content-Type %q)", err, kind)
	}
	f := &failure{Error: a.error(fmt.Errorf("the answer cannot be used: %w", err), outcome)}
	if len(body) > 0 && holdsSecret(reflect.TypeOf(a.call.Into), make(map[reflect.Type]bool)) {
		// A half of such an answer may be the half with the secret.
		f.Body = tenantkit.Redacted
		return f
	}
	f.Body = a.redactor().body(body)
	return f
}

// unfounded is the failure of an attempt whose answer does not say that it was accepted, although its status does.
func (a *attempt) unfounded(body []byte, err error) *failure {
	f := a.unusable(body, err)
	f.Outcome = tenantkit.OutcomeUnknown
	return f
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json"))
}

func isHTML(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "text/html" || kind == "application/xhtml+xml")
}

// refused is the failure of an attempt with an answer other than 2xx.
func (a *attempt) refused() *failure {
	c := a.call
	// What is missing of a body that breaks off is missing of an explanation only: the status is known.
	body, _ := a.read(maxRefusalBytes, firstBytes)
	a.drain()
	redact := a.redactor()
	asked, waitAsked := retryAfter(a.resp.Header, time.Now())
	status := a.resp.StatusCode
	f := &failure{
		Error:      a.error(nil, outcomeOf(status, waitAsked)),
		repeatable: c.op.repeatsStatus(status, waitAsked),
		waitAsked:  waitAsked,
	}
	f.RetryAfter = asked
	f.Body = redact.body(body)
	if status >= 300 && status <= 399 {
		f.Err = notFollowed(redact.text(target(a.resp)))
	}
	if c.client.api.Refusal != nil {
		c.client.api.Refusal(f.Error)
	}
	for _, text := range []*string{&f.Code, &f.Message, &f.Details, &f.RequestID} {
		*text = redact.text(*text)
	}
	if c.client.api.CredentialRefused != nil {
		f.credentialRefused = c.client.api.CredentialRefused(f.Error)
	} else {
		f.credentialRefused = status == http.StatusUnauthorized
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
		Service: c.client.api.Service, Operation: c.op.Name, Method: c.op.Method,
		URL:      (&url.URL{Scheme: c.url.Scheme, Host: c.url.Host, Path: c.url.Path, RawPath: c.url.RawPath}).String(),
		ReadOnly: c.op.Class == Read, Attempts: c.attempts, Outcome: outcome,
	}
	if a.req == nil {
		e.Err = err
		return e
	}
	redact := a.redactor()
	e.Err = redact.err(err)
	if a.resp != nil {
		e.StatusCode = a.resp.StatusCode
		e.Header = redact.header(a.resp.Header)
		e.RequestID = requestID(e.Header)
	}
	return e
}

// Error returns an error of the operation as a whole, for a client that makes one operation out of several calls. Path holds the
// values of the path's placeholders.
func (c *Client) Error(op *Operation, path []string, outcome tenantkit.Outcome, err error) *tenantkit.Error {
	failed := &tenantkit.Error{
		Service: c.api.Service, Operation: op.Name, Method: op.Method, URL: c.base.String() + op.Path,
		ReadOnly: op.Class == Read, Outcome: outcome, Err: err,
	}
	// What cannot stand in a path was not checked yet.
	if u, err := c.url(op, path); err == nil {
		failed.URL = u.String()
	}
	return failed
}

// Unwritten returns the error of a read that goes before another call, and without which that one is not made: nothing was sent for it,
// whatever became of the read.
func Unwritten(err error) error {
	var failed *tenantkit.Error
	if errors.As(err, &failed) {
		failed.Outcome = tenantkit.OutcomeNotSent
	}
	return err
}

// requestIDHeaders are where services put their name for an exchange. It is no secret, also where the caller chose it.
var requestIDHeaders = []string{"X-Request-Id", "Request-Id", "X-Amzn-Requestid", "X-Correlation-Id"}

func requestID(header http.Header) string {
	for _, name := range requestIDHeaders {
		if id := header.Get(name); id != "" {
			return id
		}
	}
	return ""
}

// redactor knows the secrets of the attempt's request.
func (a *attempt) redactor() *redactor {
	if a.secrets != nil {
		return a.secrets
	}
	own := a.call.header()
	var credential []string
	for name, values := range a.req.Header {
		if !a.call.sets(name, values) {
			credential = append(credential, name)
		}
	}
	hidden := slices.Collect(maps.Keys(a.call.settings.Header))
	if a.resp != nil && a.resp.Request != nil {
		// The request as it left: a middleware may have added a credential of its own.
		for name := range a.resp.Request.Header {
			if own[name] == nil {
				hidden = append(hidden, name)
			}
		}
	}
	hidden = slices.DeleteFunc(hidden, func(name string) bool { return slices.Contains(requestIDHeaders, name) })
	a.secrets = newRedactor(a.req, credential, hidden, a.call.Body)
	for _, value := range a.call.client.known.all() {
		a.secrets.add(credentialTexts(value)...)
	}
	return a.secrets
}

// errNoMoreAttempts ends a call without a word about it.
var errNoMoreAttempts = errors.New("no more attempts")

// notRepeated is the reason why a failure that could be repeated was not.
func notRepeated(format string, args ...any) error {
	return fmt.Errorf("not repeated: "+format, args...)
}

// timeoutError is an attempt that took too long. It is no context.DeadlineExceeded, which would look like the caller's own.
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

// credentialError is why there is no credential for a call. The refusal of another call may be in it: what that one was for was
// not found, or in conflict, and not what this call is for.
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

// both is an error in whose chain are first and second, told in one line. Each may be nil.
func both(first, second error) error {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return &pairError{first, second}
}

type pairError struct{ first, second error }

func (e *pairError) Error() string   { return e.first.Error() + ": " + e.second.Error() }
func (e *pairError) Unwrap() []error { return []error{e.first, e.second} }

// hiddenError is an error of which the text held a secret. It can be tested for, and not be unwrapped.
type hiddenError struct {
	text string
	err  error
}

func (e *hiddenError) Error() string        { return e.text }
func (e *hiddenError) Is(target error) bool { return errors.Is(e.err, target) }

// Format keeps %+v and %#v from walking into the hidden error.
func (e *hiddenError) Format(f fmt.State, _ rune) { fmt.Fprint(f, e.text) }

// err returns err, or in its place an error without the secrets in its text.
func (r *redactor) err(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if clean := r.text(text); clean != text {
		return &hiddenError{clean, err}
	}
	return err
}
