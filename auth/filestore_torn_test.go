package auth

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/atomicfile/atomicfiletest"
)

const before, after = "MARKER-before", "MARKER-after" // tokens

// A store of a token is cut off after each of its bytes, fails at each of its steps, or dies there.
// Load then gives the old token or the new one in whole, no failure leaves a part of a token on the
// disk, and no error shows one.
func TestTornWrites(t *testing.T) {
	t.Parallel()
	size := len(`{"token":"` + after + `","origin":"o"}`)
	for _, fault := range atomicfiletest.Faults(size) {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "token.json")
			save(t, path, before)
			if info, err := os.Stat(path); err != nil || fault.Name == "flush fails" && info.Size() != int64(size+1) {
				t.Fatalf("a file of %d bytes, and cuts for %d: %v", info.Size(), size, err)
			}
			killed, err := atomicfiletest.Try(func() error { return fileStore{path, fault.Disk}.Save(t.Context(), tokenOf(after)) })
			if err := fault.Check(killed, err); err != nil {
				t.Error(err)
			}
			if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "MARKER") {
				t.Errorf("the error shows a token: %s", text)
			}
			want := before
			if fault.Replaced {
				want = after
			}
			wantSaved(t, path, want)
			if files, err := os.ReadDir(filepath.Dir(path)); err != nil || !killed && len(files) != 1 {
				t.Errorf("left behind: %v, %v", files, err)
			}
			save(t, path, "MARKER-next")
			wantSaved(t, path, "MARKER-next")
		})
	}
}

func tokenOf(value string) StoredToken {
	return StoredToken{Token: Token{Value: tenantkit.NewSecret(value)}, Origin: "o"}
}

func save(t *testing.T, path, value string) {
	t.Helper()
	if err := FileStore(path).Save(t.Context(), tokenOf(value)); err != nil {
		t.Fatal(err)
	}
}

func wantSaved(t *testing.T, path, want string) {
	t.Helper()
	if got, err := FileStore(path).Load(t.Context()); err != nil || got.Value.Reveal() != want {
		t.Errorf("got %q, %v; want %q", got.Value.Reveal(), err, want)
	}
}
