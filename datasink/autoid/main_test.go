package autoid_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		os.Exit(acknowledgeAsChild(path))
	}
	goleak.VerifyTestMain(m)
}

const (
	base   = "https://autoid-ui.example.com"
	sinkID = "eaa19702-3806-4ee7-9466-91f0968699d9"
)

var both = autoid.Credentials{Tokens: auth.StaticToken("a-bearer-token"), APIKey: auth.StaticToken("an-api-key")}

// transport makes calls go through next, without a network.
func transport(next http.RoundTripper) tenantkit.Option {
	return tenantkit.WithTransport(func(http.RoundTripper) http.RoundTripper { return next })
}

// roundTrip is a function as a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func newClient(t *testing.T, next http.RoundTripper, opts ...tenantkit.Option) *autoid.Client {
	t.Helper()
	client, err := autoid.NewClient(base, both, append([]tenantkit.Option{transport(next)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// sent is one request, as it was sent.
type sent struct {
	Method, Path, Query string
	Header              http.Header
	Body                string
}

// recorder answers every request alike, and remembers them.
type recorder struct {
	status  int
	kind    string
	body    string
	answers []answer // in place of the above, in turn; the last one stays
	sent    []sent
}

type answer struct {
	status int
	body   string
	err    error
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		var body []byte
		if req.Body != nil {
			var err error
			if body, err = io.ReadAll(req.Body); err != nil {
				return nil, err
			}
		}
		r.sent = append(r.sent, sent{req.Method, req.URL.EscapedPath(), req.URL.RawQuery, req.Header.Clone(), string(body)})
		status, text := r.status, r.body
		if len(r.answers) > 0 {
			next := r.answers[0]
			if len(r.answers) > 1 {
				r.answers = r.answers[1:]
			}
			if next.err != nil {
				return nil, next.err
			}
			status, text = next.status, next.body
		}
		resp := httpmock.NewStringResponse(status, text)
		kind := r.kind
		if kind == "" {
			kind = "application/json"
		}
		resp.Header.Set("Content-Type", kind)
		return resp, nil
	})
	return mock.RoundTrip(req)
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.UTC()
}

// toServer returns a client of a fake server, with the credentials that it knows.
func toServer(t *testing.T, server *autoidtest.Server, opts ...tenantkit.Option) *autoid.Client {
	t.Helper()
	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{
		Tokens: auth.StaticToken(autoidtest.DefaultToken), APIKey: auth.StaticToken(autoidtest.DefaultAPIKey),
	}, append([]tenantkit.Option{tenantkit.WithHTTPClient(server.Client())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// quickly repeats without long waits.
func quickly() tenantkit.Option {
	return tenantkit.WithRetry(tenantkit.RetryPolicy{MaxAttempts: 3, BaseDelay: time.Millisecond, MaxDelay: time.Millisecond, Budget: -1})
}
