package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

// issuer gives access tokens for refresh tokens. One that rotates gives a new refresh token each time, and takes the use of an old
// one for theft: it withdraws the login. One with grace takes the last old one until the new one was used.
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

func newIssuer() *issuer { return &issuer{rotates: true, good: "r0"} }

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
		return auth.Grant{}, refusal(http.StatusUnauthorized)
	}
	i.n++
	grant := auth.Grant{Access: auth.Token{Value: tenantkit.Secret(fmt.Sprintf("a%d", i.n))}}
	if i.life > 0 {
		grant.Access.Expiry = time.Now().Add(i.life)
	}
	if i.rotates {
		i.previous, i.good = refresh, tenantkit.Secret(fmt.Sprintf("r%d", i.n))
		grant.Refresh.Value = i.good
	}
	if err := i.lose; err != nil {
		i.lose = nil
		return auth.Grant{}, err
	}
	return grant, nil
}

// state tells how many exchanges there were, whether two ran at once, and whether the login was withdrawn.
func (i *issuer) state() (exchanges int, overlap, withdrawn bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.given), i.overlap, i.withdrawn
}

func (i *issuer) wantGiven(t *testing.T, want ...tenantkit.Secret) {
	t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	if got := join(i.given); got != join(want) {
		t.Errorf("the issuer was given %s, want %s", got, join(want))
	}
}

func join(secrets []tenantkit.Secret) string {
	var texts []string
	for _, secret := range secrets {
		texts = append(texts, string(secret))
	}
	return strings.Join(texts, " ")
}

func refusal(status int) error {
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
	if err != nil || string(token.Value) != want {
		t.Errorf("got %q, %v, want %q", string(token.Value), err, want)
	}
}

func wantStored(t *testing.T, store auth.TokenStore, want string) {
	t.Helper()
	stored, err := store.Load(t.Context())
	if want == "" {
		if !errors.Is(err, auth.ErrNoToken) {
			t.Errorf("the store holds %q, %v", string(stored.Value), err)
		}
	} else if err != nil || string(stored.Value) != want {
		t.Errorf("the store holds %q, %v, want %q", string(stored.Value), err, want)
	}
}

func TestRefreshTokenThatStaysGood(t *testing.T) {
	t.Parallel()
	i, store := newIssuer(), auth.MemoryStore()
	i.rotates = false
	source := auth.RefreshToken(auth.StaticToken("r0"), store, i.exchange)
	wantAccess(t, source, "a1")
	wantAccess(t, source, "a2")
	i.wantGiven(t, "r0", "r0")
	wantStored(t, store, "")
}

func TestRefreshTokenThatIsReplaced(t *testing.T) {
	t.Parallel()
	i, store := newIssuer(), auth.MemoryStore()
	source := auth.RefreshToken(auth.StaticToken("r0"), store, i.exchange)
	wantAccess(t, source, "a1")
	wantStored(t, store, "r1")
	wantAccess(t, source, "a2")
	wantStored(t, store, "r2")

	// The next run of the program.
	source = auth.RefreshToken(auth.StaticToken("r0"), store, i.exchange)
	wantAccess(t, source, "a3")
	// And one that knows the store alone.
	source = auth.RefreshToken(nil, store, i.exchange)
	wantAccess(t, source, "a4")
	wantStored(t, store, "r4")
	i.wantGiven(t, "r0", "r1", "r2", "r3")
}

// Some issuers name the refresh token again that they were given.
func TestRefreshTokenThatIsRepeated(t *testing.T) {
	t.Parallel()
	store := &faultyStore{TokenLocker: auth.MemoryStore(), save: errors.New("there is nothing to save")}
	source := auth.RefreshToken(auth.StaticToken("r0"), store, func(_ context.Context, refresh tenantkit.Secret) (auth.Grant, error) {
		return auth.Grant{Access: auth.Token{Value: "a1"}, Refresh: auth.Token{Value: refresh}}, nil
	})
	wantAccess(t, source, "a1")
}

func TestRefreshTokenWithoutAStore(t *testing.T) {
	t.Parallel()
	i := newIssuer()
	source := auth.RefreshToken(auth.StaticToken("r0"), nil, i.exchange)
	wantAccess(t, source, "a1")
	wantAccess(t, source, "a2")
	i.wantGiven(t, "r0", "r1")
}

func TestRefreshTokenOfANewLoginWins(t *testing.T) {
	t.Parallel()
	i, store := newIssuer(), auth.MemoryStore()
	login := tenantkit.Secret("r0")
	source := auth.RefreshToken(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
		return auth.Token{Value: login}, nil
	}), store, i.exchange)
	wantAccess(t, source, "a1")
	wantAccess(t, source, "a2")
	login, i.good = "another login", "another login"
	wantAccess(t, source, "a3")
	wantAccess(t, source, "a4")
	i.wantGiven(t, "r0", "r1", "another login", "r3")
}

// savingStore shows what is asked of it.
type savingStore struct {
	auth.TokenStore
	saving chan tenantkit.Secret
	saved  chan error
}

func (s *savingStore) Save(ctx context.Context, token auth.StoredToken) error {
	s.saving <- token.Value
	if err := <-s.saved; err != nil {
		return err
	}
	return s.TokenStore.Save(ctx, token)
}

func TestRefreshTokenIsStoredBeforeTheAccessTokenIsGiven(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &savingStore{auth.MemoryStore(), make(chan tenantkit.Secret), make(chan error)}
		source := auth.RefreshToken(auth.StaticToken("r0"), store, newIssuer().exchange)
		given := make(chan error, 1)
		go func() {
			_, err := source.Token(t.Context())
			given <- err
		}()
		if saving := <-store.saving; saving != "r1" {
			t.Errorf("%q is saved", string(saving))
		}
		synctest.Wait()
		select {
		case err := <-given:
			t.Fatalf("the access token was given before the refresh token was saved: %v", err)
		default:
		}
		store.saved <- nil
		if err := <-given; err != nil {
			t.Error(err)
		}
	})
}

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
		if token, err := source.Token(t.Context()); !errors.Is(err, full) || token.Value != "" {
			t.Fatalf("got %q, %v", string(token.Value), err)
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
				return auth.Grant{Refresh: auth.Token{Value: "r1"}}, nil
			}
			return auth.Grant{Access: auth.Token{Value: "a2"}}, nil
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
			return auth.Grant{Refresh: auth.Token{Value: "r1"}}, nil
		})
		if _, err := source.Token(t.Context()); err == nil || !strings.Contains(err.Error(), "no access token") {
			t.Errorf("got %v", err)
		}
		wantStored(t, store, "r1")
	})
}

func TestRefreshTokenIsExchangedByOneAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i, store := newIssuer(), auth.MemoryStore()
		i.takes = time.Second
		sources := []auth.TokenSource{ // as two parts of a program that share a store
			auth.RefreshToken(auth.StaticToken("r0"), store, i.exchange),
			auth.RefreshToken(auth.StaticToken("r0"), store, i.exchange),
		}
		var wg sync.WaitGroup
		for n := range 100 {
			wg.Go(func() {
				if _, err := sources[n%2].Token(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n, overlap, withdrawn := i.state(); overlap || withdrawn || n != 100 {
			t.Errorf("%d exchanges, at once %v, login withdrawn %v", n, overlap, withdrawn)
		}
	})
}

// A store that knows no lock still gets one exchange at a time from one source.
func TestRefreshTokenInAStoreWithoutLock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer()
		i.takes = time.Second
		source := auth.RefreshToken(auth.StaticToken("r0"), struct{ auth.TokenStore }{auth.MemoryStore()}, i.exchange)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, err := source.Token(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n, overlap, withdrawn := i.state(); overlap || withdrawn || n != 10 {
			t.Errorf("%d exchanges, at once %v, login withdrawn %v", n, overlap, withdrawn)
		}
	})
}

// obedientStore saves nothing for a caller whose context has ended.
type obedientStore struct{ auth.TokenLocker }

func (s obedientStore) Save(ctx context.Context, token auth.StoredToken) error {
	return errors.Join(ctx.Err(), s.TokenLocker.Save(ctx, token))
}

func TestRefreshTokenAndTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i, store := newIssuer(), obedientStore{auth.MemoryStore()}
		i.takes = 10 * time.Second
		source := auth.RefreshToken(auth.StaticToken("r0"), store, i.exchange)
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			// An exchange that has begun is brought to its end.
			token, err := source.Token(ctx)
			if err != nil || token.Value != "a1" || time.Since(begin) != 10*time.Second {
				t.Errorf("got %q, %v after %v", string(token.Value), err, time.Since(begin))
			}
		})
		synctest.Wait()
		wg.Go(func() {
			_, err := source.Token(ctx)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second {
				t.Errorf("who waits for its turn got %v after %v", err, time.Since(begin))
			}
		})
		wg.Go(func() {
			_, err := auth.RefreshToken(auth.StaticToken("r0"), store, i.exchange).Token(ctx)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second {
				t.Errorf("who waits for the store got %v after %v", err, time.Since(begin))
			}
		})
		wg.Wait()
		wantStored(t, store, "r1")

		if _, err := source.Token(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		i.wantGiven(t, "r0")
	})
}

func TestRefreshTokenOfACallerThatHasGone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	i := newIssuer()
	source := auth.RefreshToken(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
		cancel()
		return auth.Token{Value: "r0"}, nil
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
		if !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, auth.ErrAnswerLost) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begin); took != 30*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestRefreshTokenAnswerIsLost(t *testing.T) {
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
				if _, err := source.Token(t.Context()); !errors.Is(err, auth.ErrAnswerLost) || !errors.Is(err, reset) {
					t.Errorf("the caller is not told of the loss: %v", err)
				}
				i.wantGiven(t, "r0") // it was not repeated behind the caller's back
				if grace {
					wantAccess(t, source, "a2")
					continue
				}
				_, err := source.Token(t.Context())
				if !errors.Is(err, tenantkit.ErrUnauthenticated) || !strings.Contains(err.Error(), "an answer that was lost; log in") {
					t.Errorf("the refusal is not explained by the loss: %v", err)
				}
			}
		})
	}
}

func TestRefreshTokenIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err   error
		login bool
	}{
		"unauthenticated": {refusal(http.StatusUnauthorized), true},
		"invalid grant":   {refusal(http.StatusBadRequest), true},
		"forbidden":       {refusal(http.StatusForbidden), true},
		"rate limit":      {refusal(http.StatusTooManyRequests), false},
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
			if !errors.Is(err, test.err) || errors.Is(err, auth.ErrAnswerLost) || strings.Contains(err.Error(), "log in") != test.login {
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
		if _, err := i.exchange(t.Context(), "r0"); err != nil {
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

func TestRefreshTokenMarkSpent(t *testing.T) {
	t.Parallel()
	i, store := newIssuer(), auth.MemoryStore()
	login := tenantkit.Secret("r0")
	refresh := auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { return auth.Token{Value: login}, nil })
	source := auth.RefreshToken(refresh, store, i.exchange)
	wantAccess(t, source, "a1")
	if err := source.MarkSpent(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]auth.TokenSource{
		"the same":        source,
		"after a restart": auth.RefreshToken(refresh, store, i.exchange),
		"store alone":     auth.RefreshToken(nil, store, i.exchange),
	} {
		if _, err := source.Token(t.Context()); !errors.Is(err, auth.ErrSpent) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	login, i.good = "another login", "another login"
	wantAccess(t, source, "a2")
	i.wantGiven(t, "r0", "another login")
}

// The refresh token itself: of the login, replaced, replaced and not stored, spent, and of the next login.
func TestRefreshTokenCurrent(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left on device")
	i, store := newIssuer(), &faultyStore{TokenLocker: auth.MemoryStore()}
	login := tenantkit.Secret("r0")
	refresh := auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { return auth.Token{Value: login}, nil })
	source := auth.RefreshToken(refresh, store, i.exchange)
	want := func(value string, is error) {
		t.Helper()
		token, err := source.Current(t.Context())
		if string(token.Value) != value || !errors.Is(err, is) {
			t.Errorf("got %q, %v, want %q, %v", string(token.Value), err, value, is)
		}
	}
	want("r0", nil)
	wantAccess(t, source, "a1")
	want("r1", nil)
	store.save = full
	if _, err := source.Token(t.Context()); !errors.Is(err, full) {
		t.Fatalf("got %v", err)
	}
	want("r2", nil)
	store.save = nil
	if err := source.MarkSpent(t.Context()); err != nil {
		t.Fatal(err)
	}
	want("", auth.ErrSpent)
	login = "another login"
	want("another login", nil)
	store.lock = full
	want("", full)
	store.lock, store.load = nil, full
	want("", full)
}

func TestRefreshTokenFailsBeforeTheExchange(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	source := func(value tenantkit.Secret, err error) auth.TokenSource {
		return auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { return auth.Token{Value: value}, err })
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
	if token, err := source.Token(t.Context()); !errors.Is(err, broken) || token.Value != "" {
		t.Errorf("got %q, %v", string(token.Value), err)
	}
	store.unlock = nil
	wantAccess(t, source, "a2")
}

// Under a cache: one exchange for all callers, a token for every call.
func TestRefreshTokenUnderACache(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i, store := newIssuer(), auth.MemoryStore()
		i.life, i.takes = 15*time.Minute, time.Second
		cache := auth.Cache(auth.RefreshToken(auth.StaticToken("r0"), store, i.exchange))
		begin := time.Now()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for time.Since(begin) < 24*time.Hour {
					if token, err := cache.Token(t.Context()); err != nil || !token.Expiry.After(time.Now()) {
						t.Errorf("got a token that ends at %v, %v", token.Expiry, err)
					}
					time.Sleep(17 * time.Second)
				}
			})
		}
		wg.Wait()
		if n, overlap, withdrawn := i.state(); overlap || withdrawn || n < 96 || n > 24*60/13+2 {
			t.Errorf("%d exchanges in a day, at once %v, login withdrawn %v", n, overlap, withdrawn)
		}
	})
}
