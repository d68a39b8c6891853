package worklytics_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/jarcoal/httpmock"
	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	tenantID = "116863361842113328137"
	jsonType = "application/json; charset=utf-8"
)

// mocked returns a client of the service in production, and what stands in its place.
func mocked(t *testing.T, opts ...tenantkit.Option) (*worklytics.Client, *httpmock.MockTransport) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	opts = append([]tenantkit.Option{
		tenantkit.WithHTTPClient(&http.Client{Transport: mock}), tenantkit.WithRetry(tenantkit.NoRetry()), tenantkit.WithUserAgent("test"),
	}, opts...)
	client, err := worklytics.NewClient(worklytics.DefaultBaseURL, tenantID, auth.StaticToken("eyJ-secret"), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return client, mock
}

// respond makes the mock return the same response to everything.
func respond(mock *httpmock.MockTransport, status int, contentType, body string) {
	response := httpmock.NewStringResponse(status, body)
	if contentType != "" {
		response.Header.Set("Content-Type", contentType)
	}
	mock.RegisterNoResponder(httpmock.ResponderFromResponse(response))
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// onAWS returns a connection without faults.
func onAWS() *worklytics.DataConnection {
	return &worklytics.DataConnection{
		IntegrationID: worklytics.IntegrationGoogleDirectory,
		Settings: map[string]string{
			"PROXY_DEPLOYMENT_KIND": "AWS",
			"PROXY_ENDPOINT":        "https://abcdefgh.lambda-url.us-east-1.on.aws/",
			"PROXY_AWS_REGION":      "us-east-1",
			"PROXY_AWS_ROLE_ARN":    "arn:aws:iam::123456789012:role/PsoxyCaller",
			"ADMIN_TO_IMPERSONATE":  "admin@acme.example",
		},
	}
}
