package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// allowed is what may do it all the same, and why.
var allowed = map[string]string{
	"auth/transport.go: http.DefaultTransport":        "what its base is when none is given, as net/http's users know it",
	"internal/rest/client.go: http.DefaultTransport":  "what a caller's own http.Client without a transport uses",
	"auth/env.go: os.Getenv":                          "it is the source of tokens that reads a variable, by name",
	"auth/cache.go: panic":                            "a panic of a token source, passed on to the goroutines of the callers",
	"call.go: panic":                                  "a panic of the caller's own code, passed on to the goroutine of the caller",
	"datasink/autoid/bulk_run.go: panic":              "a panic of a callback, passed on to the goroutine of the caller",
	"internal/fake/memory.go: panic":                  "a panic of a handler, passed on as net/http does with it",
	"internal/fake/wire.go: panic":                    "http.ErrAbortHandler, which is net/http's way to break a connection",
	"internal/fake/serve.go: panic":                   "http.ErrAbortHandler, which is net/http's way to break a connection",
	"provisioning/keboola/page.go: nextPage":          "a function that is made once, and has no state",
	"tenant/worklytics/integration.go: catalogueFile": "embedded by the compiler, and never changed",
	"tenant/worklytics/integration.go: catalogue":     "read at its first use, and never changed",
	"secret.go: maskKey":                              "made at its first use, and never changed",
	"secret.go: revealer":                             "made once, and never changed",
}

// TestLibraryHasNoSideEffects: what is imported does no work by itself, keeps no state between
// clients, reads no environment behind the caller's back, and does not end the caller's program.
func TestLibraryHasNoSideEffects(t *testing.T) {
	t.Parallel()
	used := make(map[string]bool)
	for _, f := range library(t) {
		for name, file := range f.files {
			for _, what := range sideEffects(file) {
				excuse := name + ": " + what.name
				used[excuse] = true
				if allowed[excuse] == "" {
					t.Errorf("%s: %s", at(what.node), what.name)
				}
			}
		}
	}
	for excuse := range allowed {
		if !used[excuse] {
			t.Errorf("%s is excused, and is not there", excuse)
		}
	}
}

type effect struct {
	name string
	node ast.Node
}

// forbidden are functions of the standard library that library code has no business with.
var forbidden = map[string][]string{
	"os":   {"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Unsetenv", "Exit", "Chdir"},
	"log":  {"Print", "Printf", "Println", "Fatal", "Fatalf", "Fatalln", "Panic", "Panicf", "Panicln"},
	"fmt":  {"Print", "Printf", "Println"},
	"http": {"DefaultClient", "DefaultTransport", "Get", "Post", "PostForm", "Head"},
}

func sideEffects(file *ast.File) []effect {
	var found []effect
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil && decl.Name.Name == "init" {
				found = append(found, effect{"init", decl})
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				if spec, ok := spec.(*ast.ValueSpec); ok && decl.Tok == token.VAR {
					for i, name := range spec.Names {
						if i >= len(spec.Values) || !isTable(spec.Values[i]) {
							found = append(found, effect{name.Name, name})
						}
					}
				}
			}
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CallExpr:
			if id, ok := node.Fun.(*ast.Ident); ok && id.Name == "panic" {
				found = append(found, effect{"panic", node})
			}
		case *ast.SelectorExpr:
			if of, ok := node.X.(*ast.Ident); ok && slices.Contains(forbidden[of.Name], node.Sel.Name) {
				found = append(found, effect{of.Name + "." + node.Sel.Name, node})
			}
		}
		return true
	})
	return found
}

// isTable tells whether the value of a package's variable is one that is only read: a table that is
// filled where it stands, or an error. Whether it is also never written to is for a reader to see.
func isTable(value ast.Expr) bool {
	switch value := value.(type) {
	case *ast.CompositeLit:
		return len(value.Elts) > 0
	case *ast.CallExpr:
		of, ok := value.Fun.(*ast.SelectorExpr)
		return ok && fmt.Sprint(of.X)+"."+of.Sel.Name == "errors.New"
	}
	return false
}

func parse(t *testing.T, text string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(positions, "p.go", text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestSideEffects(t *testing.T) {
	t.Parallel()
	const text = `package p

var table = []string{"a"}
var errTable, other = errors.New("a"), errors.New("b")
var empty = map[string]int{}
var zero int
var made = make(chan int)
var x = &T{1}
const c = 1

func init() {}
func (T) init() {}
func f() {
	panic(os.Getenv("A"))
	other.Getenv("A")
	http.DefaultClient.Do(nil)
}
`
	want := "empty zero made x init panic os.Getenv http.DefaultClient"
	var got []string
	for _, found := range sideEffects(parse(t, text)) {
		got = append(got, found.name)
	}
	if strings.Join(got, " ") != want {
		t.Errorf("got %q, want %s", got, want)
	}
}
