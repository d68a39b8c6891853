package worklytics_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

func TestNewClient(t *testing.T) {
	t.Parallel()
	token := auth.StaticToken("eyJ-secret")
	for _, test := range []struct {
		name, baseURL, tenantID string
		tokens                  auth.TokenSource
		opts                    []tenantkit.Option
		field                   string
	}{
		{name: "all good", baseURL: worklytics.DefaultBaseURL, tenantID: tenantID, tokens: token},
		{name: "legacy", baseURL: worklytics.LegacyBaseURL, tenantID: tenantID, tokens: token},
		{name: "no tenant", baseURL: worklytics.DefaultBaseURL, tenantID: "", tokens: token, field: "tenantID"},
		{name: "20 digits", baseURL: worklytics.DefaultBaseURL, tenantID: tenantID[1:], tokens: token, field: "tenantID"},
		{name: "22 digits", baseURL: worklytics.DefaultBaseURL, tenantID: tenantID + "1", tokens: token, field: "tenantID"},
		{name: "the 29 digits of a guide", baseURL: worklytics.DefaultBaseURL, tenantID: "12345678901234567890123456789", tokens: token, field: "tenantID"},
		{name: "a letter", baseURL: worklytics.DefaultBaseURL, tenantID: "x" + tenantID[1:], tokens: token, field: "tenantID"},
		{name: "a letter within", baseURL: worklytics.DefaultBaseURL, tenantID: "1168633618421133281x7", tokens: token, field: "tenantID"},
		{name: "a line break", baseURL: worklytics.DefaultBaseURL, tenantID: tenantID[1:] + "\n", tokens: token, field: "tenantID"},
		{name: "digits of another script", baseURL: worklytics.DefaultBaseURL, tenantID: strings.Repeat("\u0663", 10) + "1", tokens: token, field: "tenantID"},
		{name: "no tokens", baseURL: worklytics.DefaultBaseURL, tenantID: tenantID, field: "tokens"},
		{name: "no base URL", tenantID: tenantID, tokens: token, field: "baseURL"},
		{name: "plain http", baseURL: "http://intl.worklytics.co/tenant", tenantID: tenantID, tokens: token, field: "baseURL"},
		{name: "nil option", baseURL: worklytics.DefaultBaseURL, tenantID: tenantID, tokens: token, opts: []tenantkit.Option{nil}, field: "opts"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, err := worklytics.NewClient(test.baseURL, test.tenantID, test.tokens, test.opts...)
			if test.field == "" {
				if err != nil || client == nil {
					t.Fatalf("got %v, %v", client, err)
				}
				client.CloseIdleConnections()
				return
			}
			var invalid *tenantkit.ValidationError
			if !errors.As(err, &invalid) || invalid.Field != test.field || invalid.Operation != "NewClient" {
				t.Fatalf("got %v, want a ValidationError of %s", err, test.field)
			}
		})
	}
}

func TestBaseURLs(t *testing.T) {
	t.Parallel()
	if worklytics.DefaultBaseURL != "https://intl.worklytics.co/tenant" {
		t.Errorf("DefaultBaseURL is %s", worklytics.DefaultBaseURL)
	}
	if worklytics.LegacyBaseURL != "https://intl.worklytics.co/tenant-api" {
		t.Errorf("LegacyBaseURL is %s", worklytics.LegacyBaseURL)
	}
}

// Every call, as it goes out: method, URL, headers, body.
func TestRequests(t *testing.T) {
	t.Parallel()
	const body = `{"integrationId":"gdirectory-psoxy","settings":{"ADMIN_TO_IMPERSONATE":"admin@acme.example",` +
		`"PROXY_AWS_REGION":"us-east-1","PROXY_AWS_ROLE_ARN":"arn:aws:iam::123456789012:role/PsoxyCaller",` +
		`"PROXY_DEPLOYMENT_KIND":"AWS","PROXY_ENDPOINT":"https://abcdefgh.lambda-url.us-east-1.on.aws/"}}`
	withID := func(id string, numeric bool) *worklytics.DataConnection {
		connection := onAWS()
		connection.ID, connection.NumericID = id, numeric
		return connection
	}
	for _, test := range []struct {
		name   string
		call   func(context.Context, *worklytics.Client) error
		method string
		url    string
		body   string
	}{
		{
			name:   "create",
			method: "POST", url: "https://intl.worklytics.co/tenant/data-connections", body: body,
			call: func(ctx context.Context, c *worklytics.Client) error {
				_, err := c.CreateDataConnection(ctx, onAWS())
				return err
			},
		},
		{
			name:   "get",
			method: "GET", url: "https://intl.worklytics.co/tenant/data-connections/4818059952914432",
			call: func(ctx context.Context, c *worklytics.Client) error {
				_, err := c.GetDataConnection(ctx, "4818059952914432")
				return err
			},
		},
		{
			name:   "get with an odd ID",
			method: "GET", url: "https://intl.worklytics.co/tenant/data-connections/a+b@c%20%3F%23",
			call: func(ctx context.Context, c *worklytics.Client) error {
				_, err := c.GetDataConnection(ctx, "a+b@c ?#")
				return err
			},
		},
		{
			name:   "update of a number",
			method: "PUT", url: "https://intl.worklytics.co/tenant/data-connections/4818059952914432", body: `{"id":4818059952914432,` + body[1:],
			call: func(ctx context.Context, c *worklytics.Client) error {
				_, err := c.UpdateDataConnection(ctx, withID("4818059952914432", true))
				return err
			},
		},
		{
			name:   "update of text",
			method: "PUT", url: "https://intl.worklytics.co/tenant/data-connections/4818059952914432", body: `{"id":"4818059952914432",` + body[1:],
			call: func(ctx context.Context, c *worklytics.Client) error {
				_, err := c.UpdateDataConnection(ctx, withID("4818059952914432", false))
				return err
			},
		},
		{
			name:   "delete",
			method: "DELETE", url: "https://intl.worklytics.co/tenant/data-connections/4818059952914432",
			call: func(ctx context.Context, c *worklytics.Client) error {
				return c.DeleteDataConnection(ctx, "4818059952914432")
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, mock := mocked(t)
			var sent *http.Request
			var body string
			mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
				sent = req
				if req.Body != nil {
					data, err := io.ReadAll(req.Body)
					if err != nil {
						return nil, err
					}
					body = string(data)
				}
				id := `"a+b@c ?#"`
				if !strings.Contains(test.name, "odd") {
					id = "4818059952914432"
				}
				return httpmock.NewStringResponse(200, `{"id":`+id+`,"integrationId":"gdirectory-psoxy","settings":{}}`), nil
			})
			if err := test.call(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			if got := sent.Method + " " + sent.URL.String(); got != test.method+" "+test.url {
				t.Errorf("sent %s, want %s %s", got, test.method, test.url)
			}
			want := http.Header{
				"Accept": {"application/json"}, "User-Agent": {"test"},
				"Authorization": {"Bearer eyJ-secret"}, "X-Worklytics-Tenant-Id": {tenantID},
			}
			if test.body != "" {
				want.Set("Content-Type", "application/json")
			}
			if diff := cmp.Diff(want, sent.Header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if body != test.body {
				t.Errorf("body is\n%s, want\n%s", body, test.body)
			}
		})
	}
}

// The header of the tenant is the client's, whatever an option says.
func TestTenantHeaderStays(t *testing.T) {
	t.Parallel()
	client, mock := mocked(t, tenantkit.WithHeader("x-worklytics-tenant-id", "another"))
	var got []string
	mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		got = req.Header.Values("x-worklytics-tenant-id")
		return httpmock.NewStringResponse(200, ""), nil
	})
	other := tenantkit.WithHeader("X-Worklytics-Tenant-Id", "another")
	remove := tenantkit.Operation{Method: http.MethodDelete, Path: "/x", Class: tenantkit.Idempotent}
	for name, call := range map[string]func() error{
		"method":           func() error { return client.DeleteDataConnection(t.Context(), "1") },
		"method, per call": func() error { return client.DeleteDataConnection(t.Context(), "1", other) },
		"Call":             func() error { return client.Call(t.Context(), remove, tenantkit.CallParams{}, nil) },
		"Call, per call":   func() error { return client.Call(t.Context(), remove, tenantkit.CallParams{}, nil, other) },
	} {
		if err := call(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{tenantID}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A client that was not made by NewClient returns errors, and can be printed.
func TestClient_Nil(t *testing.T) {
	t.Parallel()
	var none *worklytics.Client
	op := tenantkit.Operation{Method: http.MethodGet, Path: "/x", Class: tenantkit.Read}
	for _, client := range []*worklytics.Client{none, new(worklytics.Client)} {
		client.CloseIdleConnections()
		if text := fmt.Sprintf("%v %d", client, client); text != "nil client nil client" {
			t.Errorf("printed %q", text)
		}
		_, pageErr := client.CallPage(t.Context(), op, tenantkit.CallParams{}, new([]int))
		_, modifyErr := client.ModifyDataConnection(t.Context(), "1", func(*worklytics.DataConnection) error { return nil })
		for _, err := range []error{client.Call(t.Context(), op, tenantkit.CallParams{}, nil), pageErr, modifyErr} {
			var invalid *tenantkit.ValidationError
			if !errors.As(err, &invalid) || invalid.Field != "client" {
				t.Errorf("got %v", err)
			}
		}
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	var got []string
	for _, op := range worklytics.Operations() {
		got = append(got, op.Name+": "+op.Method+" "+op.Path+", "+op.Class.String())
	}
	want := []string{
		"CreateDataConnection: POST /data-connections, write",
		"GetDataConnection: GET /data-connections/{id}, read",
		"UpdateDataConnection: PUT /data-connections/{id}, idempotent write",
		"DeleteDataConnection: DELETE /data-connections/{id}, idempotent write",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	worklytics.Operations()[0].Path = "/elsewhere"
	if worklytics.Operations()[0].Path != "/data-connections" {
		t.Error("a caller can change the operations of the package")
	}
}
