package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tenantkit/tenantkit/auth"
)

// cacheFile returns the file of the token for this server and user, so that no token serves another
// one.
func (o *options) cacheFile(ctx context.Context) (string, error) {
	whose := sha256.New()
	whose.Write([]byte(o.url + "\n" + o.credentials.Username + "\n"))
	if o.credentials.RefreshToken != nil {
		// A refresh token that is replaced may be another user's. It is too long to be
		// guessed from its digest.
		token, err := o.credentials.RefreshToken.Token(ctx)
		if err != nil && o.credentials.Password == nil {
			return "", err
		}
		whose.Write([]byte(token.Value.Reveal()))
	}
	dir := o.cacheDir
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(base, "infoworks-token")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(dir, hex.EncodeToString(whose.Sum(nil)[:16])+".json"), nil
}

// token returns the kept token, or a new one where its life is too short. One process at a time
// makes a new one.
func (o *options) token(ctx context.Context, path string) (token auth.Token, err error) {
	store := auth.FileStore(path)
	kept, err := load(ctx, store)
	if err != nil || time.Until(kept.Expiry) >= o.minLife {
		return kept, err
	}
	unlock, err := store.Lock(ctx)
	if err != nil {
		return auth.Token{}, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	kept, err = load(ctx, store)
	if err != nil || time.Until(kept.Expiry) >= o.minLife {
		return kept, err
	}
	client, err := o.client()
	if err != nil {
		return auth.Token{}, err
	}
	defer client.CloseIdleConnections()
	made, err := client.TokenSource().Token(ctx)
	if err != nil {
		return auth.Token{}, err
	}
	return made, store.Save(ctx, auth.StoredToken{Token: made})
}

// load returns the kept token, and the zero token where there is none.
func load(ctx context.Context, store auth.TokenStore) (auth.Token, error) {
	kept, err := store.Load(ctx)
	if errors.Is(err, auth.ErrNoToken) {
		return auth.Token{}, nil
	}
	return kept.Token, err
}

// erase forgets the kept token.
func erase(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
