package argo_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
)

const (
	baseURL  = "https://argo.example.org/api/v2"
	testKey  = "MARKER-admin-key"
	tenantID = "5430a952-93d0-4d46-abea-c95b70ccdd3f"
	userID   = "74af7863-10ff-4988-9f14-32b11d26a25a"

	statusOnly = `{"status":{"message":"Success","code":"200"}}`
)

// newMockClient returns a client whose requests end in the mock.
func newMockClient(t *testing.T, opts ...tenantkit.Option) (*argo.Client, *httpmock.MockTransport) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	opts = append([]tenantkit.Option{
		tenantkit.WithHTTPClient(&http.Client{Transport: mock}), tenantkit.WithUserAgent("test"), tenantkit.WithRetry(tenantkit.NoRetry()),
	}, opts...)
	client, err := argo.NewClient(baseURL, auth.StaticToken(testKey), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return client, mock
}

// sent is a request as it left the client.
type sent struct {
	Method, URL string
	Header      http.Header
	Body        string
}

func TestRequests(t *testing.T) {
	t.Parallel()
	tenant := func() *argo.Tenant {
		return &argo.Tenant{
			ID: tenantID,
			Info: argo.Info{
				Name: "Tenant1", Email: "email1@tenant1.com", Description: "a simple tenant", Image: "url to image", Website: "www.tenant1.com",
				Created: "2015-10-20 02:08:04", Updated: "2015-10-20 02:08:04",
			},
			DBConf:   []argo.DBConf{{Store: "ar", Server: "a.mongodb.org", Port: 27017, Database: "ar_db", Username: "admin", Password: tenantkit.NewSecret("3NCRYPT3D")}},
			Topology: argo.Topology{Type: "GOCDB", Feed: "gocdb1.example.foo"},
			Users: []argo.User{
				{ID: userID, Name: "cap", Email: "cap@email.com", APIKey: tenantkit.NewSecret("C4PK3Y"), Roles: []argo.Role{argo.RoleAdmin}},
			},
		}
	}
	const tenantBody = `{"info":{"name":"Tenant1","email":"email1@tenant1.com","description":"a simple tenant","image":"url to image","website":"www.tenant1.com"},` +
		`"db_conf":[{"store":"ar","server":"a.mongodb.org","port":27017,"database":"ar_db","username":"admin","password":"3NCRYPT3D"}],` +
		`"topology":{"type":"GOCDB","feed":"gocdb1.example.foo"},` +
		`"users":[{"name":"cap","email":"cap@email.com","api_key":"C4PK3Y","roles":["admin"]}]}`

	asked := make(map[string]bool)
	for _, test := range []struct {
		name               string
		response           string
		call               func(context.Context, *argo.Client) error
		method, path, body string
	}{
		{
			name: "list tenants", response: `{"status":{"code":"200"},"data":[]}`, method: http.MethodGet, path: "/admin/tenants",
			call: func(ctx context.Context, c *argo.Client) error { _, err := c.ListTenants(ctx); return err },
		},
		{
			name: "all tenants", response: `{"status":{"code":"200"},"data":[]}`, method: http.MethodGet, path: "/admin/tenants",
			call: func(ctx context.Context, c *argo.Client) error {
				for _, err := range c.AllTenants(ctx) {
					return err
				}
				return nil
			},
		},
		{
			name: "get tenant", response: `{"status":{"code":"200"},"data":[{"id":"x"}]}`, method: http.MethodGet, path: "/admin/tenants/" + tenantID,
			call: func(ctx context.Context, c *argo.Client) error { _, err := c.GetTenant(ctx, tenantID); return err },
		},
		{
			name: "id with characters that need care", response: `{"status":{"code":"200"},"data":[{"id":"x"}]}`, method: http.MethodGet,
			path: "/admin/tenants/a@b+c:d%20e%3Ff%2541%23",
			call: func(ctx context.Context, c *argo.Client) error {
				_, err := c.GetTenant(ctx, "a@b+c:d e?f%41#")
				return err
			},
		},
		{
			name: "create tenant", response: `{"status":{"code":"201"},"data":{"id":"x","links":{"self":"y"}}}`, method: http.MethodPost, path: "/admin/tenants",
			body: tenantBody,
			call: func(ctx context.Context, c *argo.Client) error { _, err := c.CreateTenant(ctx, tenant()); return err },
		},
		{
			name: "create tenant of a name alone", response: `{"status":{"code":"201"},"data":{"id":"x"}}`, method: http.MethodPost, path: "/admin/tenants",
			body: `{"info":{"name":"<&>","email":"","description":"","image":"","website":""},"topology":{"type":"","feed":""}}`,
			call: func(ctx context.Context, c *argo.Client) error {
				_, err := c.CreateTenant(ctx, &argo.Tenant{Info: argo.Info{Name: "<&>"}})
				return err
			},
		},
		{
			name: "update tenant", response: statusOnly, method: http.MethodPut, path: "/admin/tenants/" + tenantID, body: tenantBody,
			call: func(ctx context.Context, c *argo.Client) error { return c.UpdateTenant(ctx, tenant()) },
		},
		{
			name: "delete tenant", response: statusOnly, method: http.MethodDelete, path: "/admin/tenants/" + tenantID,
			call: func(ctx context.Context, c *argo.Client) error { return c.DeleteTenant(ctx, tenantID) },
		},
		{
			name: "get status", response: `{"status":{"code":"200"},"data":[{"id":"x"}]}`, method: http.MethodGet, path: "/admin/tenants/" + tenantID + "/status",
			call: func(ctx context.Context, c *argo.Client) error {
				_, err := c.GetTenantStatus(ctx, tenantID)
				return err
			},
		},
		{
			name: "update status", response: statusOnly, method: http.MethodPut, path: "/admin/tenants/" + tenantID + "/status",
			body: `{"ams":{"metric_data":{"ingestion":true,"publishing":true,"status_streaming":false,"messages_arrived":9007199254740993},` +
				`"sync_data":{"ingestion":true,"publishing":false,"status_streaming":true,"messages_arrived":200}},` +
				`"hdfs":{"metric_data":true,"sync_data":{"Critical":{"aggregation_profile":true,"blank_recomputation":true,"configuration_profile":false,` +
				`"downtimes":true,"group_endpoints":true,"group_groups":true,"metric_profile":true,"operations_profile":true,"weights":true}}},` +
				`"engine_config":true,"last_check":"2018-08-10T12:32:45Z"}`,
			call: func(ctx context.Context, c *argo.Client) error {
				return c.UpdateTenantStatus(ctx, tenantID, &argo.Status{
					Total: true, // worked out by the server, so not sent
					AMS: argo.AMS{
						MetricData: argo.AMSProject{Ingestion: true, Publishing: true, MessagesArrived: 9007199254740993},
						SyncData:   argo.AMSProject{Ingestion: true, StatusStreaming: true, MessagesArrived: 200},
					},
					HDFS: argo.HDFS{MetricData: true, SyncData: map[string]argo.SyncData{"Critical": {
						Downtimes: true, GroupEndpoints: true, BlankRecomputation: true, GroupGroups: true, Weights: true,
						OperationsProfile: true, MetricProfile: true, AggregationProfile: true,
					}}},
					EngineConfig: true, LastCheck: "2018-08-10T12:32:45Z",
				})
			},
		},
		{
			name: "list users", response: `{"status":{"code":"200"},"data":null}`, method: http.MethodGet, path: "/admin/tenants/" + tenantID + "/users",
			call: func(ctx context.Context, c *argo.Client) error { _, err := c.ListUsers(ctx, tenantID); return err },
		},
		{
			name: "get user", response: `{"status":{"code":"200"},"data":[{"id":"x"}]}`, method: http.MethodGet, path: "/admin/tenants/" + tenantID + "/users/" + userID,
			call: func(ctx context.Context, c *argo.Client) error {
				_, err := c.GetUser(ctx, tenantID, userID)
				return err
			},
		},
		{
			name: "find user", response: `{"status":{"code":"200"},"data":[{"id":"x"}]}`, method: http.MethodGet, path: "/admin/users:byID/" + userID,
			call: func(ctx context.Context, c *argo.Client) error { _, err := c.FindUser(ctx, userID); return err },
		},
		{
			name: "create user", response: `{"status":{"code":"201"},"data":{"id":"x"}}`, method: http.MethodPost, path: "/admin/tenants/" + tenantID + "/users",
			body: `{"name":"new_user","email":"new_user@email.com","roles":["admin"]}`,
			call: func(ctx context.Context, c *argo.Client) error {
				_, err := c.CreateUser(ctx, tenantID, &argo.User{ID: "ignored", Name: "new_user", Email: "new_user@email.com", Roles: []argo.Role{argo.RoleAdmin}})
				return err
			},
		},
		{
			name: "update user", response: statusOnly, method: http.MethodPut, path: "/admin/tenants/" + tenantID + "/users/" + userID,
			body: `{"name":"new_user","api_key":"n3wk3y"}`,
			call: func(ctx context.Context, c *argo.Client) error {
				return c.UpdateUser(ctx, tenantID, &argo.User{ID: userID, Name: "new_user", APIKey: tenantkit.NewSecret("n3wk3y")})
			},
		},
		{
			name: "delete user", response: statusOnly, method: http.MethodDelete, path: "/admin/tenants/" + tenantID + "/users/" + userID,
			call: func(ctx context.Context, c *argo.Client) error { return c.DeleteUser(ctx, tenantID, userID) },
		},
		{
			name: "renew key", response: `{"status":{"code":"200"},"data":{"api_key":"k"}}`, method: http.MethodPost,
			path: "/admin/tenants/" + tenantID + "/users/" + userID + "/renew_api_key",
			call: func(ctx context.Context, c *argo.Client) error {
				_, err := c.RenewAPIKey(ctx, tenantID, userID)
				return err
			},
		},
	} {
		asked[test.method+" "+test.path] = true
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, mock := newMockClient(t)
			var got []sent
			mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
				s := sent{Method: req.Method, URL: req.URL.String(), Header: req.Header.Clone()}
				if req.Body != nil {
					body, err := io.ReadAll(req.Body)
					if err != nil {
						return nil, err
					}
					s.Body = string(body)
				}
				got = append(got, s)
				response := httpmock.NewStringResponse(http.StatusOK, test.response)
				response.Header.Set("Content-Type", "application/json; charset=utf-8")
				return response, nil
			})
			if err := test.call(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			want := sent{Method: test.method, URL: baseURL + test.path, Body: test.body, Header: http.Header{
				"Accept": {"application/json"}, "User-Agent": {"test"}, "X-Api-Key": {testKey},
			}}
			if test.body != "" {
				want.Header["Content-Type"] = []string{"application/json"}
			}
			if diff := cmp.Diff([]sent{want}, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
	for _, op := range argo.Operations() {
		path := strings.NewReplacer("{tenantID}", tenantID, "{userID}", userID).Replace(op.Path)
		if !asked[op.Method+" "+path] {
			t.Errorf("no test asks for %s, %s %s", op.Name, op.Method, path)
		}
	}
}

func TestInputIsCheckedBeforeSending(t *testing.T) {
	t.Parallel()
	var noContext context.Context
	named := argo.Info{Name: "n"}
	for _, test := range []struct {
		name, operation, field string
		call                   func(context.Context, *argo.Client) error
	}{
		{"empty id", "GetTenant", "tenantID", func(ctx context.Context, c *argo.Client) error { _, err := c.GetTenant(ctx, ""); return err }},
		{"id that climbs", "DeleteTenant", "tenantID", func(ctx context.Context, c *argo.Client) error { return c.DeleteTenant(ctx, "..") }},
		{"id with a slash", "GetUser", "userID", func(ctx context.Context, c *argo.Client) error { _, err := c.GetUser(ctx, "t", "a/b"); return err }},
		{"id with a line break", "FindUser", "userID", func(ctx context.Context, c *argo.Client) error { _, err := c.FindUser(ctx, "a\r\nb"); return err }},
		{"nil tenant", "CreateTenant", "tenant", func(ctx context.Context, c *argo.Client) error { _, err := c.CreateTenant(ctx, nil); return err }},
		{"tenant without a name", "CreateTenant", "info.name", func(ctx context.Context, c *argo.Client) error {
			_, err := c.CreateTenant(ctx, &argo.Tenant{})
			return err
		}},
		{"redacted password", "CreateTenant", "db_conf.0.password", func(ctx context.Context, c *argo.Client) error {
			_, err := c.CreateTenant(ctx, &argo.Tenant{Info: named, DBConf: []argo.DBConf{{Password: tenantkit.NewSecret(tenantkit.Redacted)}}})
			return err
		}},
		{"nil update", "UpdateTenant", "tenant", func(ctx context.Context, c *argo.Client) error { return c.UpdateTenant(ctx, nil) }},
		{"update without an id", "UpdateTenant", "tenantID", func(ctx context.Context, c *argo.Client) error {
			return c.UpdateTenant(ctx, &argo.Tenant{Info: named})
		}},
		{"update without a name", "UpdateTenant", "info.name", func(ctx context.Context, c *argo.Client) error {
			return c.UpdateTenant(ctx, &argo.Tenant{ID: tenantID})
		}},
		{"update of a user without a key", "UpdateTenant", "users.1.api_key", func(ctx context.Context, c *argo.Client) error {
			return c.UpdateTenant(ctx, &argo.Tenant{ID: tenantID, Info: named, Users: []argo.User{{Name: "a", APIKey: tenantkit.NewSecret("k")}, {Name: "b"}}})
		}},
		{"nil change", "ModifyTenant", "change", func(ctx context.Context, c *argo.Client) error {
			_, err := c.ModifyTenant(ctx, tenantID, nil)
			return err
		}},
		{"nil status", "UpdateTenantStatus", "status", func(ctx context.Context, c *argo.Client) error {
			return c.UpdateTenantStatus(ctx, tenantID, nil)
		}},
		{"nil kept change", "KeepStatus", "change", func(ctx context.Context, c *argo.Client) error { return c.KeepStatus(ctx, tenantID, nil) }},
		{"nil user", "CreateUser", "user", func(ctx context.Context, c *argo.Client) error {
			_, err := c.CreateUser(ctx, tenantID, nil)
			return err
		}},
		{"user without a name", "CreateUser", "name", func(ctx context.Context, c *argo.Client) error {
			_, err := c.CreateUser(ctx, tenantID, &argo.User{})
			return err
		}},
		{"new user with a key", "CreateUser", "api_key", func(ctx context.Context, c *argo.Client) error {
			_, err := c.ProvisionUser(ctx, tenantID, &argo.User{Name: "a", APIKey: tenantkit.NewSecret("k")})
			return err
		}},
		{"nil user update", "UpdateUser", "user", func(ctx context.Context, c *argo.Client) error { return c.UpdateUser(ctx, tenantID, nil) }},
		{"user update of nothing", "UpdateUser", "user", func(ctx context.Context, c *argo.Client) error {
			return c.UpdateUser(ctx, tenantID, &argo.User{ID: userID})
		}},
		{"user update without an id", "UpdateUser", "userID", func(ctx context.Context, c *argo.Client) error {
			return c.UpdateUser(ctx, tenantID, &argo.User{Name: "a"})
		}},
		{"redacted key", "UpdateUser", "api_key", func(ctx context.Context, c *argo.Client) error {
			return c.UpdateUser(ctx, tenantID, &argo.User{ID: userID, APIKey: tenantkit.NewSecret(tenantkit.Redacted)})
		}},
		{"nil context", "GetTenant", "ctx", func(_ context.Context, c *argo.Client) error {
			_, err := c.GetTenant(noContext, tenantID)
			return err
		}},
		{"nil context of a change", "DeleteUser", "ctx", func(_ context.Context, c *argo.Client) error {
			return c.DeleteUser(noContext, tenantID, userID)
		}},
		{"nil option", "GetTenant", "opts", func(ctx context.Context, c *argo.Client) error {
			_, err := c.GetTenant(ctx, tenantID, nil)
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, mock := newMockClient(t)
			err := test.call(t.Context(), client)
			invalid, ok := err.(*tenantkit.ValidationError)
			if !ok {
				t.Fatalf("got %T (%v), want a validation error", err, err)
			}
			if invalid.Operation != test.operation || invalid.Field != test.field {
				t.Errorf("got operation %q and field %q, want %q and %q (%v)", invalid.Operation, invalid.Field, test.operation, test.field, err)
			}
			if n := mock.GetTotalCallCount(); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
			if got := tenantkit.OutcomeOf(err); got != tenantkit.OutcomeNotSent {
				t.Errorf("outcome %v, want not sent", got)
			}
		})
	}
}

func TestClientThatNewClientDidNotMake(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func(*argo.Client) error{
		"GetTenant": func(c *argo.Client) error { _, err := c.GetTenant(t.Context(), tenantID); return err },
		"AllTenants": func(c *argo.Client) error {
			for _, err := range c.AllTenants(t.Context()) {
				return err
			}
			return nil
		},
		"ModifyTenant": func(c *argo.Client) error {
			_, err := c.ModifyTenant(ended, tenantID, func(*argo.Tenant) error { return nil })
			return err
		},
		"KeepStatus": func(c *argo.Client) error {
			return c.KeepStatus(ended, tenantID, func(context.Context) error { return nil })
		},
		"DeleteUser": func(c *argo.Client) error { return c.DeleteUser(ended, tenantID, userID) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Once for each way that the wait for a lock can end.
			for range 20 {
				var invalid *tenantkit.ValidationError
				if err := call(new(argo.Client)); !errors.As(err, &invalid) || invalid.Field != "client" {
					t.Fatalf("got %v", err)
				}
			}
		})
	}
}

func TestNewClient(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func() error{
		"no key":     func() error { _, err := argo.NewClient(baseURL, nil); return err },
		"no URL":     func() error { _, err := argo.NewClient("", auth.StaticToken("k")); return err },
		"plain http": func() error { _, err := argo.NewClient("http://argo.example.org", auth.StaticToken("k")); return err },
		"option of zero": func() error {
			_, err := argo.NewClient(baseURL, auth.StaticToken("k"), tenantkit.WithTimeout(0))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err, ok := make().(*tenantkit.ValidationError); !ok || err.Operation != "NewClient" {
				t.Errorf("got %v, want a validation error of NewClient", err)
			}
		})
	}
}

// TestMiddlewareIsMadeOnce gives a middleware to the client, which may count or hold back calls,
// and another one to single calls.
func TestMiddlewareIsMadeOnce(t *testing.T) {
	t.Parallel()
	made := make(map[string]int)
	count := func(name string) tenantkit.Option {
		return tenantkit.WithTransport(func(next http.RoundTripper) http.RoundTripper {
			made[name]++
			return next
		})
	}
	client, mock := newMockClient(t, count("client"))
	response(mock, http.StatusOK, jsonType, `{"status":{"code":"200"},"data":[]}`)
	for _, opts := range [][]tenantkit.Option{nil, {count("call")}, {tenantkit.WithHeader("X-A", "b")}, {count("call")}} {
		if _, err := client.ListTenants(t.Context(), opts...); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(map[string]int{"client": 1, "call": 2}, made); diff != "" {
		t.Errorf("made (-want +got):\n%s", diff)
	}
}
