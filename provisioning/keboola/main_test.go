package keboola_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jarcoal/httpmock"
	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// testToken and the other secrets of these tests hold the word MARKER, so that it is easily seen
// where one of them gets.
const testToken = "MARKER-4711-f00dcafe"

func testdata(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// newMock returns a client whose requests end in the mock.
func newMock(t *testing.T, opts ...tenantkit.Option) (*keboola.Client, *httpmock.MockTransport) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	opts = append([]tenantkit.Option{
		tenantkit.WithHTTPClient(&http.Client{Transport: mock}), tenantkit.WithUserAgent("test"), tenantkit.WithRetry(tenantkit.NoRetry()),
	}, opts...)
	client, err := keboola.NewClient(keboola.BaseURLUS, auth.StaticToken(testToken), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return client, mock
}

// always makes the mock answer everything alike.
func always(mock *httpmock.MockTransport, status int, body string) {
	response := httpmock.NewStringResponse(status, body)
	response.Header.Set("Content-Type", "application/json")
	mock.RegisterNoResponder(httpmock.ResponderFromResponse(response))
}

// newFake returns a client and the fake service that it calls.
func newFake(t *testing.T, server []keboolatest.Option, opts ...tenantkit.Option) (*keboola.Client, *keboolatest.Server) {
	t.Helper()
	s := keboolatest.Start(t, server...)
	client, err := keboola.NewClient(s.BaseURL(), auth.StaticToken(keboolatest.DefaultToken), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client, s
}

// sent is a request as it came over the wire.
type sent struct {
	Line   string // method and request URI
	Header http.Header
	Body   string
}

// recorder is a server that answers everything alike, and keeps what it was sent.
type recorder struct {
	*httptest.Server
	mu       sync.Mutex
	requests []sent
}

func newRecorder(t *testing.T, status int, body string) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		got, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		r.requests = append(r.requests, sent{req.Method + " " + req.RequestURI, req.Header, string(got)})
		r.mu.Unlock()
		if status != http.StatusNoContent {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) sent() []sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests
}

// shows tells whether a text gives a secret of these tests away.
func shows(text string) bool { return strings.Contains(text, "MARKER") }
