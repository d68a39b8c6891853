package atomicfile

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Lock locks the file at path for this process and within it, among all processes of the machine.
// It makes the file, and unlock removes it. It waits until nobody else has the lock or ctx is done.
// A symbolic link at path is not followed.
//
// The context held is derived from ctx. It ends with unlock, or with the cause lost before anyone
// else can have the lock if the lock can no longer be guaranteed. Calls of unlock after the first
// do nothing and return nil.
//
// The system frees the lock of a killed process. A system without flock cannot: there, the lock of
// a killed process is free after two minutes, and a process that has a lock renews it.
func Lock(ctx context.Context, path string, lost error) (held context.Context, unlock func() error, err error) {
	for tries := 0; ; tries++ {
		if ctx.Err() != nil {
			return nil, nil, Ended(ctx)
		}
		held, unlock, err := tryLock(ctx, path, lost)
		if err != nil || held != nil {
			return held, unlock, err
		}
		pause(ctx, tries)
	}
}

// Ended returns an error that matches both the error of a context that is done and its cause.
func Ended(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != ctx.Err() {
		return fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	return ctx.Err()
}

// pause waits before another try to get a lock: the longer, the more there were, up to a quarter of
// a second.
func pause(ctx context.Context, tries int) {
	timer := time.NewTimer(min(time.Millisecond<<min(tries, 8), 250*time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// once returns a function that calls f once. Later calls do nothing and return nil.
func once(f func() error) func() error {
	var done atomic.Bool
	return func() error {
		if done.Swap(true) {
			return nil
		}
		return f()
	}
}
