package argotest_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// answer is what a client got.
type response struct {
	status int
	header http.Header
	body   string
	err    error
}

// accept is the pair of headers that every request of a super admin needs.
func accept(contentType string) http.Header {
	return http.Header{"X-Api-Key": {argotest.DefaultKey}, "Accept": {contentType}}
}

func send(t *testing.T, s *argotest.Server, method, path, body string, header http.Header) response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	client := *s.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		return response{err: err}
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return response{status: resp.StatusCode, header: resp.Header, body: string(got), err: err}
}

// call sends a request of the super admin to a path under /api/v2/admin.
func call(t *testing.T, s *argotest.Server, method, path, body string) response {
	t.Helper()
	return send(t, s, method, "/api/v2/admin"+path, body, accept("application/json"))
}

func mustCall(t *testing.T, s *argotest.Server, method, path, body string) response {
	t.Helper()
	got := call(t, s, method, path, body)
	if got.err != nil || got.status/100 != 2 {
		t.Fatalf("%s %s: %d %s %v", method, path, got.status, got.body, got.err)
	}
	return got
}

// Which role may use which operation.
func TestRoles(t *testing.T) {
	t.Parallel()
	s := argotest.Start(t,
		argotest.WithAdminKey("super", argotest.RoleSuperAdmin),
		argotest.WithAdminKey("restricted", argotest.RoleRestricted),
		argotest.WithAdminKey("ui", argotest.RoleUI))
	tests := []struct {
		operation, method, path string
		open                    bool // to the lower roles
	}{
		{"ListTenants", "GET", "/tenants", true},
		{"CreateTenant", "POST", "/tenants", false},
		{"GetTenant", "GET", "/tenants/t", false},
		{"UpdateTenant", "PUT", "/tenants/t", false},
		{"DeleteTenant", "DELETE", "/tenants/t", false},
		{"GetTenantStatus", "GET", "/tenants/t/status", true},
		{"UpdateTenantStatus", "PUT", "/tenants/t/status", false},
		{"ListUsers", "GET", "/tenants/t/users", false},
		{"CreateUser", "POST", "/tenants/t/users", false},
		{"GetUser", "GET", "/tenants/t/users/u", false},
		{"UpdateUser", "PUT", "/tenants/t/users/u", false},
		{"DeleteUser", "DELETE", "/tenants/t/users/u", false},
		{"RenewAPIKey", "POST", "/tenants/t/users/u/renew_api_key", false},
		{"FindUser", "GET", "/users:byID/u", true},
	}
	for _, tt := range tests {
		for _, key := range []string{"super", "restricted", "ui"} {
			header := accept("application/json")
			header.Set("x-api-key", key)
			got := send(t, s, tt.method, "/api/v2/admin"+tt.path, "", header)
			if allowed := got.status != 403; allowed != (key == "super" || tt.open) {
				t.Errorf("%s as %s: %d", tt.operation, key, got.status)
			}
			requests := s.Requests()
			if last := requests[len(requests)-1]; last.Operation != tt.operation {
				t.Errorf("%s %s is recorded as %q, want %q", tt.method, tt.path, last.Operation, tt.operation)
			}
		}
	}
}

func TestAdminKeysChangeWhileRunning(t *testing.T) {
	t.Parallel()
	s := argotest.Start(t)
	header := accept("application/json")
	header.Set("x-api-key", "next")
	if got := send(t, s, "GET", "/api/v2/admin/tenants", "", header); got.status != 401 {
		t.Errorf("before: %d", got.status)
	}
	s.AddAdminKey("next", argotest.RoleSuperAdmin)
	s.RemoveAdminKey(argotest.DefaultKey)
	if got := send(t, s, "GET", "/api/v2/admin/tenants", "", header); got.status != 200 {
		t.Errorf("after: %d", got.status)
	}
	if got := call(t, s, "GET", "/tenants", ""); got.status != 401 {
		t.Errorf("with the removed key: %d", got.status)
	}
}

func TestDefaultKeyGoesWhenOthersAreGiven(t *testing.T) {
	t.Parallel()
	s := argotest.Start(t, argotest.WithAdminKey("mine", argotest.RoleSuperAdmin))
	if got := call(t, s, "GET", "/tenants", ""); got.status != 401 {
		t.Errorf("status = %d, want 401", got.status)
	}
}

// Faults reach the API's own handlers: what is applied is seen in the state.
func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		fault   argotest.Fault
		status  int // 0 when no answer comes
		applied bool
	}{
		{"none", argotest.Fault{}, 201, true},
		{"unavailable", argotest.Fault{Status: 503, RetryAfter: "3"}, 503, false},
		{"applied, then unavailable", argotest.Fault{Status: 503, Applied: true}, 503, true},
		{"reset before", argotest.Fault{ResetBefore: true}, 0, false},
		{"reset after", argotest.Fault{ResetAfter: true}, 0, true},
		{"crashed", argotest.Fault{Empty: true}, 200, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := argotest.Start(t)
			s.Fail("CreateTenant", tt.fault)
			got := call(t, s, "POST", "/tenants", `{"info":{"name":"a"}}`)
			if got.status != tt.status || (got.err != nil) != (tt.status == 0) {
				t.Errorf("answer = %d, %v, want %d", got.status, got.err, tt.status)
			}
			if got.header.Get("Retry-After") != tt.fault.RetryAfter {
				t.Errorf("Retry-After = %q", got.header.Get("Retry-After"))
			}
			if applied := len(s.Tenants()) == 1; applied != tt.applied || s.Applied("CreateTenant") == 1 != tt.applied {
				t.Errorf("%d tenants, Applied = %d", len(s.Tenants()), s.Applied("CreateTenant"))
			}
		})
	}
}

func TestClockAndLinks(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 3600)
	s := argotest.Start(t, argotest.WithClock(func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6, zone) }))
	got := mustCall(t, s, "POST", "/tenants", `{}`)
	var doc struct {
		Data struct {
			ID    string
			Links struct{ Self string }
		}
	}
	if err := json.Unmarshal([]byte(got.body), &doc); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(doc.Data.ID) {
		t.Errorf("id = %q, want a version 4 UUID", doc.Data.ID)
	}
	want := "https" + strings.TrimPrefix(s.BaseURL(), "http") + "/admin/tenants/" + doc.Data.ID
	if doc.Data.Links.Self != want {
		t.Errorf("self = %q, want %q", doc.Data.Links.Self, want)
	}
	if info := s.Tenants()[0].Info; info.Created != "2026-01-02 03:04:05" || info.Updated != info.Created {
		t.Errorf("info = %+v", info)
	}
}

func TestListener(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := argotest.Start(t, argotest.WithListener(listener))
	if want := "http://" + listener.Addr().String(); server.URL() != want {
		t.Errorf("the server is at %s, want %s", server.URL(), want)
	}
}
