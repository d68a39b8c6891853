package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	root = "github.com/tenantkit/tenantkit"
	top  = "../.."
)

// folder is the Go source of one folder: its package, and the tests of it.
type folder struct {
	path   string // from the top of the repository, "." for that itself
	name   string // of the package
	nested bool   // in another module than the root one
	files  map[string]*ast.File
	tests  map[string]*ast.File
}

var positions = token.NewFileSet()

// source reads the Go source of the repository, nested modules included, once for all tests.
var source = sync.OnceValues(func() ([]*folder, error) {
	all := make(map[string]*folder)
	var modules []string
	err := filepath.WalkDir(top, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		within, err := filepath.Rel(top, file)
		if err != nil {
			return err
		}
		name, dir := filepath.ToSlash(within), path.Dir(filepath.ToSlash(within))
		switch {
		case entry.IsDir() && name != "." && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".")):
			return filepath.SkipDir
		case entry.Name() == "go.mod" && dir != ".":
			modules = append(modules, dir)
		}
		if entry.IsDir() || path.Ext(name) != ".go" {
			return nil
		}
		parsed, err := parser.ParseFile(positions, file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if all[dir] == nil {
			all[dir] = &folder{path: dir, files: make(map[string]*ast.File), tests: make(map[string]*ast.File)}
		}
		if strings.HasSuffix(name, "_test.go") {
			all[dir].tests[name] = parsed
		} else {
			all[dir].files[name] = parsed
			all[dir].name = parsed.Name.Name
		}
		return nil
	})
	var found []*folder
	for _, dir := range slices.Sorted(maps.Keys(all)) {
		f := all[dir]
		f.nested = slices.ContainsFunc(modules, func(module string) bool { return dir == module || strings.HasPrefix(dir, module+"/") })
		if len(f.files) > 0 {
			found = append(found, f)
		}
	}
	return found, err
})

// folders returns the folders that hold a package, in order.
func folders(t *testing.T) []*folder {
	t.Helper()
	found, err := source()
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 20 {
		t.Fatalf("only %d packages were found", len(found))
	}
	return found
}

// library returns those that are built into users' programs.
func library(t *testing.T) []*folder {
	t.Helper()
	return slices.DeleteFunc(slices.Clone(folders(t)), func(f *folder) bool {
		kind := kindOf(f)
		return kind == "example" || kind == "checks"
	})
}

// imports returns the folders of the repository that the package imports, its tests aside.
func (f *folder) imports(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, file := range f.files {
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if name == root {
				all = append(all, ".")
			} else if within, ok := strings.CutPrefix(name, root+"/"); ok {
				all = append(all, within)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// declares tells whether the package has a function of the name, or, where none is given, anything
// at all.
func (f *folder) declares(function string) bool {
	for _, file := range f.files {
		for _, decl := range file.Decls {
			if decl, ok := decl.(*ast.FuncDecl); function == "" || ok && decl.Recv == nil && decl.Name.Name == function {
				return true
			}
		}
	}
	return false
}

// at returns where something stands, for a message.
func at(node ast.Node) string {
	position := positions.Position(node.Pos())
	within, err := filepath.Rel(top, position.Filename)
	if err != nil {
		within = position.Filename
	}
	return filepath.ToSlash(within) + ":" + strconv.Itoa(position.Line)
}
