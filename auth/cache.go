package auth

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/tenantkit/tenantkit"
)

// Cache returns a source that keeps the token of source, and asks source for another one shortly
// before the end of the kept one.
//
// One fetch, that is one call of source, runs at a time, for any number of callers:
//
//   - Early: with less than 2 minutes of its life left ([WithRefreshAhead]) the kept token is still
//     given to everybody, at once, and the first caller starts a fetch in the background.
//   - Late: with less than 30 seconds left, or without a token, callers wait for the fetch.
//   - A fetch that fails before the kept token's end fails nobody: the kept token is given, and the
//     next fetch is put off, by about 5 seconds at first and by a minute at most. After the end,
//     the error goes to those who waited for that fetch, and to nobody else; the next caller
//     fetches anew.
//   - A fetch has its own time limit ([WithFetchTimeout]) and does not end with the context of the
//     caller who started it, but takes that context's values. A caller whose context ends leaves at
//     once. When all who waited for a fetch have left, its context is cancelled. No goroutine stays
//     after a fetch.
//   - A panic of source goes on in the callers who wait for the fetch. In the background, it is a
//     fetch that failed.
//
// The life of a token is measured from the start of its fetch, by a clock that does not jump. It is
// the time until [Token.Expiry], or until the claim exp of a JSON Web Token without Expiry. A JSON
// Web Token also tells how long it lives at all (exp minus iat): where this machine's clock finds
// it longer, or over already, the clock is taken to be wrong, and that life is counted from the
// fetch. Any other token that is over when it arrives is given to those who waited for it and not
// kept. A token of unknown end is kept until it is invalidated; see [WithMaxAge].
//
// Invalidate drops the kept token if it is the rejected one, and that of source, if that is an
// [Invalidator] too. The clients of this module call it when a service rejects a token, so that
// each call that was rejected with an old token gets a new one, and none loses another's.
func Cache(source TokenSource, opts ...CacheOption) Invalidator {
	c := &cache{
		source:  source,
		early:   2 * time.Minute,
		late:    30 * time.Second,
		timeout: time.Minute,
	}
	for _, opt := range opts {
		if opt == nil {
			c.invalid = invalid("Cache", "opts", "an option is nil")
			continue
		}
		opt(c)
	}
	if source == nil {
		c.invalid = invalid("Cache", "source", "must not be nil")
	}
	return c
}

// CacheOption changes the behaviour of [Cache].
type CacheOption func(*cache)

// WithRefreshAhead sets how long before a token's end it is renewed: from early on in the
// background while it still serves, from late on while callers wait. The defaults are 2 minutes and
// 30 seconds. They are cut to a quarter and a tenth of the token's life, so that a short-lived
// token serves too. Zero, or less, switches the part off.
func WithRefreshAhead(early, late time.Duration) CacheOption {
	return func(c *cache) { c.early, c.late = max(early, late, 0), max(late, 0) }
}

// WithMaxAge keeps no token longer than age, whatever its end: for tokens that do not tell it, or
// may be withdrawn. Zero, or less, means no bound, which is the default.
func WithMaxAge(age time.Duration) CacheOption {
	return func(c *cache) { c.maxAge = age }
}

// WithFetchTimeout bounds a fetch. The default, also for zero or less, is one minute.
func WithFetchTimeout(limit time.Duration) CacheOption {
	return func(c *cache) {
		if limit > 0 {
			c.timeout = limit
		}
	}
}

type cache struct {
	source                       TokenSource
	early, late, maxAge, timeout time.Duration
	invalid                      error // every call fails with it

	mu    sync.Mutex
	kept  *keptToken // nil: none
	fetch *fetch     // nil: none is under way
}

type keptToken struct {
	token             Token
	fetched           time.Time
	bounded           bool          // false: no end is known, and the durations mean nothing
	life, early, late time.Duration // the whole, and how much of it is left where the two parts begin
	retryAt           time.Time     // after a failed fetch: none before this, while the token lives
	delays            *backoff.ExponentialBackOff
}

// fetch is one call of the source. Its token and err are written before done is closed, and read
// after.
type fetch struct {
	cancel     context.CancelFunc
	background bool // nobody needs to wait for it
	waiters    int
	abandoned  bool // all waiters have left, so that its error says nothing
	done       chan struct{}
	token      Token
	err        error
	panicked   any // what the source panicked with
}

func (c *cache) Token(ctx context.Context) (Token, error) {
	if c.invalid != nil {
		return Token{}, c.invalid
	}
	if err := checkContext("Token", ctx); err != nil {
		return Token{}, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return Token{}, fmt.Errorf("no token was asked for: %w", err)
		}
		token, f := c.tokenOrFetch(ctx)
		if f == nil {
			return token, nil
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			c.leave(f)
			return Token{}, fmt.Errorf("while waiting for a token: %w", ctx.Err())
		}
		if f.panicked != nil {
			// In the caller's goroutine, where it can be recovered from.
			panic(f.panicked)
		}
		if f.err == nil {
			return f.token, nil
		}
		if f.abandoned {
			continue
		}
		if token, ok := c.liveToken(); ok {
			return token, nil
		}
		return Token{}, f.err
	}
}

// tokenOrFetch returns a token to use now, or the fetch to wait for.
func (c *cache) tokenOrFetch(ctx context.Context) (Token, *fetch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if k := c.kept; k != nil {
		switch left := k.left(now); {
		case !k.bounded || left > k.early || left > 0 && now.Before(k.retryAt):
			return k.token, nil
		case left > k.late:
			if c.fetch == nil {
				c.start(ctx, true)
			}
			return k.token, nil
		}
	}
	if c.fetch == nil {
		c.start(ctx, false)
	}
	c.fetch.waiters++
	return Token{}, c.fetch
}

// liveToken returns the kept token if its end has not come.
func (c *cache) liveToken() (Token, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.kept; k != nil && (!k.bounded || k.left(time.Now()) > 0) {
		return k.token, true
	}
	return Token{}, false
}

func (c *cache) leave(f *fetch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.waiters--
	if f.waiters == 0 && !f.background && c.fetch == f {
		f.abandoned = true
		f.cancel()
	}
}

func (c *cache) Invalidate(rejected tenantkit.Secret) {
	c.mu.Lock()
	if c.kept != nil && c.kept.token.Value == rejected {
		c.kept = nil
	}
	c.mu.Unlock()
	if source, ok := c.source.(Invalidator); ok {
		source.Invalidate(rejected)
	}
}

// start begins a fetch; the caller holds the lock.
func (c *cache) start(ctx context.Context, background bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout)
	c.fetch = &fetch{cancel: cancel, background: background, done: make(chan struct{})}
	go c.run(ctx, c.fetch)
}

func (c *cache) run(ctx context.Context, f *fetch) {
	defer f.cancel()
	began := time.Now()
	token, err := Token{}, errors.New("the token source ended its goroutine")
	// Deferred, so that a source that panics, or calls runtime.Goexit, leaves nobody waiting.
	defer func() {
		f.panicked = recover()
		c.finish(f, began, token, err)
	}()
	token, err = c.source.Token(ctx)
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		// Without the source's error in the chain: callers would take it for the end of
		// their own context.
		err = fmt.Errorf("no token within %v: %w (%v)", c.timeout, os.ErrDeadlineExceeded, err)
	case err == nil && token.Value.IsZero():
		err = errors.New("the token source gave an empty token")
	}
}

func (c *cache) finish(f *fetch, began time.Time, token Token, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fetch = nil
	switch {
	case err == nil:
		c.kept = c.keep(token, began)
	case c.kept != nil && !f.abandoned:
		c.kept.retryAt = time.Now().Add(c.kept.delays.NextBackOff())
	}
	f.token, f.err = token, err
	close(f.done)
}

func (c *cache) keep(token Token, fetched time.Time) *keptToken {
	k := &keptToken{token: token, fetched: fetched, delays: backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(5*time.Second),
		backoff.WithMultiplier(2),
		backoff.WithMaxInterval(40*time.Second), // a minute, with the jitter of one half
		backoff.WithMaxElapsedTime(0),
	)}
	k.life, k.bounded = lifeOf(token, fetched)
	if c.maxAge > 0 && (!k.bounded || k.life > c.maxAge) {
		k.life, k.bounded = c.maxAge, true
	}
	k.early, k.late = min(c.early, k.life/4), min(c.late, k.life/10)
	return k
}

// lifeOf tells how long a token lives from its fetch on, and false if that is not known.
func lifeOf(token Token, fetched time.Time) (time.Duration, bool) {
	claims, err := ParseClaims(token.Value)
	end := token.Expiry
	if end.IsZero() && err == nil {
		end = claims.Expiry
	}
	if end.IsZero() {
		return 0, false
	}
	left := end.Sub(fetched)
	if err == nil && !claims.IssuedAt.IsZero() {
		whole := claims.Expiry.Sub(claims.IssuedAt)
		if whole > 0 && (left > whole || left <= 0) {
			left = whole
		}
	}
	return left, true
}

// Format writes the name of the constructor, for every verb, and may be called at any time.
func (c *cache) Format(f fmt.State, _ rune) { writeName(f, "auth.Cache") }

// left returns how much of the token's life is left.
func (k *keptToken) left(now time.Time) time.Duration {
	// The steady clock may stand still while the machine sleeps, which the wall clock tells;
	// the wall clock may be set back, which the steady one tells.
	used := max(now.Sub(k.fetched), now.Round(0).Sub(k.fetched.Round(0)))
	return k.life - used
}
