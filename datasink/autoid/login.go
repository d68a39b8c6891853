package autoid

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// session logs in and renews tokens for [Credentials].User. It asks for a new token each time; the
// cache around it keeps tokens, and lets one call at a time through.
type session struct {
	rest     *rest.Client // set when the client is complete
	user     string
	password auth.TokenSource

	mu   sync.Mutex
	last auth.Token
}

// Format prints the user only.
func (s *session) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "login of %s", s.user) }

// Token renews the last token, or logs in. It calls POST /api/authentication/renewToken and POST
// /api/authentication/login, which are retried like any read.
func (s *session) Token(ctx context.Context) (auth.Token, error) {
	last := s.kept()
	if last.Value.IsZero() || !last.Expiry.IsZero() && !time.Now().Before(last.Expiry) {
		return s.keep(s.login(ctx))
	}
	token, renewErr := s.ask(ctx, &renewToken, rest.Call{Credential: auth.Bearer(auth.StaticToken(last.Value.Reveal()))})
	if renewErr == nil || ctx.Err() != nil {
		return s.keep(token, renewErr)
	}
	token, err := s.login(ctx)
	if err != nil {
		err = fmt.Errorf("%w (before that, the token could not be renewed: %v)", err, renewErr)
	}
	return s.keep(token, err)
}

// Invalidate drops the last token if the service refused it: it cannot be renewed either.
func (s *session) Invalidate(refused tenantkit.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last.Value == refused {
		s.last = auth.Token{}
	}
}

func (s *session) kept() auth.Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (s *session) keep(token auth.Token, err error) (auth.Token, error) {
	if err != nil {
		return auth.Token{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = token
	return token, nil
}

// login asks for a token with the password, and once more with a new one where the password is
// kept, and was refused.
func (s *session) login(ctx context.Context) (auth.Token, error) {
	token, refused, err := s.loginOnce(ctx)
	source, ok := s.password.(auth.Invalidator)
	if !ok || !errors.Is(err, tenantkit.ErrUnauthenticated) {
		return token, err
	}
	source.Invalidate(refused)
	if again, failed := s.password.Token(ctx); failed != nil || again.Value == refused {
		return token, err
	}
	token, _, err = s.loginOnce(ctx)
	return token, err
}

func (s *session) loginOnce(ctx context.Context) (auth.Token, tenantkit.Secret, error) {
	password, err := s.password.Token(ctx)
	if err != nil {
		return auth.Token{}, tenantkit.Secret{}, fmt.Errorf("%s: %s: no password: %w", service, login.Name, err)
	}
	if password.Value.IsZero() {
		return auth.Token{}, tenantkit.Secret{}, login.Invalid("password", "it is empty")
	}
	token, err := s.ask(ctx, &login, rest.Call{Body: struct {
		Username string           `json:"username"`
		Password tenantkit.Secret `json:"password"`
	}{s.user, password.Value}})
	return token, password.Value, err
}

// ask calls an operation that answers with a token.
func (s *session) ask(ctx context.Context, op *rest.Operation, call rest.Call) (auth.Token, error) {
	var answer struct {
		Token tenantkit.Secret `json:"token"`
	}
	call.Into = &answer
	call.Check = func() error {
		if answer.Token.IsZero() {
			return errors.New("it has no token")
		}
		return nil
	}
	if err := s.rest.Do(ctx, op, call, nil); err != nil {
		return auth.Token{}, rest.AsNotSent(err)
	}
	// It reads the end out of the token.
	return auth.StaticToken(answer.Token.Reveal()).Token(ctx)
}
