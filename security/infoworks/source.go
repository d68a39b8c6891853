package infoworks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// TokenSource returns a source of access tokens that lives as long as the client does: for
// [auth.Bearer] and [auth.Transport], to call every other part of Infoworks. The client's own calls
// use it too.
//
// A token is made from the refresh token, and from the password where the refresh token is refused,
// spent or cannot be had. It is kept, for any number of goroutines, and renewed ahead of its end:
// see [auth.Cache]. Where none can be had, the outcome of the error is [tenantkit.OutcomeNotSent],
// that of the call which the token was for. A token that a server refused is shown to
// [Client.ValidateToken] first; one that is still good is kept, since then the refusal is about
// what its user may do.
//
// The source of a client without credentials fails.
func (c *Client) TokenSource() auth.TokenSource {
	if c.orZero().tokens == nil {
		return auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
			return auth.Token{}, errors.New("the client of Infoworks was made without credentials")
		})
	}
	return c.tokens
}

// accessTokens is the token source of one client.
type accessTokens struct {
	client *Client
	cache  auth.Invalidator

	mu       sync.Mutex
	last     auth.Token // that the server made
	rejected bool       // a server did not take last
	good     bool       // the server, asked about it since, says that last is good
}

func newAccessTokens(client *Client) *accessTokens {
	t := &accessTokens{client: client}
	t.cache = auth.Cache(auth.TokenSourceFunc(t.fetch))
	return t
}

// Format prints nothing that calls change, so that the source can be printed at any time.
func (t *accessTokens) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "infoworks.Client.TokenSource")
}

func (t *accessTokens) Token(ctx context.Context) (auth.Token, error) { return t.cache.Token(ctx) }

func (t *accessTokens) Invalidate(rejected tenantkit.Secret) {
	t.mu.Lock()
	if rejected == t.last.Value {
		t.rejected, t.good = true, false
	}
	t.mu.Unlock()
	t.cache.Invalidate(rejected)
}

// fetch gets a token for the cache, which lets one run at a time.
func (t *accessTokens) fetch(ctx context.Context) (auth.Token, error) {
	if last, rejected := t.takeRejected(); rejected {
		// Once, and whatever comes of it: if the server cannot say, a new token helps.
		valid, err := t.client.ValidateToken(ctx, last.Value, tenantkit.WithRetry(tenantkit.NoRetry()))
		if err == nil && valid {
			t.record(last, true)
			return last, nil
		}
	}
	token, err := t.mint(ctx)
	if err != nil {
		return auth.Token{}, err
	}
	t.record(token, false)
	return token, nil
}

// takeRejected returns the last token, and reports once whether a server rejected it.
func (t *accessTokens) takeRejected() (last auth.Token, rejected bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rejected, t.rejected = t.rejected, false
	return t.last, rejected
}

// record keeps the token, and whether the server says that it is good.
func (t *accessTokens) record(token auth.Token, good bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last, t.rejected, t.good = token, false, good
}

// annotate adds to the error of a call with the token that the server says that the token is good.
func (t *accessTokens) annotate(value tenantkit.Secret, err error) error {
	var wrong *wrongCredential
	if errors.As(err, &wrong) {
		t.mu.Lock()
		defer t.mu.Unlock()
		wrong.goodToken = t.good && value == t.last.Value
	}
	return err
}

// mint makes a token, from the refresh token if that can be.
func (t *accessTokens) mint(ctx context.Context) (auth.Token, error) {
	c := t.client
	var first error
	if c.refresh != nil {
		token, err := c.refresh.Token(ctx)
		err = explainSpent(err)
		if err == nil || c.credentials[byPassword] == nil || !needsAnother(ctx, err) {
			return token, err
		}
		first = err
	}
	made, err := c.Authenticate(ctx)
	err = rest.AsNotSent(err)
	switch {
	case err == nil:
		return made.token(), nil
	case first == nil:
		return auth.Token{}, err
	}
	return auth.Token{}, fmt.Errorf("%w; and with the password: %w", first, err)
}

// needsAnother reports whether another credential may do where one failed with err: not when the
// server could not be reached, or did not work.
func needsAnother(ctx context.Context, err error) bool {
	var e *tenantkit.Error
	if !errors.As(err, &e) {
		// Nothing was sent, since no refresh token could be had.
		return ctx.Err() == nil
	}
	return e.StatusCode >= 400 && e.StatusCode < 500 && e.StatusCode != http.StatusRequestTimeout && e.StatusCode != http.StatusTooManyRequests
}
