package atomicfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit/internal/atomicfile"
	"github.com/tenantkit/tenantkit/internal/atomicfile/atomicfiletest"
)

func TestReplace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	for _, content := range []string{"first", "", "a longer second one"} {
		if err := (atomicfile.Disk{}).Replace(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		wantContent(t, path, content)
		if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
	}
	wantFiles(t, filepath.Dir(path), "state")
}

// At whatever step the replacing fails or dies, the file holds the old content or the new one in
// whole, and a failure leaves nothing behind.
func TestFaults(t *testing.T) {
	t.Parallel()
	const before, after = "old content", "the new content"
	for _, fault := range atomicfiletest.Faults(len(after)) {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "state")
			if err := (atomicfile.Disk{}).Replace(path, []byte(before)); err != nil {
				t.Fatal(err)
			}
			killed, err := atomicfiletest.Try(func() error { return fault.Disk.Replace(path, []byte(after)) })
			if err := fault.Check(killed, err); err != nil {
				t.Error(err)
			}
			want := before
			if fault.Replaced {
				want = after
			}
			wantContent(t, path, want)
			if !killed {
				wantFiles(t, filepath.Dir(path), "state")
			}
			if err := (atomicfile.Disk{}).Replace(path, []byte("next")); err != nil {
				t.Error(err)
			}
			wantContent(t, path, "next")
		})
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	if err := (atomicfile.Disk{}).Probe(path, 100); err != nil {
		t.Error(err)
	}
	for _, fault := range atomicfiletest.Faults(100) {
		if fault.Disk.Create == nil || fault.Err == nil {
			continue
		}
		if err := fault.Check(false, fault.Disk.Probe(path, 100)); err != nil {
			t.Errorf("%s: %v", fault.Name, err)
		}
	}
	wantFiles(t, dir)
	if err := (atomicfile.Disk{}).Probe(filepath.Join(dir, "missing", "state"), 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a directory: %v", err)
	}
}

// What killed programs left is removed once nobody can be at it any more, and nothing else is.
func TestSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{
		".state.1.tmp": time.Hour, ".state.2.tmp": 0, ".other.3.tmp": time.Hour, ".state.keep": time.Hour, "state.tmp": time.Hour,
		".state.old.tmp": time.Hour, ".state.json.5.tmp": time.Hour, ".state..tmp": time.Hour,
	} {
		when := time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600), os.Chtimes(filepath.Join(dir, name), when, when)); err != nil {
			t.Fatal(err)
		}
	}
	if err := (atomicfile.Disk{}).Replace(filepath.Join(dir, "state"), nil); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, ".other.3.tmp", ".state..tmp", ".state.2.tmp", ".state.json.5.tmp", ".state.keep", ".state.old.tmp", "state", "state.tmp")
}

func TestSweepOfAKilledProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	for _, fault := range atomicfiletest.Faults(1) {
		if killed, _ := atomicfiletest.Try(func() error { return fault.Disk.Replace(path, []byte("x")) }); !killed || fault.Replaced {
			continue
		}
		left, err := filepath.Glob(filepath.Join(dir, ".state.*"))
		if err != nil || len(left) != 1 {
			t.Fatalf("%s: left behind is %q, %v", fault.Name, left, err)
		}
		old := time.Now().Add(-time.Hour)
		if err := errors.Join(os.Chtimes(left[0], old, old), (atomicfile.Disk{}).Replace(path, nil)); err != nil {
			t.Fatal(err)
		}
		wantFiles(t, dir, "state")
	}
}

// A link in the file's place is replaced, and what it leads to is left alone.
func TestReplaceFollowsNoLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, victim := filepath.Join(dir, "state"), filepath.Join(dir, "victim")
	if err := errors.Join(os.WriteFile(victim, []byte("precious"), 0o600), os.Symlink(victim, path)); err != nil {
		t.Fatal(err)
	}
	if err := (atomicfile.Disk{}).Replace(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	wantContent(t, victim, "precious")
	wantContent(t, path, "new")
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("the file holds %q, %v; want %q", got, err, want)
	}
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
