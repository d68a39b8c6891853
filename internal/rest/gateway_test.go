package rest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// A gateway that answers everything with 200 and a page must not make a write look accepted, even
// where nobody reads the answer.
func TestDo_PageOfAGateway(t *testing.T) {
	t.Parallel()
	const page = "<html><title>Sign in</title></html>"
	tests := []struct {
		name              string
		contentType, body string
		wantErr           bool
	}{
		{"a page", "text/html; charset=utf-8", page, true},
		{"an XHTML page", "application/xhtml+xml", page, true},
		{"JSON", "application/json", `{"message":"ok"}`, false},
		{"bare text", "text/plain", "ok", false},
		{"nothing", "", "", false},
		{"not even JSON", "application/json", `{"message": ok}`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = []string{test.contentType}
				// The client's own test shows what it got.
				_, _ = w.Write([]byte(test.body))
			}))
			defer server.Close()
			client, err := rest.New(rest.API{Service: "test"}, server.URL, []tenantkit.Option{tenantkit.WithHTTPClient(server.Client())})
			if err != nil {
				t.Fatal(err)
			}
			op := rest.Operation{Name: "Write", Method: http.MethodPost, Path: "/write", Class: tenantkit.Idempotent, Expect: rest.Status}
			err = client.Do(context.Background(), &op, rest.Call{}, nil)
			if (err != nil) != test.wantErr {
				t.Fatalf("error %v, want one: %v", err, test.wantErr)
			}
			if err != nil && tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown {
				t.Errorf("outcome %v, want unknown: %v", tenantkit.OutcomeOf(err), err)
			}
		})
	}
}
