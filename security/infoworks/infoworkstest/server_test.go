package infoworkstest_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	admin    = "admin@infoworks.io"
	password = "pass:word"
	refresh  = "refresh+token/of+admin"
)

func start(t *testing.T, opts ...infoworkstest.Option) *infoworkstest.Server {
	t.Helper()
	return infoworkstest.Start(t, append([]infoworkstest.Option{infoworkstest.WithUsers(infoworkstest.User{
		ID: "6RkfybTRQQByEey3v", Email: admin, Name: "Ada", Password: password, RefreshToken: refresh,
	})}, opts...)...)
}

// response is what a caller sees.
type response struct {
	status   int
	body     string
	location string
}

func ask(t *testing.T, server *infoworkstest.Server, method, path, authorization, body string) response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, server.BaseURL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := server.RoundTripper().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{resp.StatusCode, string(data), resp.Header.Get("Location")}
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// login returns the header of a new access token.
func login(t *testing.T, server *infoworkstest.Server) string {
	t.Helper()
	var made struct {
		Result struct {
			Token string `json:"authentication_token"`
		} `json:"result"`
	}
	got := ask(t, server, "GET", "/security/token/access", "Basic "+refresh, "")
	if err := json.Unmarshal([]byte(got.body), &made); err != nil || made.Result.Token == "" {
		t.Fatalf("no token: %+v, %v", got, err)
	}
	return "Bearer " + made.Result.Token
}

const (
	lacksAccess = `{"message":"User lacks access","details":{},"iw_code":"IW10004","help":"https://api.infoworks.io/v3/errors/IW10004"}`
	notLoggedIn = `{"message":"Authentication Failed. Please check your Credentials","details":{},"iw_code":"IW10005","help":"https://api.infoworks.io/v3/errors/IW10005"}`
	invalid     = `{"message":"The request body or a parameter is invalid","details":{},"iw_code":"IW10006","help":"https://api.infoworks.io/v3/errors/IW10006"}`
	internal    = `{"message":"Internal Server Error","details":{},"iw_code":"IW10002","help":"https://api.infoworks.io/v3/errors/IW10002"}`
	wrong       = `{"message":"Security Client Errors","details":"Authentication Failed: Incorrect user credentials","iw_code":"IW10031","help":"https://api.infoworks.io/v3/errors/IW10029"}`
)

// What each operation answers. BEARER stands for a good access token, * for whatever comes.
func TestAnswers(t *testing.T) {
	t.Parallel()
	directory := infoworkstest.WithDirectory(
		infoworkstest.DirectoryUser{Email: admin, Login: "ada"},
		infoworkstest.DirectoryUser{Email: "new@infoworks.io", Login: "new"},
		infoworkstest.DirectoryUser{Email: "roleless@infoworks.io", Login: "roleless", Error: "No valid role found for the User."},
	)
	saml := infoworkstest.WithSAML("https://idp.example.org/sso?a=b")
	longAgo := infoworkstest.WithUsers(infoworkstest.User{Email: "old", RefreshToken: "expired", RefreshTokenExpiry: time.Now().Add(-time.Hour)})
	tests := []struct {
		name                              string
		options                           []infoworkstest.Option
		method, path, authorization, body string
		want                              response
	}{
		{"authenticate", nil, "GET", "/security/authenticate", basic(admin, password), "", response{200, `{"message":"Authentication Success","result":{"authentication_token":"*","is_authenticated":true,"user_id":"6RkfybTRQQByEey3v"}}`, ""}},
		{"authenticate, quoted", []infoworkstest.Option{infoworkstest.WithQuotedBooleans()}, "GET", "/security/authenticate?service_id=1", basic(admin, password), "", response{200, `{"message":"Authentication Success","result":{"authentication_token":"*","is_authenticated":"true","user_id":"6RkfybTRQQByEey3v"}}`, ""}},
		{"authenticate, wrong service", nil, "GET", "/security/authenticate?service_id=x", basic(admin, password), "", response{400, invalid, ""}},
		{"authenticate, wrong query", nil, "GET", "/security/authenticate?%zz", basic(admin, password), "", response{400, invalid, ""}},
		{"authenticate, wrong password", nil, "GET", "/security/authenticate", basic(admin, "x"), "", response{406, wrong, ""}},
		{"authenticate, no password", nil, "GET", "/security/authenticate", basic(admin, ""), "", response{406, wrong, ""}},
		{"authenticate, wrong user", nil, "GET", "/security/authenticate", basic("x", password), "", response{406, wrong, ""}},
		{"authenticate, nobody", nil, "GET", "/security/authenticate", "", "", response{406, wrong, ""}},
		{"authenticate, refresh token", nil, "GET", "/security/authenticate", "Basic " + refresh, "", response{406, wrong, ""}},
		{"authenticate, SAML", []infoworkstest.Option{saml}, "GET", "/security/authenticate", basic(admin, password), "", response{406, wrong, ""}},

		{"access", nil, "GET", "/security/token/access", "Basic " + refresh, "", response{200, `{"message":"Authentication Success","result":{"authentication_token":"*"}}`, ""}},
		{"access, slash", nil, "GET", "/security/token/access/", "Basic " + refresh, "", response{200, `{"message":"Authentication Success","result":{"authentication_token":"*"}}`, ""}},
		{"access, SAML", []infoworkstest.Option{saml}, "GET", "/security/token/access", "Basic " + refresh, "", response{200, `{"message":"Authentication Success","result":{"authentication_token":"*"}}`, ""}},
		{"access, in base64", nil, "GET", "/security/token/access", basic(refresh, ""), "", response{406, wrong, ""}},
		{"access, as bearer", nil, "GET", "/security/token/access", "Bearer " + refresh, "", response{406, wrong, ""}},
		{"access, expired", []infoworkstest.Option{longAgo}, "GET", "/security/token/access", "Basic expired", "", response{406, wrong, ""}},

		{"revoke", nil, "DELETE", "/security/token/access", "BEARER", "", response{200, `{"message":"Platform Security Response","result":"Token successfully blacklisted"}`, ""}},
		{"revoke, nobody", nil, "DELETE", "/security/token/access", "", "", response{401, lacksAccess, ""}},
		{"validate", nil, "GET", "/security/token/validate", "BEARER", "", response{200, `{"message":"","result":{"is_valid":true}}`, ""}},
		{"validate, not one of ours", nil, "GET", "/security/token/validate", "Bearer x", "", response{401, lacksAccess, ""}},
		{"regenerate", nil, "DELETE", "/security/token/refresh", "Basic " + refresh, "", response{200, `{"message":"Platform Security Response","result":"Successfully Blacklisted Refresh Token."}`, ""}},
		{"regenerate by password", nil, "DELETE", "/security/token/refresh", basic(admin, password), "", response{200, `{"message":"Platform Security Response","result":"Successfully Blacklisted Refresh Token."}`, ""}},
		{"regenerate, wrong", nil, "DELETE", "/security/token/refresh", "BEARER", "", response{401, lacksAccess, ""}},

		{"authorise", nil, "POST", "/security/authorise/user", "BEARER", `{"entityType":"domain","action":"read","entityId":"1"}`, response{200, `{"message":"","result":{"delegation_token":"*","is_authorised":true}}`, ""}},
		{"authorise, not", nil, "POST", "/security/authorise/user", "BEARER", `{"entityType":"domain","action":"write","entityId":"1"}`, response{200, `{"message":"","result":{"is_authorised":false}}`, ""}},
		{"authorise, wrong body", nil, "POST", "/security/authorise/user", "BEARER", `{"entity_type":"domain"}`, response{400, invalid, ""}},

		{"SAML", []infoworkstest.Option{saml}, "GET", "/security/sso/initialise", "", "", response{200, `{"Location":"https://idp.example.org/sso?a=b"}`, ""}},
		{"SAML, redirect", []infoworkstest.Option{saml, infoworkstest.WithSAMLRedirect()}, "GET", "/security/sso/initialise", "BEARER", "", response{302, "", "https://idp.example.org/sso?a=b"}},
		{"SAML, wrong token", []infoworkstest.Option{saml}, "GET", "/security/sso/initialise", "Bearer x", "", response{401, lacksAccess, ""}},
		{"SAML, none", nil, "GET", "/security/sso/initialise", "", "", response{500, internal, ""}},

		{"users", []infoworkstest.Option{directory}, "POST", "/security/get/user/data", "BEARER", `{"userIds":["ada","x","NEW"],"searchAttribute":"uid"}`, response{200, `{"users":["{\"email\":\"admin@infoworks.io\",\"login\":\"ada\"}","{\"email\":\"new@infoworks.io\",\"login\":\"new\"}"]}`, ""}},
		{"users, none", []infoworkstest.Option{directory}, "POST", "/security/get/user/data", "BEARER", `{"userIds":[]}`, response{400, invalid, ""}},
		{"sync, nobody", []infoworkstest.Option{directory}, "POST", "/security/bulk-ldap-sync", "", `{"search_list":["x"]}`, response{406, wrong, ""}},
		{"sync, a text for a list", []infoworkstest.Option{directory}, "POST", "/security/bulk-ldap-sync", basic(admin, password), `{"search_list":"x"}`, response{400, invalid, ""}},
		{"sync", []infoworkstest.Option{directory}, "POST", "/security/bulk-ldap-sync", basic(admin, password), `{"search_on":"email","search_list":["admin@infoworks.io","roleless@infoworks.io","x@y"]}`, response{200, `{"message":"Successfully synced ldap users","result":{"added":[],"existing_user_count":1,"failed":[` +
			`{"email":"roleless@infoworks.io","id":"","error":"No valid role found for the User."},{"email":"x@y","id":"","error":"User not found in LDAP."}],"new_users_count":0,"updated":[{"email":"admin@infoworks.io","id":"6RkfybTRQQByEey3v"}]}}`, ""}},
		{"sync, nothing to do", []infoworkstest.Option{directory}, "POST", "/security/bulk-ldap-sync", "Basic " + refresh, `{"search_on":"uid","search_list":["ada","new"],"should_add":false,"should_update":false}`, response{200, `{"message":"Successfully synced ldap users","result":{"added":[],"existing_user_count":1,"failed":[],"new_users_count":0,"updated":[]}}`, ""}},

		{"list", nil, "GET", "/admin/users", "BEARER", "", response{200, `{"limit":10,"links":{"base":"/v3/admin/users","next":"/v3/admin/users?limit=10\u0026offset=10","self":"/v3/admin/users?limit=10\u0026offset=0"},"message":"Successfully listed users","offset":0,"result":[` +
			`{"id":"6RkfybTRQQByEey3v","profile":{"name":"Ada","email":"admin@infoworks.io"},"roles":null,"refresh_token":"refresh+token/of+admin"}],"total_count":1}`, ""}},
		{"list, beyond", nil, "GET", "/admin/users?limit=9223372036854775807&offset=9223372036854775807", "BEARER", "", response{200, `*"result":[],"total_count":1}`, ""}},
		{"list, wrong", nil, "GET", "/admin/users?limit=-1", "BEARER", "", response{400, invalid, ""}},
		{"list, wrong query", nil, "GET", "/admin/users?%zz", "BEARER", "", response{400, invalid, ""}},
		{"list, nobody", nil, "GET", "/admin/users", "", "", response{401, notLoggedIn, ""}},
		{"no such path", nil, "GET", "/admin/unicorns", "BEARER", "", response{404, "Cannot find the requested resource\n", ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := start(t, test.options...)
			server.Allow(admin, "domain", "read", "1")
			authorization := test.authorization
			if authorization == "BEARER" {
				authorization = login(t, server)
			}
			got := ask(t, server, test.method, test.path, authorization, test.body)
			if before, after, found := strings.Cut(test.want.body, "*"); found && strings.HasPrefix(got.body, before) && strings.HasSuffix(got.body, after) {
				got.body = test.want.body
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(response{})); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
		})
	}
}

// The life of an access token, by the bubble's clock and by the caller's.
func TestTokenLife(t *testing.T) {
	t.Parallel()
	t.Run("bubble", func(t *testing.T) {
		t.Parallel()
		server := start(t, infoworkstest.WithTokenLife(90*time.Second+time.Millisecond))
		synctest.Test(t, func(t *testing.T) {
			token := login(t, server)
			time.Sleep(90*time.Second - time.Nanosecond)
			if got := ask(t, server, "GET", "/admin/users", token, ""); got.status != http.StatusOK {
				t.Errorf("before the end: %+v", got)
			}
			time.Sleep(time.Nanosecond)
			if got := ask(t, server, "GET", "/admin/users", token, ""); got.status != http.StatusUnauthorized {
				t.Errorf("at the end: %+v", got)
			}
			if got := ask(t, server, "GET", "/security/token/validate", token, ""); got.body != `{"message":"","result":{"is_valid":false}}` {
				t.Errorf("validated: %+v", got)
			}
		})
	})
	t.Run("clock", func(t *testing.T) {
		t.Parallel()
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		server := start(t, infoworkstest.WithClock(func() time.Time { return now }))
		token := login(t, server)
		if got := server.AccessTokenCount(); got != 1 {
			t.Errorf("%d access tokens, want 1", got)
		}
		now = now.Add(15 * time.Minute)
		if got := server.AccessTokenCount(); got != 0 {
			t.Errorf("%d access tokens at the end, want none", got)
		}
		if got := ask(t, server, "GET", "/admin/users", token, ""); got.status != http.StatusUnauthorized {
			t.Errorf("at the end: %+v", got)
		}
		token = login(t, server)
		server.Blacklist(admin)
		if got := ask(t, server, "GET", "/admin/users", token, ""); got.status != http.StatusUnauthorized {
			t.Errorf("blacklisted: %+v", got)
		}
	})
}

// An access token is what the documentation's example is.
func TestTokenIsAJSONWebToken(t *testing.T) {
	t.Parallel()
	server := start(t, infoworkstest.WithClock(func() time.Time { return time.Unix(1625037617, 5e8) }))
	parts := strings.Split(strings.TrimPrefix(login(t, server), "Bearer "), ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	delete(claims, "jti")
	want := map[string]any{
		"iat": 1625037617.0, "exp": 1625038517.0,
		"sub": "{\n  \"email\": \"admin@infoworks.io\",\n  \"scope\": {\n    \"action\": \"refresh_token\"\n  }\n}",
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

func TestRegeneration(t *testing.T) {
	t.Parallel()
	server := start(t)
	token := login(t, server)
	if got := ask(t, server, "DELETE", "/security/token/refresh", "Basic "+refresh, ""); got.status != http.StatusOK {
		t.Fatalf("%+v", got)
	}
	renewed := string(server.RefreshToken(admin))
	if renewed == refresh || len(renewed) != 100 {
		t.Errorf("the new refresh token has %d characters", len(renewed))
	}
	for name, test := range map[string]struct {
		path, authorization string
		status              int
	}{
		"old refresh token": {"/security/token/access", "Basic " + refresh, 406},
		"new refresh token": {"/security/token/access", "Basic " + renewed, 200},
		"access token":      {"/admin/users", token, 200},
	} {
		if got := ask(t, server, "GET", test.path, test.authorization, ""); got.status != test.status {
			t.Errorf("%s: %+v, want %d", name, got, test.status)
		}
	}
	if got := server.RefreshToken("nobody"); got != "" {
		t.Errorf("nobody has a refresh token")
	}
}

// To revoke one token logs the user out, and nobody else.
func TestRevocation(t *testing.T) {
	t.Parallel()
	server := start(t, infoworkstest.WithUsers(infoworkstest.User{Email: "b@x", Password: "b"}))
	first, second := login(t, server), login(t, server)
	got := ask(t, server, "GET", "/security/authenticate", basic("b@x", "b"), "")
	_, rest, _ := strings.Cut(got.body, `"authentication_token":"`)
	others, _, _ := strings.Cut(rest, `"`)
	if got := ask(t, server, "DELETE", "/security/token/access", first, ""); got.status != http.StatusOK {
		t.Fatalf("%+v", got)
	}
	for name, test := range map[string]struct {
		token  string
		status int
	}{"the token": {first, 401}, "the user's other one": {second, 401}, "another user's": {"Bearer " + others, 200}} {
		if got := ask(t, server, "GET", "/admin/users", test.token, ""); got.status != test.status {
			t.Errorf("%s: %+v, want %d", name, got, test.status)
		}
	}
}

// Users that a sync adds are users like others, once.
func TestSyncAddsUsers(t *testing.T) {
	t.Parallel()
	server := start(t, infoworkstest.WithDirectory(infoworkstest.DirectoryUser{Email: "new@infoworks.io", Login: "new"}))
	const body = `{"search_on":"email","search_list":["new@infoworks.io"]}`
	var counts []string
	for range 2 {
		var result struct {
			Result struct {
				New      int `json:"new_users_count"`
				Existing int `json:"existing_user_count"`
			} `json:"result"`
		}
		got := ask(t, server, "POST", "/security/bulk-ldap-sync", basic(admin, password), body)
		if err := json.Unmarshal([]byte(got.body), &result); err != nil {
			t.Fatal(err)
		}
		counts = append(counts, fmt.Sprint(result.Result.New, " new, ", result.Result.Existing, " existing"))
	}
	if diff := cmp.Diff([]string{"1 new, 0 existing", "0 new, 1 existing"}, counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	users := server.Users()
	if len(users) != 2 || users[1].Email != "new@infoworks.io" || users[1].ID == "" || users[1].RefreshToken == "" {
		t.Errorf("users %+v", users)
	}
	users[0].Email = "changed"
	if server.Users()[0].Email != admin {
		t.Error("Users gives away the server's own")
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	server := start(t, infoworkstest.WithTLS())
	if !strings.HasPrefix(server.BaseURL(), "https://") {
		t.Fatalf("the base URL is %s", server.BaseURL())
	}
	resp, err := server.Client().Get(server.BaseURL() + "/admin/users")
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("status %d, %v", resp.StatusCode, err)
	}
}

func TestListener(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := infoworkstest.Start(t, infoworkstest.WithListener(listener))
	if want := "http://" + listener.Addr().String(); server.URL() != want {
		t.Errorf("the server is at %s, want %s", server.URL(), want)
	}
}
