package argotest_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// Another resource takes the keys of administrators and of tenants' users, and no others.
func TestServerHandleFunc_ChecksTheKey(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t)
	server.AddTenant(argotest.Tenant{Users: []argotest.User{{Name: "ada", APIKey: "key-of-ada"}}})
	server.HandleFunc("GET /reports/{id}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.PathValue("id"))
	})
	for _, test := range []struct {
		key, accept string
		want        int
	}{
		{argotest.DefaultKey, "application/json", http.StatusOK},
		{"key-of-ada", "application/json", http.StatusOK},
		{"wrong", "application/json", http.StatusUnauthorized},
		{"", "application/json", http.StatusUnauthorized},
		{"key-of-ada", "text/plain", http.StatusNotAcceptable},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.BaseURL()+"/reports/r1", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Api-Key", test.key)
		req.Header.Set("Accept", test.accept)
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != test.want || (string(body) == "r1") != (test.want == http.StatusOK) {
			t.Errorf("key %q, accept %q: %s, want %d", test.key, test.accept, resp.Status, test.want)
		}
	}
}
