package auth_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit/auth"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"bare":               {"t0ken", "t0ken"},
		"line":               {"t0ken\n", "t0ken"},
		"line of Windows":    {"t0ken\r\n", "t0ken"},
		"white space around": {"\n  t0ken \t\n\n", "t0ken"},
		"byte order mark":    {"\ufefft0ken\r\n", "t0ken"},
		"two of them":        {"\ufeff\ufefft0ken", "\ufefft0ken"},
		"inner blank":        {"correct horse\n", "correct horse"},
		"longest":            {strings.Repeat("x", 64<<10), strings.Repeat("x", 64<<10)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "token")
			writeFile(t, path, test.text)
			token, err := auth.File(path).Token(t.Context())
			if err != nil || token.Value.Reveal() != test.want || !token.Expiry.IsZero() {
				t.Errorf("got %d bytes, %v, %v", len(token.Value.Reveal()), token.Expiry, err)
			}
		})
	}
}

func TestFileReadsTheExpiry(t *testing.T) {
	t.Parallel()
	exp := time.Unix(1700000900, 0)
	path := filepath.Join(t.TempDir(), "token")
	writeFile(t, path, jwtOf(map[string]any{"exp": exp.Unix()}).Reveal()+"\n")
	token, err := auth.File(path).Token(t.Context())
	if err != nil || !token.Expiry.Equal(exp) {
		t.Errorf("got %v, %v", token.Expiry, err)
	}
}

// Kubernetes replaces a mounted secret by moving a symbolic link to a directory.
func TestFileFollowsChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, data := filepath.Join(dir, "token"), filepath.Join(dir, "..data")
	for i, want := range []string{"first", "second"} {
		version := filepath.Join(dir, "..version-"+want)
		if err := os.Mkdir(version, 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(version, "token"), want+"\n")
		if err := os.Symlink(version, data+"_tmp"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(data+"_tmp", data); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if err := os.Symlink(filepath.Join("..data", "token"), path); err != nil {
				t.Fatal(err)
			}
		}
		if token, err := auth.File(path).Token(t.Context()); err != nil || token.Value.Reveal() != want {
			t.Errorf("got %q, %v, want %q", token.Value.Reveal(), err, want)
		}
	}

	source := auth.File(filepath.Join(dir, "written"))
	for _, want := range []string{"one", "two"} {
		writeFile(t, filepath.Join(dir, "written"), want)
		if token, err := source.Token(t.Context()); err != nil || token.Value.Reveal() != want {
			t.Errorf("got %q, %v, want %q", token.Value.Reveal(), err, want)
		}
	}
}

func TestFileRejects(t *testing.T) {
	t.Parallel()
	const marker = "MARKER-of-a-secret"
	dir := t.TempDir()
	tests := map[string]struct{ text, want string }{
		"empty":              {"", "empty"},
		"white space":        {" \n \n", "empty"},
		"two lines":          {marker + "\n" + marker, "more than one line"},
		"control characters": {marker + "\x00", "not text"},
		"not UTF-8":          {marker + "\xff", "not text"},
		"too long":           {marker + strings.Repeat("x", 64<<10), "more than 65536 bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			writeFile(t, path, test.text)
			_, err := auth.File(path).Token(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Fatalf("got %v", err)
			}
			mustNotShow(t, err, marker)
		})
	}

	if _, err := auth.File(filepath.Join(dir, "missing")).Token(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a missing file: %v", err)
	}
	if _, err := auth.File(dir).Token(t.Context()); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("of a directory: %v", err)
	}
}
