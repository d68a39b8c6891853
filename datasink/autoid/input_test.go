package autoid_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
)

// Bad input is refused before anything is sent.
func TestInput(t *testing.T) {
	t.Parallel()
	now := time.Now()
	good := autoid.Sink{ID: sinkID, Name: "IIQ"}
	create := func(change func(*autoid.Sink)) func(context.Context, *autoid.Client) error {
		return func(ctx context.Context, c *autoid.Client) error {
			sink := good
			change(&sink)
			return c.CreateSink(ctx, &sink)
		}
	}
	query := func(filter autoid.SinkFilter) func(context.Context, *autoid.Client) error {
		return func(ctx context.Context, c *autoid.Client) error {
			_, err := c.QuerySinks(ctx, &filter)
			return err
		}
	}
	assignment := func(status autoid.AssignmentStatus) func(context.Context, *autoid.Client) error {
		return func(ctx context.Context, c *autoid.Client) error {
			first := autoid.AssignmentStatus{User: "u", Entitlements: []string{"e"}, DatasinkStatus: autoid.Ack}
			return c.UpdateAssignmentStatus(ctx, []autoid.AssignmentStatus{first, status})
		}
	}
	rule := func(status autoid.RuleStatus) func(context.Context, *autoid.Client) error {
		return func(ctx context.Context, c *autoid.Client) error {
			return c.UpdateRuleStatus(ctx, []autoid.RuleStatus{status})
		}
	}
	role := func(status autoid.RoleStatus) func(context.Context, *autoid.Client) error {
		return func(ctx context.Context, c *autoid.Client) error {
			return c.UpdateRoleStatus(ctx, []autoid.RoleStatus{status})
		}
	}
	tests := []struct {
		name      string
		operation string
		field     string
		call      func(context.Context, *autoid.Client) error
	}{
		{"no sink", "CreateSink", "sink", func(ctx context.Context, c *autoid.Client) error { return c.CreateSink(ctx, nil) }},
		{"no id", "CreateSink", "id", create(func(s *autoid.Sink) { s.ID = "" })},
		{"an id that is no UUID", "CreateSink", "id", create(func(s *autoid.Sink) { s.ID = "sink-1" })},
		{"an id with the wrong dashes", "CreateSink", "id", create(func(s *autoid.Sink) { s.ID = "eaa1970203806-4ee7-9466-91f0968699d9" })},
		{"an id with a wrong digit", "CreateSink", "id", create(func(s *autoid.Sink) { s.ID = "gaa19702-3806-4ee7-9466-91f0968699d9" })},
		{"no name", "CreateSink", "name", create(func(s *autoid.Sink) { s.Name = "" })},
		{"a name that is no text", "CreateSink", "name", create(func(s *autoid.Sink) { s.Name = "\xff" })},
		{"config that is no JSON", "CreateSink", "config", create(func(s *autoid.Sink) { s.Config = raw("{") })},
		{"empty config", "CreateSink", "config", create(func(s *autoid.Sink) { s.Config = raw("") })},
		{"redacted config", "CreateSink", "config", create(func(s *autoid.Sink) { s.Config = raw(`{"password":"[redacted]"}`) })},
		{"config with a name twice", "CreateSink", "config", create(func(s *autoid.Sink) { s.Config = raw(`{"a":1,"a":2}`) })},
		{"logs that are no JSON", "CreateSink", "logs", create(func(s *autoid.Sink) { s.Logs = raw("ok") })},
		{"a year of five digits", "CreateSink", "revokeTimestamp", create(func(s *autoid.Sink) { s.Timestamps.Revoke = time.Unix(math.MaxInt32*1000, 0) })},
		{"no sink to update", "UpdateSink", "sink", func(ctx context.Context, c *autoid.Client) error { return c.UpdateSink(ctx, nil) }},
		{"no name to update", "UpdateSink", "name", func(ctx context.Context, c *autoid.Client) error {
			return c.UpdateSink(ctx, &autoid.Sink{ID: sinkID})
		}},
		{"no id to delete", "DeleteSink", "sinkID", func(ctx context.Context, c *autoid.Client) error { return c.DeleteSink(ctx, "") }},
		{"a bound of the zero time", "QuerySinks", "certifyTimestamp", query(autoid.SinkFilter{Certify: autoid.Threshold{Lower: autoid.GT(time.Time{})}})},
		{"bounds in the wrong order", "QuerySinks", "revokeTimestamp", query(autoid.SinkFilter{Revoke: autoid.Threshold{Lower: autoid.GT(now), Upper: autoid.LT(now.Add(-time.Second))}})},
		{"a bound that cannot be written", "QuerySinks", "autoRequestTimestamp", query(autoid.SinkFilter{AutoRequest: autoid.Threshold{Upper: autoid.LT(now.AddDate(9000, 0, 0))}})},
		{"no id of timestamps", "UpdateTimestamps", "sinkID", func(ctx context.Context, c *autoid.Client) error {
			return c.UpdateTimestamps(ctx, "", autoid.Timestamps{Certify: now})
		}},
		{"no timestamps", "UpdateTimestamps", "timestamps", func(ctx context.Context, c *autoid.Client) error {
			return c.UpdateTimestamps(ctx, sinkID, autoid.Timestamps{})
		}},
		{"a timestamp that cannot be written", "UpdateTimestamps", "rolePublishTimestamp", func(ctx context.Context, c *autoid.Client) error {
			return c.UpdateTimestamps(ctx, sinkID, autoid.Timestamps{RolePublish: now.AddDate(9000, 0, 0)})
		}},
		{"no id of logs", "UpdateLogs", "sinkID", func(ctx context.Context, c *autoid.Client) error { return c.UpdateLogs(ctx, "", 1) }},
		{"no logs", "UpdateLogs", "logs", func(ctx context.Context, c *autoid.Client) error { return c.UpdateLogs(ctx, sinkID, nil) }},
		{"logs that cannot be written", "UpdateLogs", "logs", func(ctx context.Context, c *autoid.Client) error { return c.UpdateLogs(ctx, sinkID, math.Inf(1)) }},
		{"no assignments", "UpdateAssignmentStatus", "assignments", func(ctx context.Context, c *autoid.Client) error { return c.UpdateAssignmentStatus(ctx, nil) }},
		{"no user", "UpdateAssignmentStatus", "assignments.1.user", assignment(autoid.AssignmentStatus{Entitlements: []string{"e"}, DatasinkStatus: autoid.Ack})},
		{"no entitlements", "UpdateAssignmentStatus", "assignments.1.entitlements", assignment(autoid.AssignmentStatus{User: "u", DatasinkStatus: autoid.Ack})},
		{"an empty entitlement", "UpdateAssignmentStatus", "assignments.1.entitlements.1", assignment(autoid.AssignmentStatus{User: "u", Entitlements: []string{"e", ""}, DatasinkStatus: autoid.Ack})},
		{"an entitlement that is no text", "UpdateAssignmentStatus", "assignments.1.entitlements.0", assignment(autoid.AssignmentStatus{User: "u", Entitlements: []string{"\xc3"}, DatasinkStatus: autoid.Ack})},
		{"no status", "UpdateAssignmentStatus", "assignments.1.datasink_status", assignment(autoid.AssignmentStatus{User: "u", Entitlements: []string{"e"}})},
		{"an unknown status", "UpdateAssignmentStatus", "assignments.1.datasink_status", assignment(autoid.AssignmentStatus{User: "u", Entitlements: []string{"e"}, DatasinkStatus: "ACK"})},
		{"no rules", "UpdateRuleStatus", "rules", func(ctx context.Context, c *autoid.Client) error { return c.UpdateRuleStatus(ctx, nil) }},
		{"no entitlement", "UpdateRuleStatus", "rules.0.entitlement", rule(autoid.RuleStatus{Justification: []string{"j"}, DatasinkStatus: autoid.Ack})},
		{"no justification", "UpdateRuleStatus", "rules.0.justification", rule(autoid.RuleStatus{Entitlement: "e", DatasinkStatus: autoid.Ack})},
		{"an unknown status of a rule", "UpdateRuleStatus", "rules.0.datasink_status", rule(autoid.RuleStatus{Entitlement: "e", Justification: []string{"j"}, DatasinkStatus: "maybe"})},
		{"no roles", "UpdateRoleStatus", "roles", func(ctx context.Context, c *autoid.Client) error { return c.UpdateRoleStatus(ctx, nil) }},
		{"no role id", "UpdateRoleStatus", "roles.0.role_id", role(autoid.RoleStatus{Status: autoid.RoleActive, DatasinkStatus: autoid.Ack})},
		{"an unknown state", "UpdateRoleStatus", "roles.0.status", role(autoid.RoleStatus{RoleID: "r", Status: "retired", DatasinkStatus: autoid.Ack})},
		{"no state", "UpdateRoleStatus", "roles.0.status", role(autoid.RoleStatus{RoleID: "r", DatasinkStatus: autoid.Ack})},
		{"an unknown status of a role", "UpdateRoleStatus", "roles.0.datasink_status", role(autoid.RoleStatus{RoleID: "r", Status: autoid.RoleCandidate, DatasinkStatus: "x"})},
		{"an empty tenant id", "DeleteSink", "opts", func(ctx context.Context, c *autoid.Client) error {
			return c.DeleteSink(ctx, sinkID, autoid.WithTenantID(""))
		}},
		{"no context", "DeleteSink", "ctx", func(_ context.Context, c *autoid.Client) error {
			var none context.Context
			return c.DeleteSink(none, sinkID)
		}},
		{"no client", "QuerySinks", "client", func(ctx context.Context, _ *autoid.Client) error {
			_, err := (*autoid.Client)(nil).QuerySinks(ctx, nil)
			return err
		}},
		{"an empty client", "QuerySinks", "client", func(ctx context.Context, _ *autoid.Client) error {
			for _, err := range new(autoid.Client).AllSinks(ctx, nil) {
				return err
			}
			return nil
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			service := &recorder{status: http.StatusOK}
			err := test.call(t.Context(), newClient(t, service))
			var invalid *tenantkit.ValidationError
			if !errors.As(err, &invalid) || invalid.Operation != test.operation || invalid.Field != test.field {
				t.Errorf("error %#v, want a ValidationError of %s, %s", err, test.operation, test.field)
			}
			if len(service.sent) != 0 {
				t.Errorf("%d requests were sent", len(service.sent))
			}
		})
	}
	(*autoid.Client)(nil).CloseIdleConnections()
	new(autoid.Client).CloseIdleConnections()
}

// Values that this package does not know are kept when they are read.
func TestOpenValues(t *testing.T) {
	t.Parallel()
	if got := autoid.Status("later"); string(got) != "later" {
		t.Error(got)
	}
	if got := autoid.RoleState("retired"); string(got) != "retired" {
		t.Error(got)
	}
}

func TestNewClient(t *testing.T) {
	t.Parallel()
	source := auth.StaticToken("secret")
	tests := []struct {
		name        string
		base        string
		credentials autoid.Credentials
		opts        []tenantkit.Option
		field       string
	}{
		{"good", base, autoid.Credentials{Tokens: source}, nil, ""},
		{"with a path", base + "/proxy/", autoid.Credentials{APIKey: source}, nil, ""},
		{"no credential", base, autoid.Credentials{}, nil, "credentials"},
		{"plain http", "http://autoid-ui.example.com", both, nil, "baseURL"},
		{"plain http on purpose", "http://autoid-ui.example.com", both, []tenantkit.Option{tenantkit.WithInsecureHTTP()}, ""},
		{"no base URL", "", both, nil, "baseURL"},
		{"a nil option", base, both, []tenantkit.Option{nil}, "opts"},
		{"an empty tenant id", base, both, []tenantkit.Option{autoid.WithTenantID("")}, "opts"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, err := autoid.NewClient(test.base, test.credentials, test.opts...)
			if test.field == "" {
				if err != nil {
					t.Fatal(err)
				}
				client.CloseIdleConnections()
				return
			}
			var invalid *tenantkit.ValidationError
			if !errors.As(err, &invalid) || invalid.Operation != "NewClient" || invalid.Field != test.field || client != nil {
				t.Errorf("client %v, error %v; want a ValidationError of %s", client, err, test.field)
			}
		})
	}
}

// Each call is made with the credential that the documentation asks for, or with the only one.
func TestCredentials(t *testing.T) {
	t.Parallel()
	tokens, key := auth.StaticToken("a-token"), auth.StaticToken("a-key")
	const (
		wantsToken = "the documentation asks for a bearer token (Credentials.Tokens) here, and the client has only an API key (Credentials.APIKey)"
		wantsKey   = "the documentation asks for an API key (Credentials.APIKey) here, and the client has only a bearer token (Credentials.Tokens)"
	)
	tests := []struct {
		name                                string
		credentials                         autoid.Credentials
		wantDeleteBearer, wantQueryBearer   bool
		wantDeleteAdvice, wantQueryAdvice   string
		wantDeleteRefusal, wantQueryRefusal int
	}{
		{"both", autoid.Credentials{Tokens: tokens, APIKey: key}, true, false, "", "", 401, 401},
		{"tokens only", autoid.Credentials{Tokens: tokens}, true, true, "", wantsKey, 401, 401},
		{"key only", autoid.Credentials{APIKey: key}, false, false, wantsToken, "", 401, 401},
		{"key only, forbidden", autoid.Credentials{APIKey: key}, false, false, "", "", 403, 403},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			check := func(name string, status int, bearer bool, advice string, call func(*autoid.Client) error) {
				service := &recorder{status: status, body: `{"message":"no"}`}
				client, err := autoid.NewClient(base, test.credentials, transport(service), autoid.WithTenantID("tenant-1"))
				if err != nil {
					t.Fatal(err)
				}
				err = call(client)
				var refusal *tenantkit.Error
				if !errors.As(err, &refusal) || refusal.StatusCode != status || refusal.Message != "no" {
					t.Fatalf("%s: %v", name, err)
				}
				header := service.sent[0].Header
				if got := header.Get("Authorization"); (got == "Bearer a-token") != bearer || !bearer && got != "" {
					t.Errorf("%s: Authorization is %q", name, got)
				}
				if got := header.Get("X-Api-Key"); (got == "a-key") == bearer || bearer && got != "" {
					t.Errorf("%s: X-API-KEY is %q", name, got)
				}
				if got := header.Get("X-Tenant-Id"); got != "tenant-1" {
					t.Errorf("%s: X-TENANT-ID is %q", name, got)
				}
				switch {
				case advice != "" && !strings.Contains(err.Error(), advice):
					t.Errorf("%s: %q does not say %q", name, err, advice)
				case advice == "" && strings.Contains(err.Error(), "the documentation asks"):
					t.Errorf("%s: %q gives advice that is none", name, err)
				}
			}
			check("DeleteSink", test.wantDeleteRefusal, test.wantDeleteBearer, test.wantDeleteAdvice,
				func(c *autoid.Client) error { return c.DeleteSink(t.Context(), sinkID) })
			check("QuerySinks", test.wantQueryRefusal, test.wantQueryBearer, test.wantQueryAdvice,
				func(c *autoid.Client) error { _, err := c.QuerySinks(t.Context(), nil); return err })
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 400)
	tests := []struct {
		name, body             string
		message, code, details string
	}{
		{"message", `{"message":"no such sink"}`, "no such sink", "", ""},
		{"message, error and code", `{"statusCode":400,"error":"Bad Request","message":"name is required"}`, "name is required", "Bad Request", ""},
		{"error", `{"error":"broken"}`, "broken", "", ""},
		{"error as object", `{"error":{"message":"broken","stack":"x"},"code":17}`, "broken", "17", ""},
		{"message as list", `{"message":["a","b"],"details":{"id":1}}`, `["a","b"]`, "", `{"id":1}`},
		{"nulls", `{"message":null,"error":null,"code":null}`, "", "", ""},
		{"text", "  name is required\n", "name is required", "", ""},
		{"a page", "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502</h1></body></html>", "502 Bad Gateway", "", ""},
		{"a page without text", "<html><body></body></html>", "", "", ""},
		{"a list", `["a"]`, "", "", ""},
		{"broken JSON", `{"message":`, "", "", ""},
		{"nothing", "", "", "", ""},
		{"long text", long, long[:500] + "…", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, &recorder{status: http.StatusBadRequest, body: test.body})
			err := client.DeleteSink(t.Context(), sinkID)
			var refusal *tenantkit.Error
			if !errors.As(err, &refusal) {
				t.Fatal(err)
			}
			if refusal.Message != test.message || refusal.Code != test.code || refusal.Details != test.details || refusal.Body.Reveal() != test.body {
				t.Errorf("message %q, code %q, details %q, body %q", refusal.Message, refusal.Code, refusal.Details, refusal.Body)
			}
			if !errors.Is(err, tenantkit.ErrBadRequest) || refusal.Service != "autoid" {
				t.Errorf("%v", err)
			}
		})
	}
}
