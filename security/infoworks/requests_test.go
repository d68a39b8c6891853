package infoworks_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
)

const (
	baseURL      = "https://infoworks.example.org:3001/v3"
	username     = "admin@infoworks.io"
	password     = "MARKER:1f9 c7b"
	refreshToken = "MARKER+9vK2/xQ7+0aZ+4uWm+Jb8+tR1pLc"

	// Of username:password, in base64.
	passwordHeader = "Basic YWRtaW5AaW5mb3dvcmtzLmlvOk1BUktFUjoxZjkgYzdi"
	refreshHeader  = "Basic " + refreshToken

	// The token of testdata/access.json.
	token = "eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE2MjUwMzc2MTcsInN1YiI6IntcbiAgXCJlbWFpbFwiIDogXCJhZG1pbkBpbmZvd29ya3MuaW9cIixcbiAgXCJzY29wZVwiIDoge1xuICAgIFwiYWN0aW9uXCIgOiBcInJlZnJlc2hfdG9rZW5cIlxuICB9XG59IiwianRpIjoiOTFlZGZkMWYtN2Y5My00NjM0LTg4MjctZTZlYjViYWJmNDJkIiwiZXhwIjoxNjI1MDM4NTE3fQ.aCTMjNebvC2Rf1CrJp_wA0dsozJd-uKpTcdEvDyigSU"
)

func both() infoworks.Credentials {
	return infoworks.Credentials{
		Username: username, Password: auth.StaticToken(password), RefreshToken: auth.StaticToken(refreshToken),
	}
}

// newClient returns a client whose requests end in transport, and are not repeated.
func newClient(t testing.TB, transport http.RoundTripper, credentials infoworks.Credentials, opts ...tenantkit.Option) *infoworks.Client {
	t.Helper()
	opts = append([]tenantkit.Option{
		tenantkit.WithHTTPClient(&http.Client{Transport: transport}), tenantkit.WithUserAgent("test"), tenantkit.WithRetry(tenantkit.NoRetry()),
	}, opts...)
	client, err := infoworks.NewClient(baseURL, credentials, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// file returns what is in a file of testdata.
func file(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func answer(status int, body string) *http.Response {
	response := httpmock.NewStringResponse(status, body)
	response.Header.Set("Content-Type", "application/json; charset=utf-8")
	return response
}

// sent is a request as it left the client.
type sent struct {
	Method, URL string
	Header      http.Header
	Body        string
}

// record makes the mock answer with what answers has for method and path, and returns what is sent.
func record(t *testing.T, mock *httpmock.MockTransport, answers map[string]string) *[]sent {
	t.Helper()
	got := new([]sent)
	mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		s := sent{Method: req.Method, URL: req.URL.String(), Header: req.Header.Clone()}
		if req.Body != nil {
			body, err := io.ReadAll(req.Body)
			if err != nil {
				return nil, err
			}
			s.Body = string(body)
		}
		*got = append(*got, s)
		body, ok := answers[req.Method+" "+req.URL.Path]
		if !ok {
			t.Errorf("unexpected request: %s %s", req.Method, req.URL)
		}
		return answer(http.StatusOK, body), nil
	})
	return got
}

func TestRequests(t *testing.T) {
	t.Parallel()
	one := 1
	with := func(change func(*infoworks.Credentials)) infoworks.Credentials {
		credentials := both()
		change(&credentials)
		return credentials
	}
	just := func(change func(*infoworks.Credentials)) infoworks.Credentials {
		var credentials infoworks.Credentials
		change(&credentials)
		return credentials
	}
	justPassword := just(func(c *infoworks.Credentials) { c.Username, c.Password = username, auth.StaticToken(password) })
	justRefresh := just(func(c *infoworks.Credentials) { c.RefreshToken = auth.StaticToken(refreshToken) })
	bearer := "Bearer " + token

	for _, test := range []struct {
		name               string
		credentials        infoworks.Credentials // both, where it is the zero value
		answer             string                // a file of testdata
		call               func(context.Context, *infoworks.Client) error
		method, path, body string
		authorization      string
		minted             string // the header of the call that made the access token, where one did
	}{
		{
			name: "authenticate", answer: "authenticate.json", method: "GET", path: "/security/authenticate", authorization: passwordHeader,
			call: func(ctx context.Context, c *infoworks.Client) error { _, err := c.Authenticate(ctx); return err },
		},
		{
			name: "authenticate with service id", answer: "authenticate.json", method: "GET", path: "/security/authenticate?service_id=1",
			credentials: with(func(c *infoworks.Credentials) { c.ServiceID = &one }), authorization: passwordHeader,
			call: func(ctx context.Context, c *infoworks.Client) error { _, err := c.Authenticate(ctx); return err },
		},
		{
			name: "access token", answer: "access.json", method: "GET", path: "/security/token/access", authorization: refreshHeader,
			call: func(ctx context.Context, c *infoworks.Client) error { _, err := c.AccessToken(ctx); return err },
		},
		{
			name: "revoke access token", answer: "revoke.json", method: "DELETE", path: "/security/token/access", authorization: bearer, minted: refreshHeader,
			call: func(ctx context.Context, c *infoworks.Client) error { return c.RevokeAccessToken(ctx) },
		},
		{
			name: "validate token", answer: "validate.json", method: "GET", path: "/security/token/validate", authorization: "Bearer other",
			call: func(ctx context.Context, c *infoworks.Client) error {
				_, err := c.ValidateToken(ctx, tenantkit.NewSecret("other"))
				return err
			},
		},
		{
			name: "regenerate refresh token", answer: "regenerate.json", method: "DELETE", path: "/security/token/refresh", authorization: refreshHeader,
			call: func(ctx context.Context, c *infoworks.Client) error { return c.RegenerateRefreshToken(ctx) },
		},
		{
			name: "regenerate refresh token by password", answer: "regenerate.json", method: "DELETE", path: "/security/token/refresh",
			credentials:   with(func(c *infoworks.Credentials) { c.RegenerateWith = infoworks.PasswordCredential }),
			authorization: passwordHeader,
			call:          func(ctx context.Context, c *infoworks.Client) error { return c.RegenerateRefreshToken(ctx) },
		},
		{
			name: "regenerate refresh token by the password alone", answer: "regenerate.json", method: "DELETE", path: "/security/token/refresh",
			credentials: justPassword, authorization: passwordHeader,
			call: func(ctx context.Context, c *infoworks.Client) error { return c.RegenerateRefreshToken(ctx) },
		},
		{
			name: "authorise user", answer: "authorise.json", method: "POST", path: "/security/authorise/user", authorization: bearer, minted: refreshHeader,
			body: `{"entityType":"domain","action":"read","entityId":"<5f1>"}`,
			call: func(ctx context.Context, c *infoworks.Client) error {
				_, err := c.AuthoriseUser(ctx, &infoworks.Authorisation{EntityType: "domain", Action: "read", EntityID: "<5f1>"})
				return err
			},
		},
		{
			name: "authorise user, in part", answer: "authorise.json", method: "POST", path: "/security/authorise/user", authorization: bearer, minted: passwordHeader,
			credentials: justPassword, body: `{"action":"read"}`,
			call: func(ctx context.Context, c *infoworks.Client) error {
				_, err := c.AuthoriseUser(ctx, &infoworks.Authorisation{Action: "read"})
				return err
			},
		},
		{
			name: "SAML", answer: "saml.json", method: "GET", path: "/security/sso/initialise", authorization: bearer, minted: refreshHeader,
			call: func(ctx context.Context, c *infoworks.Client) error { _, err := c.SAMLRedirectURL(ctx); return err },
		},
		{
			name: "user data", answer: "users.json", method: "POST", path: "/security/get/user/data", authorization: bearer, minted: refreshHeader,
			body: `{"userIds":["a","b"],"searchAttribute":"uid"}`,
			call: func(ctx context.Context, c *infoworks.Client) error {
				_, err := c.UserData(ctx, &infoworks.UserQuery{UserIDs: []string{"a", "b"}, SearchAttribute: "uid"})
				return err
			},
		},
		{
			name: "LDAP sync", answer: "ldapsync.json", method: "POST", path: "/security/bulk-ldap-sync", authorization: passwordHeader,
			body: `{"search_on":"email","search_list":["admin@infoworks.io"],"should_update":true,"should_add":false}`,
			call: func(ctx context.Context, c *infoworks.Client) error {
				yes, no := true, false
				_, err := c.BulkLDAPSync(ctx, &infoworks.LDAPSync{
					SearchOn: infoworks.SearchOnEmail, SearchList: []string{"admin@infoworks.io"}, ShouldUpdate: &yes, ShouldAdd: &no,
				})
				return err
			},
		},
		{
			name: "LDAP sync by refresh token", answer: "ldapsync.json", method: "POST", path: "/security/bulk-ldap-sync",
			credentials:   with(func(c *infoworks.Credentials) { c.SyncWith = infoworks.RefreshTokenCredential }),
			authorization: refreshHeader, body: `{"search_list":["x"]}`,
			call: func(ctx context.Context, c *infoworks.Client) error {
				_, err := c.BulkLDAPSync(ctx, &infoworks.LDAPSync{SearchList: []string{"x"}})
				return err
			},
		},
		{
			name: "LDAP sync by the refresh token alone", answer: "ldapsync.json", method: "POST", path: "/security/bulk-ldap-sync",
			credentials: justRefresh, authorization: refreshHeader, body: `{"search_list":["x"]}`,
			call: func(ctx context.Context, c *infoworks.Client) error {
				_, err := c.BulkLDAPSync(ctx, &infoworks.LDAPSync{SearchList: []string{"x"}})
				return err
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			credentials := test.credentials
			if credentials.Password == nil && credentials.RefreshToken == nil {
				credentials = both()
			}
			path, _, _ := strings.Cut(test.path, "?")
			mock := httpmock.NewMockTransport()
			got := record(t, mock, map[string]string{
				"GET /v3/security/authenticate": file(t, "authenticate.json"),
				"GET /v3/security/token/access": file(t, "access.json"),
				test.method + " /v3" + path:     file(t, test.answer),
			})
			if err := test.call(t.Context(), newClient(t, mock, credentials)); err != nil {
				t.Fatal(err)
			}
			header := func(authorization string) http.Header {
				return http.Header{"Accept": {"application/json"}, "User-Agent": {"test"}, "Authorization": {authorization}}
			}
			var want []sent
			switch test.minted {
			case refreshHeader:
				want = []sent{{Method: "GET", URL: baseURL + "/security/token/access", Header: header(test.minted)}}
			case passwordHeader:
				want = []sent{{Method: "GET", URL: baseURL + "/security/authenticate", Header: header(test.minted)}}
			}
			want = append(want, sent{Method: test.method, URL: baseURL + test.path, Header: header(test.authorization), Body: test.body})
			if test.body != "" {
				want[len(want)-1].Header["Content-Type"] = []string{"application/json"}
			}
			if diff := cmp.Diff(want, *got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}
