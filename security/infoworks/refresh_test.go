package infoworks_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

// changing is a source whose token an operator may change.
type changing struct{ value atomic.Value }

func newChanging(value tenantkit.Secret) *changing {
	c := new(changing)
	c.value.Store(value)
	return c
}

func (c *changing) Token(context.Context) (auth.Token, error) {
	return auth.Token{Value: c.value.Load().(tenantkit.Secret)}, nil
}

func TestRegenerateRefreshToken(t *testing.T) {
	t.Parallel()
	server := start(t)
	synctest.Test(t, func(t *testing.T) {
		source := newChanging(tenantkit.NewSecret(refreshToken))
		client := through(t, server, infoworks.Credentials{RefreshToken: source})
		if err := lookUp(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if err := client.RegenerateRefreshToken(t.Context()); err != nil {
			t.Fatal(err)
		}
		n := wantAsked(t, server, 0, "AccessToken", "UserData", "RegenerateRefreshToken")

		// The old refresh token is not sent again.
		_, err := client.AccessToken(t.Context())
		if !errors.Is(err, auth.ErrSpent) || !strings.Contains(err.Error(), "My Profile > Settings") {
			t.Errorf("got %v, want ErrSpent", err)
		}
		if err := client.RegenerateRefreshToken(t.Context()); !errors.Is(err, auth.ErrSpent) || tenantkit.OutcomeOf(err) != tenantkit.OutcomeNotSent {
			t.Errorf("got %v, want ErrSpent", err)
		}
		// The access token serves to its end.
		time.Sleep(14*time.Minute + 50*time.Second)
		if err := lookUp(t.Context(), client); err != nil {
			t.Error(err)
		}
		n = wantAsked(t, server, n, "UserData")
		time.Sleep(time.Minute)
		if err := lookUp(t.Context(), client); !errors.Is(err, auth.ErrSpent) || !strings.Contains(err.Error(), "My Profile > Settings") {
			t.Errorf("got %v, want ErrSpent", err)
		}
		wantAsked(t, server, n)

		// A person puts the new one in the old one's place.
		source.value.Store(tenantkit.NewSecret(server.RefreshToken(username)))
		if err := lookUp(t.Context(), client); err != nil {
			t.Error(err)
		}
		wantAsked(t, server, n, "AccessToken", "UserData")
	})
}

// The password takes over from a spent refresh token, and can spend it itself.
func TestRegenerateRefreshTokenByPassword(t *testing.T) {
	t.Parallel()
	server := start(t)
	credentials := both()
	credentials.RegenerateWith = infoworks.PasswordCredential
	client := through(t, server, credentials)
	if err := client.RegenerateRefreshToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := server.Requests()[0].Header.Get("Authorization"); got != passwordHeader {
		t.Errorf("it was sent with %q", got)
	}
	if _, err := client.AccessToken(t.Context()); !errors.Is(err, auth.ErrSpent) {
		t.Errorf("got %v, want ErrSpent", err)
	}
	if err := lookUp(t.Context(), client); err != nil {
		t.Error(err)
	}
	wantAsked(t, server, 0, "RegenerateRefreshToken", "Authenticate", "UserData")

	alone := through(t, server, infoworks.Credentials{Username: username, Password: auth.StaticToken(password)})
	if err := alone.RegenerateRefreshToken(t.Context()); err != nil {
		t.Error(err)
	}
}

// Other programs that share the store know, and so does the next run of this one.
func TestSpentInStore(t *testing.T) {
	t.Parallel()
	for name, withSource := range map[string]bool{"store and source": true, "store alone": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t)
			store := auth.FileStore(filepath.Join(t.TempDir(), "token.json"))
			credentials := infoworks.Credentials{Store: store}
			source := newChanging(tenantkit.NewSecret(refreshToken))
			if withSource {
				credentials.RefreshToken = source
			} else if err := store.Save(t.Context(), auth.StoredToken{Token: auth.Token{Value: tenantkit.NewSecret(refreshToken)}}); err != nil {
				t.Fatal(err)
			}
			one, other := through(t, server, credentials), through(t, server, credentials)
			if _, err := other.AccessToken(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := one.RegenerateRefreshToken(t.Context()); err != nil {
				t.Fatal(err)
			}
			n := len(server.Requests())
			for about, client := range map[string]*infoworks.Client{"this": one, "another": other, "a new": through(t, server, credentials)} {
				if _, err := client.AccessToken(t.Context()); !errors.Is(err, auth.ErrSpent) {
					t.Errorf("%s client: got %v, want ErrSpent", about, err)
				}
				if _, err := client.TokenSource().Token(t.Context()); !errors.Is(err, auth.ErrSpent) {
					t.Errorf("the token source of %s client: got %v, want ErrSpent", about, err)
				}
			}
			wantAsked(t, server, n)
			if withSource {
				source.value.Store(tenantkit.NewSecret(server.RefreshToken(username)))
			} else if err := store.Save(t.Context(), auth.StoredToken{Token: auth.Token{Value: tenantkit.NewSecret(server.RefreshToken(username))}}); err != nil {
				t.Fatal(err)
			}
			for _, client := range []*infoworks.Client{one, other} {
				if _, err := client.AccessToken(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestEmptyStore(t *testing.T) {
	t.Parallel()
	server := start(t)
	client := through(t, server, infoworks.Credentials{Store: auth.MemoryStore()})
	if _, err := client.AccessToken(t.Context()); !errors.Is(err, auth.ErrNoToken) {
		t.Errorf("got %v, want ErrNoToken", err)
	}
	if _, err := client.TokenSource().Token(t.Context()); !errors.Is(err, auth.ErrNoToken) {
		t.Errorf("got %v, want ErrNoToken", err)
	}
	wantAsked(t, server, 0)
}

// The call is made once whatever happens, and the client knows what it can know.
func TestRegenerateRefreshTokenFails(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		fault   infoworkstest.Fault
		outcome tenantkit.Outcome
		after   error  // of the next use
		explain string // in its text
	}{
		{name: "unauthorized", fault: infoworkstest.Fault{Status: 401}, outcome: tenantkit.OutcomeRejected},
		{name: "busy", fault: infoworkstest.Fault{Status: 503, RetryAfter: "0"}, outcome: tenantkit.OutcomeRejected},
		{name: "reset before", fault: infoworkstest.Fault{ResetBefore: true}, outcome: tenantkit.OutcomeUnknown},
		{
			name: "reset after", fault: infoworkstest.Fault{ResetAfter: true}, outcome: tenantkit.OutcomeUnknown,
			after: tenantkit.ErrUnauthenticated, explain: "has probably replaced it",
		},
		{
			name: "500 after", fault: infoworkstest.Fault{Status: 500, Applied: true}, outcome: tenantkit.OutcomeUnknown,
			after: tenantkit.ErrUnauthenticated, explain: "has probably replaced it",
		},
		{
			name: "no result", fault: infoworkstest.Fault{Body: `{"message":"done"}`, Applied: true}, outcome: tenantkit.OutcomeUnknown,
			after: tenantkit.ErrUnauthenticated, explain: "has probably replaced it",
		},
		{
			name: "garbage after", fault: infoworkstest.Fault{Garbage: true}, outcome: tenantkit.OutcomeApplied,
			after: auth.ErrSpent,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := start(t)
			source := newChanging(tenantkit.NewSecret(refreshToken))
			client := through(t, server, infoworks.Credentials{RefreshToken: source})
			server.Fail("RegenerateRefreshToken", test.fault)
			err := client.RegenerateRefreshToken(t.Context())
			if err == nil || tenantkit.OutcomeOf(err) != test.outcome {
				t.Errorf("got %v, %v, want the outcome %v", err, tenantkit.OutcomeOf(err), test.outcome)
			}
			wantAsked(t, server, 0, "RegenerateRefreshToken")
			for range 2 {
				_, err = client.AccessToken(t.Context())
				if !errors.Is(err, test.after) || err != nil && !strings.Contains(err.Error(), test.explain) {
					t.Errorf("the next use: got %v, want %v and %q", err, test.after, test.explain)
				}
			}
			if _, err := client.TokenSource().Token(t.Context()); !errors.Is(err, test.after) || err != nil && !strings.Contains(err.Error(), test.explain) {
				t.Errorf("the token source: got %v, want %v and %q", err, test.after, test.explain)
			}
			source.value.Store(tenantkit.NewSecret(server.RefreshToken(username)))
			if _, err := client.AccessToken(t.Context()); err != nil {
				t.Errorf("with the new one: %v", err)
			}
		})
	}
}

// A doubt ends when the token proves good.
func TestDoubtEnds(t *testing.T) {
	t.Parallel()
	server := start(t)
	client := through(t, server, infoworks.Credentials{RefreshToken: auth.StaticToken(refreshToken)})
	server.Fail("RegenerateRefreshToken", infoworkstest.Fault{ResetBefore: true})
	if err := client.RegenerateRefreshToken(t.Context()); tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown {
		t.Fatalf("got %v", err)
	}
	if _, err := client.AccessToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	elsewhere := through(t, server, infoworks.Credentials{RefreshToken: auth.StaticToken(refreshToken)})
	if err := elsewhere.RegenerateRefreshToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := client.AccessToken(t.Context()); !errors.Is(err, tenantkit.ErrUnauthenticated) || strings.Contains(err.Error(), "has probably replaced it") {
		t.Errorf("got %v, want a refusal that this client knows nothing about", err)
	}
}

// roundTripper is a function as an [http.RoundTripper].
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// The new token can be in place before the answer is.
func TestNewTokenIsNotSpent(t *testing.T) {
	t.Parallel()
	server := start(t)
	source := newChanging(tenantkit.NewSecret(refreshToken))
	client := through(t, server, infoworks.Credentials{RefreshToken: source}, tenantkit.WithTransport(func(base http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			resp, err := base.RoundTrip(req)
			source.value.Store(tenantkit.NewSecret(server.RefreshToken(username)))
			return resp, err
		})
	}))
	if err := client.RegenerateRefreshToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := client.AccessToken(t.Context()); err != nil {
		t.Error(err)
	}
}

// unwritable is a store that cannot save.
type unwritable struct{ auth.TokenStore }

func (unwritable) Save(context.Context, auth.StoredToken) error {
	return errors.New("the disk is full")
}

func TestStoreThatCannotSave(t *testing.T) {
	t.Parallel()
	server := start(t)
	client := through(t, server, infoworks.Credentials{RefreshToken: auth.StaticToken(refreshToken), Store: unwritable{auth.MemoryStore()}})
	err := client.RegenerateRefreshToken(t.Context())
	var e *tenantkit.Error
	if !errors.As(err, &e) || e.Outcome != tenantkit.OutcomeApplied || e.Operation != "RegenerateRefreshToken" || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("got %v, want a call that was applied, and the store's error", err)
	}
}

// impatient is a store whose caller gives up just before it saves.
type impatient struct {
	auth.TokenStore
	giveUp context.CancelFunc
}

func (s impatient) Save(ctx context.Context, token auth.StoredToken) error {
	s.giveUp()
	return errors.Join(ctx.Err(), s.TokenStore.Save(ctx, token))
}

// A caller that gives up ends the call before it is sent, and ends no note of a call that was
// answered.
func TestRegenerateRefreshTokenGivenUp(t *testing.T) {
	t.Parallel()
	server := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	client := through(t, server, infoworks.Credentials{RefreshToken: auth.StaticToken(refreshToken), Store: impatient{auth.MemoryStore(), cancel}})
	if err := client.RegenerateRefreshToken(ctx); err != nil {
		t.Error(err)
	}
	if _, err := client.AccessToken(t.Context()); !errors.Is(err, auth.ErrSpent) {
		t.Errorf("got %v, want ErrSpent", err)
	}
	if err := client.RegenerateRefreshToken(ctx); !errors.Is(err, context.Canceled) || tenantkit.OutcomeOf(err) != tenantkit.OutcomeNotSent {
		t.Errorf("got %v, want that it was not sent", err)
	}
	wantAsked(t, server, 0, "RegenerateRefreshToken")
}
