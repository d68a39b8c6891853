package argotest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

const (
	unauthorizedJSON = `{
 "status": {
  "message": "Unauthorized",
  "code": "401",
  "details": "You need to provide a correct authentication token using the header 'x-api-key'"
 }
}`
	unauthorizedXML = `<root>
 <status>
  <message>Unauthorized</message>
  <code>401</code>
  <details>You need to provide a correct authentication token using the header &#39;x-api-key&#39;</details>
 </status>
</root>`
	forbiddenXML = `<root>
 <status>
  <message>Access to the resource is Forbidden</message>
  <code>403</code>
 </status>
</root>`
	notAcceptableJSON = `{
 "status": {
  "message": "Not Acceptable Content Type",
  "code": "406",
  "details": "Accept header provided did not contain any valid content types. Acceptable content types are 'application/xml' and 'application/json'"
 }
}`
)

// What is answered before a handler is reached, in the order of the checks.
func TestErrorResponses(t *testing.T) {
	t.Parallel()
	s := argotest.Start(t, argotest.WithAdminKey("super", argotest.RoleSuperAdmin), argotest.WithAdminKey("ui", argotest.RoleUI))
	s.AddTenant(argotest.Tenant{ID: "t", Users: []argotest.User{{APIKey: "users-key"}}})
	tests := []struct {
		name, key, method, path string
		accept                  []string
		status                  int
		body                    string
	}{
		{"no key", "", "GET", "/tenants", []string{"application/json"}, 401, unauthorizedJSON},
		{"wrong key", "wrong", "GET", "/tenants", []string{"application/json"}, 401, unauthorizedJSON},
		{"key of a user", "users-key", "GET", "/tenants", []string{"application/json"}, 401, unauthorizedJSON},
		{"key before Accept", "wrong", "GET", "/tenants", []string{"text/html"}, 401, unauthorizedJSON},
		{"key before tenant", "wrong", "GET", "/tenants/none", []string{"application/json"}, 401, unauthorizedJSON},
		{"key, XML", "wrong", "GET", "/tenants", []string{"application/xml"}, 401, unauthorizedXML},
		{"role, XML", "ui", "DELETE", "/tenants/t", []string{"application/xml"}, 403, forbiddenXML},
		{"Accept with parameter", "super", "GET", "/tenants", []string{"application/json; charset=utf-8"}, 406, notAcceptableJSON},
		{"Accept with list", "super", "GET", "/tenants", []string{"application/json, */*"}, 406, notAcceptableJSON},
		{"Accept anything", "super", "GET", "/tenants", []string{"*/*"}, 406, notAcceptableJSON},
		{"Accept in capitals", "super", "GET", "/tenants", []string{"Application/JSON"}, 406, notAcceptableJSON},
		{"no Accept", "super", "GET", "/tenants", nil, 406, notAcceptableJSON},
		{"Accept before tenant", "super", "GET", "/tenants/none", nil, 406, notAcceptableJSON},
		{"first Accept counts", "super", "GET", "/tenants", []string{"text/html", "application/json"}, 406, notAcceptableJSON},
		{"route before key", "wrong", "GET", "/tenants/", []string{"application/json"}, 404, "404 page not found\n"},
		{"method before key", "wrong", "PATCH", "/tenants", []string{"application/json"}, 404, "404 page not found\n"},
		{"HEAD", "super", "HEAD", "/tenants", []string{"application/json"}, 404, ""},
		{"escaped slash in an id", "super", "GET", "/tenants/a%2Fb", []string{"application/json"}, 404, "404 page not found\n"},
		{"path without version", "super", "GET", "/../../admin/tenants", []string{"application/json"}, 307, "<a href=\"/api/admin/tenants\">Temporary Redirect</a>.\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{"Accept": tt.accept}
			if tt.key != "" {
				header.Set("x-api-key", tt.key)
			}
			got := send(t, s, tt.method, "/api/v2/admin"+tt.path, "", header)
			if got.err != nil || got.status != tt.status {
				t.Errorf("status = %d, %v, want %d", got.status, got.err, tt.status)
			}
			if diff := cmp.Diff(tt.body, got.body); diff != "" {
				t.Errorf("body differs (-want +got):\n%s", diff)
			}
			echoed := tt.status == 401 || tt.status == 403 || tt.status == 406
			if echo := got.header.Get("X-Api-Key"); echoed && echo != tt.key || !echoed && echo != "" {
				t.Errorf("X-Api-Key = %q in the answer", echo)
			}
			if echoed && !cmp.Equal(got.header["Accept"], tt.accept) {
				t.Errorf("Accept = %q in the answer, want %q", got.header["Accept"], tt.accept)
			}
			if ctype := got.header.Get("Content-Type"); echoed && !strings.HasPrefix(ctype, "text/") {
				t.Errorf("Content-Type = %q for a request without one", ctype)
			}
		})
	}
}

func TestXMLAccepted(t *testing.T) {
	t.Parallel()
	s := argotest.Start(t)
	s.AddTenant(argotest.Tenant{ID: "t"})
	tests := []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"success is JSON", "DELETE", "/tenants/t", "", 200, "{\n \"status\": {\n  \"message\": \"Tenant Successfully Deleted\",\n  \"code\": \"200\"\n }\n}"},
		{"malformed", "POST", "/tenants", "{", 400, "<root>\n <status>\n  <message>Bad Request</message>\n  <code>400</code>\n </status>\n <errors>\n  <error>\n" +
			"   <message>Bad Request</message>\n   <code>400</code>\n" +
			"   <details>Request Body contains malformed JSON, thus rendering the Request Bad</details>\n  </error>\n </errors>\n</root>"},
		{"unknown user", "GET", "/tenants/t2/users/u", "", 404, "<root>\n <status>\n  <message>Not Found</message>\n  <code>404</code>\n" +
			"  <details>item with the specific ID was not found on the server</details>\n </status>\n</root>"},
	}
	s.AddTenant(argotest.Tenant{ID: "t2"})
	for _, tt := range tests {
		got := send(t, s, tt.method, "/api/v2/admin"+tt.path, tt.body, accept("application/xml"))
		if diff := cmp.Diff(tt.want, got.body); diff != "" || got.status != tt.status {
			t.Errorf("%s: status %d, body differs (-want +got):\n%s", tt.name, got.status, diff)
		}
		if ctype := got.header.Get("Content-Type"); ctype != "application/xml; charset=utf-8" {
			t.Errorf("%s: Content-Type = %q", tt.name, ctype)
		}
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	s := argotest.Start(t)
	tests := []struct {
		method, path string
		status       int
		location     string
	}{
		{"GET", "/api/v2/admin/tenants//users", 307, "/api/v2/admin/tenants/users"},
		{"PUT", "/api/v2/admin//tenants/a?b=c", 307, "/api/v2/admin/tenants/a?b=c"},
		{"GET", "/api/v2/admin/tenants/../", 307, "/api/v2/admin/"},
		{"GET", "/api/v2/admin/tenants/%2e%2e", 301, "/api/v2/admin"},
		{"DELETE", "/api/v2/admin/tenants/a/users/%2E?x", 301, "/api/v2/admin/tenants/a/users?x"},
	}
	for _, tt := range tests {
		got := send(t, s, tt.method, tt.path, "", accept("application/json"))
		if got.status != tt.status || got.header.Get("Location") != tt.location {
			t.Errorf("%s %s: %d to %q, want %d to %q", tt.method, tt.path, got.status, got.header.Get("Location"), tt.status, tt.location)
		}
	}
}

func TestOptionsMethod(t *testing.T) {
	t.Parallel()
	s := argotest.Start(t)
	for path, status := range map[string]int{
		"/tenants": 200, "/tenants/a": 200, "/tenants/a/users": 200, "/tenants/a/users/b": 200, "/tenants/a/users/b/renew_api_key": 200,
		"/tenants/a/status": 404, "/users:byID/b": 404,
	} {
		got := send(t, s, "OPTIONS", "/api/v2/admin"+path, "", http.Header{})
		if got.status != status {
			t.Errorf("%s: %d, want %d", path, got.status, status)
		}
		if status == 200 && (got.body != "" || got.header.Get("Allow") != "GET,POST,PUT,DELETE,OPTIONS" || got.header.Get("Content-Type") != "text/plain; charset=utf-8") {
			t.Errorf("%s: %+v", path, got)
		}
	}
}
