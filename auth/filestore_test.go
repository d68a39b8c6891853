package auth_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/coord"
)

func TestStoresKeepTheToken(t *testing.T) {
	t.Parallel()
	stores := map[string]auth.TokenLocker{
		"memory": auth.MemoryStore(),
		"file":   auth.FileStore(filepath.Join(t.TempDir(), "token.json")),
		"coord":  auth.TokenStoreIn(coord.Memory(), coord.Local(), "key"),
	}
	tokens := map[string]auth.StoredToken{
		"value alone":    {Token: auth.Token{Value: tenantkit.NewSecret("r1")}},
		"everything":     {Token: auth.Token{Value: tenantkit.NewSecret("r2"), Expiry: time.Date(2030, 1, 2, 3, 4, 5, 6000, time.UTC)}, Origin: "digest"},
		"odd characters": {Token: auth.Token{Value: tenantkit.NewSecret("+/=\"\\\n\x00é<>&")}},
		"spent":          {Origin: "digest"},
		"longest":        {Token: auth.Token{Value: tenantkit.NewSecret(strings.Repeat("\x01", 64<<10))}},
	}
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := store.Load(t.Context()); !errors.Is(err, auth.ErrNoToken) {
				t.Errorf("at first: %v, %v", got, err)
			}
			for name, want := range tokens {
				if err := store.Save(t.Context(), want); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				got, err := store.Load(t.Context())
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if diff := cmp.Diff(revealed(want), revealed(got)); diff != "" {
					t.Errorf("%s (-want +got)\n%s", name, diff)
				}
			}
		})
	}
}

// revealed shows what cmp would see as [redacted].
func revealed(token auth.StoredToken) []string {
	return []string{token.Value.Reveal(), token.Expiry.String(), token.Origin}
}

func TestStoresLockOneAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token.json")
	memory, dir := auth.MemoryStore(), coord.Dir(t.TempDir())
	stores := map[string]func() auth.TokenLocker{
		"memory": func() auth.TokenLocker { return memory },
		"file":   func() auth.TokenLocker { return auth.FileStore(path) },
		"coord":  func() auth.TokenLocker { return auth.TokenStoreIn(dir, dir, "key") },
	}
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var holders atomic.Int32
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					for range 5 {
						lockOnce(t, store(), &holders)
					}
				})
			}
			wg.Wait()

			unlock, err := store().Lock(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			if _, err := store().Lock(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("a waiter whose context ends got %v", err)
			}
			if err := unlock(); err != nil {
				t.Error(err)
			}
		})
	}
}

func lockOnce(t *testing.T, store auth.TokenLocker, holders *atomic.Int32) {
	t.Helper()
	unlock, err := store.Lock(t.Context())
	if err != nil {
		t.Error(err)
		return
	}
	if n := holders.Add(1); n > 1 {
		t.Errorf("%d hold the lock", n)
	}
	holders.Add(-1)
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

func TestFileStoreReplacesTheFile(t *testing.T) {
	t.Parallel()
	if a, b := auth.FileStore("a"), auth.FileStore("b"); a == b {
		t.Error("stores in different files are equal")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "token.json")
	store := auth.FileStore(path)
	save := func(value string) {
		t.Helper()
		if err := store.Save(t.Context(), auth.StoredToken{Token: auth.Token{Value: tenantkit.NewSecret(value)}}); err != nil {
			t.Fatal(err)
		}
	}
	save("r1")
	old, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	save("r2")
	before, err := old.Stat()
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if os.SameFile(before, after) {
		t.Error("the file was written over, not replaced: who dies in between leaves half a token")
	}
	if got := after.Mode(); got != 0o600 {
		t.Errorf("the mode is %v", got)
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != `{"token":"r2"}` {
		t.Errorf("the file holds %s, %v", text, err)
	}
	wantFiles(t, dir, "token.json")
}

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the directory (-want +got)\n%s", diff)
	}
}

func TestFileStoreSweeps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{
		".token.json.1.tmp": time.Hour, // left by a program that was killed
		".token.json.2.tmp": 0,         // of a program that is at it
		".other.json.3.tmp": time.Hour, // none of ours
		".token.json.keep":  time.Hour,
	} {
		writeFile(t, filepath.Join(dir, name), "MARKER")
		when := time.Now().Add(-age)
		if err := os.Chtimes(filepath.Join(dir, name), when, when); err != nil {
			t.Fatal(err)
		}
	}
	if err := auth.FileStore(filepath.Join(dir, "token.json")).Save(t.Context(), auth.StoredToken{}); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, ".other.json.3.tmp", ".token.json.2.tmp", ".token.json.keep", "token.json")
}

func TestFileStoreRejectsTheFile(t *testing.T) {
	t.Parallel()
	const marker = "MARKER-of-a-secret"
	tests := map[string]struct{ text, says string }{
		"empty":        {"", "does not contain what this store writes"},
		"bare token":   {marker, "does not contain what this store writes"},
		"half":         {`{"token":"` + marker, "does not contain what this store writes"},
		"other JSON":   {`{"access_token":"` + marker + `"}`, "does not contain what this store writes"},
		"other type":   {`{"token":{"a":"` + marker + `"}}`, "does not contain what this store writes"},
		"bad time":     {`{"token":"` + marker + `","expiry":"` + marker + `"}`, "does not contain what this store writes"},
		"two objects":  {`{"token":"` + marker + `"}{}`, "does not contain what this store writes"},
		"without end":  {`{"token":"` + strings.Repeat(marker, 1<<16) + `"}`, "is longer than"},
		"token is nil": {`{"token":null}`, "does not contain what this store writes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "token.json")
			writeFile(t, path, test.text)
			_, err := auth.FileStore(path).Load(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), path) {
				t.Fatalf("got %v", err)
			}
			mustNotShow(t, err, marker)
		})
	}
}

func TestFileStoreRejectsTheToken(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token.json")
	store := auth.FileStore(path)
	for says, value := range map[string]string{
		tenantkit.Redacted:         tenantkit.Redacted,
		"longer than 65536 bytes":  strings.Repeat("MARKER", 20000),
		"cannot be written":        "MARKER\xff",
		"invalid UTF-8 within str": "MARKER\xff",
	} {
		err := store.Save(t.Context(), auth.StoredToken{Token: auth.Token{Value: tenantkit.NewSecret(value)}})
		if err == nil || !strings.Contains(err.Error(), says) && says != "invalid UTF-8 within str" {
			t.Errorf("got %v, want it to say %q", err, says)
		}
		if err != nil {
			mustNotShow(t, err, "MARKER")
		}
	}
	wantFiles(t, filepath.Dir(path))
}

func TestFileStoreNeedsItsDirectory(t *testing.T) {
	t.Parallel()
	store := auth.FileStore(filepath.Join(t.TempDir(), "missing", "token.json"))
	if err := store.Save(t.Context(), auth.StoredToken{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Save: %v", err)
	}
	if _, err := store.Lock(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Lock: %v", err)
	}
	if _, err := store.Load(t.Context()); !errors.Is(err, auth.ErrNoToken) {
		t.Errorf("Load: %v", err)
	}
	inFile := filepath.Join(t.TempDir(), "file")
	writeFile(t, inFile, "")
	if _, err := auth.FileStore(filepath.Join(inFile, "token.json")).Load(t.Context()); err == nil || errors.Is(err, auth.ErrNoToken) {
		t.Errorf("Load in a file: %v", err)
	}
}

// start runs the refresher until the test ends, or before.
func start(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(refresher(t), args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(cmd) })
	return cmd
}

// kill ends the process, if it has not ended yet.
func kill(cmd *exec.Cmd) {
	if cmd.ProcessState == nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

func accept(t *testing.T, listener net.Listener) net.Conn {
	t.Helper()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Whatever is in the file, it is taken in whole, so that it can be stored again, or refused without
// being shown.
func FuzzFileStore(f *testing.F) {
	for _, text := range []string{
		`{"token":"MARKER-r1"}`, `{"token":"MARKER-r1","expiry":"2026-01-02T03:04:05Z","origin":"00ff"}`, `{"token":""}`, `{"token":null}`, `{}`, `null`, ``,
		`MARKER-r1`, `{"token":"MARKER-r1"`, `{"token":7}`, `{"token":"a","token":"MARKER-r1"}`, `{"token":"\ud800"}`, "{\"token\":\"\xff\"}", `{"token":"[redacted]"}`,
		`{"token":"MARKER-r1","expiry":"MARKER"}`, `{"token":"MARKER-r1","expiry":"0001-01-01T00:00:00+01:00"}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "token.json")
		writeFile(t, path, text)
		store := auth.FileStore(path)
		read, err := store.Load(t.Context())
		if err != nil {
			if errors.Is(err, auth.ErrNoToken) || strings.Contains(text, "MARKER") && strings.Contains(err.Error(), "MARKER") {
				t.Errorf("got %v", err)
			}
			return
		}
		err = store.Save(t.Context(), read)
		if err != nil && read.Value == tenantkit.NewSecret(tenantkit.Redacted) {
			return // a secret that somebody has lost
		}
		if err != nil {
			t.Fatalf("what was read cannot be stored: %v", err)
		}
		again, err := store.Load(t.Context())
		if err != nil || again.Value != read.Value || again.Origin != read.Origin || !again.Expiry.Equal(read.Expiry) {
			t.Errorf("got %q, %q, %v, %v after %q, %q, %v", again.Value.Reveal(), again.Origin, again.Expiry, err, read.Value.Reveal(), read.Origin, read.Expiry)
		}
	})
}
