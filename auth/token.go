package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tenantkit/tenantkit"
)

// Token is a secret that proves who is calling: an API key, a password, an ID token, a refresh
// token.
type Token struct {
	// Value is the secret itself.
	Value tenantkit.Secret
	// Expiry is when Value stops being good. The zero time means that it does not expire, or
	// that nobody knows.
	Expiry time.Time
}

// TokenSource gives the token to use now. It must be safe for concurrent use, and obey the context.
// Its error is the error of the call that asked, so it must not hold the secret.
type TokenSource interface {
	// Token returns a token of which Value is not empty, or an error.
	Token(ctx context.Context) (Token, error)
}

// Invalidator is a TokenSource that keeps tokens, and drops one that a service rejected. It keeps a
// newer one.
type Invalidator interface {
	TokenSource
	// Invalidate drops the token if its value is rejected. It neither waits nor fails.
	Invalidate(rejected tenantkit.Secret)
}

// TokenSourceFunc is a function as a [TokenSource].
type TokenSourceFunc func(ctx context.Context) (Token, error)

// Token calls f. A nil function is an error.
func (f TokenSourceFunc) Token(ctx context.Context) (Token, error) {
	if f == nil {
		return Token{}, errors.New("the function of the token source is nil")
	}
	return f(ctx)
}

// checkContext refuses a nil context.
func checkContext(operation string, ctx context.Context) error {
	if ctx == nil {
		return invalid(operation, "ctx", "must not be nil")
	}
	return nil
}

func invalid(operation, field, format string, args ...any) error {
	return &tenantkit.ValidationError{Service: "auth", Operation: operation, Field: field, Reason: fmt.Sprintf(format, args...)}
}

// newToken returns the token of a string. If it is a JSON Web Token, its expiry is read from the
// claim exp, unverified.
func newToken(value string) Token {
	secret := tenantkit.NewSecret(value)
	return Token{Value: secret, Expiry: expiryOf(secret)}
}

// StaticToken returns a TokenSource that always returns value. If value is a JSON Web Token, the
// expiry is read from its claim exp, unverified. If value is empty, every call fails.
func StaticToken(value string) TokenSource { return staticToken{newToken(value)} }

type staticToken struct{ token Token }

func (s staticToken) Token(context.Context) (Token, error) {
	if s.token.Value.IsZero() {
		return Token{}, errors.New("the token is empty")
	}
	return s.token, nil
}
