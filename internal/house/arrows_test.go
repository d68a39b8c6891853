package house

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

// arrows says which kinds of packages a kind may import. No client imports another one, and no fake
// the client that it stands in for: a mistake of the one would hide in the other.
var arrows = map[string][]string{
	"root":     {"part", "coord"},
	"part":     {"part", "root"},
	"coord":    {"part"},
	"suite":    {"coord"},
	"engines":  {"part", "coord", "suite"},
	"auth":     {"part", "root", "coord"},
	"cloud":    {"root", "auth"},
	"pipeline": {"part", "root", "coord", "auth"},
	"client":   {"part", "root", "coord", "auth", "pipeline"},
	"engine":   {},
	"fake":     {"root", "engine"},
	"text":     {},
	"example":  {"root", "coord", "auth", "cloud", "client", "fake"},
	"checks":   {"part", "root", "coord", "suite", "auth", "cloud", "pipeline", "client", "engine", "fake", "checks"},
}

// kindOf returns the kind of a package, empty for one that has no place here.
func kindOf(f *folder) string {
	switch {
	case f.path == ".":
		return "root"
	case f.path == "coord":
		return "coord"
	case f.path == "coord/coordtest":
		return "suite"
	case path.Dir(f.path) == "coord":
		return "engines"
	case f.path == "auth":
		return "auth"
	case path.Dir(f.path) == "auth":
		return "cloud"
	case f.path == "internal/rest":
		return "pipeline"
	case f.path == "internal/fake":
		return "engine"
	case strings.HasPrefix(f.path, "examples/"):
		return "example"
	case strings.HasPrefix(f.path, "internal/"):
		// Tests, what only tests use, and programs for those who work on the repository.
		if f.nested || f.name == "main" || strings.HasSuffix(f.path, "test") || !f.declares("") {
			return "checks"
		}
		return "part"
	case !f.declares(""):
		return "text"
	case f.declares("Operations"):
		return "client"
	case path.Base(f.path) == path.Base(path.Dir(f.path))+"test":
		return "fake"
	}
	return ""
}

func TestArrows(t *testing.T) {
	t.Parallel()
	kinds := make(map[string]string)
	number := make(map[string]int)
	for _, f := range folders(t) {
		kind := kindOf(f)
		if kind == "" {
			t.Errorf("package %s is of no kind that has a place: see kindOf", f.path)
		}
		kinds[f.path] = kind
		number[kind]++
	}
	for _, f := range folders(t) {
		kind := kinds[f.path]
		for _, imported := range f.imports(t) {
			// The folder examples of a module of its own may have packages of its own.
			if own := strings.HasPrefix(imported, f.path+"/"); !own && !slices.Contains(arrows[kind], kinds[imported]) {
				t.Errorf("%s, of kind %q, imports %s, of kind %q, and may only import %q", f.path, kind, imported, kinds[imported], arrows[kind])
			}
		}
	}
	for kind := range arrows {
		// The engines of locks and stores are modules of their own, which may be elsewhere.
		if number[kind] == 0 && kind != "engines" {
			t.Errorf("no package is of kind %q", kind)
		}
	}
	for _, domain := range []string{"provisioning", "datasink", "security", "tenant"} {
		if kinds[domain] != "text" {
			t.Errorf("package %s is of kind %q, and must only describe its domain", domain, kinds[domain])
		}
	}
	if number["client"] != number["fake"] {
		t.Errorf("%d clients have %d fakes", number["client"], number["fake"])
	}
}

// What looks at all clients must not miss one.
func TestClientsAreProved(t *testing.T) {
	t.Parallel()
	users := map[string][]string{}
	for _, f := range folders(t) {
		users[f.path] = f.imports(t)
		for _, file := range f.tests {
			tests := &folder{files: map[string]*ast.File{"": file}}
			users[f.path] = append(users[f.path], tests.imports(t)...)
		}
	}
	for _, f := range folders(t) {
		if kindOf(f) != "client" {
			continue
		}
		for _, user := range []string{"internal/readme", "internal/proof", "examples/quickstart"} {
			if !slices.Contains(users[user], f.path) {
				t.Errorf("%s does not import the client %s", user, f.path)
			}
		}
	}
}
