package house

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryCallHasAnExample makes sure that each exported method of a client is called in an
// example of its package, and that the output of each example is checked: one without is compiled,
// and not run.
func TestEveryCallHasAnExample(t *testing.T) {
	t.Parallel()
	clients := map[string]bool{"datasink/autoid": true, "provisioning/keboola": true, "security/infoworks": true, "tenant/argo": true, "tenant/worklytics": true}
	found := 0
	err := filepath.WalkDir(top, func(dir string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !entry.IsDir():
			return nil
		case entry.Name() == "testdata" || entry.Name() == "examples" || strings.HasPrefix(entry.Name(), ".") && dir != top:
			return filepath.SkipDir
		}
		called := make(map[string]bool)
		for _, example := range doc.Examples(parseFiles(t, dir, "*_test.go")...) {
			found++
			if example.Output == "" && !example.EmptyOutput {
				t.Errorf("%s: Example%s has no output to check", dir, example.Name)
			}
			ast.Inspect(example.Code, func(node ast.Node) bool {
				if selector, ok := node.(*ast.SelectorExpr); ok {
					called[selector.Sel.Name] = true
				}
				return true
			})
		}
		within, err := filepath.Rel(top, dir)
		if err != nil {
			return err
		}
		within = filepath.ToSlash(within)
		if !clients[within] {
			return nil
		}
		delete(clients, within)
		for _, method := range clientMethods(parseFiles(t, dir, "*.go")) {
			if !called[method] {
				t.Errorf("%s: no example calls Client.%s", dir, method)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 50 || len(clients) > 0 {
		t.Errorf("only %d examples were found, and these clients were not: %v", found, clients)
	}
}

func parseFiles(t *testing.T, dir, pattern string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// clientMethods returns the names of the exported methods of *Client.
func clientMethods(files []*ast.File) []string {
	var names []string
	for _, file := range files {
		for _, decl := range file.Decls {
			method, ok := decl.(*ast.FuncDecl)
			if !ok || method.Recv == nil || !method.Name.IsExported() {
				continue
			}
			pointer, ok := method.Recv.List[0].Type.(*ast.StarExpr)
			if !ok {
				continue
			}
			// Format is called by fmt.
			if on, ok := pointer.X.(*ast.Ident); ok && on.Name == "Client" && method.Name.Name != "Format" {
				names = append(names, method.Name.Name)
			}
		}
	}
	return names
}
