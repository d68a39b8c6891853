package fake_test

import (
	"net/http"
	"testing"

	"github.com/tenantkit/tenantkit/internal/fake"
)

func TestNoRecord(t *testing.T) {
	t.Parallel()
	server := fake.NewServer(fake.Config{NoRecord: true, Routes: []fake.Route{
		{Operation: "Get", Method: http.MethodGet, Path: "/x", Handle: func(*fake.Request) fake.Response { return fake.Text(http.StatusOK, "ok") }},
	}})
	defer server.Close()
	resp, err := server.Client().Get(server.URL() + "/x")
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if got := len(server.Requests()); got != 0 {
		t.Errorf("%d requests are in the record, want none", got)
	}
	if got := server.Applied("Get"); got != 1 {
		t.Errorf("%d requests are counted as applied, want 1", got)
	}
}
