//go:build unix && !tenantkit_portable_lock

package auth_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

// desk lets other processes use an issuer: those of the present run.
type desk struct {
	*httptest.Server
	mu  sync.RWMutex
	run int
}

func serve(t *testing.T, i *issuer) *desk {
	t.Helper()
	d := &desk{}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		d.mu.RLock()
		defer d.mu.RUnlock()
		if req.FormValue("run") != fmt.Sprint(d.run) {
			w.WriteHeader(http.StatusGone) // what a dead process sent comes too late to have an effect
			return
		}
		grant, err := i.exchange(context.WithoutCancel(req.Context()), tenantkit.NewSecret(req.FormValue("refresh")))
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"access":%q,"refresh":%q}`, grant.Access.Value.Reveal(), grant.Refresh.Value.Reveal())
	}))
	t.Cleanup(d.Close)
	return d
}

// next begins a run, and returns its address of the issuer.
func (d *desk) next() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.run++
	return fmt.Sprintf("%s?run=%d", d.URL, d.run)
}

// Several processes share a login whose issuer withdraws it at the first reuse of a refresh token.
func TestProcessesDoNotRefreshAtOnce(t *testing.T) {
	t.Parallel()
	const processes, rounds = 4, 10
	i := newIssuer()
	url, path := serve(t, i).next(), filepath.Join(t.TempDir(), "token.json")
	var running []*exec.Cmd
	for range processes {
		running = append(running, start(t, "refresh", path, url, fmt.Sprint(rounds)))
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	if n, overlap, withdrawn := i.state(); overlap || withdrawn || n != processes*rounds {
		t.Errorf("%d exchanges, at once %v, login withdrawn %v", n, overlap, withdrawn)
	}
	wantStored(t, auth.FileStore(path), fmt.Sprintf("r%d", processes*rounds))
}

// A process is killed again and again, at any moment. With an issuer that takes the last refresh
// token until the next was used, the login lives on.
func TestKilledProcessLosesNoAccess(t *testing.T) {
	t.Parallel()
	i := newIssuer()
	i.grace = true
	desk, path := serve(t, i), filepath.Join(t.TempDir(), "token.json")
	store := auth.FileStore(path)
	interrupted := func() bool {
		n, _, _ := i.state()
		return n >= 10
	}
	for round := 0; round < 200 || !interrupted(); round++ {
		cmd := start(t, "refresh", path, desk.next(), "1000000")
		// Not to wait for something, but to kill at a random moment: later and later, so
		// that a busy machine gets to an exchange too.
		time.Sleep(rand.N(time.Duration(25+round/8) * time.Millisecond))
		kill(cmd)
		if _, err := store.Load(t.Context()); err != nil && !errors.Is(err, auth.ErrNoToken) {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err == nil && info.Mode() != 0o600 {
			t.Fatalf("the mode is %v", info.Mode())
		}
		if _, _, withdrawn := i.state(); withdrawn {
			t.Fatal("the login is lost")
		}
	}
	if err := start(t, "refresh", path, desk.next(), "1").Wait(); err != nil {
		t.Error(err)
	}
}

func TestLockOfAKilledProcess(t *testing.T) {
	t.Parallel()
	listener, path := listen(t), filepath.Join(t.TempDir(), "token.json")
	holder := start(t, "hold", path, listener.Addr().String())
	accept(t, listener)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := auth.FileStore(path).Lock(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the lock of another process does not hold: %v", err)
	}
	kill(holder)
	unlock, err := auth.FileStore(path).Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

func TestFileStoreAndLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, victim := filepath.Join(dir, "token.json"), filepath.Join(dir, "victim")
	writeFile(t, victim, `{"token":"of somebody else"}`)
	store := auth.FileStore(path)

	if err := os.Symlink(victim, path); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("Load through a link: %v", err)
	}
	if err := store.Save(t.Context(), auth.StoredToken{}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("Save over a link: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, path+".lock"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Lock(t.Context()); err == nil {
		t.Error("the lock follows a link")
	}
	if text, err := os.ReadFile(victim); err != nil || string(text) != `{"token":"of somebody else"}` {
		t.Errorf("the file behind the link holds %s, %v", text, err)
	}
}

// A lock on a named pipe would leave the pipe where the lock file belongs, for whoever put it
// there.
func TestFileStoreAndPipes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token.json")
	if err := syscall.Mkfifo(path+".lock", 0o600); err != nil {
		t.Fatal(err)
	}
	unlock, err := auth.FileStore(path).Lock(t.Context())
	if err == nil {
		err = errors.Join(unlock(), errors.New("locked"))
	}
	if !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("got %v", err)
	}
}

func TestFileStoreAndModes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token.json")
	store := auth.FileStore(path)
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o620, 0o666} {
		writeFile(t, path, `{"token":"MARKER"}`)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := store.Load(t.Context())
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("mode %04o", mode)) {
			t.Errorf("a file of mode %04o is taken: %v", mode, err)
		}
	}
	if err := store.Save(t.Context(), auth.StoredToken{Token: auth.Token{Value: tenantkit.NewSecret("r1")}}); err != nil {
		t.Fatal(err)
	}
	wantStored(t, store, "r1")
}

// No room for a token: found out before the refresh token is spent.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	i := newIssuer()
	url, path := serve(t, i).next(), filepath.Join(t.TempDir(), "token.json")
	// A process that may write no file of more than 0 bytes fails like one on a full disk.
	out, err := exec.Command("sh", "-c", `ulimit -f 0; exec "$0" refresh "$1" "$2" 1`, refresher(t), path, url).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "no token could be stored") {
		t.Errorf("got %s, %v", out, err)
	}
	i.wantGiven(t)
	if _, err := auth.FileStore(path).Load(t.Context()); !errors.Is(err, auth.ErrNoToken) {
		t.Errorf("Load: %v", err)
	}
}
