package infoworks

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/rest"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// refreshTokens is the source of a client's refresh token, and makes access tokens of it.
type refreshTokens struct {
	*auth.Refresher
	client *Client

	mu    sync.Mutex
	doubt tenantkit.Secret // was probably replaced
}

func newRefreshTokens(client *Client, source auth.TokenSource, store auth.TokenStore) *refreshTokens {
	r := &refreshTokens{client: client}
	r.Refresher = auth.RefreshToken(source, store, r.exchange)
	return r
}

// refreshToken is the source of the refresh token itself.
func (r *refreshTokens) refreshToken(ctx context.Context) (auth.Token, error) {
	token, err := r.Current(ctx)
	return token, explainSpent(err)
}

// explainSpent adds to [auth.ErrSpent] where the new refresh token is.
func explainSpent(err error) error {
	if errors.Is(err, auth.ErrSpent) {
		return fmt.Errorf("%w: RegenerateRefreshToken replaced it, and the web interface shows the new one under My Profile > Settings", err)
	}
	return err
}

// exchange makes an access token. Infoworks never replaces a refresh token by that.
func (r *refreshTokens) exchange(ctx context.Context, refresh tenantkit.Secret) (auth.Grant, error) {
	made, err := r.client.accessToken(ctx, auth.StaticToken(refresh.Reveal()), nil)
	if err != nil {
		return auth.Grant{}, rest.AsNotSent(err)
	}
	return auth.Grant{Access: made.token()}, nil
}

// resolveDoubt learns from the result of a call with a token whether it was replaced without a note
// of it, and says so in the error.
func (r *refreshTokens) resolveDoubt(value tenantkit.Secret, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case value.IsZero() || value != r.doubt:
	case err == nil:
		r.doubt = tenantkit.Secret{}
	case errors.Is(err, tenantkit.ErrUnauthenticated):
		const replaced = "an earlier call of RegenerateRefreshToken, which ended with an error, has probably replaced it"
		var failed *tenantkit.Error
		if errors.As(err, &failed) {
			failed.Err = fmt.Errorf("%w; %s", failed.Err, replaced)
		}
	}
	return err
}

// RegenerateRefreshToken makes the server replace the user's refresh token, and blacklist the old
// one.
//
// It ends every program that lives on the old token: other clients, other machines, the vendor's
// own tools. Their access tokens serve to their end, 15 minutes at most unless the deployment says
// otherwise, and then nothing does. The answer does not hold the new token; the user finds it in
// the web interface, under My Profile > Settings.
//
// The client takes note, in [Credentials.Store] too: until [Credentials.RefreshToken] gives another
// one, or another one is put into the store, what needs a refresh token fails with [auth.ErrSpent],
// or goes on with the password where there is one.
//
// [Credentials.RegenerateWith] says what the call authenticates with. It is never repeated,
// whatever happens. After an error with [tenantkit.OutcomeUnknown] the token may be spent or not;
// the next call that uses it tells.
func (c *Client) RegenerateRefreshToken(ctx context.Context, opts ...tenantkit.Option) error {
	c = c.orZero()
	op := &regenerateRefreshToken
	if ctx == nil {
		return op.Invalid("ctx", "it is nil")
	}
	credential, err := c.choose(op, c.regenerateWith, byRefreshToken, byPassword)
	if err != nil {
		return err
	}
	var given givenToken
	if c.refresh != nil {
		given.TokenSource = auth.TokenSourceFunc(c.refresh.refreshToken)
		if credential == c.credentials[byRefreshToken] {
			// The token of which note is taken must be the one that is sent.
			credential = auth.RawBasic(&given)
		} else {
			// Where none can be had there is none to take note of.
			_, _ = given.Token(ctx)
		}
	}
	_, err = do[wire.Text](ctx, c, &regenerateRefreshToken, rest.Call{Credential: credential}, nil, opts)
	if given.last.IsZero() {
		return err
	}
	switch tenantkit.OutcomeOf(err) {
	case tenantkit.OutcomeApplied:
		if unsaved := c.refresh.spend(ctx, given.last); unsaved != nil {
			c.refresh.markSuspect(given.last)
			return &tenantkit.Error{
				Service: service, Operation: op.Name, Method: op.Method, URL: c.rest.BaseURL().JoinPath(op.Path).String(),
				Attempts: 1, Outcome: tenantkit.OutcomeApplied,
				Err: errors.Join(err, fmt.Errorf("the store could not be told that its refresh token is spent: %w", unsaved)),
			}
		}
	case tenantkit.OutcomeUnknown:
		c.refresh.markSuspect(given.last)
	}
	return err
}

// noteTimeout bounds the work of the store after the server has replaced a token.
const noteTimeout = 15 * time.Second

// spend takes note that a token was replaced.
func (r *refreshTokens) spend(ctx context.Context, value tenantkit.Secret) error {
	// The token is spent, whether the caller still waits or not.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	current, err := r.Current(ctx)
	if errors.Is(err, auth.ErrSpent) || err == nil && current.Value != value {
		// Somebody else has taken note already, or has put the new one in its place.
		return nil
	}
	if err != nil {
		return err
	}
	return r.MarkSpent(ctx)
}

// markSuspect records that a token was probably replaced.
func (r *refreshTokens) markSuspect(value tenantkit.Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.doubt = value
}
