//go:build unix

package atomicfile_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tenantkit/tenantkit/internal/atomicfile"
)

const childEnv = "TENANTKIT_ATOMICFILE_CHILD" // the path that a process of its own replaces

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		err := (atomicfile.Disk{}).Replace(path, []byte(strings.Repeat("x", 1<<20)))
		fmt.Println(errors.Is(err, syscall.EFBIG), err)
		return
	}
	m.Run()
}

// The system itself cuts a write off, as on a full disk: in a process that may write no file of
// more than a few blocks.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	if err := (atomicfile.Disk{}).Replace(path, []byte("old content")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `ulimit -f 8; exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "true ") {
		t.Errorf("got %s, %v", out, err)
	}
	wantContent(t, path, "old content")
	wantFiles(t, filepath.Dir(path), "state")
}
