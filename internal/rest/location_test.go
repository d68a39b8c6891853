package rest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// A redirect that is the answer of an operation is read, and never followed.
func TestDo_RedirectAsResponse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, location, body string
		status               int
		want                 string // the location, or what came in the body
		is                   error
	}{
		{name: "another origin", status: 302, location: "https://idp.example.org/sso?SAMLRequest=a%2Bb", want: "https://idp.example.org/sso?SAMLRequest=a%2Bb"},
		{name: "relative", status: 303, location: "/elsewhere", want: "{base}/elsewhere"},
		{name: "JSON", status: 200, body: `{"to":"there"}`, want: "there"},
		{name: "no location", status: 302, is: errNone},
		{name: "refused", status: 403, location: "/elsewhere", is: tenantkit.ErrForbidden},
		{name: "refused by the check", status: 200, body: `{}`, is: errNothing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				if tt.location != "" {
					w.Header().Set("Location", tt.location)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer server.Close()
			client, err := rest.New(rest.API{Service: "test"}, server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer client.CloseIdleConnections()
			op := rest.Operation{Name: "Ask", Method: http.MethodGet, Path: "/ask", Expect: rest.JSONOrRedirect}
			var (
				location string
				answer   struct {
					To string `json:"to"`
				}
			)
			err = client.Do(t.Context(), &op, rest.Call{
				Into: &answer,
				Check: func() error {
					if answer.To == "" {
						return errNothing
					}
					return nil
				},
				CheckResponse: func(resp *http.Response) error {
					if at, err := resp.Location(); err == nil {
						location = at.String()
					}
					return nil
				},
			}, nil)
			switch {
			case tt.is == nil && err != nil:
				t.Fatal(err)
			case tt.is != nil && err == nil:
				t.Fatal("no error")
			case tt.is != nil && tt.is != errNone && !errors.Is(err, tt.is):
				t.Fatalf("got %v, want %v", err, tt.is)
			case tt.is == nil && location+answer.To != strings.Replace(tt.want, "{base}", server.URL, 1):
				t.Errorf("got %q and %q, want %q", location, answer.To, strings.Replace(tt.want, "{base}", server.URL, 1))
			}
			if asked.Load() != 1 {
				t.Errorf("%d requests, want 1", asked.Load())
			}
		})
	}
}

var (
	errNone    = errors.New("an error of no particular kind")
	errNothing = errors.New("there is nothing in it")
)
