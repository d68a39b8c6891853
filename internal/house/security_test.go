package house

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedPackage = regexp.MustCompile("^\\s*(?:`([a-z/]+)`|(root) package): (.*)")
	namedTest    = regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
)

// TestSecurity_NamesTests makes sure that the tests that SECURITY.md names in its table are in the
// packages that it names.
func TestSecurity_NamesTests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(top, "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := make(map[string]bool) // "folder: function"
	for _, f := range folders(t) {
		for _, file := range f.tests {
			for _, decl := range file.Decls {
				if function, ok := decl.(*ast.FuncDecl); ok && function.Recv == nil {
					tests[f.path+": "+function.Name.Name] = true
				}
			}
		}
	}
	named := namedTests(string(text))
	if len(named) < 40 {
		t.Errorf("only %d tests are named: %q", len(named), named)
	}
	for _, name := range named {
		if !tests[name] {
			t.Errorf("SECURITY.md names %q, which does not exist", name)
		}
	}
}

// namedTests returns the tests in the last column of a table, as "folder: function".
func namedTests(text string) []string {
	var named []string
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 {
			continue
		}
		for part := range strings.SplitSeq(cells[3], ";") {
			found := namedPackage.FindStringSubmatch(part)
			if found == nil {
				continue
			}
			folder := found[1]
			if found[2] != "" {
				folder = "."
			}
			for _, test := range namedTest.FindAllStringSubmatch(found[3], -1) {
				named = append(named, folder+": "+test[1])
			}
		}
	}
	return named
}

func TestNamedTests(t *testing.T) {
	t.Parallel()
	const text = "# A\n| b | c | `a/b`: `TestA` (x), `FuzzB`; root package: `TestC` |\n| `TestD` | e | none: `TestF` |\n"
	if got, want := strings.Join(namedTests(text), ", "), "a/b: TestA, a/b: FuzzB, .: TestC"; got != want {
		t.Errorf("named %q, want %q", got, want)
	}
}
