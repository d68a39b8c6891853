package house

import (
	"go/ast"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// mostLines is what a file may have, tests included.
const mostLines = 500

func TestFiles(t *testing.T) {
	t.Parallel()
	for _, f := range folders(t) {
		for _, files := range []map[string]*ast.File{f.files, f.tests} {
			for name, file := range files {
				if lines := positions.File(file.FileStart).LineCount() - 1; lines > mostLines {
					t.Errorf("%s has %d lines, more than %d", name, lines, mostLines)
				}
			}
		}
	}
}

// A name that says nothing of what is in a package, or a file, takes in anything.
func TestNames(t *testing.T) {
	t.Parallel()
	vague := []string{"base", "common", "core", "helper", "helpers", "misc", "model", "models", "shared", "types", "util", "utils"}
	for _, f := range folders(t) {
		if slices.Contains(vague, f.name) || slices.Contains(vague, path.Base(f.path)) {
			t.Errorf("the name of package %s says nothing", f.path)
		}
		for _, name := range slices.Sorted(maps.Keys(f.files)) {
			if slices.Contains(vague, strings.TrimSuffix(path.Base(name), ".go")) {
				t.Errorf("the name of file %s says nothing", name)
			}
		}
	}
}
