package autoid_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

// A 404 of what does not know the path, such as at a wrong base URL, refuses no item: the run stops
// at once, and nothing is settled.
func TestNotFoundOfThePath(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct{ kind, body string }{
		"the page of a gateway":             {"text/html", "<html><head><title>404 Not Found</title></head><body>nginx</body></html>"},
		"a page that does not say it":       {"", "<!DOCTYPE html><pre>Cannot POST /api/datasink/update/status/assignments</pre>"},
		"a page without content":            {"text/html; charset=utf-8", ""},
		"JSON of a service without a route": {"application/json", `{"statusCode":404,"message":"Cannot POST /api/datasink/update/status/assignments","error":"Not Found"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			client := newClient(t, roundTrip(func(*http.Request) (*http.Response, error) {
				requests++
				resp := httpmock.NewStringResponse(http.StatusNotFound, answer.body)
				resp.Header.Set("Content-Type", answer.kind)
				return resp, nil
			}))
			wantOpen(t, client, tenantkit.ErrNotFound)
			if requests != 1 {
				t.Errorf("%d requests, want one", requests)
			}
		})
	}
}

// The fake answers for a path that it does not know as the service does.
func TestAcknowledgeAtAWrongBaseURL(t *testing.T) {
	t.Parallel()
	server := autoidtest.Start(t, autoidtest.WithAPIKey("an-api-key"))
	client, err := autoid.NewClient(server.BaseURL()+"/api", autoid.Credentials{APIKey: auth.StaticToken("an-api-key")})
	if err != nil {
		t.Fatal(err)
	}
	wantOpen(t, client, tenantkit.ErrNotFound)
}

// wantOpen runs an acknowledgement that must stop at its first request, with all items open.
func wantOpen(t *testing.T, client *autoid.Client, reason error) {
	t.Helper()
	result, err := client.AcknowledgeAssignments(t.Context(), users(20), autoid.BulkOptions{BatchItems: 4, Parallel: 1, Refused: func(r autoid.BulkRefusal) {
		t.Errorf("item %d is said to be refused", r.Position)
	}})
	var stopped *autoid.BulkError
	if !errors.As(err, &stopped) || !stopped.Stopped || !errors.Is(err, reason) {
		t.Errorf("error %v, want that the run stopped with %v", err, reason)
	}
	if got, want := counts(result), "skipped 0 done 0 refused 0 unknown 0"; !strings.Contains(got, want) || len(result.State.Settled) != 0 {
		t.Errorf("%s, want %s, and nothing settled: %+v", got, want, result.State)
	}
}

// A password that is refused is not tried again and again, which could lock its user out: the run
// stops.
func TestAcknowledgeWithARefusedPassword(t *testing.T) {
	t.Parallel()
	server := autoidtest.Start(t)
	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{
		User: autoidtest.DefaultUser, Password: auth.StaticToken("wrong"),
	})
	if err != nil {
		t.Fatal(err)
	}
	wantOpen(t, client, tenantkit.ErrUnauthenticated)
	if n := len(server.Requests()); n != 1 {
		t.Errorf("%d requests, want one log-in", n)
	}
}
