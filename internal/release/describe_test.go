package release

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDeclarations(t *testing.T) {
	t.Parallel()
	const text = `package p

import "net/http"

const Untyped = "a"
const hidden = 1
type Class int
const (
	Read Class = iota
	Write
)
var ErrNone error
func New(base string, opts ...func(*http.Client)) (*Client, error) { return nil, nil }
func Of[T any, K ~int](of T) map[K]T { return nil }
type Client struct {
	inner
	*Config
	Name, Title string
	hidden int
	Nested struct { Inner int }
}
type inner struct { Promoted bool }
func (inner) Value() int { return 0 }
func (*inner) Pointer() {}
func (*Client) hide() {}
type Config struct { Base string }
type Page[T any] struct { Items []T }
func (p *Page[T]) First() T { return p.Items[0] }
type Doer interface { Do(name string) error }
type Sealed interface { seal() }
type Same = Class
type Answer = map[string]http.Header
type Func func(a, b int) bool
func (Func) Call() {}
`
	http := check(t, "net/http", "package http; type Client struct{}; type Header map[string][]string", nil)
	pkg := check(t, "example.org/p", text, http)
	want := []string{
		"const Read Class = 0\n",
		"const Untyped = \"a\"\n",
		"const Write Class = 1\n",
		"func New(string, ...func(*http.Client)) (*Client, error)\n",
		"func Of[T any, K ~int](T) map[K]T\n",
		"method (*Client) Pointer()\n",
		"method (*Page[T any]) First() T\n",
		"method (Client) Value() int\n",
		"method (Func) Call()\n",
		"type Answer = map[string]http.Header\n",
		"type Class int\n",
		"type Client struct\n",
		"type Client struct, Base string\n",
		"type Client struct, Name string\n",
		"type Client struct, Nested struct{Inner int}\n",
		"type Client struct, Promoted bool\n",
		"type Client struct, Title string\n",
		"type Client struct, embedded *Config\n",
		"type Config struct\n",
		"type Config struct, Base string\n",
		"type Doer interface\n",
		"type Doer interface, Do(string) error\n",
		"type Func func(a int, b int) bool\n",
		"type Page[T any] struct\n",
		"type Page[T any] struct, Items []T\n",
		"type Same = Class\n",
		"type Sealed interface\n",
		"type Sealed interface, unexported methods\n",
		"var ErrNone error\n",
	}
	if diff := cmp.Diff(want, declarations(pkg)); diff != "" {
		t.Errorf("declarations (-want +got):\n%s", diff)
	}
}

// check returns the package that the text is, which may import one other.
func check(t *testing.T, path, text string, imported *types.Package) *types.Package {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	config := types.Config{Importer: importerFunc(func(string) (*types.Package, error) { return imported, nil })}
	pkg, err := config.Check(path, fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

type importerFunc func(path string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

func TestDifference(t *testing.T) {
	t.Parallel()
	before := map[string][]string{"argo.txt": {"func A()\n", "func B()\n"}, "old.txt": {"var X int\n"}, "same.txt": {"func S()\n"}}
	after := map[string][]string{"argo.txt": {"func B()\n", "func B(int)\n"}, "new.txt": {"var Y int\n"}, "same.txt": {"func S()\n"}}
	gone, added := difference(before, after)
	if diff := cmp.Diff([]string{"argo: func A()", "old: var X int"}, gone); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"argo: func B(int)", "new: var Y int"}, added); diff != "" {
		t.Error(diff)
	}
}

func TestUnannounced(t *testing.T) {
	t.Parallel()
	const released = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- `Added`.\n\n### Changed\n\n- `GetTenant` takes an int.\n- Of `Tenant`, `ID`.\n\n" +
		"### Removed\n\n- `RoleAdmin` and (`Doer`): use others.\n\n## [0.1.0]\n\n### Removed\n\n- `Old`.\n"
	gone := []string{
		"tenant-argo: method (*Client) GetTenant(context.Context) error", "tenant-argo: type Tenant struct, ID string", "x: const RoleAdmin Role = 1",
		"x: type Doer interface", "x: type Doer interface, GetTenant()", "x: type Tenant struct, embedded *ID", "x: var Tenant int",
	}
	silent := []string{
		"x: func Added()", "x: var Old error", "x: method (*Client) GetTenants()", "x: type Tenant struct, IDs string", "x: type Role string",
		"x: type Doer interface, unexported methods",
	}
	if diff := cmp.Diff(silent, unannounced(released, append(gone, silent...))); diff != "" {
		t.Errorf("unannounced (-want +got):\n%s", diff)
	}
	if got := unannounced("# Changelog\n\n## [Unreleased]\n\n### Added\n\n- All.\n", gone); got != nil {
		t.Errorf("before the first release: %q", got)
	}
}
