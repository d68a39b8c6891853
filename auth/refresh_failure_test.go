package auth_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

func TestRefreshTokenThatCannotBeStored(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left on device")
	setUp := func(life time.Duration) (*issuer, *faultyStore, *auth.Refresher) {
		i, store := newIssuer(), &faultyStore{TokenLocker: auth.MemoryStore()}
		i.life = life
		return i, store, auth.RefreshToken(auth.StaticToken("r0"), store, i.exchange)
	}
	fail := func(t *testing.T, store *faultyStore, source auth.TokenSource) {
		t.Helper()
		store.save = full
		if token, err := source.Token(t.Context()); !errors.Is(err, full) || !token.Value.IsZero() {
			t.Fatalf("got %q, %v", token.Value.Reveal(), err)
		}
	}
	t.Run("is stored by the next call", func(t *testing.T) {
		t.Parallel()
		for _, life := range []time.Duration{0, time.Hour} {
			i, store, source := setUp(life)
			fail(t, store, source)
			fail(t, store, source)
			store.save = nil
			wantAccess(t, source, "a1")
			wantStored(t, store, "r1")
			i.wantGiven(t, "r0")
			wantAccess(t, source, "a2")
			i.wantGiven(t, "r0", "r1")
		}
	})
	t.Run("and came without an access token", func(t *testing.T) {
		t.Parallel()
		store, n := &faultyStore{TokenLocker: auth.MemoryStore()}, 0
		source := auth.RefreshToken(auth.StaticToken("r0"), store, func(context.Context, tenantkit.Secret) (auth.Grant, error) {
			if n++; n == 1 {
				return auth.Grant{Refresh: auth.Token{Value: tenantkit.NewSecret("r1")}}, nil
			}
			return auth.Grant{Access: auth.Token{Value: tenantkit.NewSecret("a2")}}, nil
		})
		fail(t, store, source)
		store.save = nil
		wantAccess(t, source, "a2")
		wantStored(t, store, "r1")
	})
	t.Run("is used when its access token has ended", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			i, store, source := setUp(time.Minute)
			fail(t, store, source)
			time.Sleep(time.Minute)
			store.save = nil
			wantAccess(t, source, "a2")
			i.wantGiven(t, "r0", "r1")
			wantStored(t, store, "r2")
		})
	})
	t.Run("gives way to what another process has stored", func(t *testing.T) {
		t.Parallel()
		i, store, source := setUp(0)
		i.grace = true
		fail(t, store, source)
		store.save = nil
		wantAccess(t, auth.RefreshToken(auth.StaticToken("r0"), store, i.exchange), "a2")
		wantAccess(t, source, "a3")
		i.wantGiven(t, "r0", "r0", "r2")
		wantStored(t, store, "r3")
	})
	t.Run("comes without an access token", func(t *testing.T) {
		t.Parallel()
		store := auth.MemoryStore()
		source := auth.RefreshToken(auth.StaticToken("r0"), store, func(context.Context, tenantkit.Secret) (auth.Grant, error) {
			return auth.Grant{Refresh: auth.Token{Value: tenantkit.NewSecret("r1")}}, nil
		})
		if _, err := source.Token(t.Context()); err == nil || !strings.Contains(err.Error(), "no access token") {
			t.Errorf("got %v", err)
		}
		wantStored(t, store, "r1")
	})
}

func TestRefreshTokenOfACallerThatHasGone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	i := newIssuer()
	source := auth.RefreshToken(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
		cancel()
		return auth.Token{Value: tenantkit.NewSecret("r0")}, nil
	}), nil, i.exchange)
	if _, err := source.Token(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	i.wantGiven(t)
}

func TestRefreshTokenExchangeTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer()
		i.takes = time.Hour
		begin := time.Now()
		_, err := auth.RefreshToken(auth.StaticToken("r0"), nil, i.exchange).Token(t.Context())
		if !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, auth.ErrResponseLost) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begin); took != 30*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestRefreshTokenResponseIsLost(t *testing.T) {
	t.Parallel()
	reset := errors.New("connection reset by peer")
	lost := map[string]error{
		"plain error":     reset,
		"unknown outcome": &tenantkit.Error{Outcome: tenantkit.OutcomeUnknown, Err: reset},
		"unread answer":   &tenantkit.Error{StatusCode: 200, Outcome: tenantkit.OutcomeApplied, Err: reset},
	}
	for name, err := range lost {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, grace := range []bool{true, false} {
				i := newIssuer()
				i.grace, i.lose = grace, err
				source := auth.RefreshToken(auth.StaticToken("r0"), nil, i.exchange)
				if _, err := source.Token(t.Context()); !errors.Is(err, auth.ErrResponseLost) || !errors.Is(err, reset) {
					t.Errorf("the caller is not told of the loss: %v", err)
				}
				i.wantGiven(t, "r0") // it was not repeated behind the caller's back
				if grace {
					wantAccess(t, source, "a2")
					continue
				}
				_, err := source.Token(t.Context())
				if !errors.Is(err, tenantkit.ErrUnauthenticated) || !strings.Contains(err.Error(), "a response that was lost; log in") {
					t.Errorf("the rejection is not explained by the loss: %v", err)
				}
			}
		})
	}
}

func TestRefreshTokenIsRejected(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err   error
		login bool
	}{
		"unauthenticated": {rejection(http.StatusUnauthorized), true},
		"invalid grant":   {rejection(http.StatusBadRequest), true},
		"forbidden":       {rejection(http.StatusForbidden), true},
		"rate limit":      {rejection(http.StatusTooManyRequests), false},
		"not sent":        {&tenantkit.Error{Outcome: tenantkit.OutcomeNotSent}, false},
		"bad input":       {&tenantkit.ValidationError{}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer()
			i.fail = test.err
			source := auth.RefreshToken(auth.StaticToken("r0"), nil, i.exchange)
			_, err := source.Token(t.Context())
			if !errors.Is(err, test.err) || errors.Is(err, auth.ErrResponseLost) || strings.Contains(err.Error(), "log in") != test.login {
				t.Errorf("got %v", err)
			}
			wantAccess(t, source, "a1")
		})
	}
}

// The program dies between the issuer's answer and the store.
func TestRefreshTokenCrash(t *testing.T) {
	t.Parallel()
	crash := func(grace bool) (*issuer, *auth.Refresher) {
		i, store := newIssuer(), auth.MemoryStore()
		i.grace = grace
		if _, err := i.exchange(t.Context(), tenantkit.NewSecret("r0")); err != nil {
			t.Fatal(err)
		}
		return i, auth.RefreshToken(auth.StaticToken("r0"), store, i.exchange)
	}
	t.Run("with an issuer that takes the old token for a while", func(t *testing.T) {
		t.Parallel()
		_, source := crash(true)
		wantAccess(t, source, "a2")
		wantAccess(t, source, "a3")
	})
	t.Run("with one that does not", func(t *testing.T) {
		t.Parallel()
		_, source := crash(false)
		_, err := source.Token(t.Context())
		if !errors.Is(err, tenantkit.ErrUnauthenticated) || !strings.Contains(err.Error(), "could not be stored; log in") {
			t.Errorf("got %v", err)
		}
	})
}

func TestRefreshTokenFailsBeforeTheExchange(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	source := func(value string, err error) auth.TokenSource {
		return auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { return auth.Token{Value: tenantkit.NewSecret(value)}, err })
	}
	tests := map[string]struct {
		refresh auth.TokenSource
		store   faultyStore
		is      error
		says    string
	}{
		"no source, no token":     {nil, faultyStore{}, auth.ErrNoToken, "the store gives no refresh token"},
		"source fails":            {source("", broken), faultyStore{}, broken, "there is no refresh token"},
		"source gives nothing":    {source("", nil), faultyStore{}, nil, "empty"},
		"source gives a redacted": {source(tenantkit.Redacted, nil), faultyStore{}, nil, "its true text was lost"},
		"store cannot be read":    {source("MARKER", nil), faultyStore{load: broken}, broken, "the store gives no refresh token"},
		"store cannot be locked":  {source("MARKER", nil), faultyStore{lock: broken}, broken, ""},
		"token has a line break":  {source("MARKER\n", nil), faultyStore{}, nil, "control character"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer()
			test.store.TokenLocker = auth.MemoryStore()
			r := auth.RefreshToken(test.refresh, &test.store, i.exchange)
			for range 2 { // a failure must leave no lock behind
				_, err := r.Token(t.Context())
				if err == nil || test.is != nil && !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
					t.Fatalf("got %v", err)
				}
				mustNotShow(t, err, "MARKER")
			}
			i.wantGiven(t)
			if err := r.MarkSpent(t.Context()); test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("MarkSpent: %v", err)
			}
		})
	}
	if _, err := auth.RefreshToken(source("r0", nil), nil, nil).Token(t.Context()); err == nil {
		t.Error("an exchange that is nil is used")
	}
}

func TestRefreshTokenUnlockFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	store := &faultyStore{TokenLocker: auth.MemoryStore(), unlock: broken}
	source := auth.RefreshToken(auth.StaticToken("r0"), store, newIssuer().exchange)
	if token, err := source.Token(t.Context()); !errors.Is(err, broken) || !token.Value.IsZero() {
		t.Errorf("got %q, %v", token.Value.Reveal(), err)
	}
	store.unlock = nil
	wantAccess(t, source, "a2")
}
