package auth_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

func newRequest(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestCredentialHeaders(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		credential auth.Credential
		want       http.Header
	}{
		"API key": {auth.APIKey("x-api-key", auth.StaticToken("k3y")), http.Header{"X-Api-Key": {"k3y"}}},
		"bearer":  {auth.Bearer(auth.StaticToken("t0ken")), http.Header{"Authorization": {"Bearer t0ken"}}},
		// The example of RFC 7617, section 2.
		"basic":                     {auth.Basic("Aladdin", auth.StaticToken("open sesame")), http.Header{"Authorization": {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}}},
		"basic without a user":      {auth.Basic("", auth.StaticToken("p:w")), http.Header{"Authorization": {"Basic OnA6dw=="}}},
		"raw basic":                 {auth.RawBasic(auth.StaticToken("a+b/c")), http.Header{"Authorization": {"Basic a+b/c"}}},
		"in place of what there is": {auth.Bearer(auth.StaticToken("new")), http.Header{"Authorization": {"Bearer new"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := newRequest(t, http.MethodGet, "https://api.example.org", "")
			if strings.HasPrefix(name, "in place") {
				req.Header["Authorization"] = []string{"Bearer old", "Bearer older"}
			}
			if err := test.credential.Authorize(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, req.Header); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestCredentialThatCannotBeSent(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	failing := auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { return auth.Token{}, broken })
	tests := map[string]struct {
		credential auth.Credential
		is         error
		says       string
	}{
		"no source":          {auth.Bearer(nil), nil, "source must not be nil"},
		"no header":          {auth.APIKey("", auth.StaticToken("MARKER")), nil, "cannot be the name of a header"},
		"two headers":        {auth.APIKey("MARKER: b\r\nX-Evil", auth.StaticToken("MARKER")), nil, "cannot be the name of a header"},
		"endless":            {auth.Bearer(auth.StaticToken(strings.Repeat("MARKER", 20000))), nil, "longer than 65536 bytes"},
		"source fails":       {auth.APIKey("x-api-key", failing), broken, "no credential"},
		"empty":              {auth.Bearer(auth.StaticToken("")), nil, "empty"},
		"empty, by a source": {auth.Bearer(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { return auth.Token{}, nil })), nil, "empty"},
		"redacted":           {auth.Bearer(auth.StaticToken(tenantkit.Redacted)), nil, "its true text was lost"},
		"line break":         {auth.Bearer(auth.StaticToken("MARKER\n")), nil, "line break"},
		"delete":             {auth.RawBasic(auth.StaticToken("MARKER\x7f")), nil, "control character"},
		"colon in the user":  {auth.Basic("a:b", auth.StaticToken("MARKER")), nil, "colon"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := newRequest(t, http.MethodGet, "https://api.example.org", "")
			err := test.credential.Authorize(t.Context(), req)
			if err == nil || test.is != nil && !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("got %v", err)
			}
			mustNotShow(t, err, "MARKER")
			if len(req.Header) > 0 {
				t.Errorf("the request has the header %v", req.Header)
			}
		})
	}
}

// invalidated is a source that writes down what is invalidated.
type invalidated struct {
	auth.TokenSource
	rejected []string
}

func (s *invalidated) Invalidate(rejected tenantkit.Secret) {
	s.rejected = append(s.rejected, rejected.Reveal())
}

func TestRejected_InvalidatesTheToken(t *testing.T) {
	t.Parallel()
	const value = "p+w:/=="
	tests := map[string]func(auth.TokenSource) auth.Credential{
		"API key":   func(s auth.TokenSource) auth.Credential { return auth.APIKey("x-api-key", s) },
		"bearer":    auth.Bearer,
		"raw basic": auth.RawBasic,
		"basic":     func(s auth.TokenSource) auth.Credential { return auth.Basic("user", s) },
	}
	for name, credential := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := &invalidated{TokenSource: auth.StaticToken(value)}
			c, ok := credential(source).(auth.Renewer)
			if !ok {
				t.Fatal("the credential is no Renewer")
			}
			req := newRequest(t, http.MethodGet, "https://api.example.org", "")
			if err := c.Authorize(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			c.Rejected(req)
			if diff := cmp.Diff([]string{value}, source.rejected); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			// A source that keeps nothing has nothing to invalidate.
			if c, ok := credential(auth.StaticToken(value)).(auth.Renewer); ok {
				c.Rejected(req)
			}
		})
	}

	source := &invalidated{TokenSource: auth.StaticToken(value)}
	req := newRequest(t, http.MethodGet, "https://api.example.org", "")
	req.Header.Set("Authorization", "Basic of-somebody-else")
	auth.Basic("user", source).(auth.Renewer).Rejected(req)
	if len(source.rejected) > 0 {
		t.Errorf("the source was asked to drop the credential of somebody else: %q", source.rejected)
	}
}

func TestRejected_NilRequest(t *testing.T) {
	t.Parallel()
	source := auth.Cache(auth.StaticToken("token"))
	auth.Bearer(source).(auth.Renewer).Rejected(nil)
	wantAccess(t, source, "token")
}

// A secret that is given in the place of the variable's name is not shown.
func TestEnvOfASecret(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"MARKERc2VjcmV0a2V5==", "eyJhbGciOi.MARKER.x", "sk-MARKER", "MARKER\n"} {
		_, err := auth.Env(secret).Token(t.Context())
		if err == nil || !strings.Contains(err.Error(), "not the secret") {
			t.Errorf("got %v", err)
		}
		mustNotShow(t, err, "MARKER")
	}
}

func TestEnv(t *testing.T) {
	const name = "TENANTKIT_TEST_SECRET"
	source := auth.Env(name)
	t.Setenv(name, " first\n")
	wantAccess(t, source, "first")
	t.Setenv(name, "second")
	wantAccess(t, source, "second")
	t.Setenv(name, "\ufeff third")
	wantAccess(t, source, "third")
	for _, value := range []string{"", " \n", "\ufeff"} {
		t.Setenv(name, value)
		if _, err := source.Token(t.Context()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("of %q: got %v", value, err)
		}
	}
	if _, err := auth.Env("TENANTKIT_NOT_SET").Token(t.Context()); err == nil {
		t.Error("a variable that is not set is taken")
	}
}
