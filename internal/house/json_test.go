package house

import (
	"go/ast"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestJSONLibraries_OnlyInWire checks that the choice of a JSON library besides encoding/json stays
// in one package, tests included: the next change of the library, or of its interface, is then a
// change of that package alone.
func TestJSONLibraries_OnlyInWire(t *testing.T) {
	t.Parallel()
	found := false
	for _, f := range folders(t) {
		for _, files := range []map[string]*ast.File{f.files, f.tests} {
			for _, name := range slices.Sorted(maps.Keys(files)) {
				for _, library := range jsonLibraries(t, files[name]) {
					if f.path == "internal/wire" {
						found = true
						continue
					}
					t.Errorf("%s: %s is imported: only internal/wire may import a JSON library other than encoding/json", at(library), library.Path.Value)
				}
			}
		}
	}
	if !found {
		t.Error("internal/wire imports no JSON library: this test looks for the wrong one")
	}
}

// jsonLibraries returns the imports of JSON libraries other than encoding/json. A package outside
// of the repository is taken for one if its path contains "json".
func jsonLibraries(t *testing.T, file *ast.File) []*ast.ImportSpec {
	t.Helper()
	var found []*ast.ImportSpec
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if path != "encoding/json" && path != root && !strings.HasPrefix(path, root+"/") && strings.Contains(path, "json") {
			found = append(found, spec)
		}
	}
	return found
}

func TestJSONLibraries(t *testing.T) {
	t.Parallel()
	const text = `package p

import (
	"encoding/json"
	"encoding/json/jsontext"
	jsonv2 "encoding/json/v2"
	"errors"

	_ "github.com/go-json-experiment/json"
	. "github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-json"
	"github.com/tenantkit/tenantkit/internal/json"
)
`
	want := []string{
		`"encoding/json/jsontext"`, `"encoding/json/v2"`,
		`"github.com/go-json-experiment/json"`, `"github.com/go-json-experiment/json/jsontext"`, `"github.com/goccy/go-json"`,
	}
	var got []string
	for _, spec := range jsonLibraries(t, parse(t, text)) {
		got = append(got, spec.Path.Value)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
