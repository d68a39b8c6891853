package infoworks_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	type want struct {
		Code, Message, Details, Help string
	}
	tests := []struct {
		name, body string
		status     int
		want       want
		is         error
	}{
		{
			"400", file(t, "refusal-400.json"), 400,
			want{"IW10006", "Invalid request", `{"search_list":["may not be empty"]}`, "https://api.infoworks.io/v3/errors/IW10006"},
			tenantkit.ErrBadRequest,
		},
		{
			"401", file(t, "refusal-401.json"), 401,
			want{"IW10004", "User lacks access", "", "https://api.infoworks.io/v3/errors/IW10004"},
			tenantkit.ErrUnauthenticated,
		},
		{
			"406", file(t, "refusal-406.json"), 406,
			want{"IW10031", "Security Client Errors", "Authentication Failed: Incorrect user credentials", "https://api.infoworks.io/v3/errors/IW10029"},
			tenantkit.ErrUnauthenticated,
		},
		{"406 of a general code", `{"iw_code":"IW1004"}`, 406, want{Code: "IW1004"}, tenantkit.ErrUnauthenticated},
		{"500", file(t, "refusal-500.json"), 500, want{Code: "10002", Message: "Internal Server Error"}, tenantkit.ErrUnavailable},
		{"a proxy's", "<html>", 502, want{}, tenantkit.ErrUnavailable},
		{"JSON of another", `["no"]`, 403, want{}, tenantkit.ErrForbidden},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := answering(t, test.status, test.body).Authenticate(t.Context())
			var e *tenantkit.Error
			if !errors.As(err, &e) || !errors.Is(err, test.is) {
				t.Fatalf("got %v, want %v", err, test.is)
			}
			if diff := cmp.Diff(test.want, want{e.Code, e.Message, e.Details, infoworks.Help(fmt.Errorf("wrapped: %w", err))}); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
		})
	}
	if help := infoworks.Help(errors.New("another error")); help != "" {
		t.Errorf("Help of another error is %q", help)
	}
	_, err := answering(t, http.StatusNotAcceptable, "<html>a proxy that does not like our Accept").Authenticate(t.Context())
	if errors.Is(err, tenantkit.ErrUnauthenticated) {
		t.Errorf("a proxy's 406 is taken for wrong credentials: %v", err)
	}
}

// Wrong credentials of the Basic calls are sent once, and the message says what to look at.
func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	sync := &infoworks.LDAPSync{SearchList: []string{"x"}}
	for name, test := range map[string]struct {
		call func(context.Context, *infoworks.Client) error
		hint string
	}{
		"Authenticate":           {func(ctx context.Context, c *infoworks.Client) error { _, err := c.Authenticate(ctx); return err }, "SAML"},
		"AccessToken":            {func(ctx context.Context, c *infoworks.Client) error { _, err := c.AccessToken(ctx); return err }, "My Profile > Settings"},
		"RegenerateRefreshToken": {func(ctx context.Context, c *infoworks.Client) error { return c.RegenerateRefreshToken(ctx) }, "RegenerateWith"},
		"BulkLDAPSync":           {func(ctx context.Context, c *infoworks.Client) error { _, err := c.BulkLDAPSync(ctx, sync); return err }, "SyncWith"},
	} {
		for _, status := range []int{401, 406} {
			t.Run(fmt.Sprint(name, "/", status), func(t *testing.T) {
				t.Parallel()
				mock := httpmock.NewMockTransport()
				mock.RegisterNoResponder(func(*http.Request) (*http.Response, error) {
					return answer(status, file(t, fmt.Sprintf("refusal-%d.json", status))), nil
				})
				// Another secret each time, so that a repetition would look worth
				// while.
				n := 0
				source := auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
					n++
					return auth.Token{Value: tenantkit.NewSecret(fmt.Sprintf("MARKER-%d", n))}, nil
				})
				client := newClient(t, mock, infoworks.Credentials{Username: username, Password: source, RefreshToken: source},
					tenantkit.WithRetry(tenantkit.DefaultRetryPolicy()))
				err := test.call(t.Context(), client)
				if !errors.Is(err, tenantkit.ErrUnauthenticated) || tenantkit.OutcomeOf(err) != tenantkit.OutcomeRejected {
					t.Fatalf("got %v, want ErrUnauthenticated, rejected", err)
				}
				if status == 406 && (!strings.Contains(err.Error(), "wrong credentials") || !strings.Contains(err.Error(), test.hint)) {
					t.Errorf("the message does not speak of wrong credentials and %q: %v", test.hint, err)
				}
				if got := mock.GetTotalCallCount(); got != 1 {
					t.Errorf("%d requests, want 1", got)
				}
				if data, _ := json.Marshal(err); strings.Contains(fmt.Sprintf("%v %+v %#v %s", err, err, err, data), "MARKER") {
					t.Errorf("the error holds the secret: %#v", err)
				}
			})
		}
	}
}

func TestInputIsCheckedBeforeSending(t *testing.T) {
	t.Parallel()
	mock := httpmock.NewMockTransport()
	client, anybody := newClient(t, mock, both()), newClient(t, mock, infoworks.Credentials{})
	justRefresh := newClient(t, mock, infoworks.Credentials{
		RefreshToken: auth.StaticToken(refreshToken), RegenerateWith: infoworks.PasswordCredential, SyncWith: infoworks.PasswordCredential,
	})
	ctx := t.Context()
	var none context.Context
	drop := func(_ any, err error) error { return err }
	for _, test := range []struct {
		name, operation, field string
		err                    error
	}{
		{"no context", "Authenticate", "ctx", drop(client.Authenticate(none))},
		{"no context", "RegenerateRefreshToken", "ctx", client.RegenerateRefreshToken(none)},
		{"no context", "SAMLRedirectURL", "ctx", drop(anybody.SAMLRedirectURL(none))},
		{"no token", "ValidateToken", "token", drop(client.ValidateToken(ctx, tenantkit.Secret{}))},
		{"nil", "AuthoriseUser", "authorisation", drop(client.AuthoriseUser(ctx, nil))},
		{"empty", "AuthoriseUser", "authorisation", drop(client.AuthoriseUser(ctx, &infoworks.Authorisation{}))},
		{"nil", "UserData", "query", drop(client.UserData(ctx, nil))},
		{"no users", "UserData", "query.UserIDs", drop(client.UserData(ctx, &infoworks.UserQuery{}))},
		{"a nameless user", "UserData", "query.UserIDs", drop(client.UserData(ctx, &infoworks.UserQuery{UserIDs: []string{"a", ""}}))},
		{"nil", "BulkLDAPSync", "sync", drop(client.BulkLDAPSync(ctx, nil))},
		{"no users", "BulkLDAPSync", "sync.SearchList", drop(client.BulkLDAPSync(ctx, &infoworks.LDAPSync{}))},
		{"no credentials", "Authenticate", "credentials", drop(anybody.Authenticate(ctx))},
		{"no credentials", "AccessToken", "credentials", drop(anybody.AccessToken(ctx))},
		{"no credentials", "RevokeAccessToken", "credentials", anybody.RevokeAccessToken(ctx)},
		{"no credentials", "RegenerateRefreshToken", "credentials", anybody.RegenerateRefreshToken(ctx)},
		{"no credentials", "AuthoriseUser", "credentials", drop(anybody.AuthoriseUser(ctx, &infoworks.Authorisation{Action: "a"}))},
		{"no credentials", "UserData", "credentials", drop(anybody.UserData(ctx, &infoworks.UserQuery{UserIDs: []string{"a"}}))},
		{"no credentials", "BulkLDAPSync", "credentials", drop(anybody.BulkLDAPSync(ctx, &infoworks.LDAPSync{SearchList: []string{"a"}}))},
		{"no password", "Authenticate", "credentials", drop(justRefresh.Authenticate(ctx))},
		{"no password, and chosen", "RegenerateRefreshToken", "credentials", justRefresh.RegenerateRefreshToken(ctx)},
		{"no password, and chosen", "BulkLDAPSync", "credentials", drop(justRefresh.BulkLDAPSync(ctx, &infoworks.LDAPSync{SearchList: []string{"a"}}))},
		{"zero client", "SAMLRedirectURL", "client", drop(new(infoworks.Client).SAMLRedirectURL(ctx))},
	} {
		t.Run(test.operation+"/"+test.name, func(t *testing.T) {
			t.Parallel()
			var invalid *tenantkit.ValidationError
			if !errors.As(test.err, &invalid) || invalid.Operation != test.operation || invalid.Field != test.field || invalid.Reason == "" {
				t.Errorf("got %v, want a ValidationError of %s", test.err, test.field)
			}
		})
	}
	if n := mock.GetTotalCallCount(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	if token, err := anybody.TokenSource().Token(ctx); err == nil {
		t.Errorf("a client without credentials has the token %v", token)
	}
}

func TestNewClient(t *testing.T) {
	t.Parallel()
	source := auth.StaticToken("secret")
	for _, test := range []struct {
		name, baseURL, field string
		credentials          infoworks.Credentials
	}{
		{"password alone", baseURL, "credentials.Username", infoworks.Credentials{Password: source}},
		{"user name alone", baseURL, "credentials.Password", infoworks.Credentials{Username: "a", RefreshToken: source}},
		{"colon", baseURL, "credentials.Username", infoworks.Credentials{Username: "a:b", Password: source}},
		{"unknown choice", baseURL, "credentials.RegenerateWith", infoworks.Credentials{RegenerateWith: "x"}},
		{"another unknown choice", baseURL, "credentials.SyncWith", infoworks.Credentials{SyncWith: "access token"}},
		{"plain http", "http://infoworks.example.org:3001/v3", "baseURL", both()},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, err := infoworks.NewClient(test.baseURL, test.credentials)
			var invalid *tenantkit.ValidationError
			if client != nil || !errors.As(err, &invalid) || invalid.Operation != "NewClient" || invalid.Field != test.field {
				t.Errorf("got %v, want a ValidationError of %s", err, test.field)
			}
		})
	}
	client, err := infoworks.NewClient("http://localhost:3001/v3/", both())
	if err != nil {
		t.Fatal(err)
	}
	client.CloseIdleConnections()
}

func TestOperations(t *testing.T) {
	t.Parallel()
	operations := infoworks.Operations()
	if len(operations) != 9 {
		t.Errorf("%d operations, want 9", len(operations))
	}
	for _, op := range operations {
		if op.Name == "RegenerateRefreshToken" && op.Class.String() != "never" {
			t.Errorf("%s is %s", op.Name, op.Class)
		}
	}
}
