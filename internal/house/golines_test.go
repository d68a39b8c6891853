package house

import (
	"go/version"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGoLines_Agree checks that every file that names the two supported Go lines names the same
// two. The lines are those of the releases in .ci/run.
func TestGoLines_Agree(t *testing.T) {
	t.Parallel()
	script := text(t, ".ci/run")
	release := func(variable string) string {
		found := regexp.MustCompile(`(?m)^` + variable + `=(go1\.\d+\.\d+)$`).FindStringSubmatch(script)
		if found == nil {
			t.Fatalf(".ci/run has no line %s=go1.…", variable)
		}
		return found[1]
	}
	newest, older := version.Lang(release("newest")), version.Lang(release("older"))
	if version.Compare(older, newest) >= 0 {
		t.Errorf(".ci/run: the older line is %s, and the newest %s", older, newest)
	}
	newest, older = strings.TrimPrefix(newest, "go"), strings.TrimPrefix(older, "go")

	modules := goDirectives(t)
	if len(modules) < 9 {
		t.Errorf("only %d go.mod files were found", len(modules))
	}
	for file, directive := range modules {
		if directive != older+".0" {
			t.Errorf("%s says go %s, want go %s.0, the first release of the older line", file, directive, older)
		}
	}
	for file, phrases := range map[string][]string{
		".ci/run":                  {"Go " + older + " or later"},
		"CONTRIBUTING.md":          {"Go " + older + " or later"},
		"README.md":                {"the two newest Go lines, " + older + " and " + newest + " today,"},
		".github/workflows/ci.yml": {"go-version: '" + newest + ".x'", "go: ['" + older + ".x', '" + newest + ".x']"},
	} {
		content := text(t, file)
		for _, phrase := range phrases {
			if !strings.Contains(content, phrase) {
				t.Errorf("%s does not contain %q", file, phrase)
			}
		}
	}
}

// goDirectives returns the Go version of each go.mod file.
func goDirectives(t *testing.T) map[string]string {
	t.Helper()
	directive := regexp.MustCompile(`(?m)^go (\S+)$`)
	all := make(map[string]string)
	err := fs.WalkDir(os.DirFS(top), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case entry.Name() == "go.mod":
			if found := directive.FindStringSubmatch(text(t, name)); found != nil {
				all[name] = found[1]
			} else {
				all[name] = ""
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// text returns the content of a file of the repository.
func text(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(top, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
