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

// Login returns a source of bearer tokens for [Credentials].Tokens. It logs in as user when the first token is asked for, renews
// the token shortly before its end, which stands in the token (12 hours after it was issued, by default), and logs in again when it
// cannot be renewed or was refused. The password is asked for at each log-in. There is one log-in, or renewal, at a time, for any
// number of callers.
//
// The base URL and the options are those of [NewClient]. What is wrong with them is the error of each call that asks for a token: a
// [tenantkit.ValidationError]. Where there is no token, the outcome of the error is [tenantkit.OutcomeNotSent], that of the call which
// the token was for. Repeated on failure like any read.
//
// POST /api/authentication/login and POST /api/authentication/renewToken.
func Login(baseURL, user string, password auth.TokenSource, opts ...tenantkit.Option) auth.TokenSource {
	return auth.Cache(newSession(baseURL, user, password, opts))
}

// session asks for a new token each time; the cache around it keeps tokens, and lets one call at a time through.
type session struct {
	rest     *rest.Client
	invalid  error // what Login was given and cannot be used
	user     string
	password auth.TokenSource

	mu   sync.Mutex
	last auth.Token
}

func newSession(baseURL, user string, password auth.TokenSource, opts []tenantkit.Option) *session {
	op := &login
	s := &session{user: user, password: password}
	switch reason := rest.BadName(user); {
	case reason != "":
		s.invalid = op.Invalid("user", "%s", reason)
	case password == nil:
		s.invalid = op.Invalid("password", "it is nil")
	default:
		s.rest, s.invalid = rest.New(rest.API{Service: service, ReadError: readRefusal}, baseURL, opts)
		var invalid *tenantkit.ValidationError
		if errors.As(s.invalid, &invalid) {
			invalid.Operation = op.Name
		}
	}
	return s
}

func (s *session) Token(ctx context.Context) (auth.Token, error) {
	if s.invalid != nil {
		return auth.Token{}, s.invalid
	}
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

// login asks for a token with the password, and once more with a new one where the password is kept, and was refused.
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
