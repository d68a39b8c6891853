package infoworks_test

import (
	"context"
	"errors"
	"net/http"
	"syscall"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

// A call that was not made for want of an access token was not sent, whatever became of the request
// for the token.
func TestOutcomeWithoutToken(t *testing.T) {
	t.Parallel()
	byRefreshToken := infoworks.Credentials{RefreshToken: auth.StaticToken(refreshToken)}
	byPassword := infoworks.Credentials{Username: username, Password: auth.StaticToken(password)}
	operations := []string{"AccessToken", "Authenticate"}
	failures := []struct {
		name        string
		credentials infoworks.Credentials
		fault       *infoworkstest.Fault
		down        bool
	}{
		{name: "no connection, refresh token", credentials: byRefreshToken, down: true},
		{name: "no connection, password", credentials: byPassword, down: true},
		{name: "no connection, both", credentials: both(), down: true},
		{name: "lost answer, refresh token", credentials: byRefreshToken, fault: &infoworkstest.Fault{ResetAfter: true}},
		{name: "lost answer, password", credentials: byPassword, fault: &infoworkstest.Fault{ResetAfter: true}},
		{name: "unreadable answer, refresh token", credentials: byRefreshToken, fault: &infoworkstest.Fault{Garbage: true}},
		{name: "unreadable answer, password", credentials: byPassword, fault: &infoworkstest.Fault{Garbage: true}},
		{name: "refusal, both", credentials: both(), fault: &infoworkstest.Fault{Status: 406}},
	}
	calls := []struct {
		name string
		make func(context.Context, *infoworks.Client, http.RoundTripper) error
	}{
		{"own call", func(ctx context.Context, client *infoworks.Client, _ http.RoundTripper) error {
			_, err := client.AuthoriseUser(ctx, &infoworks.Authorisation{Action: "read"})
			return err
		}},
		{"token source", func(ctx context.Context, client *infoworks.Client, _ http.RoundTripper) error {
			_, err := client.TokenSource().Token(ctx)
			return err
		}},
		{"other HTTP client", func(ctx context.Context, client *infoworks.Client, base http.RoundTripper) error {
			infoworks := &http.Client{Transport: auth.Transport(auth.Bearer(client.TokenSource()), base)}
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://infoworks.example.org/v3/admin/users", nil)
			if err != nil {
				return err
			}
			resp, err := infoworks.Do(req)
			if err == nil {
				err = errors.Join(errors.New("the request was sent"), resp.Body.Close())
			}
			return err
		}},
	}
	for _, failure := range failures {
		for _, call := range calls {
			t.Run(failure.name+"/"+call.name, func(t *testing.T) {
				t.Parallel()
				server := start(t)
				transport := server.RoundTripper()
				if failure.down {
					transport = refusing{}
				}
				if failure.fault != nil {
					for _, operation := range operations {
						server.Fail(operation, *failure.fault)
					}
				}
				client := through(t, server, failure.credentials, tenantkit.WithRetry(tenantkit.NoRetry()),
					tenantkit.WithTransport(func(http.RoundTripper) http.RoundTripper { return transport }))
				err := call.make(t.Context(), client, transport)
				if err == nil || tenantkit.OutcomeOf(err) != tenantkit.OutcomeNotSent {
					t.Errorf("the outcome is %v, of: %v", tenantkit.OutcomeOf(err), err)
				}
			})
		}
	}
}

// refusing is a server that is down.
type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED }
