package rest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// A gateway that answers everything with 200 and a page must not make a write look accepted, where the operation says so.
func TestPageInPlaceOfAnAnswer(t *testing.T) {
	t.Parallel()
	const page = "<html><title>Sign in</title></html>"
	tests := []struct {
		name              string
		answer            rest.Answer
		contentType, body string
		wantErr           bool
	}{
		{"NoPage, a page", rest.NoPage, "text/html; charset=utf-8", page, true},
		{"NoPage, an XHTML page", rest.NoPage, "application/xhtml+xml", page, true},
		{"NoPage, JSON", rest.NoPage, "application/json", `{"message":"ok"}`, false},
		{"NoPage, bare text", rest.NoPage, "text/plain", "ok", false},
		{"NoPage, nothing", rest.NoPage, "", "", false},
		{"NoPage, not even JSON", rest.NoPage, "application/json", `{"message": ok}`, false},
		{"Anything, a page", rest.Anything, "text/html", page, false},
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
			op := rest.Operation{Name: "Write", Method: http.MethodPost, Path: "/write", Class: rest.Idempotent, Answer: test.answer}
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
