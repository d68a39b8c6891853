package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
)

func TestREADME(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	want, err := withTable(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("README.md does not show the operations as they are. Run go generate in the root folder. (-want +got)\n%s", diff)
	}
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "README.md")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"before\n", begin, "before\n" + end + begin} {
		write(text)
		if err := rewrite(path); err == nil || !strings.Contains(err.Error(), "the table has no place") {
			t.Errorf("%q: %v", text, err)
		}
	}
	write("before\n" + begin + "old\n" + end + "after\n")
	for range 2 {
		if err := rewrite(path); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("before\n"+begin+table()+end+"after\n", string(got)); diff != "" {
		t.Errorf("rewritten (-want +got):\n%s", diff)
	}
	if err := rewrite(filepath.Join(t.TempDir(), "README.md")); err == nil {
		t.Error("a file that is not there was rewritten")
	}
}

// Each method of a client stands in the table once, and nothing else.
func TestTableHasEveryCall(t *testing.T) {
	t.Parallel()
	for _, s := range systems {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			calls := make(map[string]int)
			for class := tenantkit.Read; class <= tenantkit.Never; class++ {
				for _, name := range s.ofClass(class) {
					calls[name]++
				}
			}
			for _, name := range s.others() {
				calls[name]++
			}
			if len(calls) != s.client.NumMethod()-len(common) {
				t.Errorf("%d calls of %d methods", len(calls), s.client.NumMethod())
			}
			for _, name := range common {
				if _, ok := s.client.MethodByName(name); !ok || calls[name] > 0 {
					t.Errorf("every client has the method %s, which is not in the table; here: %v, %d times", name, ok, calls[name])
				}
			}
			for name, times := range calls {
				if _, ok := s.client.MethodByName(name); !ok || times != 1 {
					t.Errorf("%s stands there %d times; is it a method? %v", name, times, ok)
				}
			}
		})
	}
}

// TestOperations checks the tables of all client packages: each operation is complete, and has a
// class that its HTTP method allows.
func TestOperations(t *testing.T) {
	t.Parallel()
	for _, s := range systems {
		for _, op := range s.operations {
			t.Run(s.name+"/"+op.Name, func(t *testing.T) {
				t.Parallel()
				if !strings.HasPrefix(op.Path, "/") || strings.Count(op.Path, "{") != strings.Count(op.Path, "}") {
					t.Errorf("its path is %q", op.Path)
				}
				switch op.Method {
				case http.MethodPut, http.MethodDelete:
					if op.Class == tenantkit.Read || op.Class == tenantkit.Write {
						t.Errorf("a %s is of class %v", op.Method, op.Class)
					}
				case http.MethodGet, http.MethodPost:
				default:
					t.Errorf("its method is %q", op.Method)
				}
			})
		}
	}
}
