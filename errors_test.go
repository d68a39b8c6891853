package tenantkit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	base := func(change func(*tenantkit.Error)) *tenantkit.Error {
		e := &tenantkit.Error{
			Service: "argo", Operation: "CreateTenant", Method: "POST", URL: "https://h.example.org/api/v2/admin/tenants", StatusCode: 409,
			Attempts: 1, Outcome: tenantkit.OutcomeRejected,
		}
		change(e)
		return e
	}
	const call = "argo: CreateTenant: POST https://h.example.org/api/v2/admin/tenants: "
	tests := []struct {
		name string
		err  *tenantkit.Error
		want string
	}{
		{"refusal", base(func(*tenantkit.Error) {}), call + "409 Conflict (the server did not apply it)"},
		{"in the server's words", base(func(e *tenantkit.Error) { e.Code, e.Message, e.Details = "E7", "Resource exists", "name is taken" }),
			call + "409 Conflict: E7: Resource exists: name is taken (the server did not apply it)"},
		{"repeating words", base(func(e *tenantkit.Error) { e.Code, e.Message, e.Details = "409", "Conflict", "Conflict" }),
			call + "409 Conflict (the server did not apply it)"},
		{"details in the message", base(func(e *tenantkit.Error) { e.Message, e.Details = "name is taken", "taken" }),
			call + "409 Conflict: name is taken (the server did not apply it)"},
		{"words of the URL", base(func(e *tenantkit.Error) { e.Message = "tenants" }), call + "409 Conflict: tenants (the server did not apply it)"},
		{"request and attempts", base(func(e *tenantkit.Error) { e.RequestID, e.Attempts = "r-1", 4 }),
			call + "409 Conflict (4 attempts; request r-1; the server did not apply it)"},
		{"no answer", base(func(e *tenantkit.Error) {
			e.StatusCode, e.Outcome, e.Err = 0, tenantkit.OutcomeUnknown, errors.New("connection reset")
		}), call + "connection reset (it is unknown whether the server applied it: look before you repeat a write)"},
		{"not sent", base(func(e *tenantkit.Error) {
			e.StatusCode, e.Outcome, e.Err = 0, tenantkit.OutcomeNotSent, errors.New("connection refused")
		}), call + "connection refused (it did not reach the server)"},
		{"applied", base(func(e *tenantkit.Error) {
			e.StatusCode, e.Outcome, e.Err = 201, tenantkit.OutcomeApplied, errors.New("the answer cannot be used: it is empty")
		}), call + "201 Created: the answer cannot be used: it is empty (the server applied it: do not repeat a write)"},
		{"status without a name", base(func(e *tenantkit.Error) { e.StatusCode = 599 }), call + "599 (the server did not apply it)"},
		{"read", base(func(e *tenantkit.Error) { e.ReadOnly = true }), call + "409 Conflict"},
		{"read, with notes", base(func(e *tenantkit.Error) { e.ReadOnly, e.Attempts, e.RequestID = true, 2, "r-1" }), call + "409 Conflict (2 attempts; request r-1)"},
		{"a page for a message", base(func(e *tenantkit.Error) { e.Message = "no\r\n\tsuch\x00 tenant" }), call + "409 Conflict: no such tenant (the server did not apply it)"},
		{"an endless message", base(func(e *tenantkit.Error) { e.Message = strings.Repeat("é", 2000) }),
			call + "409 Conflict: " + strings.Repeat("é", 512) + "… (the server did not apply it)"},
		{"a cause of several lines", base(func(e *tenantkit.Error) { e.Err = errors.New("at /a\n\x1b[31m: no\nand no") }),
			call + "409 Conflict: at /a [31m: no and no (the server did not apply it)"},
		{"an endless cause", base(func(e *tenantkit.Error) { e.Err = errors.New(strings.Repeat("é", 1<<20)) }),
			call + "409 Conflict: " + strings.Repeat("é", 4096) + "… (the server did not apply it)"},
		{"unknown outcome", base(func(e *tenantkit.Error) { e.Outcome = 77 }), call + "409 Conflict (it is unknown whether the server applied it: look before you repeat a write)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.err.Error()); diff != "" {
				t.Errorf("text differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidationErrorText(t *testing.T) {
	t.Parallel()
	err := &tenantkit.ValidationError{Service: "argo", Operation: "CreateTenant", Field: "info.name", Reason: "must not be empty"}
	if got := err.Error(); got != "argo: CreateTenant: info.name: must not be empty" {
		t.Errorf("text = %q", got)
	}
	err.Service, err.Operation = "", ""
	if got := err.Error(); got != "info.name: must not be empty" {
		t.Errorf("text = %q", got)
	}
}

// No value of the exported types makes a method fail.
func TestZeroValues(t *testing.T) {
	t.Parallel()
	for _, v := range []any{tenantkit.Error{}, &tenantkit.Error{}, tenantkit.ValidationError{}, &tenantkit.ValidationError{}, tenantkit.Response{}, tenantkit.Page[int]{},
		tenantkit.Secret{}, tenantkit.Operation{}, tenantkit.Class(0), tenantkit.CallParams{}, tenantkit.Outcome(0), tenantkit.RetryPolicy{}, tenantkit.Settings{}} {
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("zero", "value", v)
		if text := fmt.Sprintf("%v %+v %#v", v, v, v) + log.String(); strings.Contains(text, "PANIC") || strings.Contains(text, "panicked") {
			t.Errorf("%T: %s", v, text)
		}
	}
	var e tenantkit.Error
	if e.Unwrap() != nil || errors.Is(&e, tenantkit.ErrNotFound) || e.Outcome != tenantkit.OutcomeUnknown {
		t.Errorf("zero Error = %+v", e)
	}
}

func TestErrorIs(t *testing.T) {
	t.Parallel()
	kinds := []error{
		tenantkit.ErrBadRequest, tenantkit.ErrUnauthenticated, tenantkit.ErrForbidden, tenantkit.ErrNotFound, tenantkit.ErrConflict, tenantkit.ErrRateLimited,
		tenantkit.ErrUnavailable,
	}
	wants := map[int]error{
		400: tenantkit.ErrBadRequest, 422: tenantkit.ErrBadRequest, 401: tenantkit.ErrUnauthenticated, 403: tenantkit.ErrForbidden, 404: tenantkit.ErrNotFound,
		410: tenantkit.ErrNotFound, 409: tenantkit.ErrConflict, 429: tenantkit.ErrRateLimited,
	}
	for status := range 700 {
		want := wants[status]
		if status >= 500 {
			want = tenantkit.ErrUnavailable
		}
		err := fmt.Errorf("wrapped: %w", &tenantkit.Error{StatusCode: status, Err: context.Canceled})
		for _, kind := range kinds {
			if got := errors.Is(err, kind); got != (kind == want) {
				t.Errorf("%d is %q = %t", status, kind, got)
			}
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%d does not unwrap to its Err", status)
		}
	}
	// A service may have words of its own for a kind.
	if err := error(&tenantkit.Error{StatusCode: 406, Err: tenantkit.ErrUnauthenticated}); !errors.Is(err, tenantkit.ErrUnauthenticated) {
		t.Errorf("%v is not ErrUnauthenticated", err)
	}
}

// A failure of the credential is none of the call: "not found" is said of what was asked for.
func TestErrorIsNotThatOfItsCause(t *testing.T) {
	t.Parallel()
	login := &tenantkit.Error{Service: "login", StatusCode: 404, Outcome: tenantkit.OutcomeApplied}
	err := error(&tenantkit.Error{Service: "argo", Operation: "GetTenant", Err: fmt.Errorf("no credential: %w", login), Outcome: tenantkit.OutcomeNotSent})
	if tenantkit.OutcomeOf(err) != tenantkit.OutcomeNotSent {
		t.Errorf("outcome = %v, want the one of the call itself", tenantkit.OutcomeOf(err))
	}
	var outer *tenantkit.Error
	if !errors.As(err, &outer) || outer.Service != "argo" {
		t.Errorf("found %+v", outer)
	}
}

func TestErrorInLogs(t *testing.T) {
	t.Parallel()
	err := &tenantkit.Error{
		Service: "argo", Operation: "GetTenant", Method: "GET", URL: "https://h.example.org/t", StatusCode: 503, RequestID: "r-1", Attempts: 4, ReadOnly: true,
		Header: http.Header{"X-Header": {"header-text"}}, Body: tenantkit.NewSecret("body-text"), RetryAfter: time.Second, Err: errors.New("not retried"),
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Error("failed", "error", err)
	var line struct {
		Error map[string]any `json:"error"`
	}
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"service": "argo", "operation": "GetTenant", "status": 503.0, "attempts": 4.0, "request_id": "r-1",
		"message": "argo: GetTenant: GET https://h.example.org/t: 503 Service Unavailable: not retried (4 attempts; request r-1)",
	}
	if diff := cmp.Diff(want, line.Error); diff != "" {
		t.Errorf("logged error differs (-want +got):\n%s", diff)
	}

	log.Reset()
	slog.New(slog.NewJSONHandler(&log, nil)).Error("failed", "error", &tenantkit.Error{Outcome: tenantkit.OutcomeRejected})
	if !bytes.Contains(log.Bytes(), []byte(`"outcome":"rejected"`)) {
		t.Errorf("a write is logged without its outcome: %s", &log)
	}
}

// Errors and responses can be made JSON of, by either version of the library.
func TestErrorAsJSON(t *testing.T) {
	t.Parallel()
	err := tenantkit.Error{Service: "argo", StatusCode: 503, RetryAfter: 90 * time.Second, Outcome: tenantkit.OutcomeRejected, Err: errors.New("x")}
	response := tenantkit.Response{StatusCode: 200, Duration: time.Second, Elapsed: 2 * time.Second}
	for name, marshal := range map[string]func(any) ([]byte, error){"v1": json.Marshal, "v2": func(v any) ([]byte, error) { return wire.Marshal(v) }} {
		for _, v := range []any{err, &err, response, &response} {
			data, failed := marshal(v)
			if failed != nil || !bytes.Contains(data, []byte(`"StatusCode":`)) {
				t.Errorf("%s: %T: %s, %v", name, v, data, failed)
			}
		}
		if data, _ := marshal(&err); !bytes.Contains(data, []byte(`"Outcome":"rejected"`)) {
			t.Errorf("%s: %s", name, data)
		} else if !bytes.Contains(data, []byte(`"Err":"x"`)) {
			t.Errorf("%s: the cause is missing: %s", name, data)
		}
	}
}
