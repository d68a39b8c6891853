package proof

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
)

// promised are the packages whose exports must withstand bad input, by their folders under the
// module's root.
var promised = []string{"", "auth", "tenant/worklytics", "tenant/argo", "provisioning/keboola", "datasink/autoid", "security/infoworks"}

// faked are the fakes, which tests of users call.
var faked = []string{"tenant/worklytics/worklyticstest", "tenant/argo/argotest", "provisioning/keboola/keboolatest", "datasink/autoid/autoidtest", "security/infoworks/infoworkstest"}

// exports returns all exported functions ("auth.APIKey") and methods of exported types
// ("argo.Client.GetTenant") of the packages, read from their sources, with the names of their
// parameters.
func exports(folders []string) (map[string][]string, error) {
	found := make(map[string][]string)
	for _, folder := range folders {
		name := path.Base(folder)
		if folder == "" {
			name = "tenantkit"
		}
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(folder), "*.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			for _, decl := range parsed.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && f.Name.IsExported() && (f.Recv == nil || ast.IsExported(receiver(f))) {
					found[strings.Join(slices.DeleteFunc([]string{name, receiver(f), f.Name.Name}, isEmpty), ".")] = parameters(f)
				}
			}
		}
	}
	return found, nil
}

// signatures are the exports of the promised packages.
var signatures = sync.OnceValue(func() map[string][]string {
	found, err := exports(promised)
	if err != nil {
		panic(err)
	}
	return found
})

// exportOf returns the name of a value's method as in exports.
func exportOf(value any, method string) string {
	t := reflect.TypeOf(value)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.String() + "." + method
}

func isEmpty(text string) bool { return text == "" }

// receiver returns the name of the type that a method is of, empty for a function.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	of := f.Recv.List[0].Type
	if pointer, ok := of.(*ast.StarExpr); ok {
		of = pointer.X
	}
	if generic, ok := of.(*ast.IndexExpr); ok {
		of = generic.X
	}
	return of.(*ast.Ident).Name
}

func parameters(f *ast.FuncDecl) []string {
	var names []string
	for _, field := range f.Type.Params.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}

// TestEveryExportIsTried holds what is tried with bad input to what there is, so that a new export
// cannot be forgotten.
func TestEveryExportIsTried(t *testing.T) {
	t.Parallel()
	there, err := exports(slices.Concat(promised, faked))
	if err != nil {
		t.Fatal(err)
	}
	tried := make(map[string]string)
	for name := range there {
		if parts := strings.Split(name, "."); len(parts) == 2 && slices.ContainsFunc(faked, func(folder string) bool { return path.Base(folder) == parts[0] }) {
			tried[name] = "not, since a mistake in the making of a fake is one of the test that makes it, and may end it"
		}
	}
	for name := range functions {
		tried[name] = "by TestFunctions"
	}
	for _, value := range slices.Concat(values, fakes) {
		for i := range reflect.TypeOf(value).NumMethod() {
			tried[exportOf(value, reflect.TypeOf(value).Method(i).Name)] = "by TestMethods"
		}
	}
	for _, s := range services {
		stand := s.start(serverOptions{})
		client := stand.connect(t)
		for name := range inputs(client.value) {
			tried[exportOf(client.value, name)] = "by TestBadInput and TestFields"
			if client.good[name] == nil {
				t.Errorf("%s has no good input here, of which TestFields makes bad input: add it", exportOf(client.value, name))
			}
		}
		client.close()
		stand.server.Close()
	}
	for name := range there {
		if tried[name] == "" {
			t.Errorf("%s is not tried with bad input: add it to functions or values", name)
		}
	}
	for name, how := range tried {
		if _, ok := there[name]; !ok && !strings.HasPrefix(how, "by TestMethods") {
			t.Errorf("%s is tried or excused (%s), and is not there", name, how)
		}
	}
	if len(there) < 250 {
		t.Errorf("only %d exports were found", len(there))
	}
	t.Logf("%d exported functions and methods", len(there))
}
