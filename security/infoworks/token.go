package infoworks

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/rest"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// Authentication is an access token that the server made.
type Authentication struct {
	// Token is the access token. It goes into Authorization: Bearer of every other call, for 15
	// minutes unless the deployment says otherwise. See [ParseClaims].
	Token tenantkit.Secret
	// UserID is empty where the server does not tell it: it never does for a refresh token, and
	// older products never do.
	UserID string
	// Message is the server's own word.
	Message string
}

// token returns the token with its end, as far as it tells it. Otherwise it shows when a server
// refuses the token.
func (a *Authentication) token() auth.Token {
	token := auth.Token{Value: a.Token}
	if claims, err := auth.ParseClaims(a.Token); err == nil {
		token.Expiry = claims.Expiry
	}
	return token
}

// authentication is the result of the two calls that make an access token.
type authentication struct {
	Token  tenantkit.Secret `json:"authentication_token"`
	IsGood *flag            `json:"is_authenticated"`
	UserID wire.Text        `json:"user_id"`
}

func (a *authentication) check() error {
	switch {
	case a.IsGood != nil && !bool(*a.IsGood):
		return fmt.Errorf("%w: is_authenticated is false", tenantkit.ErrUnauthenticated)
	case a.Token.IsZero():
		return errors.New("it has no authentication_token")
	}
	return nil
}

func (c *Client) authentication(ctx context.Context, operation *rest.Operation, call rest.Call, opts []tenantkit.Option) (*Authentication, error) {
	response, err := do(ctx, c, operation, call, (*authentication).check, opts)
	if err != nil {
		return nil, err
	}
	return &Authentication{Token: response.Result.Token, UserID: string(response.Result.UserID), Message: string(response.Message)}, nil
}

// Authenticate makes an access token from the user's name and password, with
// [Credentials.ServiceID] where that is set. The token is the caller's: [Client.TokenSource] does
// not know of it.
//
// Wrong credentials, which the server answers with 406, and an answer that says is_authenticated:
// false are [tenantkit.ErrUnauthenticated]. So is every password where users log in by SAML.
// It is retried like any read.
func (c *Client) Authenticate(ctx context.Context, opts ...tenantkit.Option) (*Authentication, error) {
	c = c.orZero()
	var call rest.Call
	if c.serviceID != nil {
		call.Query = struct {
			ServiceID int `url:"service_id"`
		}{*c.serviceID}
	}
	return c.authentication(ctx, &authenticate, call, opts)
}

// AccessToken makes an access token from the refresh token. The token is the caller's:
// [Client.TokenSource] does not know of it.
//
// A refresh token that is wrong, expired or replaced, which the server answers with 406, is
// [tenantkit.ErrUnauthenticated]; one that [Client.RegenerateRefreshToken] of this client, or of
// another with the same store, has replaced is [auth.ErrSpent], before anything is sent. It is
// retried like any read.
func (c *Client) AccessToken(ctx context.Context, opts ...tenantkit.Option) (*Authentication, error) {
	c = c.orZero()
	if c.refresh == nil {
		return nil, c.lacks(&accessToken, byRefreshToken)
	}
	return c.accessToken(ctx, auth.TokenSourceFunc(c.refresh.refreshToken), opts)
}

// accessToken makes an access token from what refresh gives.
func (c *Client) accessToken(ctx context.Context, refresh auth.TokenSource, opts []tenantkit.Option) (*Authentication, error) {
	given := &givenToken{TokenSource: refresh}
	made, err := c.authentication(ctx, &accessToken, rest.Call{Credential: auth.RawBasic(given)}, opts)
	return made, c.refresh.resolveDoubt(given.last, err)
}

// RevokeAccessToken purges the access token that [Client.TokenSource] gives, and logs its user out:
// the server takes none of the user's access tokens any more, those of other programs included. The
// refresh token stays good. The client forgets the token, whatever the server answers, and the next
// call that needs one makes a new one. It is retried like any idempotent write.
func (c *Client) RevokeAccessToken(ctx context.Context, opts ...tenantkit.Option) error {
	c = c.orZero()
	if c.tokens == nil {
		return c.lacks(&revokeAccessToken, byAccessToken)
	}
	given := &givenToken{TokenSource: c.tokens}
	_, err := do[wire.Text](ctx, c, &revokeAccessToken, rest.Call{Credential: auth.Bearer(given)}, nil, opts)
	// Not by way of c.tokens, which would have the token validated first.
	c.tokens.cache.Invalidate(given.last)
	return c.tokens.annotate(given.last, err)
}

// givenToken remembers which token one call was given last.
type givenToken struct {
	auth.TokenSource
	last tenantkit.Secret
}

func (g *givenToken) Token(ctx context.Context) (auth.Token, error) {
	token, err := g.TokenSource.Token(ctx)
	g.last = token.Value
	return token, err
}

func (g *givenToken) Invalidate(rejected tenantkit.Secret) {
	if source, ok := g.TokenSource.(auth.Invalidator); ok {
		source.Invalidate(rejected)
	}
}

// ValidateToken asks the server whether it still takes an access token. A refusal by Infoworks
// itself (401, 406) says that it does not, and is no error. It is retried like any read.
func (c *Client) ValidateToken(ctx context.Context, token tenantkit.Secret, opts ...tenantkit.Option) (bool, error) {
	c = c.orZero()
	if token.IsZero() {
		return false, validateToken.Invalid("token", "it is empty")
	}
	type validity struct {
		IsValid *flag `json:"is_valid"`
	}
	response, err := do(ctx, c, &validateToken, rest.Call{Credential: auth.Bearer(auth.StaticToken(token.Reveal()))}, func(v *validity) error {
		return errorIf(v.IsValid == nil, "it does not say is_valid")
	}, opts)
	var e *tenantkit.Error
	if errors.As(err, &e) && e.Code != "" && (e.StatusCode == http.StatusUnauthorized || e.StatusCode == http.StatusNotAcceptable) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return bool(*response.Result.IsValid), nil
}
