package infoworks_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/security/infoworks"
)

// answering returns a client whose every call is answered with status and body. Access tokens it
// has.
func answering(t *testing.T, status int, body string) *infoworks.Client {
	t.Helper()
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(func(*http.Request) (*http.Response, error) { return answer(status, body), nil })
	mock.RegisterResponder("GET", baseURL+"/security/token/access", func(*http.Request) (*http.Response, error) {
		return answer(http.StatusOK, file(t, "access.json")), nil
	})
	return newClient(t, mock, both())
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	authorisation := &infoworks.Authorisation{Action: "read"}
	sync := &infoworks.LDAPSync{SearchList: []string{"x"}}
	tests := []struct {
		name, answer string
		call         func(*infoworks.Client) (any, error)
		want         any
	}{
		{
			"authenticate", "authenticate.json",
			func(c *infoworks.Client) (any, error) { return c.Authenticate(t.Context()) },
			&infoworks.Authentication{Token: tenantkit.NewSecret(token), UserID: "6RkfybTRQQByEey3v", Message: "Authentication Success"},
		},
		{
			"authenticate, oddly", "authenticate-odd.json",
			func(c *infoworks.Client) (any, error) { return c.Authenticate(t.Context()) },
			&infoworks.Authentication{Token: tenantkit.NewSecret(token), UserID: "17"},
		},
		{
			"access token", "access.json",
			func(c *infoworks.Client) (any, error) { return c.AccessToken(t.Context()) },
			&infoworks.Authentication{Token: tenantkit.NewSecret(token), Message: "Authentication Success"},
		},
		{
			"valid", "validate.json",
			func(c *infoworks.Client) (any, error) {
				return c.ValidateToken(t.Context(), tenantkit.NewSecret("other"))
			},
			true,
		},
		{
			"authorised", "authorise.json",
			func(c *infoworks.Client) (any, error) { return c.AuthoriseUser(t.Context(), authorisation) },
			&infoworks.AuthorisationResult{IsAuthorised: true, DelegationToken: tenantkit.NewSecret("delegated"), Message: "Allowed"},
		},
		{
			"not authorised, oddly", "authorise-odd.json",
			func(c *infoworks.Client) (any, error) { return c.AuthoriseUser(t.Context(), authorisation) },
			&infoworks.AuthorisationResult{Message: `{"text":"no","code":7}`},
		},
		{
			"SAML", "saml.json",
			func(c *infoworks.Client) (any, error) { return c.SAMLRedirectURL(t.Context()) },
			"https://idp.example.org/sso?SAMLRequest=fZ%2FBTs%3D&RelayState=a%20b",
		},
		{
			"users", "users.json",
			func(c *infoworks.Client) (any, error) {
				return c.UserData(t.Context(), &infoworks.UserQuery{UserIDs: []string{"x"}})
			},
			[]infoworks.UserEntry{
				{Raw: json.RawMessage(`"CN=Ada Admin,OU=People,DC=infoworks,DC=io"`)},
				{Raw: json.RawMessage(`"{\"email\": \"admin@infoworks.io\", \"uidNumber\": 9007199254740993}"`)},
				{Raw: json.RawMessage(`{"email": "modeller@infoworks.io", "uidNumber": 9007199254740993}`)},
				{Raw: json.RawMessage(`17`)},
				{Raw: json.RawMessage(`null`)},
			},
		},
		{
			"LDAP sync", "ldapsync.json",
			func(c *infoworks.Client) (any, error) { return c.BulkLDAPSync(t.Context(), sync) },
			&infoworks.LDAPSyncResult{
				NewUsersCount: 1, ExistingUserCount: 20, Message: "Successfully synced ldap users",
				Added:   []infoworks.SyncedUser{{Email: "modeller@infoworks.io", ID: "8qvdcWsT5foNuryNF"}},
				Updated: []infoworks.SyncedUser{{Email: "admin@infoworks.io", ID: "6RkfybTRQQByEey3v"}},
				Failed:  []infoworks.SyncedUser{{Email: "prodops@infoworks.io", ID: "9DvdcZsH5foNuryVN", Error: "No valid role found for the User."}},
			},
		},
		{
			"LDAP sync, oddly", "ldapsync-odd.json",
			func(c *infoworks.Client) (any, error) { return c.BulkLDAPSync(t.Context(), sync) },
			&infoworks.LDAPSyncResult{Message: "done", Failed: []infoworks.SyncedUser{{ID: "17", Error: `{"reason":"locked"}`}}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.call(answering(t, http.StatusOK, file(t, test.answer)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, revealed); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// revealed lets cmp show and compare secrets.
var revealed = cmp.Transformer("reveal", func(s tenantkit.Secret) string { return s.Reveal() })

// A 200 that does not hold what is promised is an error, of which nobody knows what it did.
func TestAnswersWithoutWhatTheyPromise(t *testing.T) {
	t.Parallel()
	calls := map[string]func(*testing.T, *infoworks.Client) error{
		"Authenticate":      func(t *testing.T, c *infoworks.Client) error { _, err := c.Authenticate(t.Context()); return err },
		"RevokeAccessToken": func(t *testing.T, c *infoworks.Client) error { return c.RevokeAccessToken(t.Context()) },
		"ValidateToken": func(t *testing.T, c *infoworks.Client) error {
			_, err := c.ValidateToken(t.Context(), tenantkit.NewSecret("other"))
			return err
		},
		"RegenerateRefreshToken": func(t *testing.T, c *infoworks.Client) error { return c.RegenerateRefreshToken(t.Context()) },
		"AuthoriseUser": func(t *testing.T, c *infoworks.Client) error {
			_, err := c.AuthoriseUser(t.Context(), &infoworks.Authorisation{Action: "a"})
			return err
		},
		"SAMLRedirectURL": func(t *testing.T, c *infoworks.Client) error { _, err := c.SAMLRedirectURL(t.Context()); return err },
		"UserData": func(t *testing.T, c *infoworks.Client) error {
			_, err := c.UserData(t.Context(), &infoworks.UserQuery{UserIDs: []string{"x"}})
			return err
		},
		"BulkLDAPSync": func(t *testing.T, c *infoworks.Client) error {
			_, err := c.BulkLDAPSync(t.Context(), &infoworks.LDAPSync{SearchList: []string{"x"}})
			return err
		},
	}
	bodies := map[string]string{
		"nothing":     "",
		"no result":   `{"message":"done"}`,
		"null result": `{"message":"done","result":null,"users":null,"Location":null}`,
		"not JSON":    `<html>`,
		"not objects": `{"result":[],"users":{},"Location":[]}`,
	}
	more := map[string]map[string]string{
		"Authenticate":    {"no token": `{"result":{"is_authenticated":true}}`, "not a boolean": `{"result":{"authentication_token":"MARKER-7x4k","is_authenticated":"{boolean}"}}`},
		"ValidateToken":   {"no is_valid": `{"result":{}}`},
		"AuthoriseUser":   {"no is_authorised": `{"result":{"delegation_token":"MARKER-7x4k"}}`, "not a boolean": `{"result":{"is_authorised":1}}`},
		"SAMLRedirectURL": {"not a URL": `{"Location":"http://["}`, "empty": `{"Location":""}`},
	}
	for name, call := range calls {
		check := func(body string) func(*testing.T) {
			return func(t *testing.T) {
				t.Parallel()
				err := call(t, answering(t, http.StatusOK, body))
				var e *tenantkit.Error
				if !errors.As(err, &e) || e.StatusCode != http.StatusOK || !strings.Contains(err.Error(), "invalid response") {
					t.Fatalf("got %v, want that the answer cannot be used", err)
				}
			}
		}
		for about, body := range bodies {
			// Their result is a text that nobody needs: anything will do.
			if about == "not objects" && (name == "RevokeAccessToken" || name == "RegenerateRefreshToken") {
				continue
			}
			t.Run(name+"/"+about, check(body))
		}
		for about, body := range more[name] {
			t.Run(name+"/"+about, check(body))
		}
	}
}

func TestIsAuthenticatedFalse(t *testing.T) {
	t.Parallel()
	_, err := answering(t, http.StatusOK, file(t, "authenticate-refused.json")).Authenticate(t.Context())
	if !errors.Is(err, tenantkit.ErrUnauthenticated) {
		t.Errorf("got %v, want ErrUnauthenticated", err)
	}
}

func TestUserEntry(t *testing.T) {
	t.Parallel()
	type user struct {
		Email     string      `json:"email"`
		UIDNumber json.Number `json:"uidNumber"`
	}
	var users struct {
		Users []infoworks.UserEntry `json:"users"`
	}
	if err := json.Unmarshal([]byte(file(t, "users.json")), &users); err != nil {
		t.Fatal(err)
	}
	name, document, object, number, null := users.Users[0], users.Users[1], users.Users[2], users.Users[3], users.Users[4]

	if text, ok := name.Text(); !ok || text != "CN=Ada Admin,OU=People,DC=infoworks,DC=io" {
		t.Errorf("Text = %q, %t", text, ok)
	}
	var text string
	if err := document.Decode(&text); err != nil || text != `{"email": "admin@infoworks.io", "uidNumber": 9007199254740993}` {
		t.Errorf("a text that holds JSON, as a text: %q, %v", text, err)
	}
	var got [2]struct {
		Email     string          `json:"email"`
		UIDNumber json.RawMessage `json:"uidNumber"`
	}
	if err := errors.Join(document.Decode(&got[0]), object.Decode(&got[1])); err != nil {
		t.Fatal(err)
	}
	if got[0].Email != "admin@infoworks.io" || got[1].Email != "modeller@infoworks.io" || string(got[0].UIDNumber) != "9007199254740993" || string(got[1].UIDNumber) != "9007199254740993" {
		t.Errorf("decoded %+v", got)
	}
	for about, err := range map[string]error{
		"a text that is not JSON, as an object": name.Decode(new(user)),
		"a number, as an object":                number.Decode(new(user)),
		"into nothing":                          number.Decode(nil),
		"the zero value":                        infoworks.UserEntry{}.Decode(new(user)),
	} {
		if err == nil {
			t.Errorf("%s: no error", about)
		}
	}
	for about, entry := range map[string]infoworks.UserEntry{"an object": object, "a number": number, "null": null, "the zero value": {}} {
		if text, ok := entry.Text(); ok {
			t.Errorf("%s has the text %q", about, text)
		}
	}
	sent, err := json.Marshal([]infoworks.UserEntry{name, number, {}})
	if err != nil || string(sent) != `["CN=Ada Admin,OU=People,DC=infoworks,DC=io",17,null]` {
		t.Errorf("marshaled %s, %v", sent, err)
	}
}

func TestLDAPSyncErr(t *testing.T) {
	t.Parallel()
	var none *infoworks.LDAPSyncResult
	if err := errors.Join(none.Err(), (&infoworks.LDAPSyncResult{}).Err()); err != nil {
		t.Errorf("no user failed, and Err is %v", err)
	}
	result := &infoworks.LDAPSyncResult{Failed: []infoworks.SyncedUser{{Email: "a@x", Error: "No valid role."}}}
	if got, want := result.Err().Error(), "infoworks: BulkLDAPSync: failed for one user: a@x: No valid role."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for range 6 {
		result.Failed = append(result.Failed, infoworks.SyncedUser{ID: "17", Error: "Locked."})
	}
	var failed *infoworks.LDAPSyncError
	if !errors.As(result.Err(), &failed) || len(failed.Failed) != 7 {
		t.Fatalf("got %v, want an LDAPSyncError of 7", result.Err())
	}
	want := "infoworks: BulkLDAPSync: failed for 7 users: a@x: No valid role.; 17: Locked.; 17: Locked.; 17: Locked.; 17: Locked.; and 2 others"
	if got := failed.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParseClaims(t *testing.T) {
	t.Parallel()
	claims, err := infoworks.ParseClaims(tenantkit.NewSecret(token))
	if err != nil {
		t.Fatal(err)
	}
	want := infoworks.Claims{
		Email: "admin@infoworks.io", Action: "refresh_token", ID: "91edfd1f-7f93-4634-8827-e6eb5babf42d",
		Scope:    json.RawMessage("{\n    \"action\" : \"refresh_token\"\n  }"),
		IssuedAt: time.Unix(1625037617, 0), Expiry: time.Unix(1625038517, 0),
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if life := claims.Expiry.Sub(claims.IssuedAt); life != 15*time.Minute {
		t.Errorf("the token lives for %v", life)
	}
	if got, want := claims.String(), "admin@infoworks.io until 2021-06-30T07:35:17Z"; got != want {
		t.Errorf("String = %q, want %q", got, want)
	}
	if got := (infoworks.Claims{Email: "a"}).String(); got != "a" {
		t.Errorf("String = %q", got)
	}
}

// Redirects are answers of SAMLRedirectURL, and are not followed.
func TestSAMLRedirectURL(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		status      int
		location    string
		body        string
		credentials infoworks.Credentials
		want        string
		sent        int
	}{
		{name: "JSON", status: 200, body: `{"Location":"https://idp.example.org/sso?a=b"}`, want: "https://idp.example.org/sso?a=b", sent: 1},
		{name: "small letter", status: 200, body: `{"location":"https://idp.example.org/sso"}`, want: "https://idp.example.org/sso", sent: 1},
		{name: "redirect", status: 302, location: "https://idp.example.org/sso?a=b", want: "https://idp.example.org/sso?a=b", sent: 1},
		{name: "redirect within", status: 307, location: "/sso?a=b", want: "https://infoworks.example.org:3001/sso?a=b", sent: 1},
		{name: "JSON within", status: 200, body: `{"Location":"/sso?a=b"}`, want: "https://infoworks.example.org:3001/sso?a=b", sent: 1},
		{name: "redirect beside", status: 302, location: "login?a=b", want: baseURL + "/security/sso/login?a=b", sent: 1},
		{name: "with credentials", status: 303, location: "https://idp.example.org/", credentials: both(), want: "https://idp.example.org/", sent: 2},
		{name: "another host", status: 200, body: `{"Location":"//idp.example.org/sso"}`, want: "https://idp.example.org/sso", sent: 1},
		{name: "plain http", status: 200, body: `{"Location":"HTTP://idp.example.org/sso"}`, want: "HTTP://idp.example.org/sso", sent: 1},
		{name: "redirect to nowhere", status: 302, sent: 1},
		{name: "a script", status: 200, body: `{"Location":"javascript:alert(document.domain)"}`, sent: 1},
		{name: "a script with slashes", status: 200, body: `{"Location":"javascript://idp.example.org/%0aalert(1)"}`, sent: 1},
		{name: "a redirect to a script", status: 302, location: "JavaScript:alert(1)", sent: 1},
		{name: "data", status: 200, body: `{"Location":"data:text/html,x"}`, sent: 1},
		{name: "a file", status: 302, location: "file:///etc/passwd", sent: 1},
		{name: "no host", status: 200, body: `{"Location":"https:///sso"}`, sent: 1},
		{name: "no slashes", status: 200, body: `{"Location":"https:sso"}`, sent: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			mock := httpmock.NewMockTransport()
			mock.RegisterResponder("GET", baseURL+"/security/token/access", httpmock.NewStringResponder(200, file(t, "access.json")))
			mock.RegisterResponder("GET", baseURL+"/security/sso/initialise", func(req *http.Request) (*http.Response, error) {
				if got := req.Header.Get("Authorization") != ""; got != (test.credentials.RefreshToken != nil) {
					t.Errorf("authorization sent: %t", got)
				}
				response := answer(test.status, test.body)
				if test.location != "" {
					response.Header.Set("Location", test.location)
				}
				return response, nil
			})
			got, err := newClient(t, mock, test.credentials).SAMLRedirectURL(t.Context())
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
			if err != nil && test.body+test.location != "" && (tenantkit.OutcomeOf(err) != tenantkit.OutcomeApplied || !strings.Contains(err.Error(), "invalid response")) {
				t.Errorf("outcome %v of %v, want that it was applied with an answer that cannot be used", tenantkit.OutcomeOf(err), err)
			}
			if n := mock.GetTotalCallCount(); n != test.sent {
				t.Errorf("%d requests, want %d", n, test.sent)
			}
		})
	}
}
