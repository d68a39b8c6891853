package house

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// unlisted are operations that a client calls and does not list, with the reason.
var unlisted = map[string]string{
	"datasink/autoid: login":                "a step of a token source",
	"datasink/autoid: renewToken":           "a step of a token source",
	"provisioning/keboola: discoverBaseURL": "it comes before there is a client",
}

// TestOperations_Listed looks at the rest.Operation variables of each client. One is in the
// variable operations, from which tests, README and users know of it, as are all of its
// declaration; or it names a composed call, which is an exported function.
func TestOperations_Listed(t *testing.T) {
	t.Parallel()
	used := make(map[string]bool)
	for _, f := range folders(t) {
		if kindOf(f) != "client" {
			continue
		}
		listed := listedOperations(f)
		if len(listed) == 0 {
			t.Errorf("client %s has no variable operations", f.path)
		}
		variables := operationVariables(f)
		lists := make(map[*ast.GenDecl]bool)
		for _, v := range variables {
			lists[v.decl] = lists[v.decl] || slices.Contains(listed, v.id.Name)
		}
		for _, v := range variables {
			excuse := f.path + ": " + v.id.Name
			used[excuse] = true
			if slices.Contains(listed, v.id.Name) || unlisted[excuse] != "" {
				continue
			}
			if lists[v.decl] || !hasExported(f, v.name) {
				t.Errorf("%s: %s is not in operations, and not declared among composed calls or not named like one", at(v.id), v.id.Name)
			}
		}
	}
	for excuse := range unlisted {
		if !used[excuse] {
			t.Errorf("%s is excused, and is not there", excuse)
		}
	}
}

// operationVariable is a variable of the type rest.Operation.
type operationVariable struct {
	id   *ast.Ident
	decl *ast.GenDecl
	name string // the field Name
}

func operationVariables(f *folder) []operationVariable {
	var found []operationVariable
	eachVariable(f, func(decl *ast.GenDecl, id *ast.Ident, value ast.Expr) {
		literal, ok := value.(*ast.CompositeLit)
		if !ok || !isSelector(literal.Type, "rest", "Operation") {
			return
		}
		v := operationVariable{id: id, decl: decl}
		for _, element := range literal.Elts {
			field, ok := element.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			if text, ok := field.Value.(*ast.BasicLit); ok && isNamed(field.Key, "Name") {
				// The parser accepts no other string.
				v.name, _ = strconv.Unquote(text.Value)
			}
		}
		found = append(found, v)
	})
	return found
}

// listedOperations returns the variables whose addresses are in the variable operations.
func listedOperations(f *folder) []string {
	var names []string
	eachVariable(f, func(_ *ast.GenDecl, id *ast.Ident, value ast.Expr) {
		literal, ok := value.(*ast.CompositeLit)
		if !ok || id.Name != "operations" {
			return
		}
		for _, element := range literal.Elts {
			if address, ok := element.(*ast.UnaryExpr); ok {
				if operation, ok := address.X.(*ast.Ident); ok {
					names = append(names, operation.Name)
				}
			}
		}
	})
	return names
}

// eachVariable visits the package-level variables that are declared with a value.
func eachVariable(f *folder, visit func(decl *ast.GenDecl, id *ast.Ident, value ast.Expr)) {
	for _, file := range f.files {
		for _, decl := range file.Decls {
			variables, ok := decl.(*ast.GenDecl)
			if !ok || variables.Tok != token.VAR {
				continue
			}
			for _, spec := range variables.Specs {
				spec := spec.(*ast.ValueSpec)
				for i := range spec.Values {
					visit(variables, spec.Names[i], spec.Values[i])
				}
			}
		}
	}
}

func isSelector(x ast.Expr, of, name string) bool {
	selector, ok := x.(*ast.SelectorExpr)
	return ok && isNamed(selector.X, of) && selector.Sel.Name == name
}

func hasExported(f *folder, name string) bool {
	for _, file := range f.files {
		for _, decl := range file.Decls {
			if function, ok := decl.(*ast.FuncDecl); ok && function.Name.IsExported() && function.Name.Name == name {
				return true
			}
		}
	}
	return false
}

func TestOperationVariables(t *testing.T) {
	t.Parallel()
	const text = `package p
var (
	get = rest.Operation{Name: "Get", Class: tenantkit.Read}
	modify = rest.Operation{Name: "Modify"}
	other = Operation{Name: "Other"}
)
var operations = []*rest.Operation{&get, nil}
func (c *Client) Modify() {}
`
	f := &folder{files: map[string]*ast.File{"p.go": parse(t, text)}}
	found := operationVariables(f)
	if len(found) != 2 || found[0].name != "Get" || found[1].name != "Modify" || found[0].decl != found[1].decl {
		t.Errorf("found %+v", found)
	}
	if got := listedOperations(f); !slices.Equal(got, []string{"get"}) {
		t.Errorf("listed %q", got)
	}
	if !hasExported(f, "Modify") || hasExported(f, "Get") {
		t.Error("exported functions are not found")
	}
}
