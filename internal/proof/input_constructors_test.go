package proof

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

// constructors make all that takes a base URL and options.
var constructors = map[string]func(baseURL string, opts ...tenantkit.Option) error{
	"argo": func(baseURL string, opts ...tenantkit.Option) error {
		_, err := argo.NewClient(baseURL, auth.StaticToken("x"), opts...)
		return err
	},
	"worklytics": func(baseURL string, opts ...tenantkit.Option) error {
		_, err := worklytics.NewClient(baseURL, strings.Repeat("1", 21), auth.StaticToken("x"), opts...)
		return err
	},
	"keboola": func(baseURL string, opts ...tenantkit.Option) error {
		_, err := keboola.NewClient(baseURL, auth.StaticToken("x"), opts...)
		return err
	},
	"autoid": func(baseURL string, opts ...tenantkit.Option) error {
		_, err := autoid.NewClient(baseURL, autoid.Credentials{Tokens: auth.StaticToken("x")}, opts...)
		return err
	},
	"infoworks": func(baseURL string, opts ...tenantkit.Option) error {
		_, err := infoworks.NewClient(baseURL, infoworks.Credentials{RefreshToken: auth.StaticToken("x")}, opts...)
		return err
	},
	"discovery": func(baseURL string, opts ...tenantkit.Option) error {
		_, err := keboola.DiscoverBaseURL(context.Background(), baseURL, opts...)
		return err
	},
}

var badBaseURLs = []string{
	"", " ", "x", "/x", "//h.example", "h.example/x", "ftp://h.example", "file:///etc/passwd", "https:h.example", "https://", "https://:443", "https:///x",
	"https://u@h.example", "https://u:MARKER@h.example", "https://h.example?q", "https://h.example?", "https://h.example/#f", "https://h.example#",
	"http://h.example", "http://localhost.h.example", "http://127.0.0.1.h.example", "https://h.example/..", "https://h.example/a/../b", "https://h.example/%2e%2e/x",
	"https://h.example/./x", "https://h.example\r\nX-Evil: y", "https://h.example/a\r\nb", "https://h.example/a\x00b", "https://h.example/a%00b", "https://h.example/a%0d%0ab",
	"https://h.example/\xff", "https://h.example/%ff", "https://h\xff.example", "https://[::1", "https://h.example/%zz", "https://h.example:99999", "https://h.example:-1",
	"https://h.example:x", "https://h exam.ple", "https://h.example/" + huge,
}

// badOptions cannot be used, on a client or on a call.
var badOptions = map[string]tenantkit.Option{
	"nil": nil, "no HTTP client": tenantkit.WithHTTPClient(nil), "no middleware": tenantkit.WithTransport(nil), "no response": tenantkit.WithResponse(nil),
	"middleware of nothing": tenantkit.WithTransport(func(http.RoundTripper) http.RoundTripper { return nil }),
	"no time":               tenantkit.WithTimeout(0), "no bytes": tenantkit.WithMaxResponseBytes(0), "negative bytes": tenantkit.WithMaxResponseBytes(-1),
	"no pages": tenantkit.WithMaxPages(0), "negative pages": tenantkit.WithMaxPages(-1),
	"negative attempts": tenantkit.WithRetry(tenantkit.RetryPolicy{MaxAttempts: -1}), "negative wait": tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: -1}),
	"negative bound": tenantkit.WithRetry(tenantkit.RetryPolicy{MaxDelay: -1}),
	"no user agent":  tenantkit.WithUserAgent(""), "user agent of two lines": tenantkit.WithUserAgent("a\r\nX-Evil: b"), "user agent with a NUL": tenantkit.WithUserAgent("a\x00"),
	"huge user agent": tenantkit.WithUserAgent(huge), "no header": tenantkit.WithHeader("", "x"), "header of two lines": tenantkit.WithHeader("X-A: b\r\nX-Evil", "x"),
	"header with a blank": tenantkit.WithHeader("X A", "x"), "header with a colon": tenantkit.WithHeader("X:A", "x"), "header of another script": tenantkit.WithHeader("X-Ä", "x"),
	"header not in UTF-8": tenantkit.WithHeader("X-\xff", "x"), "huge header": tenantkit.WithHeader(huge, "x"),
	"value of two lines": tenantkit.WithHeader("X-A", "a\r\nX-Evil: b"), "value with a line feed": tenantkit.WithHeader("X-A", "a\nb"), "value with a NUL": tenantkit.WithHeader("X-A", "a\x00b"),
	"huge value": tenantkit.WithHeader("X-A", huge), "header of the client": tenantkit.WithHeader("Authorization", "x"), "length": tenantkit.WithHeader("content-length", "1"),
	"chunks": tenantkit.WithHeader("Transfer-Encoding", "chunked"), "host": tenantkit.WithHeader("Host", "evil.example"),
}

// TestConstructors gives bad base URLs and bad options to all that take them, and bad options to
// calls: a ValidationError that names the parameter, in a short text without a password.
func TestConstructors(t *testing.T) {
	t.Parallel()
	for name, construct := range constructors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			field := "baseURL"
			if name == "discovery" {
				field = "connectionURL"
			}
			for _, base := range badBaseURLs {
				wantField(t, fmt.Sprintf("%.40q", base), construct(base), field)
			}
			for what, option := range badOptions {
				wantField(t, what, construct("https://127.0.0.1:9", option), "opts")
			}
		})
	}
	t.Run("calls", func(t *testing.T) {
		t.Parallel()
		for _, s := range services {
			stand := s.start(serverOptions{})
			transport := new(countingTransport)
			client := stand.connect(t, tenantkit.WithHTTPClient(&http.Client{Transport: transport}), tenantkit.WithRetry(tenantkit.NoRetry()))
			for name, call := range client.calls {
				for what, option := range badOptions {
					if name == "ValidateToken" {
						break // it asks for a token first, see the tests of TestBadInput
					}
					_, err := call(t.Context(), option)
					wantField(t, s.name+"/"+name+": "+what, err, "opts")
				}
			}
			if n := transport.sent.Load(); n != 0 {
				t.Errorf("%s: %d requests were sent", s.name, n)
			}
			client.close()
			stand.server.Close()
		}
	})
	t.Run("credentials", func(t *testing.T) {
		t.Parallel()
		const base = "https://127.0.0.1:9"
		number := -1
		for field, err := range map[string]error{
			"apiKey": second(argo.NewClient(base, nil)), "tokens": second(worklytics.NewClient(base, strings.Repeat("1", 21), nil)),
			"tenantID": second(worklytics.NewClient(base, "1\r\nX-Evil: 2", auth.StaticToken("x"))), "storageToken": second(keboola.NewClient(base, nil)),
			"credentials":           second(autoid.NewClient(base, autoid.Credentials{})),
			"credentials.Password":  second(infoworks.NewClient(base, infoworks.Credentials{Username: "x"})),
			"credentials.Username":  second(infoworks.NewClient(base, infoworks.Credentials{Username: "x\r\ny", Password: auth.StaticToken("x")})),
			"credentials.ServiceID": second(infoworks.NewClient(base, infoworks.Credentials{ServiceID: &number})),
			"credentials.SyncWith":  second(infoworks.NewClient(base, infoworks.Credentials{SyncWith: "x"})),
			"credentials.User":      second(autoid.NewClient(base, autoid.Credentials{Password: auth.StaticToken("x")})),
			"opts":                  second(autoid.NewClient(base, autoid.Credentials{Tokens: auth.StaticToken("x")}, autoid.WithTenantID("a\r\nX-Evil: b"))),
			"exchange":              second(auth.RefreshToken(auth.StaticToken("x"), nil, nil).Token(t.Context())),
			"source":                second(auth.Cache(nil).Token(t.Context())),
		} {
			wantField(t, field, err, field)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func wantField(t *testing.T, what string, err error, field string) {
	t.Helper()
	invalid := refusalIn(err)
	if invalid == nil || invalid.Field != field || invalid.Operation == "" || invalid.Reason == "" {
		t.Errorf("%s: %T of %q: %.300v", what, err, field, err)
		return
	}
	checkText(t, err)
	if strings.Contains(err.Error(), "MARKER") {
		t.Errorf("%s: the error shows a password: %v", what, err)
	}
}
