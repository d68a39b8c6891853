package coord_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/coord/coordtest"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(childEnv); role != "" {
		if err := child(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func TestLocal(t *testing.T) {
	t.Parallel()
	local := coord.Local()
	coordtest.TestLocker(t, func(*testing.T) coord.Locker { return local })
}

func TestMemory(t *testing.T) {
	t.Parallel()
	memory := coord.Memory()
	coordtest.TestStore(t, func(*testing.T) coord.Store { return memory })
}

func TestDir_Locker(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "dir")
	coordtest.TestLocker(t, func(*testing.T) coord.Locker { return coord.Dir(path) })
}

func TestDir_Store(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "dir")
	coordtest.TestStore(t, func(*testing.T) coord.Store { return coord.Dir(path) })
}

func TestLocal_ForgetsKeys(t *testing.T) {
	t.Parallel()
	local := coord.Local()
	_, unlock, err := local.Lock(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	if got := coord.Keys(local); got != 0 {
		t.Errorf("%d keys are left", got)
	}
}

func TestDir_Errors(t *testing.T) {
	t.Parallel()
	var none *coord.Directory
	for name, test := range map[string]struct {
		dir  *coord.Directory
		want string
	}{
		"nil":       {none, "must be made by Dir"},
		"zero":      {&coord.Directory{}, "must be made by Dir"},
		"empty":     {coord.Dir(""), "path: "},
		"control":   {coord.Dir("a\x00b"), "path: "},
		"no parent": {coord.Dir(filepath.Join(t.TempDir(), "a", "b")), "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, errLock := test.dir.Lock(t.Context(), "key")
			_, errSave := test.dir.Save(t.Context(), "key", []byte("x"), "")
			errs := []error{errLock, errSave}
			if name != "no parent" { // nothing is there to be loaded
				_, _, errLoad := test.dir.Load(t.Context(), "key")
				errs = append(errs, errLoad)
			}
			for _, err := range errs {
				if err == nil || !strings.HasPrefix(err.Error(), "coord: ") || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want an error with %q", err, test.want)
				}
			}
			_ = fmt.Sprintf("%v %+v %#v", test.dir, test.dir, test.dir)
		})
	}
}

func TestErrors_HaveTheCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("shutting down")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	for name, locker := range map[string]coord.Locker{"local": coord.Local(), "dir": coord.Dir(t.TempDir())} {
		_, _, err := locker.Lock(ctx, "key")
		if !errors.Is(err, cause) || !errors.Is(err, context.Canceled) || err.Error() != "coord: Lock: context canceled: shutting down" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestDir_Files(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "dir")
	dir := coord.Dir(path)
	_, unlock, err := dir.Lock(t.Context(), "argo Tenant/EGI")
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	version, err := dir.Save(t.Context(), "argo Tenant/EGI", []byte("MARKER"), "")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(path, "*"))
	if err != nil || len(files) != 1 || !strings.HasPrefix(filepath.Base(files[0]), "argo-tenant-egi-") {
		t.Fatalf("the files are %q, %v", files, err)
	}
	if data, err := os.ReadFile(files[0]); err != nil || string(data) != version+"\nMARKER" {
		t.Errorf("the file contains %q, %v", data, err)
	}
	if runtime.GOOS != "windows" {
		wantMode(t, path, os.ModeDir|0o700)
		wantMode(t, files[0], 0o600)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		if got, want := fmt.Sprintf(verb, dir), fmt.Sprintf("coord.Dir(%q)", path); got != want {
			t.Errorf("%s prints %s, want %s", verb, got, want)
		}
	}
	// A file of somebody else is not quoted.
	if err := os.WriteFile(files[0], []byte("MARKER of somebody else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := dir.Load(t.Context(), "argo Tenant/EGI"); err == nil || strings.Contains(err.Error(), "MARKER") {
		t.Errorf("Load of a file of somebody else: %v", err)
	}
}

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	if info, err := os.Stat(path); err != nil || info.Mode() != want {
		t.Errorf("%s: mode %v, %v, want %v", path, info.Mode(), err, want)
	}
}
