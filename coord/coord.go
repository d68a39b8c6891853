package coord

import (
	"context"
	"errors"
)

// ErrLost is the cause of a context whose lock can no longer be guaranteed. See [Locker].
var ErrLost = errors.New("the lock was lost")

// ErrStale is returned by [Store.Save] if the version is no longer current.
var ErrStale = errors.New("the stored value was changed by someone else")

// A Locker grants exclusive access to a key among everyone who shares the Locker. It must be safe
// for concurrent use.
type Locker interface {
	// Lock blocks until key is free or ctx is done. The returned context is derived from ctx.
	// It is canceled with cause [ErrLost] before anyone else can acquire key if the lock can no
	// longer be guaranteed.
	//
	// The function unlock releases the lock and cancels held. Its error says that the lock may
	// be held until its lease ends. Calls after the first do nothing and return nil.
	Lock(ctx context.Context, key string) (held context.Context, unlock func() error, err error)
}

// A Store keeps small values under versions. It must be safe for concurrent use.
type Store interface {
	// Load returns the value of key and its version. The version of a missing value is "", and
	// its value nil.
	Load(ctx context.Context, key string) (value []byte, version string, err error)
	// Save replaces the value of key if version is still current, and returns the next version.
	// Otherwise it returns an error that matches [ErrStale]. A nil value deletes the key; the
	// next version is then "".
	Save(ctx context.Context, key string, value []byte, version string) (next string, err error)
}
