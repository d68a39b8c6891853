package argo_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/tenant/argo"
)

// answer makes the mock answer everything alike.
func response(mock *httpmock.MockTransport, status int, contentType, body string) {
	response := httpmock.NewStringResponse(status, body)
	if contentType != "" {
		response.Header.Set("Content-Type", contentType)
	}
	mock.RegisterNoResponder(httpmock.ResponderFromResponse(response))
}

const jsonType = "application/json; charset=utf-8"

func TestErrorResponses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, contentType, body string
		status                  int
		want                    tenantkit.Error
		is                      error
	}{
		{
			name: "unknown tenant", status: http.StatusNotFound, contentType: jsonType, is: tenantkit.ErrNotFound,
			body: `{"status":{"message":"Not Found","code":"404"},"errors":[{"message":"Not Found","code":"404","details":"item with the specific ID was not found on the server"}]}`,
			want: tenantkit.Error{Code: "404", Message: "Not Found", Details: "item with the specific ID was not found on the server"},
		},
		{
			name: "unknown user", status: http.StatusNotFound, contentType: jsonType, is: tenantkit.ErrNotFound,
			body: `{"status":{"message":"Not Found","code":"404","details":"item with the specific ID was not found on the server"}}`,
			want: tenantkit.Error{Code: "404", Message: "Not Found", Details: "item with the specific ID was not found on the server"},
		},
		{
			name: "unknown route", status: http.StatusNotFound, contentType: "text/plain; charset=utf-8", is: tenantkit.ErrNotFound,
			body: "404 page not found\n",
			want: tenantkit.Error{Message: "404 page not found", Details: "the server has no such route; does the base URL end in /api/v2?"},
		},
		{
			name: "JSON under text/plain", status: http.StatusForbidden, contentType: "text/plain; charset=utf-8", is: tenantkit.ErrForbidden,
			body: "{\n \"status\": {\n  \"message\": \"Access to the resource is Forbidden\",\n  \"code\": \"403\"\n }\n}",
			want: tenantkit.Error{Code: "403", Message: "Access to the resource is Forbidden"},
		},
		{
			name: "XML", status: http.StatusUnauthorized, contentType: "application/xml; charset=utf-8", is: tenantkit.ErrUnauthenticated,
			body: "<root><status><message>Unauthorized</message><code>401</code><details>You need to provide a correct authentication token</details></status></root>",
			want: tenantkit.Error{Code: "401", Message: "Unauthorized", Details: "You need to provide a correct authentication token"},
		},
		{
			name: "XML with errors", status: http.StatusBadRequest, contentType: "application/xml", is: tenantkit.ErrBadRequest,
			body: "<root><status><message>Bad Request</message><code>400</code></status><errors><error><message>m</message><code>400</code><details>d</details></error></errors></root>",
			want: tenantkit.Error{Code: "400", Message: "Bad Request", Details: "d"},
		},
		{
			name: "page of a gateway", status: http.StatusBadGateway, contentType: "text/html", is: tenantkit.ErrUnavailable,
			body: "<html><body>bad gateway</body></html>",
		},
		{
			name: "plain text of a gateway", status: http.StatusServiceUnavailable, contentType: "text/plain", is: tenantkit.ErrUnavailable,
			body: "try later\n", want: tenantkit.Error{Message: "try later"},
		},
		{name: "nothing", status: http.StatusInternalServerError, is: tenantkit.ErrUnavailable},
		{
			name: "key that is taken", status: http.StatusConflict, contentType: jsonType, is: tenantkit.ErrConflict,
			body: `{"status":{"message":"Conflict","code":"409"},"errors":[{"message":"Conflict","code":"409","details":"More than one users found using the key: MARKER-of-another"}]}`,
			want: tenantkit.Error{Code: "409", Message: "Conflict", Details: "More than one users found using the key: [redacted]"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, mock := newMockClient(t)
			response(mock, test.status, test.contentType, test.body)
			_, err := client.GetTenant(t.Context(), tenantID)
			var got *tenantkit.Error
			if !errors.As(err, &got) {
				t.Fatalf("got %T (%v), want *tenantkit.Error", err, err)
			}
			if !errors.Is(err, test.is) {
				t.Errorf("%v is not %v", err, test.is)
			}
			gotWords := []string{got.Code, got.Message, got.Details}
			if diff := cmp.Diff([]string{test.want.Code, test.want.Message, test.want.Details}, gotWords); diff != "" {
				t.Errorf("code, message, details (-want +got):\n%s", diff)
			}
			if got.StatusCode != test.status || got.Service != "argo" || got.Operation != "GetTenant" {
				t.Errorf("got %d %s %s", got.StatusCode, got.Service, got.Operation)
			}
			if strings.Contains(got.Body.Reveal(), "MARKER") || strings.Contains(err.Error(), "MARKER") {
				t.Errorf("a key is shown: %v\n%s", err, got.Body.Reveal())
			}
		})
	}
}

func TestInvalidResponses(t *testing.T) {
	t.Parallel()
	reads := map[string]func(context.Context, *argo.Client) error{
		"GetTenant": func(ctx context.Context, c *argo.Client) error { _, err := c.GetTenant(ctx, tenantID); return err },
		"GetTenantStatus": func(ctx context.Context, c *argo.Client) error {
			_, err := c.GetTenantStatus(ctx, tenantID)
			return err
		},
		"GetUser": func(ctx context.Context, c *argo.Client) error {
			_, err := c.GetUser(ctx, tenantID, userID)
			return err
		},
	}
	writes := map[string]func(context.Context, *argo.Client) error{
		"CreateTenant": func(ctx context.Context, c *argo.Client) error {
			_, err := c.CreateTenant(ctx, &argo.Tenant{Info: argo.Info{Name: "n"}})
			return err
		},
		"DeleteTenant": func(ctx context.Context, c *argo.Client) error { return c.DeleteTenant(ctx, tenantID) },
		"RenewAPIKey": func(ctx context.Context, c *argo.Client) error {
			_, err := c.RenewAPIKey(ctx, tenantID, userID)
			return err
		},
	}
	for _, test := range []struct {
		name, contentType, body string
		calls                   map[string]func(context.Context, *argo.Client) error
		outcome                 tenantkit.Outcome
		says                    string
	}{
		{"empty 200 to a read", "", "", reads, tenantkit.OutcomeUnknown, "it is empty"},
		{"empty 200 to a write, of a handler that failed", "", "", writes, tenantkit.OutcomeUnknown, "it is empty"},
		{"no JSON", jsonType, "{", writes, tenantkit.OutcomeApplied, "invalid response"},
		{"page of a gateway", "text/html", "<html>", writes, tenantkit.OutcomeUnknown, "text/html"},
		{"no envelope", jsonType, `{"ok":true}`, writes, tenantkit.OutcomeUnknown, "it has no status"},
		{"failure under 200", jsonType, `{"status":{"code":"500","message":"broken"}}`, writes, tenantkit.OutcomeUnknown, "500 broken"},
		{"none", jsonType, `{"status":{"code":"200"},"data":[]}`, reads, tenantkit.OutcomeUnknown, "0 elements"},
		{"null", jsonType, `{"status":{"code":"200"},"data":null}`, reads, tenantkit.OutcomeUnknown, "0 elements"},
		{"null for the one", jsonType, `{"status":{"code":"200"},"data":[null]}`, reads, tenantkit.OutcomeUnknown, "no id"},
		{"several", jsonType, `{"status":{"code":"200"},"data":[{"id":"a"},{"id":"b"}]}`, reads, tenantkit.OutcomeUnknown, "2 elements"},
		{"failure under 200, with its code as a number", jsonType, `{"status":{"code":500,"message":"broken"}}`, writes, tenantkit.OutcomeUnknown, "500 broken"},
		{"no id", jsonType, `{"status":{"code":"201"},"data":{}}`, map[string]func(context.Context, *argo.Client) error{"CreateTenant": writes["CreateTenant"]}, tenantkit.OutcomeUnknown, "no id"},
		{"no key", jsonType, `{"status":{"code":"200"},"data":{}}`, map[string]func(context.Context, *argo.Client) error{"RenewAPIKey": writes["RenewAPIKey"]}, tenantkit.OutcomeUnknown, "no api_key"},
	} {
		for operation, call := range test.calls {
			t.Run(test.name+"/"+operation, func(t *testing.T) {
				t.Parallel()
				client, mock := newMockClient(t)
				response(mock, http.StatusOK, test.contentType, test.body)
				err := call(t.Context(), client)
				if err == nil {
					t.Fatal("no error")
				}
				if !strings.Contains(err.Error(), test.says) {
					t.Errorf("%q does not say %q", err, test.says)
				}
				if got := tenantkit.OutcomeOf(err); got != test.outcome {
					t.Errorf("outcome %v, want %v", got, test.outcome)
				}
			})
		}
	}
}

func TestStatusSpellings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, report string
		want         argo.SyncData
	}{
		{"as the server has it", `{"blank_recomputation":true,"configuration_profile":true}`, argo.SyncData{BlankRecomputation: true, ConfigurationProfile: true}},
		{"as the documentation has it", `{"blank_recompuation":true,"weights":true}`, argo.SyncData{BlankRecomputation: true, Weights: true}},
		{"both", `{"blank_recompuation":false,"blank_recomputation":true}`, argo.SyncData{BlankRecomputation: true}},
		{"unknown field", `{"downtimes":true,"new":{"n":12345678901234567890}}`, argo.SyncData{
			Downtimes: true, Extra: map[string]json.RawMessage{"new": json.RawMessage(`{"n":12345678901234567890}`)},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, mock := newMockClient(t)
			response(mock, http.StatusOK, jsonType, `{"status":{"code":"200"},"data":[{"id":"x","status":{"hdfs":{"sync_data":{"a report":`+test.report+`}}}}]}`)
			got, err := client.GetTenantStatus(t.Context(), tenantID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Status.HDFS.SyncData["a report"]); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
			// The standard library reads it alike.
			var standard argo.SyncData
			if err := json.Unmarshal([]byte(test.report), &standard); err != nil {
				t.Fatal(err)
			}
			if standard.BlankRecomputation != test.want.BlankRecomputation {
				t.Errorf("encoding/json reads blank_recomputation as %t", standard.BlankRecomputation)
			}
		})
	}
}

func TestTimeIn(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("server", 2*60*60)
	got, err := argo.Time("2026-11-21 16:37:11").In(zone)
	if want := time.Date(2026, 11, 21, 14, 37, 11, 0, time.UTC); err != nil || !got.Equal(want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, text := range []argo.Time{"", "2026-11-21T16:37:11Z", "yesterday"} {
		if got, err := text.In(zone); err == nil {
			t.Errorf("%q gave %v without an error", text, got)
		}
	}
	if _, err := argo.Time("2026-11-21 16:37:11").In(nil); err == nil {
		t.Error("no error without a zone")
	}
}

// FuzzErrorResponse reads refusals of any kind without a panic, and never shows the key that a
// conflict
// names.
func FuzzErrorResponse(f *testing.F) {
	for _, body := range []string{
		`{"status":{"message":"Conflict","code":"409"},"errors":[{"details":"More than one users found using the key: MARKER"}]}`,
		"<root><status><message>Unauthorized</message><code>401</code></status></root>",
		"404 page not found\n", "<html>", "", "{", `{"status":null}`, `{"errors":[null]}`, "<root>", "using the key: ",
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		client, mock := newMockClient(t)
		response(mock, http.StatusConflict, jsonType, body)
		_, err := client.GetTenant(t.Context(), tenantID)
		var failed *tenantkit.Error
		if !errors.Is(err, tenantkit.ErrConflict) || !errors.As(err, &failed) {
			t.Fatalf("got %v", err)
		}
		for _, text := range []string{failed.Body.Reveal(), failed.Message, failed.Details} {
			_, after, found := strings.Cut(text, "using the key: ")
			if found && !strings.HasPrefix(after, tenantkit.Redacted) {
				t.Errorf("a key is shown: %q", text)
			}
		}
	})
}

// A list of something else is no list of tenants, also where it is read one element at a time.
func TestAllTenantsWithoutIDs(t *testing.T) {
	t.Parallel()
	client, mock := newMockClient(t)
	mock.RegisterNoResponder(func(*http.Request) (*http.Response, error) {
		response := httpmock.NewStringResponse(http.StatusOK, `{"status":{"code":"200"},"data":[{"id":"a"},{"result":{}},{"id":"b"}]}`)
		response.Header.Set("Content-Type", jsonType)
		return response, nil
	})
	var ids []string
	var failed error
	for tenant, err := range client.AllTenants(t.Context()) {
		if failed = err; err == nil {
			ids = append(ids, tenant.ID)
		}
	}
	if len(ids) != 1 || failed == nil || !strings.Contains(failed.Error(), "a tenant has no id") || mock.GetTotalCallCount() != 1 {
		t.Errorf("got %q, %v after %d calls", ids, failed, mock.GetTotalCallCount())
	}
}
