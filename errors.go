package tenantkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// The kinds of rejection, for [errors.Is].
var (
	ErrBadRequest      = errors.New("bad request")       // 400, 422
	ErrUnauthenticated = errors.New("not authenticated") // 401, and Infoworks' 406 with IW10031
	ErrForbidden       = errors.New("forbidden")         // 403
	ErrNotFound        = errors.New("not found")         // 404, 410
	ErrConflict        = errors.New("conflict")          // 409
	ErrRateLimited     = errors.New("rate limited")      // 429
	ErrUnavailable     = errors.New("unavailable")       // 5xx
)

// Error reports a failed call: the server rejected it, its response could not be read, or the
// request could not be sent. (Invalid input is reported as a [ValidationError] instead.) A field
// that shares anything with a credential or a [Secret] that the client knows is [Redacted] as a
// whole.
//
// [errors.Is] matches it with the sentinels by StatusCode, and with everything in Err:
// context.Canceled and context.DeadlineExceeded if the context of the call was done,
// os.ErrDeadlineExceeded if an attempt timed out.
type Error struct {
	// Service and Operation name the call: "argo", "CreateTenant".
	Service, Operation string
	// Method and URL are those of the request. URL has no query.
	Method, URL string
	// ReadOnly says that the call changes nothing on the server, so that its Outcome does not
	// matter.
	ReadOnly bool
	// StatusCode is the HTTP status of the last response. It is 0 if there was none.
	StatusCode int
	// Code, Message and Details come from the service's own error response, at most 1 KiB each.
	// Details that are not a string are JSON. Each is empty if the service sent none.
	Code, Message, Details string
	// RequestID is the server's name for the exchange, to quote to its operators.
	RequestID string
	// RetryAfter is the delay that the server asked for. It is 0 if it asked for none.
	RetryAfter time.Duration
	// Attempts is the number of attempts made. It is 0 if none was started.
	Attempts int
	// Header has these headers of the last response, nil if there was none: Content-Type,
	// Content-Length, Date, Retry-After, Server, Allow, the request IDs and rate limits, the
	// scheme of WWW-Authenticate, and the origin of Location. A value with a secret that the
	// client knows is [Redacted].
	Header http.Header
	// Body is the start of the last response's body, at most 64 KiB, as it was received. It may
	// contain secrets, so it is shown only by [Secret.Reveal].
	Body Secret
	// Outcome reports whether the call took effect, considering all attempts.
	Outcome Outcome
	// Err is the underlying error, if any: a network error, a context error, an invalid
	// response, or the reason why the call was not retried. It is nil if the server's error
	// response is the only cause.
	Err error `json:"-"`
}

// Error describes in one line what was tried, what the response was, and what is known of the
// outcome.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s %s", e.Service, e.Operation, e.Method, e.URL)
	call := b.Len()
	if e.StatusCode != 0 {
		b.WriteString(": " + strings.TrimSpace(fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))))
	}
	for _, text := range []string{e.Code, e.Message, e.Details} {
		// Many services have the status in their message too, and the message in their
		// details.
		if text = shortLine(text); text != "" && !strings.Contains(b.String()[call:], text) {
			b.WriteString(": " + text)
		}
	}
	if e.Err != nil {
		// It may quote what a server sent, and be made of several.
		b.WriteString(": " + oneLine(e.Err.Error(), 4096))
	}
	var notes []string
	if e.Attempts > 1 {
		notes = append(notes, fmt.Sprintf("%d attempts", e.Attempts))
	}
	if e.RequestID != "" {
		notes = append(notes, "request "+shortLine(e.RequestID))
	}
	if !e.ReadOnly {
		notes = append(notes, e.Outcome.advice())
	}
	if len(notes) > 0 {
		b.WriteString(" (" + strings.Join(notes, "; ") + ")")
	}
	return b.String()
}

// shortLine returns the beginning of a server's text as one line. The fields of the error have all
// of it.
func shortLine(text string) string { return oneLine(text, 512) }

// oneLine returns the first characters of a text, most of them at most, as one line.
func oneLine(text string, most int) string {
	// Nobody reads the end of a text without end.
	text = strings.ToValidUTF8(text[:min(len(text), 16*most)], "\uFFFD")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the sentinel of the error's status.
func (e *Error) Is(target error) bool {
	switch e.StatusCode {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return target == ErrBadRequest
	case http.StatusUnauthorized:
		return target == ErrUnauthenticated
	case http.StatusForbidden:
		return target == ErrForbidden
	case http.StatusNotFound, http.StatusGone:
		return target == ErrNotFound
	case http.StatusConflict:
		return target == ErrConflict
	case http.StatusTooManyRequests:
		return target == ErrRateLimited
	default:
		return e.StatusCode >= 500 && target == ErrUnavailable
	}
}

// MarshalJSON returns all fields, with the message of Err.
func (e *Error) MarshalJSON() ([]byte, error) {
	if e == nil {
		return []byte("null"), nil
	}
	type fields Error // without this method
	var cause string
	if e.Err != nil {
		cause = e.Err.Error()
	}
	return json.Marshal(struct {
		*fields
		Err string
	}{(*fields)(e), cause})
}

// LogValue returns what a log line should hold of the error, without header and body.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("service", e.Service),
		slog.String("operation", e.Operation),
		slog.Int("status", e.StatusCode),
		slog.Int("attempts", e.Attempts),
		slog.String("message", e.Error()),
	}
	if !e.ReadOnly {
		attrs = append(attrs, slog.String("outcome", e.Outcome.String()))
	}
	if e.RequestID != "" {
		attrs = append(attrs, slog.String("request_id", e.RequestID))
	}
	return slog.GroupValue(attrs...)
}

// ValidationError reports invalid input. Nothing was sent, and retrying the call does not help.
type ValidationError struct {
	// Service is the package of the client: "argo". It is "auth", "coord" or "tenantkit" for
	// input to those.
	Service string
	// Operation is the call that was not made: "CreateTenant", "NewClient". Of a method that
	// makes several, it is the one with the wrong input: "UpdateTenant" in ModifyTenant.
	Operation string
	// Field names the parameter or the field of it: "tenantID", "info.name".
	Field string
	// Reason says what is wrong with it. It never contains a [Secret].
	Reason string
}

// Error names the service, the operation, the field and the reason.
func (e *ValidationError) Error() string {
	// The reason may quote what is wrong, which may be of any length and hold anything.
	text := shortLine(e.Field) + ": " + shortLine(e.Reason)
	for _, name := range []string{e.Operation, e.Service} {
		if name != "" {
			text = name + ": " + text
		}
	}
	return text
}
