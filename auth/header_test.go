package auth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tenantkit/tenantkit/auth"
)

// TestRequestWithoutHeader authorizes a request that was made by hand, with no map for its header.
func TestRequestWithoutHeader(t *testing.T) {
	t.Parallel()
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("X-Api-Key") }))
	defer server.Close()
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = nil
	resp, err := auth.Transport(auth.APIKey("x-api-key", auth.StaticToken("key")), base).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	if got != "key" || req.Header != nil {
		t.Errorf("sent %q; the header of the caller's request is %v", got, req.Header)
	}
}
