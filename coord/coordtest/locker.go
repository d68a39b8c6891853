package coordtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit/coord"
)

const (
	// patience is how long a free lock may take.
	patience = 30 * time.Second
	// moment is how long a test waits to see that a lock is not free.
	moment = 50 * time.Millisecond
)

// TestLocker checks that a Locker does what [coord.Locker] promises. All lockers that open returns
// must share their locks, as those of different processes do. Keys start with a random string, so
// that tests can share an engine.
//
// It cannot check that locks get lost in time: that depends on the engine.
func TestLocker(t *testing.T, open func(t *testing.T) coord.Locker) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *lockers){
		"Exclusive":        testExclusive,
		"Keys":             testKeys,
		"NilContext":       testNilContext,
		"DoneContext":      testDoneContext,
		"DoneWhileWaiting": testDoneWhileWaiting,
		"UnlockTwice":      testUnlockTwice,
		"HeldIsDerived":    testHeldIsDerived,
		"HeldAfterCaller":  testHeldAfterCaller,
		"NoStarvation":     testNoStarvation,
		"Print":            testPrint,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, &lockers{open: open, prefix: rand.Text()})
		})
	}
}

type lockers struct {
	open   func(t *testing.T) coord.Locker
	prefix string
}

// lock locks a key within patience. The context held has no deadline.
func (l *lockers) lock(t *testing.T, locker coord.Locker, key string) (context.Context, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	late := time.AfterFunc(patience, cancel)
	held, unlock, err := locker.Lock(ctx, l.prefix+key)
	if err != nil {
		t.Fatalf("Lock: %v", err)
	}
	late.Stop()
	return held, func() {
		t.Helper()
		if err := unlock(); err != nil {
			t.Errorf("unlock: %v", err)
		}
	}
}

// wantHeld checks that nobody can lock a key.
func (l *lockers) wantHeld(t *testing.T, locker coord.Locker, key string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), moment)
	defer cancel()
	_, unlock, err := locker.Lock(ctx, l.prefix+key)
	if err == nil {
		t.Errorf("a second holder has the lock; unlock: %v", unlock())
	} else if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Lock of a held key: got error %v, want that of the context", err)
	}
}

func testExclusive(t *testing.T, l *lockers) {
	const users, goroutines, rounds = 2, 4, 5
	var holders atomic.Int32
	count := 0 // guarded by the lock alone
	var wg sync.WaitGroup
	for range users {
		locker := l.open(t)
		for range goroutines {
			wg.Go(func() {
				for range rounds {
					countLocked(t, locker, l.prefix, &holders, &count)
				}
			})
		}
	}
	wg.Wait()
	if want := users * goroutines * rounds; count != want {
		t.Errorf("counted %d, want %d", count, want)
	}
}

// countLocked increments count, which the lock alone guards.
func countLocked(t *testing.T, locker coord.Locker, key string, holders *atomic.Int32, count *int) {
	t.Helper()
	held, unlock, err := locker.Lock(t.Context(), key)
	if err != nil {
		t.Errorf("Lock: %v", err)
		return
	}
	if n := holders.Add(1); n != 1 {
		t.Errorf("%d holders", n)
	}
	before := *count
	time.Sleep(100 * time.Microsecond) // for another to come in between
	*count = before + 1
	holders.Add(-1)
	if held.Err() != nil {
		t.Errorf("the lock was lost: %v", context.Cause(held))
	}
	if err := unlock(); err != nil {
		t.Errorf("unlock: %v", err)
	}
}

func testKeys(t *testing.T, l *lockers) {
	first, second := l.open(t), l.open(t)
	var unlocks []func()
	for _, key := range keys {
		_, unlock := l.lock(t, first, key)
		unlocks = append(unlocks, unlock)
	}
	var wg sync.WaitGroup
	for _, key := range keys {
		wg.Go(func() { l.wantHeld(t, second, key) })
	}
	wg.Wait()
	for _, unlock := range unlocks {
		unlock()
	}
	for _, key := range keys {
		_, unlock := l.lock(t, second, key)
		unlock()
	}
}

func testNilContext(t *testing.T, l *lockers) {
	var none context.Context
	if _, _, err := l.open(t).Lock(none, l.prefix); err == nil {
		t.Error("Lock succeeded with a nil context")
	}
}

func testDoneContext(t *testing.T, l *lockers) {
	locker := l.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // it may succeed by chance
		_, unlock, err := locker.Lock(ctx, l.prefix)
		if err == nil {
			t.Fatalf("Lock succeeded with a context that is done; unlock: %v", unlock())
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want that of the context", err)
		}
	}
	_, unlock := l.lock(t, locker, "")
	unlock()
}

func testDoneWhileWaiting(t *testing.T, l *lockers) {
	first, second := l.open(t), l.open(t)
	_, unlock := l.lock(t, first, "")
	for _, locker := range []coord.Locker{first, second} {
		l.wantHeld(t, locker, "")
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(moment, cancel)
		if _, _, err := locker.Lock(ctx, l.prefix); !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want that of the context", err)
		}
	}
	unlock()
	_, unlock = l.lock(t, second, "")
	unlock()
}

func testUnlockTwice(t *testing.T, l *lockers) {
	first, second := l.open(t), l.open(t)
	for _, next := range []coord.Locker{first, second} {
		_, unlock := l.lock(t, first, "")
		unlock()
		unlock()
		_, release := l.lock(t, next, "")
		unlock()
		l.wantHeld(t, second, "")
		release()
	}
}

func testHeldIsDerived(t *testing.T, l *lockers) {
	type key struct{}
	deadline := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(context.WithValue(t.Context(), key{}, "value"), deadline)
	defer cancel()
	locker := l.open(t)
	held, unlock, err := locker.Lock(ctx, l.prefix)
	if err != nil {
		t.Fatalf("Lock: %v", err)
	}
	if got := held.Value(key{}); got != "value" {
		t.Errorf("the context has the value %v, want that of its parent", got)
	}
	if got, ok := held.Deadline(); !ok || got.After(deadline) {
		t.Errorf("the context has the deadline %v, want that of its parent", got)
	}
	if held.Err() != nil {
		t.Errorf("the context is done under the lock: %v", context.Cause(held))
	}
	if err := unlock(); err != nil {
		t.Errorf("unlock: %v", err)
	}
	if !errors.Is(held.Err(), context.Canceled) {
		t.Errorf("after unlock: the error of the context is %v", held.Err())
	}
}

// A caller whose context is done still has the lock until it unlocks: it may be in the middle of
// something.
func testHeldAfterCaller(t *testing.T, l *lockers) {
	first, second := l.open(t), l.open(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	held, unlock, err := first.Lock(ctx, l.prefix)
	if err != nil {
		t.Fatalf("Lock: %v", err)
	}
	cause := errors.New("the caller's reason")
	cancel(cause)
	select {
	case <-held.Done():
	case <-time.After(patience):
		t.Fatal("the context is not done when its parent is")
	}
	if got := context.Cause(held); !errors.Is(got, cause) {
		t.Errorf("the cause is %v, want %v", got, cause)
	}
	l.wantHeld(t, second, "")
	if err := unlock(); err != nil {
		t.Errorf("unlock: %v", err)
	}
	_, release := l.lock(t, second, "")
	release()
}

// Some users lock again as soon as they have unlocked. Everybody else gets the lock too.
func testNoStarvation(t *testing.T, l *lockers) {
	greedy, modest := l.open(t), l.open(t)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	started := make(chan struct{})
	wg.Go(func() {
		for rounds := 0; ; rounds++ {
			_, unlock, err := greedy.Lock(t.Context(), l.prefix)
			if err != nil {
				t.Errorf("Lock: %v", err)
				return
			}
			if rounds == 0 {
				close(started)
			}
			time.Sleep(10 * time.Millisecond)
			if err := unlock(); err != nil {
				t.Errorf("unlock: %v", err)
				return
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	defer wg.Wait()
	defer close(stop)
	<-started
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for n := range 10 {
		_, unlock, err := modest.Lock(ctx, l.prefix)
		if err != nil {
			t.Fatalf("got the lock only %d times in %v: %v", n, patience, err)
		}
		if err := unlock(); err != nil {
			t.Errorf("unlock: %v", err)
		}
	}
}

// A Locker can be printed while it is used. The race detector finds what is wrong.
func testPrint(t *testing.T, l *lockers) {
	locker := l.open(t)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { print(locker, stop) })
	for range 20 {
		_, unlock := l.lock(t, locker, "")
		unlock()
	}
	close(stop)
	wg.Wait()
}

func print(v any, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
			_ = fmt.Sprintf("%v %+v %#v", v, v, v)
		}
	}
}
