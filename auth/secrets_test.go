package auth_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

// A program may print its configuration, and with it sources and stores that hold tokens by now.
func TestSourcesAndStoresDoNotShowTheirTokens(t *testing.T) {
	t.Parallel()
	const marker = "MARKER"
	source := auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { return auth.Token{Value: tenantkit.NewSecret(marker)}, nil })
	failing := errors.New("failing")

	cache := auth.Cache(source)
	command := auth.Command("program")
	command.Env = map[string]tenantkit.Secret{"SECRET": tenantkit.NewSecret(marker)}
	memory := auth.MemoryStore()
	file := auth.FileStore(filepath.Join(t.TempDir(), "token.json"))
	stored := auth.StoredToken{Token: auth.Token{Value: tenantkit.NewSecret(marker)}}
	lost := auth.RefreshToken(source, nil, func(context.Context, tenantkit.Secret) (auth.Grant, error) {
		return auth.Grant{}, failing
	})
	unsaved := auth.RefreshToken(source, &faultyStore{TokenLocker: auth.MemoryStore(), save: failing}, func(context.Context, tenantkit.Secret) (auth.Grant, error) {
		return auth.Grant{Access: auth.Token{Value: tenantkit.NewSecret(marker)}, Refresh: auth.Token{Value: tenantkit.NewSecret(marker + "-2")}}, nil
	})
	if _, err := cache.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, store := range []auth.TokenStore{memory, file} {
		if err := store.Save(t.Context(), stored); err != nil {
			t.Fatal(err)
		}
	}
	for _, refresher := range []*auth.Refresher{lost, unsaved} {
		if _, err := refresher.Token(t.Context()); !errors.Is(err, failing) {
			t.Fatalf("got %v", err)
		}
	}
	claims, err := auth.ParseClaims(jwtOf(map[string]any{"sub": "me"}))
	if err != nil {
		t.Fatal(err)
	}

	for name, value := range map[string]any{
		"cache": cache, "memory store": memory, "file store": file, "stored token": stored, "file": auth.File("path"),
		"refresher with a lost answer": lost, "refresher with an unsaved token": unsaved, "claims": claims,
		"command": command,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantNoMarker(t, value)
		})
	}
}
