package house

import (
	"cmp"
	"go/ast"
	"go/scanner"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mostPerMethod is how many lines of code a client may have per exported method.
const mostPerMethod = 90

// overMost are the clients above mostPerMethod. Their numbers may only go down.
var overMost = map[string]int{"datasink/autoid": 114, "tenant/worklytics": 137}

// TestClientSize counts the lines of code of each client, and prints them per listed operation and
// per exported method, composed ones included. Tests, fakes, comments and blank lines do not count.
func TestClientSize(t *testing.T) {
	t.Parallel()
	var lines, operations, methods int
	show := func(name string, lines, operations, methods int) {
		t.Logf("%-22s %4d lines / %2d operations = %3d; / %2d methods = %3d", name, lines, operations, lines/operations, methods, lines/methods)
	}
	for _, f := range folders(t) {
		if kindOf(f) != "client" {
			continue
		}
		n := 0
		for name := range f.files {
			text, err := os.ReadFile(filepath.Join(top, name))
			if err != nil {
				t.Fatal(err)
			}
			n += codeLines(text)
		}
		listed, calls := len(listedOperations(f)), len(clientMethods(slices.Collect(maps.Values(f.files))))
		if listed == 0 || calls == 0 {
			t.Fatalf("%s has %d operations and %d methods", f.path, listed, calls)
		}
		lines, operations, methods = lines+n, operations+listed, methods+calls
		show(f.path, n, listed, calls)
		if limit := cmp.Or(overMost[f.path], mostPerMethod); n > limit*calls {
			t.Errorf("%s has %d lines of code per method, more than %d", f.path, n/calls, limit)
		}
	}
	show("all", lines, operations, methods)
}

// codeLines returns the number of lines that contain code.
func codeLines(text []byte) int {
	file := token.NewFileSet().AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, 0) // without comments
	n, last := 0, 0
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return n
		}
		if tok == token.SEMICOLON && literal == "\n" {
			continue // which the scanner adds
		}
		first := file.Line(pos)
		end := first + strings.Count(literal, "\n")
		n += end - max(first-1, last)
		last = end
	}
}

func TestCodeLines(t *testing.T) {
	t.Parallel()
	const text = "// Package p\npackage p // is\n\n/* a\n\nb */\nvar x, y = `1\n\n2`, 3\n\nfunc f() {\n\t// nothing\n}\n"
	if got := codeLines([]byte(text)); got != 6 {
		t.Errorf("%d lines, want 6", got)
	}
}

// mostColumns is how wide a line of a comment may be. A tab counts as 4.
const mostColumns = 100

func TestComments_Width(t *testing.T) {
	t.Parallel()
	for _, f := range folders(t) {
		for _, files := range []map[string]*ast.File{f.files, f.tests} {
			for name, file := range files {
				text, err := os.ReadFile(filepath.Join(top, name))
				if err != nil {
					t.Fatal(err)
				}
				if ast.IsGenerated(file) {
					continue
				}
				for _, c := range wideComments(file, text) {
					t.Errorf("%s: the line of the comment has more than %d columns", at(c), mostColumns)
				}
			}
		}
	}
}

// wideComments returns the lines of comments that are too wide and could be broken. Comments behind
// code, directives, code in comments and the output of examples are not among them.
func wideComments(file *ast.File, text []byte) []*ast.Comment {
	var found []*ast.Comment
	lines := strings.Split(string(text), "\n")
	for _, group := range file.Comments {
		for _, c := range group.List {
			if output := strings.ToLower(c.Text); strings.HasPrefix(output, "// output:") || strings.HasPrefix(output, "// unordered output:") {
				break
			}
			line := lines[positions.PositionFor(c.Pos(), false).Line-1]
			comment := strings.TrimLeft(line, "\t")
			broken := strings.HasPrefix(c.Text, "// ") && !strings.HasPrefix(c.Text, "//    ") && strings.HasPrefix(comment, "//")
			if broken && len([]rune(comment))+4*(len(line)-len(comment)) > mostColumns && strings.Count(c.Text, " ") > 1 {
				found = append(found, c)
			}
		}
	}
	return found
}

func TestWideComments(t *testing.T) {
	t.Parallel()
	wide := strings.Repeat("a ", 49)
	text := "package p\n\n" +
		"// " + wide + "\n" + // 1: 101 columns with the blank at its end
		"//\t" + wide + "\n//    " + wide + "\n//go:generate " + wide + "\n// " + strings.Repeat("a", 200) + "\n" +
		"func f() {\n\t// " + wide[:94] + "\n" + // 2: 97 and a tab
		"\t// " + wide[:92] + "\n\tf() // " + wide + "\n\t// Output:\n\t// " + wide + "\n}\n"
	var got []int
	for _, c := range wideComments(parse(t, text), []byte(text)) {
		got = append(got, positions.Position(c.Pos()).Line)
	}
	if want := []int{3, 9}; !slices.Equal(got, want) {
		t.Errorf("lines %d are too wide, want %d", got, want)
	}
}
