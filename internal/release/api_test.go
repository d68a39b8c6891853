package release

import (
	"flag"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

var update = flag.Bool("update", false, "write api/*.txt anew")

const (
	root = "github.com/tenantkit/tenantkit"
	top  = "../.." // the folder of the root module
)

// folders are those of the modules that users get.
var folders = []string{".", "auth/awsauth", "auth/gcpauth"}

// TestAPI compares what the packages export with the record of it in api/*.txt, a line for each
// declaration.
func TestAPI(t *testing.T) {
	t.Parallel()
	now := make(map[string][]string)
	for _, folder := range folders {
		for _, pkg := range load(t, folder) {
			if isPublic(pkg.PkgPath) {
				now[recordOf(pkg.PkgPath)] = declarations(pkg.Types)
			}
			for path := range pkg.Imports {
				if folder != "." && strings.HasPrefix(path, root+"/internal/") {
					t.Errorf("%s imports %s: an older version of it must build with a newer root, which may change that", pkg.PkgPath, path)
				}
			}
		}
	}
	if len(now) < 15 {
		t.Fatalf("too few packages to be true: %q", slices.Sorted(maps.Keys(now)))
	}
	recorded := readRecord(t)
	gone, added := difference(recorded, now)
	if *update {
		requireAnnounced(t, gone)
		writeRecord(t, now)
		return
	}
	if len(gone)+len(added) > 0 {
		t.Errorf(`the API is not what api/*.txt says.
Gone, which breaks users' programs:
%sNew:
%sIf it is meant, tell users in CHANGELOG.md, run go generate in the root folder, and add api/*.txt to the change.`, list(gone), list(added))
	}
}

func load(t *testing.T, folder string) []*packages.Package {
	t.Helper()
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedImports | packages.NeedTypes,
		Dir:  filepath.Join(top, folder),
	}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range loaded {
		for _, err := range pkg.Errors {
			t.Fatal(err)
		}
	}
	return loaded
}

// isPublic leaves out programs too, which no one imports.
func isPublic(path string) bool {
	return !strings.Contains(path, "/internal/") && !strings.Contains(path, "/examples/")
}

// recordOf returns the file that records a package.
func recordOf(path string) string {
	name := strings.TrimPrefix(strings.TrimPrefix(path, root), "/")
	if name == "" {
		name = "tenantkit"
	}
	return strings.ReplaceAll(name, "/", "-") + ".txt"
}

func readRecord(t *testing.T) map[string][]string {
	t.Helper()
	recorded := make(map[string][]string)
	files, err := filepath.Glob(filepath.Join("api", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		recorded[filepath.Base(file)] = slices.Collect(strings.Lines(string(text)))
	}
	return recorded
}

func writeRecord(t *testing.T, now map[string][]string) {
	t.Helper()
	folder := "api"
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for file, lines := range now {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(strings.Join(lines, "")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// difference returns the lines that are only in before, and those only in after, each behind its
// file.
func difference(before, after map[string][]string) (gone, added []string) {
	only := func(these, those map[string][]string) (lines []string) {
		for _, file := range slices.Sorted(maps.Keys(these)) {
			for _, line := range these[file] {
				if !slices.Contains(those[file], line) {
					lines = append(lines, strings.TrimSuffix(file, ".txt")+": "+strings.TrimSuffix(line, "\n"))
				}
			}
		}
		return lines
	}
	return only(before, after), only(after, before)
}

func list(lines []string) string {
	if len(lines) == 0 {
		return "  nothing\n"
	}
	return "  " + strings.Join(lines, "\n  ") + "\n"
}

// declarations returns what a package exports, in the form of Go's own api/*.txt but for the
// package's name, sorted.
func declarations(pkg *types.Package) []string {
	d := describer{pkg: pkg}
	for _, name := range pkg.Scope().Names() {
		if token.IsExported(name) {
			d.describe(pkg.Scope().Lookup(name))
		}
	}
	slices.Sort(d.lines)
	return slices.Compact(d.lines)
}

type describer struct {
	pkg   *types.Package
	lines []string
}

func (d *describer) addf(format string, args ...any) {
	d.lines = append(d.lines, fmt.Sprintf(format, args...)+"\n")
}

func (d *describer) text(typ types.Type) string {
	return types.TypeString(typ, func(other *types.Package) string {
		if other == d.pkg {
			return ""
		}
		return other.Name()
	})
}

func (d *describer) describe(object types.Object) {
	switch object := object.(type) {
	case *types.Const:
		value := object.Val().ExactString()
		if object.Val().Kind() == constant.Float {
			value = object.Val().String()
		}
		typ := " " + d.text(object.Type())
		if basic, ok := object.Type().(*types.Basic); ok && basic.Info()&types.IsUntyped != 0 {
			typ = ""
		}
		d.addf("const %s%s = %s", object.Name(), typ, value)
	case *types.Var:
		d.addf("var %s %s", object.Name(), d.text(object.Type()))
	case *types.Func:
		d.addf("func %s%s", object.Name(), d.signature(object.Signature()))
	case *types.TypeName:
		d.describeType(object)
	}
}

// describeType also describes what another name or an embedded type brings in from an internal
// package, which users cannot look up.
func (d *describer) describeType(object *types.TypeName) {
	name := object.Name()
	if object.IsAlias() {
		d.addf("type %s = %s", name, d.text(types.Unalias(object.Type())))
	}
	named, ok := types.Unalias(object.Type()).(*types.Named)
	if !ok || object.IsAlias() && !strings.Contains(named.Obj().Pkg().Path(), "/internal/") {
		return
	}
	name += d.typeParameters(named.TypeParams())
	switch is := named.Underlying().(type) {
	case *types.Struct:
		d.addf("type %s struct", name)
		d.fields(name, is)
	case *types.Interface:
		d.addf("type %s interface", name)
		for method := range is.Methods() {
			if !method.Exported() {
				d.addf("type %s interface, unexported methods", name)
				continue
			}
			d.addf("type %s interface, %s%s", name, method.Name(), d.signature(method.Signature()))
		}
		return
	default:
		d.addf("type %s %s", name, d.text(is))
	}
	direct := types.NewMethodSet(named)
	for selection := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		if method := selection.Obj(); method.Exported() {
			receiver := "*" + name
			if direct.Lookup(nil, method.Name()) != nil {
				receiver = name
			}
			d.addf("method (%s) %s%s", receiver, method.Name(), d.signature(selection.Type().(*types.Signature)))
		}
	}
}

func (d *describer) fields(name string, of *types.Struct) {
	for field := range of.Fields() {
		switch {
		case field.Embedded() && field.Exported():
			d.addf("type %s struct, embedded %s", name, d.text(field.Type()))
			d.embedded(name, field.Type())
		case field.Embedded():
			d.embedded(name, field.Type())
		case field.Exported():
			d.addf("type %s struct, %s %s", name, field.Name(), d.text(field.Type()))
		}
	}
}

func (d *describer) embedded(name string, typ types.Type) {
	if pointer, ok := typ.Underlying().(*types.Pointer); ok {
		typ = pointer.Elem()
	}
	if inner, ok := typ.Underlying().(*types.Struct); ok {
		d.fields(name, inner)
	}
}

func (d *describer) typeParameters(parameters *types.TypeParamList) string {
	var all []string
	for parameter := range parameters.TypeParams() {
		all = append(all, parameter.Obj().Name()+" "+d.text(parameter.Constraint()))
	}
	if all == nil {
		return ""
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// signature leaves out the names of parameters: a new one breaks nothing.
func (d *describer) signature(of *types.Signature) string {
	unnamed := func(tuple *types.Tuple) *types.Tuple {
		var all []*types.Var
		for v := range tuple.Variables() {
			all = append(all, types.NewParam(token.NoPos, nil, "", v.Type()))
		}
		return types.NewTuple(all...)
	}
	text := d.text(types.NewSignatureType(nil, nil, nil, unnamed(of.Params()), unnamed(of.Results()), of.Variadic()))
	return d.typeParameters(of.TypeParams()) + strings.TrimPrefix(text, "func")
}
