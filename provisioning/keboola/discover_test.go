package keboola_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

func TestDiscoverBaseURL(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, http.StatusOK, testdata(t, "answers/index.json"))
	found, err := keboola.DiscoverBaseURL(t.Context(), server.URL+"/", tenantkit.WithUserAgent("test"))
	if err != nil || found != keboola.BaseURLEU {
		t.Errorf("found %q, %v", found, err)
	}
	want := []sent{{"GET /v2/storage", http.Header{"Accept": {"application/json"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"test"}}, ""}}
	if diff := cmp.Diff(want, server.sent()); diff != "" {
		t.Errorf("the request differs (-want +got):\n%s", diff)
	}
}

func TestDiscoverTheFake(t *testing.T) {
	t.Parallel()
	s := keboolatest.Start(t)
	s.Fail("DiscoverBaseURL", keboolatest.Fault{Status: 503, RetryAfter: "0"})
	found, err := keboola.DiscoverBaseURL(t.Context(), s.ConnectionURL())
	if err != nil || found != s.BaseURL() || s.Applied("DiscoverBaseURL") != 1 {
		t.Errorf("found %q, %v", found, err)
	}
}

func TestDiscoverBaseURLFails(t *testing.T) {
	t.Parallel()
	service := func(url string) string { return `{"services":[{"id":"gooddata-provisioning","url":"` + url + `"}]}` }
	for _, tt := range []struct {
		name, body, text string
		status           int
		opts             []tenantkit.Option
	}{
		{"not offered", `{"services":[{"id":"other","url":"https://a.example"}]}`, "none of its 1 services is gooddata-provisioning", 200, nil},
		{"no services", `{}`, "none of its 0 services", 200, nil},
		{"no URL", service(""), "must be absolute", 200, nil},
		{"unprotected", service("http://gd.example.org"), "plain http", 200, nil},
		{"unprotected, and allowed", service("http://gd.example.org"), "", 200, []tenantkit.Option{tenantkit.WithInsecureHTTP()}},
		{"of another form", service("https://user@gd.example.org"), "must not hold a user", 200, nil},
		{"refused", `{"error":"No","code":"accessDenied"}`, "403 Forbidden: accessDenied: No", 403, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mock := httpmock.NewMockTransport()
			always(mock, tt.status, tt.body)
			opts := append([]tenantkit.Option{tenantkit.WithHTTPClient(&http.Client{Transport: mock})}, tt.opts...)
			found, err := keboola.DiscoverBaseURL(t.Context(), "https://connection.example.org", opts...)
			if tt.text == "" {
				if err != nil || found != "http://gd.example.org" {
					t.Errorf("found %q, %v", found, err)
				}
				return
			}
			var failed *tenantkit.Error
			if found != "" || !errors.As(err, &failed) || !strings.Contains(err.Error(), tt.text) || failed.Operation != "DiscoverBaseURL" {
				t.Errorf("found %q, %v, want an error with %q", found, err, tt.text)
			}
		})
	}
}

func TestDiscoverBaseURLOfBadInput(t *testing.T) {
	t.Parallel()
	for url, field := range map[string]string{"": "connectionURL", "http://connection.example.org": "connectionURL", "https://u:p@connection.example.org": "connectionURL"} {
		_, err := keboola.DiscoverBaseURL(t.Context(), url)
		var invalid *tenantkit.ValidationError
		if !errors.As(err, &invalid) || invalid.Operation != "DiscoverBaseURL" || invalid.Field != field {
			t.Errorf("%q: %v", url, err)
		}
	}
	_, err := keboola.DiscoverBaseURL(t.Context(), "https://connection.example.org", nil)
	var invalid *tenantkit.ValidationError
	if !errors.As(err, &invalid) || invalid.Operation != "DiscoverBaseURL" || invalid.Field != "opts" {
		t.Errorf("nil option: %v", err)
	}
}
