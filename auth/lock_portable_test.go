//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd) || tenantkit_portable_lock

package auth_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit/auth"
)

// Where the system takes no lock back, one of a killed program keeps everybody out until it is old.
func TestLockThatWasLeftBehind(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token.json")
	store := auth.FileStore(path)
	writeFile(t, path+".lock", "")

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := store.Lock(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a lock that may be held: got %v", err)
	}
	old := time.Now().Add(-3 * time.Minute)
	if err := os.Chtimes(path+".lock", old, old); err != nil {
		t.Fatal(err)
	}
	unlock, err := store.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	wantFiles(t, filepath.Dir(path))
}
