package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

// issuer gives access tokens for refresh tokens. One that rotates gives a new refresh token each
// time, and takes the use of an old one for theft: it withdraws the login. One with grace takes the
// last old one until the new one was used.
type issuer struct {
	rotates, grace bool
	life           time.Duration // of access tokens; 0 means that it does not tell
	takes          time.Duration

	mu        sync.Mutex
	n         int
	good      tenantkit.Secret
	previous  tenantkit.Secret
	withdrawn bool
	given     []tenantkit.Secret // the refresh tokens that were used
	running   int
	overlap   bool
	fail      error // of the next exchange, before it has an effect
	lose      error // of the next exchange, after it had its effect
}

func newIssuer() *issuer { return &issuer{rotates: true, good: tenantkit.NewSecret("r0")} }

func (i *issuer) exchange(ctx context.Context, refresh tenantkit.Secret) (auth.Grant, error) {
	i.mu.Lock()
	i.running++
	i.overlap = i.overlap || i.running > 1
	i.mu.Unlock()
	defer func() {
		i.mu.Lock()
		i.running--
		i.mu.Unlock()
	}()
	if i.takes > 0 {
		select {
		case <-time.After(i.takes):
		case <-ctx.Done():
			return auth.Grant{}, ctx.Err()
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.fail; err != nil {
		i.fail = nil
		return auth.Grant{}, err
	}
	i.given = append(i.given, refresh)
	again := i.grace && refresh == i.previous
	if i.withdrawn || refresh != i.good && !again {
		i.withdrawn = true
		return auth.Grant{}, rejection(http.StatusUnauthorized)
	}
	i.n++
	grant := auth.Grant{Access: auth.Token{Value: tenantkit.NewSecret(fmt.Sprintf("a%d", i.n))}}
	if i.life > 0 {
		grant.Access.Expiry = time.Now().Add(i.life)
	}
	if i.rotates {
		i.previous, i.good = refresh, tenantkit.NewSecret(fmt.Sprintf("r%d", i.n))
		grant.Refresh.Value = i.good
	}
	if err := i.lose; err != nil {
		i.lose = nil
		return auth.Grant{}, err
	}
	return grant, nil
}

// state reports how many exchanges there were, whether two ran at once, and whether the login was
// withdrawn.
func (i *issuer) state() (exchanges int, overlap, withdrawn bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.given), i.overlap, i.withdrawn
}

func (i *issuer) wantGiven(t *testing.T, want ...string) {
	t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	if got := join(i.given); got != strings.Join(want, " ") {
		t.Errorf("the issuer was given %s, want %s", got, want)
	}
}

func join(secrets []tenantkit.Secret) string {
	var texts []string
	for _, secret := range secrets {
		texts = append(texts, secret.Reveal())
	}
	return strings.Join(texts, " ")
}

func rejection(status int) error {
	return &tenantkit.Error{Service: "issuer", Operation: "Exchange", StatusCode: status, Outcome: tenantkit.OutcomeRejected}
}

// faultyStore is a store that can fail.
type faultyStore struct {
	auth.TokenLocker
	load, save, lock, unlock error
}

func (s *faultyStore) Load(ctx context.Context) (auth.StoredToken, error) {
	if s.load != nil {
		return auth.StoredToken{}, s.load
	}
	return s.TokenLocker.Load(ctx)
}

func (s *faultyStore) Save(ctx context.Context, token auth.StoredToken) error {
	if s.save != nil {
		return s.save
	}
	return s.TokenLocker.Save(ctx, token)
}

func (s *faultyStore) Lock(ctx context.Context) (func() error, error) {
	if s.lock != nil {
		return nil, s.lock
	}
	unlock, err := s.TokenLocker.Lock(ctx)
	return func() error { return errors.Join(unlock(), s.unlock) }, err
}

func wantAccess(t *testing.T, source auth.TokenSource, want string) {
	t.Helper()
	token, err := source.Token(t.Context())
	if err != nil || token.Value.Reveal() != want {
		t.Errorf("got %q, %v, want %q", token.Value.Reveal(), err, want)
	}
}

func wantStored(t *testing.T, store auth.TokenStore, want string) {
	t.Helper()
	stored, err := store.Load(t.Context())
	if want == "" {
		if !errors.Is(err, auth.ErrNoToken) {
			t.Errorf("the store holds %q, %v", stored.Value.Reveal(), err)
		}
	} else if err != nil || stored.Value.Reveal() != want {
		t.Errorf("the store holds %q, %v, want %q", stored.Value.Reveal(), err, want)
	}
}
