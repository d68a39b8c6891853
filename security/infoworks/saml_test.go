package infoworks_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

// Where users log in by SAML no password is good, which is when the way to SAML is asked for.
func TestSAMLRedirectURLWithoutALogin(t *testing.T) {
	t.Parallel()
	const location = "https://idp.example.org/sso"
	byPassword := infoworks.Credentials{Username: username, Password: auth.StaticToken(password)}
	spent := func(t *testing.T, c *infoworks.Client) {
		if err := c.RegenerateRefreshToken(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name        string
		credentials infoworks.Credentials
		before      func(*testing.T, *infoworks.Client)
		faults      map[string][]infoworkstest.Fault
		sent        []string
		fails       string // what the error says; empty means none
	}{
		{name: "a password", credentials: byPassword, sent: []string{"Authenticate", "SAMLRedirectURL"}},
		{
			name: "a refresh token that is spent", credentials: infoworks.Credentials{RefreshToken: auth.StaticToken(refreshToken)}, before: spent,
			sent: []string{"RegenerateRefreshToken", "SAMLRedirectURL"},
		},
		{
			name: "repeated without a token", credentials: byPassword,
			faults: map[string][]infoworkstest.Fault{"SAMLRedirectURL": {{Status: 503, RetryAfter: "0"}}},
			sent:   []string{"Authenticate", "SAMLRedirectURL", "SAMLRedirectURL"},
		},
		{
			name: "a server that wants a token", credentials: byPassword,
			faults: map[string][]infoworkstest.Fault{"SAMLRedirectURL": {{Status: 401}}},
			sent:   []string{"Authenticate", "SAMLRedirectURL"}, fails: "check the user name and the password",
		},
		{
			name: "a server that does not work", credentials: byPassword,
			faults: map[string][]infoworkstest.Fault{"Authenticate": {{Status: 500, Times: -1}}},
			sent:   []string{"Authenticate"}, fails: "500",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := start(t, infoworkstest.WithSAML(location))
			retry := tenantkit.WithRetry(tenantkit.NoRetry())
			if test.name == "repeated without a token" {
				retry = tenantkit.WithRetry(tenantkit.RetryPolicy{MaxAttempts: 2})
			}
			client := through(t, server, test.credentials, retry)
			if test.before != nil {
				test.before(t, client)
			}
			for operation, faults := range test.faults {
				server.Fail(operation, faults...)
			}
			got, err := client.SAMLRedirectURL(t.Context())
			switch {
			case test.fails == "" && (got != location || err != nil):
				t.Errorf("got %q, %v", got, err)
			case test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)):
				t.Errorf("got %q, %v, want an error with %q", got, err, test.fails)
			}
			var sent []string
			for _, request := range server.Requests() {
				sent = append(sent, request.Operation)
				if request.Operation == "SAMLRedirectURL" && request.Header.Get("Authorization") != "" {
					t.Error("a credential was sent")
				}
			}
			if diff := cmp.Diff(test.sent, sent); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A token that was refused, and that no other can take the place of, is why the call failed.
func TestSAMLRedirectURLTellsTheRefusedLogin(t *testing.T) {
	t.Parallel()
	server := start(t, infoworkstest.WithSAML("https://idp.example.org/sso"))
	client := through(t, server, infoworks.Credentials{RefreshToken: auth.StaticToken(refreshToken)})
	if _, err := client.SAMLRedirectURL(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := client.RegenerateRefreshToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Blacklist(username)
	_, err := client.SAMLRedirectURL(t.Context())
	if !errors.Is(err, tenantkit.ErrUnauthenticated) || !errors.Is(err, auth.ErrSpent) {
		t.Errorf("got %v", err)
	}
}
