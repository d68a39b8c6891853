package auth_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/coord"
)

func stored(value string) auth.StoredToken {
	return auth.StoredToken{Token: auth.Token{Value: tenantkit.NewSecret(value)}}
}

// Two replicas exchange the same login in turn, with an issuer that withdraws it at the first reuse
// of a refresh token.
func TestTokenStoreIn_Replicas(t *testing.T) {
	t.Parallel()
	const replicas, rounds = 4, 5
	i := newIssuer()
	path := filepath.Join(t.TempDir(), "dir")
	var wg sync.WaitGroup
	for range replicas {
		dir := coord.Dir(path)
		source := auth.RefreshToken(auth.StaticToken("r0"), auth.TokenStoreIn(dir, dir, "infoworks login"), i.exchange)
		wg.Go(func() {
			for range rounds {
				if _, err := source.Token(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n, overlap, withdrawn := i.state(); overlap || withdrawn || n != replicas*rounds {
		t.Errorf("%d exchanges, at once %v, login withdrawn %v", n, overlap, withdrawn)
	}
	dir := coord.Dir(path)
	wantStored(t, auth.TokenStoreIn(dir, dir, "infoworks login"), fmt.Sprintf("r%d", replicas*rounds))
	wantStored(t, auth.TokenStoreIn(dir, dir, "another login"), "")
}

// Whoever has lost the lock does not overwrite the token of the next holder.
func TestTokenStoreIn_StaleSave(t *testing.T) {
	t.Parallel()
	store := coord.Memory()
	loser, winner := auth.TokenStoreIn(store, coord.Local(), "key"), auth.TokenStoreIn(store, coord.Local(), "key")
	for _, s := range []auth.TokenStore{loser, winner} {
		if _, err := s.Load(t.Context()); !errors.Is(err, auth.ErrNoToken) {
			t.Fatalf("got %v", err)
		}
	}
	for _, value := range []string{"r1", "r2"} { // the second without Load
		if err := winner.Save(t.Context(), stored(value)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		err := loser.Save(t.Context(), stored("MARKER"))
		if !errors.Is(err, coord.ErrStale) {
			t.Errorf("got %v, want ErrStale", err)
		}
		mustNotShow(t, err, "MARKER")
	}
	wantStored(t, loser, "r2")
	if err := loser.Save(t.Context(), stored("r3")); err != nil {
		t.Errorf("after Load: %v", err)
	}
	wantStored(t, winner, "r3")
	// A store that has not loaded anything saves over what is there.
	if err := auth.TokenStoreIn(store, coord.Local(), "key").Save(t.Context(), stored("r4")); err != nil {
		t.Error(err)
	}
}

// A lock is lost during an exchange, and another replica exchanges meanwhile. Its token stays, and
// is the next one to be exchanged.
func TestTokenStoreIn_LostLock(t *testing.T) {
	t.Parallel()
	store := coord.Memory()
	i := newIssuer()
	i.grace = true
	other := auth.TokenStoreIn(store, coord.Local(), "key") // its own locks: as if the first were lost
	source := auth.RefreshToken(auth.StaticToken("r0"), auth.TokenStoreIn(store, coord.Local(), "key"),
		func(ctx context.Context, refresh tenantkit.Secret) (auth.Grant, error) {
			grant, err := i.exchange(ctx, refresh)
			if refresh.Reveal() == "r0" {
				wantAccess(t, auth.RefreshToken(auth.StaticToken("r0"), other, i.exchange), "a2")
			}
			return grant, err
		})
	if _, err := source.Token(t.Context()); !errors.Is(err, coord.ErrStale) {
		t.Errorf("got %v, want ErrStale", err)
	}
	wantStored(t, other, "r2")
	wantAccess(t, source, "a3")
	i.wantGiven(t, "r0", "r0", "r2")
	wantStored(t, other, "r3")
}

func TestTokenStoreIn_Errors(t *testing.T) {
	t.Parallel()
	memory, local := coord.Memory(), coord.Local()
	for name, test := range map[string]struct {
		store auth.TokenLocker
		field string
	}{
		"no store":  {auth.TokenStoreIn(nil, local, "key"), "store"},
		"no locker": {auth.TokenStoreIn(memory, nil, "key"), "locker"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, errLoad := test.store.Load(t.Context())
			_, errLock := test.store.Lock(t.Context())
			for _, err := range []error{errLoad, errLock, test.store.Save(t.Context(), stored("r1"))} {
				var invalid *tenantkit.ValidationError
				if !errors.As(err, &invalid) {
					t.Fatalf("got %v", err)
				}
				want := tenantkit.ValidationError{Service: "auth", Operation: "TokenStoreIn", Field: test.field, Reason: "must not be nil"}
				if diff := cmp.Diff(want, *invalid); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			}
		})
	}
}

func TestTokenStoreIn_ForeignValue(t *testing.T) {
	t.Parallel()
	memory := coord.Memory()
	if _, err := memory.Save(t.Context(), "key", []byte(`{"access_token":"MARKER"}`), ""); err != nil {
		t.Fatal(err)
	}
	_, err := auth.TokenStoreIn(memory, coord.Local(), "key").Load(t.Context())
	if err == nil || !strings.Contains(err.Error(), "does not contain what this store writes") || !strings.Contains(err.Error(), `"key"`) {
		t.Errorf("got %v", err)
	}
	mustNotShow(t, err, "MARKER")
}

// Everything can be printed while it is used, and shows no secret. The race detector finds what is
// wrong.
func TestFormat_WhileCallsRun(t *testing.T) {
	t.Parallel()
	memory, local := auth.MemoryStore(), coord.Local()
	file := auth.FileStore(filepath.Join(t.TempDir(), "token.json"))
	shared := auth.TokenStoreIn(coord.Memory(), local, "key")
	refresher := auth.RefreshToken(auth.StaticToken("MARKER-login"), memory, func(context.Context, tenantkit.Secret) (auth.Grant, error) {
		return auth.Grant{
			Access:  auth.Token{Value: tenantkit.NewSecret("MARKER-access")},
			Refresh: auth.Token{Value: tenantkit.NewSecret("MARKER-refresh")},
		}, nil
	})
	cache := auth.Cache(refresher)
	credential := auth.Bearer(cache)
	values := []any{memory, file, shared, refresher, cache, credential, auth.Transport(credential, nil), local}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, value := range values {
				wantNoMarkerIn(t, value)
			}
		}
	})
	for range 50 {
		token, err := cache.Token(t.Context())
		if err != nil {
			t.Error(err)
		}
		cache.Invalidate(token.Value)
		for _, store := range []auth.TokenLocker{memory, file, shared} {
			saveLocked(t, store, "MARKER")
		}
	}
	close(stop)
	wg.Wait()
}

func saveLocked(t *testing.T, store auth.TokenLocker, value string) {
	t.Helper()
	unlock, err := store.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.Save(t.Context(), stored(value)), unlock()); err != nil {
		t.Error(err)
	}
}
