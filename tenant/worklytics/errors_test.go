package worklytics_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

const (
	hint401 = "the ID token may have expired, or its issuer or audience is not one that the service takes"
	hint403 = "the principal of the ID token needs the role DataConnectionAdmin in Worklytics, in the organization of the tenant ID"
	hint404 = "the prefix in the path of the base URL may be wrong: the API is published under /tenant and under /tenant-api"
	page    = "the response is an HTML page: a gateway in front of the service may have sent it"
)

// The form of refusals is not documented: each of these is one that services give.
func TestErrorResponses(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"error":`, 100) + `"x"` + strings.Repeat("}", 100)
	for _, test := range []struct {
		name, contentType, body string
		status                  int
		want                    tenantkit.Error
		is                      error
	}{
		{
			name: "message", status: 400, contentType: jsonType, is: tenantkit.ErrBadRequest,
			body: `{"message":"integrationId is not known"}`,
			want: tenantkit.Error{Message: "integrationId is not known"},
		},
		{
			name: "message, code and status", status: 400, contentType: jsonType, is: tenantkit.ErrBadRequest,
			body: `{"status":400,"code":"INVALID_SETTINGS","message":"no region"}`,
			want: tenantkit.Error{Code: "INVALID_SETTINGS", Message: "no region"},
		},
		{
			name: "number as code", status: 400, contentType: jsonType, is: tenantkit.ErrBadRequest,
			body: `{"code":1203,"message":"no region"}`,
			want: tenantkit.Error{Code: "1203", Message: "no region"},
		},
		{
			name: "error as text", status: 403, contentType: jsonType, is: tenantkit.ErrForbidden,
			body: `{"error":"no access"}`,
			want: tenantkit.Error{Message: "no access", Details: hint403},
		},
		{
			name: "error as object", status: 403, contentType: jsonType, is: tenantkit.ErrForbidden,
			body: `{"error":{"code":403,"message":"The caller does not have permission","status":"PERMISSION_DENIED"}}`,
			want: tenantkit.Error{Code: "PERMISSION_DENIED", Message: "The caller does not have permission", Details: hint403},
		},
		{
			name: "status in words beside a message", status: 400, contentType: jsonType, is: tenantkit.ErrBadRequest,
			body: `{"timestamp":"2024-05-31T10:11:12Z","status":400,"error":"Bad Request","message":"bad kind","path":"/tenant/data-connections"}`,
			want: tenantkit.Error{Message: "bad kind"},
		},
		{
			name: "list of texts", status: 400, contentType: jsonType, is: tenantkit.ErrBadRequest,
			body: `{"errors":["no region","no role"]}`,
			want: tenantkit.Error{Message: "no region", Details: "no role"},
		},
		{
			name: "message and list of objects", status: 400, contentType: jsonType, is: tenantkit.ErrBadRequest,
			body: `{"message":"2 errors","errors":[{"message":"no region","code":"R1"},{"message":"no role","code":"R2"},{"message":""},null,7]}`,
			want: tenantkit.Error{Code: "R1", Message: "2 errors", Details: "no region; no role"},
		},
		{
			name: "a list alone", status: 400, contentType: jsonType, is: tenantkit.ErrBadRequest,
			body: `[{"message":"no region"},"no role"]`,
			want: tenantkit.Error{Message: "no region", Details: "no role"},
		},
		{
			name: "JSON text", status: 400, contentType: jsonType, is: tenantkit.ErrBadRequest,
			body: `"no region"`, want: tenantkit.Error{Message: "no region"},
		},
		{
			name: "nothing to read", status: 400, contentType: jsonType, is: tenantkit.ErrBadRequest,
			body: `{"message":null,"error":{},"errors":[],"code":true,"status":{}}`,
		},
		{
			name: "errors in errors without end", status: 400, contentType: jsonType, is: tenantkit.ErrBadRequest, body: deep,
		},
		{
			name: "plain text", status: 400, contentType: "text/plain", is: tenantkit.ErrBadRequest,
			body: "  malformed object\n", want: tenantkit.Error{Message: "malformed object"},
		},
		{
			name: "long text", status: 400, contentType: "text/plain", is: tenantkit.ErrBadRequest, body: strings.Repeat("x", 1025),
		},
		{
			name: "broken JSON", status: 400, contentType: jsonType, is: tenantkit.ErrBadRequest,
			body: `{"message":"no reg`, want: tenantkit.Error{Message: `{"message":"no reg`},
		},
		{
			name: "HTML", status: 502, contentType: "text/html", is: tenantkit.ErrUnavailable,
			body: "<!DOCTYPE html><html><title>502</title></html>", want: tenantkit.Error{Details: page},
		},
		{name: "empty", status: 503, is: tenantkit.ErrUnavailable},
		{
			name: "401", status: 401, contentType: jsonType, is: tenantkit.ErrUnauthenticated,
			body: `{"message":"expired"}`, want: tenantkit.Error{Message: "expired", Details: hint401},
		},
		{
			name: "404 in JSON", status: 404, contentType: jsonType, is: tenantkit.ErrNotFound,
			body: `{"message":"Not Found"}`, want: tenantkit.Error{Details: hint404},
		},
		{
			name: "404 in HTML", status: 404, contentType: "text/html", is: tenantkit.ErrNotFound,
			body: "<h1>Not Found</h1>", want: tenantkit.Error{Details: page + "; " + hint404},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, mock := mocked(t)
			respond(mock, test.status, test.contentType, test.body)
			_, err := client.CreateDataConnection(t.Context(), onAWS())
			var got *tenantkit.Error
			if !errors.As(err, &got) || !errors.Is(err, test.is) {
				t.Fatalf("got %v, want an Error that is %v", err, test.is)
			}
			want := test.want
			want.Service, want.Operation = "worklytics", "CreateDataConnection"
			want.Method, want.URL = "POST", "https://intl.worklytics.co/tenant/data-connections"
			want.StatusCode, want.Attempts, want.Body, want.Outcome = test.status, 1, tenantkit.NewSecret(test.body), tenantkit.OutcomeRejected
			if test.status >= 500 {
				want.Outcome = tenantkit.OutcomeUnknown
			}
			if diff := cmp.Diff(&want, got, cmpopts.IgnoreFields(tenantkit.Error{}, "Header")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !strings.Contains(err.Error(), want.Details) {
				t.Errorf("%q does not tell %q", err, want.Details)
			}
		})
	}
}

// A 404 of a call with an ID says what it says; 401 and 403 are two things.
func TestErrorResponse_Kinds(t *testing.T) {
	t.Parallel()
	client, mock := mocked(t)
	respond(mock, http.StatusNotFound, jsonType, `{"message":"gone"}`)
	_, err := client.GetDataConnection(t.Context(), "1")
	if !errors.Is(err, tenantkit.ErrNotFound) || strings.Contains(err.Error(), "prefix") {
		t.Errorf("got %v", err)
	}
	for status, want := range map[int]error{401: tenantkit.ErrUnauthenticated, 403: tenantkit.ErrForbidden} {
		respond(mock, status, "", "")
		_, err := client.GetDataConnection(t.Context(), "1")
		for _, kind := range []error{tenantkit.ErrUnauthenticated, tenantkit.ErrForbidden} {
			if got := errors.Is(err, kind); got != (kind == want) {
				t.Errorf("%d is %v: %t", status, kind, got)
			}
		}
	}
}

// A service that repeats the token does not bring it into the error.
func TestErrorResponse_HidesTheToken(t *testing.T) {
	t.Parallel()
	client, mock := mocked(t)
	respond(mock, http.StatusUnauthorized, jsonType, `{"message":"bad token eyJ-secret","errors":["eyJ-secret"],"code":"eyJ-secret"}`)
	_, err := client.GetDataConnection(t.Context(), "1")
	var got *tenantkit.Error
	if !errors.As(err, &got) || strings.Contains(err.Error()+got.Code+got.Message+got.Details, "eyJ-secret") {
		t.Errorf("got %v", err)
	}
}

func TestInvalidConnectionErrorWithoutProblems(t *testing.T) {
	t.Parallel()
	if text := new(worklytics.InvalidConnectionError).Error(); text != "the data connection is not valid" {
		t.Errorf("got %q", text)
	}
}
