package infoworks_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

// start starts a server with one user, who is the client's.
func start(t *testing.T, opts ...infoworkstest.Option) *infoworkstest.Server {
	t.Helper()
	return infoworkstest.Start(t, append([]infoworkstest.Option{infoworkstest.WithUsers(infoworkstest.User{
		Email: username, Password: password, RefreshToken: refreshToken,
	})}, opts...)...)
}

// through returns a client whose requests go to the server through memory.
func through(t *testing.T, server *infoworkstest.Server, credentials infoworks.Credentials, opts ...tenantkit.Option) *infoworks.Client {
	t.Helper()
	opts = append([]tenantkit.Option{tenantkit.WithHTTPClient(&http.Client{Transport: server.RoundTripper()})}, opts...)
	client, err := infoworks.NewClient(server.BaseURL(), credentials, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// asked returns the operations that the server was asked for since it had been asked for that many.
func asked(server *infoworkstest.Server, since int) []string {
	var names []string
	for _, r := range server.Requests()[since:] {
		names = append(names, r.Operation)
	}
	return names
}

func wantAsked(t *testing.T, server *infoworkstest.Server, since int, want ...string) int {
	t.Helper()
	got := asked(server, since)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("asked for %v, want %v", got, want)
	}
	return since + len(got)
}

// lookUp is a call that carries an access token.
func lookUp(ctx context.Context, client *infoworks.Client) error {
	_, err := client.UserData(ctx, &infoworks.UserQuery{UserIDs: []string{"x"}, SearchAttribute: "uid"})
	return err
}

func TestTokenSource(t *testing.T) {
	t.Parallel()
	server := start(t)
	synctest.Test(t, func(t *testing.T) {
		client := through(t, server, both())
		source := client.TokenSource()
		first, err := source.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// An access token tells its end in whole seconds.
		if left := time.Until(first.Expiry); left > 15*time.Minute || left < 15*time.Minute-time.Second {
			t.Errorf("the token ends in %v, want 15 minutes", left)
		}
		claims, err := infoworks.ParseClaims(first.Value)
		if err != nil || claims.Email != username || claims.Action != "refresh_token" {
			t.Errorf("claims %+v, %v", claims, err)
		}
		if err := lookUp(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		n := wantAsked(t, server, 0, "AccessToken", "UserData")

		// That some other token was refused means nothing.
		source.(auth.Invalidator).Invalidate(tenantkit.NewSecret("another"))

		// Ahead of its end, the old token serves while a new one is fetched.
		time.Sleep(13*time.Minute + 30*time.Second)
		again, err := source.Token(t.Context())
		if err != nil || again != first {
			t.Errorf("got another token, or %v", err)
		}
		synctest.Wait()
		n = wantAsked(t, server, n, "AccessToken")
		if next, err := source.Token(t.Context()); err != nil || next == first {
			t.Errorf("got the old token, or %v", err)
		}
		wantAsked(t, server, n)
	})
}

func TestTokenSourceFallsBack(t *testing.T) {
	t.Parallel()
	broken := auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { return auth.Token{}, errors.New("no such file") })
	tests := []struct {
		name         string
		refreshToken auth.TokenSource
		password     auth.TokenSource
		fault        *infoworkstest.Fault
		asked        string
		is           error
	}{
		{name: "refresh token is good", refreshToken: auth.StaticToken(refreshToken), password: auth.StaticToken(password), asked: "[AccessToken]"},
		{name: "refresh token is wrong", refreshToken: auth.StaticToken("wrong"), password: auth.StaticToken(password), asked: "[AccessToken Authenticate]"},
		{name: "refresh token cannot be had", refreshToken: broken, password: auth.StaticToken(password), asked: "[Authenticate]"},
		{name: "password alone", password: auth.StaticToken(password), asked: "[Authenticate]"},
		{
			name: "both are wrong", refreshToken: auth.StaticToken("wrong"), password: auth.StaticToken("wrong"), asked: "[AccessToken Authenticate]",
			is: tenantkit.ErrUnauthenticated,
		},
		{
			name: "refresh token alone is wrong", refreshToken: auth.StaticToken("wrong"), asked: "[AccessToken]",
			is: tenantkit.ErrUnauthenticated,
		},
		{
			name: "server does not work", refreshToken: auth.StaticToken(refreshToken), password: auth.StaticToken(password),
			fault: &infoworkstest.Fault{Status: 503}, asked: "[AccessToken]", is: tenantkit.ErrUnavailable,
		},
		{
			name: "no answer", refreshToken: auth.StaticToken(refreshToken), password: auth.StaticToken(password),
			fault: &infoworkstest.Fault{ResetAfter: true}, asked: "[AccessToken]", is: syscall.ECONNRESET,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := start(t)
			if test.fault != nil {
				server.Fail("AccessToken", *test.fault)
			}
			credentials := infoworks.Credentials{Password: test.password, RefreshToken: test.refreshToken}
			if test.password != nil {
				credentials.Username = username
			}
			client := through(t, server, credentials, tenantkit.WithRetry(tenantkit.NoRetry()))
			token, err := client.TokenSource().Token(t.Context())
			if got := fmt.Sprint(asked(server, 0)); got != test.asked {
				t.Errorf("asked for %s, want %s", got, test.asked)
			}
			if test.is == nil {
				if err != nil || token.Value.IsZero() {
					t.Errorf("no token: %v", err)
				}
				return
			}
			if !errors.Is(err, test.is) {
				t.Errorf("got %v, want %v", err, test.is)
			}
			if errors.Is(err, auth.ErrResponseLost) {
				t.Errorf("no refresh token can be lost that way: %v", err)
			}
		})
	}
}

// A token that the server does not take any more is replaced, and the call repeated, once.
func TestRefusedToken(t *testing.T) {
	t.Parallel()
	notAcceptable := infoworkstest.Fault{Status: http.StatusNotAcceptable, Body: `{"message":"Security Client Errors","details":"x","iw_code":"IW10031"}`}
	unauthorized := infoworkstest.Fault{Status: http.StatusUnauthorized, Body: `{"message":"User lacks access","iw_code":"IW10004"}`}
	tests := []struct {
		name      string
		blacklist bool
		faults    map[string][]infoworkstest.Fault
		asked     string
		is        error
		says      string
	}{
		{name: "blacklisted", blacklist: true, asked: "[UserData ValidateToken AccessToken UserData]"},
		{
			name: "406", blacklist: true, faults: map[string][]infoworkstest.Fault{"UserData": {notAcceptable}},
			asked: "[UserData ValidateToken AccessToken UserData]",
		},
		{
			name: "the server cannot validate", blacklist: true, faults: map[string][]infoworkstest.Fault{"ValidateToken": {{Status: 500}}},
			asked: "[UserData ValidateToken AccessToken UserData]",
		},
		{
			name: "twice", blacklist: true, faults: map[string][]infoworkstest.Fault{"UserData": {unauthorized, unauthorized}},
			asked: "[UserData ValidateToken AccessToken UserData]", is: tenantkit.ErrUnauthenticated,
		},
		{
			name: "the token is good, and the user lacks access", faults: map[string][]infoworkstest.Fault{"UserData": {unauthorized}},
			asked: "[UserData ValidateToken]", is: tenantkit.ErrUnauthenticated,
		},
		{
			name: "the token is good, and is not acceptable", faults: map[string][]infoworkstest.Fault{"UserData": {notAcceptable}},
			asked: "[UserData ValidateToken]", is: tenantkit.ErrUnauthenticated, says: "the server says that the access token is good",
		},
		{
			name: "a new token is not acceptable", blacklist: true, faults: map[string][]infoworkstest.Fault{"UserData": {notAcceptable, notAcceptable}},
			asked: "[UserData ValidateToken AccessToken UserData]", is: tenantkit.ErrUnauthenticated, says: "not good any more, or its user may not do this",
		},
		{
			name: "a proxy's 406", faults: map[string][]infoworkstest.Fault{"UserData": {{Status: 406, Body: "no"}}},
			asked: "[UserData]", is: errAny,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := start(t)
			client := through(t, server, both())
			if err := lookUp(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			n := len(server.Requests())
			if test.blacklist {
				server.Blacklist(username)
			}
			for operation, faults := range test.faults {
				server.Fail(operation, faults...)
			}
			err := lookUp(t.Context(), client)
			if got := fmt.Sprint(asked(server, n)); got != test.asked {
				t.Errorf("asked for %s, want %s", got, test.asked)
			}
			if (err == nil) != (test.is == nil) || test.is != nil && test.is != errAny && !errors.Is(err, test.is) {
				t.Errorf("got %v, want %v", err, test.is)
			}
			if test.says != "" && !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, which does not say %q", err, test.says)
			}
			// What was good before is good again.
			if err := lookUp(t.Context(), client); err != nil {
				t.Errorf("the next call: %v", err)
			}
		})
	}
}

var errAny = errors.New("any error")

// Goroutines that are refused with the same token share one new one.
func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	server := start(t)
	synctest.Test(t, func(t *testing.T) {
		client := through(t, server, both())
		if err := lookUp(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		server.Blacklist(username)
		// All of them are sent before the first is refused, and refused before the new
		// token is there.
		server.Fail("UserData", infoworkstest.Fault{Delay: time.Second, Times: 50})
		server.Fail("AccessToken", infoworkstest.Fault{Delay: time.Second})
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if err := lookUp(t.Context(), client); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		counts := make(map[string]int)
		for _, r := range server.Requests() {
			counts[r.Operation]++
		}
		if counts["AccessToken"] != 2 || counts["ValidateToken"] != 1 || counts["UserData"] != 101 {
			t.Errorf("counts %v, want 2 tokens made, 1 validated, 101 calls", counts)
		}

		// The new one is not under suspicion: it is renewed ahead like any other.
		n := len(server.Requests())
		time.Sleep(13*time.Minute + 30*time.Second)
		if err := lookUp(t.Context(), client); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		got := asked(server, n)
		slices.Sort(got)
		if fmt.Sprint(got) != "[AccessToken UserData]" {
			t.Errorf("asked for %v", got)
		}
	})
}

func TestRevokeAccessToken(t *testing.T) {
	t.Parallel()
	server := start(t)
	client := through(t, server, both())
	if err := lookUp(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	if err := client.RevokeAccessToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := wantAsked(t, server, 0, "AccessToken", "UserData", "RevokeAccessToken")
	if err := lookUp(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	n = wantAsked(t, server, n, "AccessToken", "UserData")

	// A lost answer: the second attempt is refused, since the first one worked. Nobody is
	// logged in at the end.
	server.Fail("RevokeAccessToken", infoworkstest.Fault{ResetAfter: true})
	if err := client.RevokeAccessToken(t.Context(), tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: time.Millisecond})); err != nil {
		t.Fatal(err)
	}
	n = wantAsked(t, server, n, "RevokeAccessToken", "RevokeAccessToken", "ValidateToken", "AccessToken", "RevokeAccessToken")
	if err := lookUp(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	n = wantAsked(t, server, n, "AccessToken", "UserData")

	// The token is forgotten whatever the server says.
	server.Fail("RevokeAccessToken", infoworkstest.Fault{Status: 500})
	if err := client.RevokeAccessToken(t.Context(), tenantkit.WithRetry(tenantkit.NoRetry())); !errors.Is(err, tenantkit.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if err := lookUp(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	wantAsked(t, server, n, "RevokeAccessToken", "AccessToken", "UserData")
}

func TestValidateToken(t *testing.T) {
	t.Parallel()
	server := start(t, infoworkstest.WithQuotedBooleans())
	client := through(t, server, both(), tenantkit.WithRetry(tenantkit.NoRetry()))
	made, err := client.Authenticate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	check := func(about string, token tenantkit.Secret, want bool) {
		t.Helper()
		if got, err := client.ValidateToken(t.Context(), token); err != nil || got != want {
			t.Errorf("%s: got %t, %v, want %t", about, got, err, want)
		}
	}
	check("a good one", made.Token, true)
	check("another's", tenantkit.NewSecret("not-one-of-ours"), false)
	server.Blacklist(username)
	check("a blacklisted one", made.Token, false)
	server.Fail("ValidateToken", infoworkstest.Fault{Status: 401, Body: "<html>a proxy wants to know who you are"})
	if _, err := client.ValidateToken(t.Context(), made.Token); !errors.Is(err, tenantkit.ErrUnauthenticated) {
		t.Errorf("a proxy's refusal: got %v", err)
	}
}
