package house

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

func TestPackagesAreDocumented(t *testing.T) {
	t.Parallel()
	for _, f := range folders(t) {
		var comments []string
		for _, file := range f.files {
			if file.Doc != nil {
				comments = append(comments, file.Doc.Text())
			}
		}
		begin := "Package " + f.name + " "
		switch {
		case len(comments) != 1:
			t.Errorf("package %s has %d package comments, and must have one", f.path, len(comments))
		case f.name != "main" && !strings.HasPrefix(comments[0], begin):
			t.Errorf("the comment of package %s does not begin with %q", f.path, begin)
		}
	}
}

// TestExportedNamesAreDocumented looks for a comment at every exported name of the library. That of
// a group of constants or variables is for all of them; one within a struct or an interface is for
// the lines below it too, up to an empty line or the next comment.
func TestExportedNamesAreDocumented(t *testing.T) {
	t.Parallel()
	for _, f := range library(t) {
		for _, file := range f.files {
			for _, name := range undocumented(file) {
				t.Errorf("%s: %s has no comment", at(name), name.Name)
			}
		}
	}
}

func undocumented(file *ast.File) []*ast.Ident {
	var found []*ast.Ident
	check := func(documented bool, names ...*ast.Ident) {
		for _, name := range names {
			if name.IsExported() && !documented {
				found = append(found, name)
			}
		}
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if receiver := receiverOf(decl); receiver == "" || token.IsExported(receiver) {
				check(decl.Doc != nil, decl.Name)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					check(decl.Doc != nil || spec.Doc != nil || spec.Comment != nil, spec.Names...)
				case *ast.TypeSpec:
					check(spec.Doc != nil || spec.Comment != nil || decl.Doc != nil && !decl.Lparen.IsValid(), spec.Name)
					if spec.Name.IsExported() {
						eachList(spec.Type, func(list *ast.FieldList) { checkFields(list, check) })
					}
				}
			}
		}
	}
	return found
}

// checkFields goes through the fields of a struct, or the methods of an interface.
func checkFields(list *ast.FieldList, check func(documented bool, names ...*ast.Ident)) {
	covered := 0 // the line up to which the last comment reaches
	for _, field := range list.List {
		first, last := positions.Position(field.Pos()).Line, positions.Position(field.End()).Line
		if field.Doc != nil || first == covered+1 && field.Comment == nil {
			covered = last
		}
		check(field.Comment != nil || covered == last, field.Names...)
	}
}

func eachList(within ast.Expr, visit func(*ast.FieldList)) {
	ast.Inspect(within, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.StructType:
			visit(node.Fields)
		case *ast.InterfaceType:
			visit(node.Methods)
		case *ast.FuncType:
			return false
		}
		return true
	})
}

func receiverOf(decl *ast.FuncDecl) string {
	if decl.Recv == nil {
		return ""
	}
	name := ""
	ast.Inspect(decl.Recv.List[0].Type, func(node ast.Node) bool {
		if id, ok := node.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return name == ""
	})
	return name
}

func TestUndocumented(t *testing.T) {
	t.Parallel()
	const text = `package p

// A is.
type A struct {
	First int
	// Second is.
	Second int
	Third int

	Fourth, Fifth int // are
	Sixth int

	hidden int
	// Inner is.
	Inner struct {
		Seventh int
	}
}

type B struct{}

type (
	C int
	// D is.
	D interface{ Do(func(Name int)) }
)

type hidden struct { Exported int }

func (hidden) Exported() {}
func (a *A) Method()     {}
func (s Set[T]) Of()     {}

// Function does.
func Function() {}
func Other()    {}

// The values.
const (
	One = iota
	Two
)
const Three = 3
var (
	Four int // is
	Five int
)
`
	want := "First Sixth Seventh B C Do Method Of Other Three Five"
	var got []string
	for _, name := range undocumented(parse(t, text)) {
		got = append(got, name.Name)
	}
	if strings.Join(got, " ") != want {
		t.Errorf("got %q, want %s", got, want)
	}
}
