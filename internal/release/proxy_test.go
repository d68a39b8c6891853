package release

import (
	"archive/zip"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"
)

// version is what the modules are released as in the tests.
const version = "v0.1.0"

// pack releases the modules, as CONTRIBUTING.md tells to, from what git tracks or would, and
// returns a folder with what a module proxy serves of them.
func pack(t *testing.T) (proxy string) {
	t.Helper()
	repository := checkout(t)
	for _, folder := range folders[1:] {
		command(t, filepath.Join(repository, folder), nil, "go", "mod", "edit", "-require="+root+"@"+version)
	}
	command(t, repository, nil, "git", "init", "-q")
	command(t, repository, nil, "git", "add", "-A")
	command(t, repository, nil, "git", "-c", "user.name=release", "-c", "user.email=release@example.org", "-c", "commit.gpgsign=false", "commit", "-qm", "release")

	proxy = t.TempDir()
	for _, folder := range folders {
		into := filepath.Join(proxy, filepath.FromSlash(modulePath(folder)), "@v")
		if err := os.MkdirAll(into, 0o755); err != nil {
			t.Fatal(err)
		}
		info, err := json.Marshal(map[string]any{"Version": version, "Time": time.Now().UTC()})
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(into, "list"), []byte(version+"\n"))
		write(t, filepath.Join(into, version+".info"), info)
		write(t, filepath.Join(into, version+".mod"), read(t, filepath.Join(repository, folder, "go.mod")))
		file, err := os.Create(filepath.Join(into, version+".zip"))
		if err != nil {
			t.Fatal(err)
		}
		in := folder
		if in == "." {
			in = ""
		}
		if err := modzip.CreateFromVCS(file, module.Version{Path: modulePath(folder), Version: version}, repository, "HEAD", in); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return proxy
}

func modulePath(folder string) string { return path.Join(root, folder) }

// checkout copies what git tracks, and what it would if all were added, to a folder of its own.
func checkout(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	names := command(t, top, nil, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	for name := range strings.SplitSeq(strings.TrimSuffix(names, "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join(top, name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed
		}
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, to, content)
	}
	return folder
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// command returns what a program prints to standard output. It must succeed within a time that only
// a program that hangs needs.
func command(t *testing.T, folder string, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), env...)
	var failure strings.Builder
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, failure.String())
	}
	return string(out)
}

// Nothing is in the zips that no user needs, and all that each must have.
func testZips(t *testing.T, proxy string) {
	for _, folder := range folders {
		prefix := modulePath(folder) + "@" + version + "/"
		archive, err := zip.OpenReader(filepath.Join(proxy, filepath.FromSlash(modulePath(folder)), "@v", version+".zip"))
		if err != nil {
			t.Fatal(err)
		}
		defer archive.Close()
		const most, mostOfFile = 3 << 20, 256 << 10
		var all uint64
		has := make(map[string]bool)
		for _, file := range archive.File {
			name := strings.TrimPrefix(file.Name, prefix)
			has[name] = true
			all += file.UncompressedSize64
			if file.UncompressedSize64 > mostOfFile {
				t.Errorf("%s: %s has %d bytes", folder, name, file.UncompressedSize64)
			}
			switch filepath.Ext(name) {
			case ".test", ".exe", ".out", ".prof", ".zip", ".gz", ".log":
				t.Errorf("%s: %s was made by a program", folder, name)
			}
		}
		if all > most {
			t.Errorf("%s: the files have %d bytes in all", folder, all)
		}
		for _, name := range []string{"LICENSE", "go.mod", "doc.go"} {
			if !has[name] {
				t.Errorf("%s: there is no %s", folder, name)
			}
		}
		t.Logf("%s: %d files of %d bytes", folder, len(has), all)
	}
}
