package infoworks_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
)

func unsigned(payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"HS256"}`)) + "." + encode([]byte(payload)) + "." + encode([]byte("signature"))
}

func FuzzParseClaims(f *testing.F) {
	for _, seed := range []string{
		token, unsigned(`{}`), unsigned(`{"sub":"{\"email\":17,\"scope\":\"all\"}","jti":3}`), unsigned(`{"sub":"null","exp":"17"}`),
		unsigned(`{"sub":"no JSON"}`), unsigned(`{"sub":{"email":"a"}}`), "a.b.c", "opaque", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		claims, err := infoworks.ParseClaims(tenantkit.NewSecret(token))
		if err != nil && len(token) > 40 && strings.Contains(err.Error(), token) {
			t.Errorf("the error holds the token: %v", err)
		}
		if claims.Scope != nil && !json.Valid(claims.Scope) {
			t.Errorf("the scope is no JSON: %q", claims.Scope)
		}
		_ = claims.String()
	})
}

func TestParseClaimsFails(t *testing.T) {
	t.Parallel()
	for name, token := range map[string]string{
		"no token": "opaque-and-long-enough", "no JSON": unsigned(`{"sub":"no JSON at all"}`), "no subject": unsigned(`{"exp":1625038517}`),
		"an object": unsigned(`{"sub":{"email":"a"}}`),
	} {
		if claims, err := infoworks.ParseClaims(tenantkit.NewSecret(token)); err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %+v, %v", name, claims, err)
		}
	}
	// What is there of another shape does no harm.
	claims, err := infoworks.ParseClaims(tenantkit.NewSecret(unsigned(`{"sub":"{\"email\":17,\"scope\":[\"a\"]}","jti":3}`)))
	if err != nil || claims.Email != "17" || string(claims.Scope) != `["a"]` || claims.Action != "" || claims.ID != "" {
		t.Errorf("got %+v, %v", claims, err)
	}
}

func FuzzAnswers(f *testing.F) {
	for _, name := range []string{
		"authenticate.json", "authenticate-odd.json", "authorise-odd.json", "users.json", "ldapsync.json", "ldapsync-odd.json", "saml.json",
		"validate.json", "refusal-400.json", "refusal-406.json", "refusal-500.json",
	} {
		f.Add(200, file(f, name))
		f.Add(406, file(f, name))
	}
	f.Add(302, "")
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return
		}
		mock := httpmock.NewMockTransport()
		mock.RegisterNoResponder(func(*http.Request) (*http.Response, error) { return answer(status, body), nil })
		client := newClient(t, mock, infoworks.Credentials{Username: username, Password: auth.StaticToken(password)})
		nobody := newClient(t, mock, infoworks.Credentials{})
		ctx := t.Context()
		made, err := client.Authenticate(ctx)
		wantErrorOrValue(t, err, made != nil && !made.Token.IsZero())
		location, err := nobody.SAMLRedirectURL(ctx)
		wantErrorOrValue(t, err, location != "")
		synced, err := client.BulkLDAPSync(ctx, &infoworks.LDAPSync{SearchList: []string{"x"}})
		wantErrorOrValue(t, err, synced != nil)
		if err := synced.Err(); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
		users, err := client.UserData(ctx, &infoworks.UserQuery{UserIDs: []string{"x"}})
		wantErrorOrValue(t, err, err == nil)
		for _, user := range users {
			var into any
			if err := user.Decode(&into); err != nil || !json.Valid(user.Raw) {
				t.Errorf("%q: %v", user.Raw, err)
			}
		}
	})
}

// wantErrorOrValue checks that a call gave either of them, and that the error is one to work with.
func wantErrorOrValue(t *testing.T, err error, value bool) {
	t.Helper()
	if (err == nil) != value {
		t.Errorf("error %v, value %t", err, value)
	}
	var e *tenantkit.Error
	if err != nil && !errors.As(err, &e) {
		t.Errorf("%T: %v", err, err)
	}
	_ = infoworks.Help(err)
}
