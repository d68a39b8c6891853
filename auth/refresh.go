package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tenantkit/tenantkit"
)

// Exchange gets an access token for a refresh token from an issuer. It must obey the context. Its
// error says by its outcome ([tenantkit.OutcomeOf]; errors of this module's clients have one, any
// other counts as unknown) whether the issuer may have replaced the refresh token.
type Exchange func(ctx context.Context, refresh tenantkit.Secret) (Grant, error)

// Grant is what an issuer gives for a refresh token.
type Grant struct {
	// Access is the access token.
	Access Token
	// Refresh takes the place of the refresh token that was given. Its Value is empty where
	// that one stays good.
	Refresh Token
}

// The errors of a refresh token that a program should tell its user.
var (
	// ErrResponseLost is the error of an exchange whose answer did not arrive. Where the issuer
	// replaces refresh tokens, it may have replaced this one, and nobody knows the new one. The
	// next call tries the old one again, which many issuers allow for a while; others refuse
	// it, and withdraw the login.
	ErrResponseLost = errors.New("the response of the issuer was lost, and with it perhaps a new refresh token")
	// ErrSpent is the error of a refresh token that was withdrawn, see [Refresher.MarkSpent].
	ErrSpent = errors.New("the refresh token was withdrawn: log in, and use the new one")
)

const (
	exchangeTimeout = 30 * time.Second
	saveTimeout     = 15 * time.Second
)

// RefreshToken returns a source of access tokens that exchanges a refresh token for each. Put it
// under a [Cache].
//
// The source refresh gives the refresh token of the login. Where the issuer replaces it, the new
// one is saved in store, and from then on the stored one is used, until refresh gives another than
// at first: after a new login, its token wins over what an earlier one left in the store. A nil
// refresh means that the store has the token already. A nil store means a new [MemoryStore].
//
//   - A new refresh token is in the store before the access token that came with it is given to
//     anybody. If it cannot be saved, the call fails, and the next one saves it before anything
//     else.
//   - One exchange runs at a time, also among processes, where the store is a [TokenLocker]
//     ([FileStore] and [TokenStoreIn] are). Whoever waited for another one's exchange reads the
//     store again.
//   - An exchange that has begun is brought to its end, and its refresh token saved, even if the
//     context ends: to throw the answer away could be to lose the login. It takes 30 seconds at
//     most, and another 15 to save. Under a Cache no caller waits for that.
//   - An exchange is not repeated by itself. After a lost answer the error is [ErrResponseLost].
//   - If the program dies after the issuer has replaced the refresh token and before the new one is
//     saved, the next run tries the old one. Issuers that take it for a while lose nobody; with
//     others this moment, of about the time that the store takes to save, is the one in which a
//     crash costs a login, and no client can do away with it.
func RefreshToken(refresh TokenSource, store TokenStore, exchange Exchange) *Refresher {
	if store == nil {
		store = MemoryStore()
	}
	return &Refresher{refresh: refresh, store: store, exchange: exchange, turn: make(chan struct{}, 1)}
}

// Refresher is a [TokenSource] of access tokens: see [RefreshToken].
type Refresher struct {
	refresh  TokenSource
	store    TokenStore
	exchange Exchange

	turn    chan struct{} // whoever has put something in may touch what follows
	unsaved *unsavedGrant // nil: none
	lost    string        // the digest of the refresh token whose exchange was not answered
}

// unsavedGrant is what an issuer gave and the store did not take.
type unsavedGrant struct {
	replaces tenantkit.Secret
	refresh  StoredToken
	access   Token
}

// Token makes an exchange, and returns the access token.
func (r *Refresher) Token(ctx context.Context) (Token, error) {
	var token Token
	err := r.withLock(ctx, "Token", func() (err error) {
		token, err = r.tokenLocked(ctx)
		return err
	})
	if err != nil {
		return Token{}, err
	}
	return token, nil
}

// MarkSpent records that the refresh token was withdrawn, such as by a call that regenerates it.
// From then on Token fails with [ErrSpent], also in other processes that use the store and after a
// restart, until the source of the login gives another one.
func (r *Refresher) MarkSpent(ctx context.Context) error {
	return r.withLock(ctx, "MarkSpent", func() error {
		current, err := r.current(ctx)
		if err != nil {
			return err
		}
		return r.store.Save(ctx, StoredToken{Origin: current.Origin})
	})
}

// Current returns the refresh token that the next exchange is to send, for calls that take the
// refresh token itself. After [Refresher.MarkSpent] it fails with [ErrSpent].
func (r *Refresher) Current(ctx context.Context) (Token, error) {
	var current StoredToken
	err := r.withLock(ctx, "Current", func() (err error) {
		current, err = r.current(ctx)
		if err == nil && r.unsaved != nil && r.unsaved.replaces == current.Value {
			current = r.unsaved.refresh
		}
		if err == nil && current.Value.IsZero() {
			err = ErrSpent
		}
		return err
	})
	if err != nil {
		return Token{}, err
	}
	return current.Token, nil
}

// withLock does work when it is the turn of this caller, and gives the turn back also where the
// caller's own code, a source, a store or an exchange, panics.
func (r *Refresher) withLock(ctx context.Context, operation string, work func() error) (err error) {
	unlock, err := r.lock(ctx, operation)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	return work()
}

// lock waits for the turn of this caller, in this process and then among all that share the store.
func (r *Refresher) lock(ctx context.Context, operation string) (unlock func() error, err error) {
	if err := checkContext(operation, ctx); err != nil {
		return nil, err
	}
	switch {
	case r == nil || r.turn == nil:
		return nil, invalid("RefreshToken", "refresher", "must be made by RefreshToken")
	case r.exchange == nil:
		return nil, invalid("RefreshToken", "exchange", "must not be nil")
	}
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("while waiting for another exchange of the refresh token: %w", ctx.Err())
	}
	locker, ok := r.store.(TokenLocker)
	if !ok {
		return func() error { <-r.turn; return nil }, nil
	}
	locked := false
	defer func() {
		if !locked {
			<-r.turn
		}
	}()
	release, err := locker.Lock(ctx)
	if err != nil {
		return nil, err
	}
	locked = true
	return func() error {
		defer func() { <-r.turn }()
		return release()
	}, nil
}

func (r *Refresher) tokenLocked(ctx context.Context) (Token, error) {
	current, err := r.current(ctx)
	if err != nil {
		return Token{}, err
	}
	// If something else is in the store by now, then it has been saved, or another process has
	// gone on without this one.
	if r.unsaved != nil && r.unsaved.replaces != current.Value {
		r.unsaved = nil
	} else if r.unsaved != nil {
		grant := r.unsaved
		if err := r.save(ctx, *grant); err != nil {
			return Token{}, err
		}
		if !grant.access.Value.IsZero() && (grant.access.Expiry.IsZero() || time.Now().Before(grant.access.Expiry)) {
			return grant.access, nil
		}
		current = grant.refresh
	}
	if current.Value.IsZero() {
		return Token{}, ErrSpent
	}
	if err := check(current.Value.Reveal()); err != nil {
		return Token{}, fmt.Errorf("the refresh token cannot be used: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return Token{}, fmt.Errorf("the refresh token was not exchanged: %w", err)
	}
	grant, err := r.exchangeToken(ctx, current.Value)
	if err != nil {
		return Token{}, err
	}
	if !grant.Refresh.Value.IsZero() && grant.Refresh.Value != current.Value {
		next := StoredToken{Token: grant.Refresh, Origin: current.Origin}
		if err := r.save(ctx, unsavedGrant{replaces: current.Value, refresh: next, access: grant.Access}); err != nil {
			return Token{}, err
		}
	}
	if grant.Access.Value.IsZero() {
		return Token{}, errors.New("the issuer gave no access token for the refresh token")
	}
	return grant.Access, nil
}

// current returns the refresh token to use: the stored one, if it comes from the login that the
// source tells of, else the source's.
func (r *Refresher) current(ctx context.Context) (StoredToken, error) {
	stored, err := r.store.Load(ctx)
	none := errors.Is(err, ErrNoToken)
	if err != nil && (!none || r.refresh == nil) {
		return StoredToken{}, fmt.Errorf("the store gives no refresh token: %w", err)
	}
	if r.refresh == nil {
		return stored, nil
	}
	given, err := r.refresh.Token(ctx)
	if err != nil {
		return StoredToken{}, fmt.Errorf("there is no refresh token: %w", err)
	}
	if given.Value.IsZero() {
		return StoredToken{}, errors.New("there is no refresh token: its source gave an empty one")
	}
	origin := digest(given.Value)
	if !none && stored.Origin == origin {
		return stored, nil
	}
	return StoredToken{Token: given, Origin: origin}, nil
}

// exchangeToken makes the exchange, whatever becomes of ctx.
func (r *Refresher) exchangeToken(ctx context.Context, refresh tenantkit.Secret) (Grant, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exchangeTimeout)
	defer cancel()
	grant, err := r.exchange(ctx, refresh)
	if err == nil {
		r.lost = ""
		return grant, nil
	}
	switch outcome := tenantkit.OutcomeOf(err); {
	case outcome == tenantkit.OutcomeUnknown || outcome == tenantkit.OutcomeApplied:
		r.lost = digest(refresh)
		if ctx.Err() != nil {
			// Without the end of this context in the chain: callers would take it for
			// that of their own.
			return Grant{}, fmt.Errorf("%w: %w after %v (%v)", ErrResponseLost, os.ErrDeadlineExceeded, exchangeTimeout, err)
		}
		return Grant{}, fmt.Errorf("%w: %w", ErrResponseLost, err)
	case !errors.Is(err, tenantkit.ErrUnauthenticated) && !errors.Is(err, tenantkit.ErrBadRequest) && !errors.Is(err, tenantkit.ErrForbidden):
		return Grant{}, fmt.Errorf("the refresh token was not exchanged: %w", err)
	case r.lost == digest(refresh):
		return Grant{}, fmt.Errorf("the issuer rejects the refresh token, which it has probably replaced in a response that was lost; log in, and use the new one: %w", err)
	}
	return Grant{}, fmt.Errorf("the issuer rejects the refresh token; if it was good once, it has expired, was withdrawn, or was replaced by one that could "+
		"not be stored; log in, and use the new one: %w", err)
}

// save stores the new refresh token, whatever becomes of ctx, or keeps it for the next call.
func (r *Refresher) save(ctx context.Context, grant unsavedGrant) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	// Before the store is asked, which may panic.
	r.unsaved = &grant
	if err := r.store.Save(ctx, grant.refresh); err != nil {
		return fmt.Errorf("the issuer has replaced the refresh token, and the new one could not be stored; it is kept in memory, and the next call tries again: %w", err)
	}
	r.unsaved = nil
	return nil
}

// Format writes the name of the constructor, for every verb, and may be called at any time.
func (r *Refresher) Format(f fmt.State, _ rune) { writeName(f, "auth.RefreshToken") }

// digest names a token without revealing it.
func digest(token tenantkit.Secret) string {
	sum := sha256.Sum256([]byte(token.Reveal()))
	return hex.EncodeToString(sum[:])
}
