package auth_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

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
func TestRefreshTokenGivenAgain(t *testing.T) {
	t.Parallel()
	store := &faultyStore{TokenLocker: auth.MemoryStore(), save: errors.New("there is nothing to save")}
	source := auth.RefreshToken(auth.StaticToken("r0"), store, func(_ context.Context, refresh tenantkit.Secret) (auth.Grant, error) {
		return auth.Grant{Access: auth.Token{Value: tenantkit.NewSecret("a1")}, Refresh: auth.Token{Value: refresh}}, nil
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
	login := tenantkit.NewSecret("r0")
	source := auth.RefreshToken(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
		return auth.Token{Value: login}, nil
	}), store, i.exchange)
	wantAccess(t, source, "a1")
	wantAccess(t, source, "a2")
	login = tenantkit.NewSecret("another login")
	i.good = login
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
		if saving := <-store.saving; saving != tenantkit.NewSecret("r1") {
			t.Errorf("%q is saved", saving.Reveal())
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
			if err != nil || token.Value != tenantkit.NewSecret("a1") || time.Since(begin) != 10*time.Second {
				t.Errorf("got %q, %v after %v", token.Value.Reveal(), err, time.Since(begin))
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

func TestRefreshTokenMarkSpent(t *testing.T) {
	t.Parallel()
	i, store := newIssuer(), auth.MemoryStore()
	login := tenantkit.NewSecret("r0")
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
	login = tenantkit.NewSecret("another login")
	i.good = login
	wantAccess(t, source, "a2")
	i.wantGiven(t, "r0", "another login")
}

// The refresh token itself: of the login, replaced, replaced and not stored, spent, and of the next
// login.
func TestRefreshTokenCurrent(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left on device")
	i, store := newIssuer(), &faultyStore{TokenLocker: auth.MemoryStore()}
	login := tenantkit.NewSecret("r0")
	refresh := auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { return auth.Token{Value: login}, nil })
	source := auth.RefreshToken(refresh, store, i.exchange)
	want := func(value string, is error) {
		t.Helper()
		token, err := source.Current(t.Context())
		if token.Value.Reveal() != value || !errors.Is(err, is) {
			t.Errorf("got %q, %v, want %q, %v", token.Value.Reveal(), err, value, is)
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
	login = tenantkit.NewSecret("another login")
	want("another login", nil)
	store.lock = full
	want("", full)
	store.lock, store.load = nil, full
	want("", full)
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
