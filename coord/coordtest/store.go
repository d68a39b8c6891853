package coordtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tenantkit/tenantkit/coord"
)

// TestStore checks that a Store does what [coord.Store] promises. All stores that open returns must
// share their values, as those of different processes do. Keys start with a random string, so that
// tests can share an engine.
func TestStore(t *testing.T, open func(t *testing.T) coord.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *stores){
		"Missing":    testMissing,
		"Keys":       testStoreKeys,
		"Values":     testValues,
		"Copies":     testCopies,
		"Stale":      testStale,
		"Delete":     testDelete,
		"Create":     testCreate,
		"Increments": testIncrements,
		"Context":    testStoreContext,
		"Print":      testStorePrint,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, &stores{open: open, prefix: rand.Text()})
		})
	}
}

type stores struct {
	open   func(t *testing.T) coord.Store
	prefix string
}

func (s *stores) save(t *testing.T, store coord.Store, key string, value []byte, version string) string {
	t.Helper()
	next, err := store.Save(t.Context(), s.prefix+key, value, version)
	if err != nil {
		t.Fatalf("Save(%.20q): %v", key, err)
	}
	if (next == "") != (value == nil) {
		t.Errorf("Save(%.20q) returned the version %q", key, next)
	}
	if next != "" && next == version {
		t.Errorf("Save(%.20q) returned the same version again", key)
	}
	return next
}

// want checks the value and the version of a key.
func (s *stores) want(t *testing.T, store coord.Store, key string, value []byte, version string) {
	t.Helper()
	got, current, err := store.Load(t.Context(), s.prefix+key)
	if err != nil {
		t.Fatalf("Load(%.20q): %v", key, err)
	}
	if !bytes.Equal(got, value) || (got == nil) != (value == nil) {
		t.Errorf("Load(%.20q) returned %.40q (%d bytes, nil: %t), want %.40q (%d bytes)", key, got, len(got), got == nil, value, len(value))
	}
	if current != version {
		t.Errorf("Load(%.20q) returned the version %q, want %q", key, current, version)
	}
}

func (s *stores) wantStale(t *testing.T, store coord.Store, value []byte, version string) {
	t.Helper()
	if next, err := store.Save(t.Context(), s.prefix, value, version); !errors.Is(err, coord.ErrStale) {
		t.Errorf("Save with the version %q returned %q, %v, want ErrStale", version, next, err)
	}
}

func testMissing(t *testing.T, s *stores) { s.want(t, s.open(t), "", nil, "") }

func testStoreKeys(t *testing.T, s *stores) {
	first, second := s.open(t), s.open(t)
	versions := make([]string, len(keys))
	for i, key := range keys {
		versions[i] = s.save(t, first, key, []byte(strconv.Itoa(i)), "")
	}
	for i, key := range keys {
		s.want(t, second, key, []byte(strconv.Itoa(i)), versions[i])
	}
}

func testValues(t *testing.T, s *stores) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	first, second := s.open(t), s.open(t)
	version := ""
	for _, value := range [][]byte{
		[]byte("a"), {}, {0}, []byte("\n"), []byte("\r\n a \n"), []byte("null"), all, bytes.Repeat(all, 4096), []byte("short again"), []byte("short again"),
	} {
		version = s.save(t, first, "", value, version)
		s.want(t, first, "", value, version)
		s.want(t, second, "", value, version)
	}
}

// Neither side sees what the other writes into its slice.
func testCopies(t *testing.T, s *stores) {
	store, value := s.open(t), []byte("value")
	version := s.save(t, store, "", value, "")
	value[0] = 'X'
	got, _, err := store.Load(t.Context(), s.prefix)
	if err != nil || string(got) != "value" {
		t.Fatalf("Load returned %q, %v", got, err)
	}
	got[0] = 'X'
	s.want(t, store, "", []byte("value"), version)
}

func testStale(t *testing.T, s *stores) {
	first, second := s.open(t), s.open(t)
	s.wantStale(t, first, []byte("x"), "unknown")
	s.wantStale(t, first, nil, "unknown")
	v1 := s.save(t, first, "", []byte("1"), "")
	v2 := s.save(t, second, "", []byte("2"), v1)
	v3 := s.save(t, first, "", []byte("1"), v2)
	for _, old := range []string{"", "unknown", v1, v2, v3 + "0", " " + v3} {
		s.wantStale(t, second, []byte("x"), old)
		s.wantStale(t, second, nil, old)
	}
	s.want(t, second, "", []byte("1"), v3)
	s.save(t, second, "", nil, v3)
	for _, old := range []string{v1, v2, v3} {
		s.wantStale(t, first, []byte("x"), old)
	}
	v4 := s.save(t, first, "", []byte("1"), "")
	for _, old := range []string{"", v1, v2, v3} {
		s.wantStale(t, second, []byte("x"), old)
	}
	s.want(t, second, "", []byte("1"), v4)
}

func testDelete(t *testing.T, s *stores) {
	first, second := s.open(t), s.open(t)
	s.save(t, first, "", nil, "") // there is nothing to delete
	s.want(t, first, "", nil, "")
	version := s.save(t, first, "", []byte("value"), "")
	s.save(t, second, "", nil, version)
	s.want(t, first, "", nil, "")
	s.save(t, first, "", nil, "")
}

// Of many who create a value, one does.
func testCreate(t *testing.T, s *stores) {
	var created atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		store := s.open(t)
		wg.Go(func() {
			switch _, err := store.Save(t.Context(), s.prefix, []byte("value"), ""); {
			case err == nil:
				created.Add(1)
			case !errors.Is(err, coord.ErrStale):
				t.Errorf("Save: %v", err)
			}
		})
	}
	wg.Wait()
	if n := created.Load(); n != 1 {
		t.Errorf("%d created the value, want 1", n)
	}
}

// Increments by Load and Save, of many at once, lose nothing.
func testIncrements(t *testing.T, s *stores) {
	const users, goroutines, rounds = 2, 3, 5
	var wg sync.WaitGroup
	for range users {
		store := s.open(t)
		for range goroutines {
			wg.Go(func() {
				for done := 0; done < rounds; {
					switch err := increment(t.Context(), store, s.prefix); {
					case err == nil:
						done++
					case !errors.Is(err, coord.ErrStale):
						t.Error(err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
	got, _, err := s.open(t).Load(t.Context(), s.prefix)
	if want := strconv.Itoa(users * goroutines * rounds); err != nil || string(got) != want {
		t.Errorf("Load returned %q, %v, want %q", got, err, want)
	}
}

func increment(ctx context.Context, store coord.Store, key string) error {
	value, version, err := store.Load(ctx, key)
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(string(value)) // 0 if missing
	_, err = store.Save(ctx, key, []byte(strconv.Itoa(n+1)), version)
	return err
}

func testStoreContext(t *testing.T, s *stores) {
	store := s.open(t)
	version := s.save(t, store, "", []byte("value"), "")
	var none context.Context
	done, cancel := context.WithCancel(t.Context())
	cancel()
	for name, ctx := range map[string]context.Context{"nil": none, "done": done} {
		if _, _, err := store.Load(ctx, s.prefix); err == nil || name == "done" && !errors.Is(err, context.Canceled) {
			t.Errorf("Load with a context that is %s: %v", name, err)
		}
		if _, err := store.Save(ctx, s.prefix, []byte("x"), version); err == nil || name == "done" && !errors.Is(err, context.Canceled) {
			t.Errorf("Save with a context that is %s: %v", name, err)
		}
	}
	s.want(t, store, "", []byte("value"), version)
}

// A Store can be printed while it is used. The race detector finds what is wrong.
func testStorePrint(t *testing.T, s *stores) {
	store := s.open(t)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { print(store, stop) })
	version := ""
	for range 10 {
		version = s.save(t, store, "", []byte("value"), version)
	}
	close(stop)
	wg.Wait()
}
