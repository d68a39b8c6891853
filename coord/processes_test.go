//go:build unix && !tenantkit_portable_lock

package coord_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit/coord"
)

func start(t *testing.T, path, role string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+role, pathEnv+"="+path)
	cmd.Stderr = &bytes.Buffer{}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return cmd
}

func TestDir_KilledHolder(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	holder := start(t, path, "hold")
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the holder printed %q, %v", line, err)
	}
	dir := coord.Dir(path)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := dir.Lock(ctx, "key"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the lock of another process is not held: %v", err)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, unlock, err := dir.Lock(ctx, "key")
	if err != nil {
		t.Fatalf("the lock of a killed process: %v", err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

// Processes count under a lock, and some of them are killed at any moment. There are never two
// holders.
func TestDir_Processes(t *testing.T) {
	t.Parallel()
	const processes, rounds, killings = 3, 20, 20
	path := t.TempDir()
	var running []*exec.Cmd
	for range processes {
		cmd := start(t, path, strconv.Itoa(rounds))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
	}
	for range killings {
		victim := start(t, path, "1000000")
		if err := victim.Start(); err != nil {
			t.Fatal(err)
		}
		// Not to wait for something, but to kill at a random moment.
		time.Sleep(rand.N(40 * time.Millisecond))
		if err := victim.Process.Kill(); err != nil {
			t.Error(err)
		}
		var exit *exec.ExitError
		if err := victim.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
			t.Errorf("the victim ended on its own: %v: %s", err, victim.Stderr)
		}
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %s", err, cmd.Stderr)
		}
	}
	value, _, err := coord.Dir(path).Load(t.Context(), "key")
	if n, _ := strconv.Atoi(string(value)); err != nil || n < processes*rounds {
		t.Errorf("counted %s, %v, want at least %d", value, err, processes*rounds)
	}
}

func TestDir_RefusesFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		put  func(path string) error
		want string
	}{
		"link":       {func(path string) error { return os.Symlink("/dev/null", path) }, "not a regular file"},
		"pipe":       {func(path string) error { return syscall.Mkfifo(path, 0o600) }, "not a regular file"},
		"directory":  {func(path string) error { return os.Mkdir(path, 0o700) }, "not a regular file"},
		"open mode":  {func(path string) error { return os.WriteFile(path, nil, 0o644) }, "mode 0644"},
		"group mode": {func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o620)) }, "mode 0620"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := t.TempDir()
			dir := coord.Dir(path)
			version, err := dir.Save(t.Context(), "key", []byte("value"), "")
			if err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(path, "*.value"))
			if err != nil || len(files) != 1 {
				t.Fatalf("the files are %q, %v", files, err)
			}
			if err := errors.Join(os.Remove(files[0]), test.put(files[0])); err != nil {
				t.Fatal(err)
			}
			if _, _, err := dir.Load(t.Context(), "key"); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Load: %v", err)
			}
			if _, err := dir.Save(t.Context(), "key", []byte("x"), version); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Save: %v", err)
			}
		})
	}
}

func TestDir_RefusesLockFiles(t *testing.T) {
	t.Parallel()
	for name, put := range map[string]func(path string) error{
		"link":      func(path string) error { return os.Symlink("/dev/null", path) },
		"pipe":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"directory": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := t.TempDir()
			_, unlock, err := coord.Dir(path).Lock(t.Context(), "key")
			if err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(path, "*.lock"))
			if err := errors.Join(err, unlock()); err != nil || len(files) != 1 {
				t.Fatalf("the files are %q, %v", files, err)
			}
			if err := put(files[0]); err != nil {
				t.Fatal(err)
			}
			if _, _, err := coord.Dir(path).Lock(t.Context(), "key"); err == nil {
				t.Error("it is taken for a lock file")
			}
		})
	}
}
