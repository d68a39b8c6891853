package auth_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// clouds are where the libraries of the clouds come from. They belong to the nested modules alone.
var clouds = []string{"cloud.google.com/", "google.golang.org/", "github.com/googleapis/", "github.com/aws/"}

func isOfACloud(module string) bool {
	for _, prefix := range clouds {
		if strings.HasPrefix(module, prefix) {
			return true
		}
	}
	return false
}

func goTool(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// What the nested modules need, the root module neither builds with nor lists.
func TestRootModuleHasNoLibraryOfACloud(t *testing.T) {
	t.Parallel()
	root := filepath.Dir(strings.TrimSpace(goTool(t, ".", "env", "GOMOD")))
	modules := strings.Fields(goTool(t, root, "list", "-m", "-f", "{{.Path}}", "all"))
	packages := strings.Fields(goTool(t, root, "list", "-deps", "-test", "./..."))
	if len(modules) < 3 || len(packages) < 100 {
		t.Fatalf("the lists are too short to be true: %q, %q", modules, packages)
	}
	for _, name := range append(modules, packages...) {
		if isOfACloud(name) {
			t.Errorf("the root module has %s", name)
		}
	}
}

// The check above looks for all that the nested modules ask for.
func TestNestedModules(t *testing.T) {
	t.Parallel()
	const root = "github.com/tenantkit/tenantkit"
	for _, dir := range []string{"gcpauth", "awsauth"} {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			var module struct {
				Module  struct{ Path string }
				Require []struct {
					Path     string
					Indirect bool
				}
				Replace []struct{ Old, New struct{ Path string } }
			}
			if err := json.Unmarshal([]byte(goTool(t, dir, "mod", "edit", "-json")), &module); err != nil {
				t.Fatal(err)
			}
			if module.Module.Path != root+"/auth/"+dir {
				t.Errorf("the module is %s", module.Module.Path)
			}
			if len(module.Replace) != 1 || module.Replace[0].Old.Path != root || module.Replace[0].New.Path != "../.." {
				t.Errorf("the root module does not come from beside it: %v", module.Replace)
			}
			of := 0
			for _, required := range module.Require {
				switch {
				case required.Indirect || required.Path == root:
				case isOfACloud(required.Path):
					of++
				case required.Path != "github.com/google/go-cmp" && required.Path != "go.uber.org/goleak":
					t.Errorf("%s is of no cloud that is looked for", required.Path)
				}
			}
			if of == 0 {
				t.Error("it needs no library of a cloud")
			}
		})
	}
}
