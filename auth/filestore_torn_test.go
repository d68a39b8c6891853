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

// A store of a token is cut off after each of its bytes, fails at each of its steps, or dies there. Load then gives the old token or the
// new one in whole, no failure leaves a part of a token on the disk, and no error shows one.
func TestTornWrites(t *testing.T) {
	t.Parallel()
	const before, after = "MARKER-before", "MARKER-after"
	token := func(value string) StoredToken {
		return StoredToken{Token: Token{Value: tenantkit.NewSecret(value)}, Origin: "o"}
	}
	size := len(`{"token":"` + after + `","origin":"o"}`)
	for _, fault := range atomicfiletest.Faults(size) {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "token.json")
			good := fileStore{path: path}
			if err := good.Save(t.Context(), token(before)); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || fault.Name == "flush fails" && info.Size() != int64(size+1) {
				t.Fatalf("a file of %d bytes, and cuts for %d: %v", info.Size(), size, err)
			}
			killed, err := atomicfiletest.Try(func() error { return fileStore{path, fault.Disk}.Save(t.Context(), token(after)) })
			if err := fault.Check(killed, err); err != nil {
				t.Error(err)
			}
			if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "MARKER") {
				t.Errorf("the error shows a token: %s", text)
			}
			want := tenantkit.NewSecret(before)
			if fault.Replaced {
				want = tenantkit.NewSecret(after)
			}
			if got, err := good.Load(t.Context()); err != nil || got.Value != want {
				t.Errorf("got %q, %v; want %q", got.Value.Reveal(), err, want.Reveal())
			}
			if files, err := os.ReadDir(filepath.Dir(path)); err != nil || !killed && len(files) != 1 {
				t.Errorf("left behind: %v, %v", files, err)
			}
			if err := good.Save(t.Context(), token("MARKER-next")); err != nil {
				t.Error(err)
			}
			if got, err := good.Load(t.Context()); err != nil || got.Value != tenantkit.NewSecret("MARKER-next") {
				t.Errorf("the next store: got %q, %v", got.Value.Reveal(), err)
			}
		})
	}
}
