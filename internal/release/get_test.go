package release

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// clients are the packages that a program imports to call one system.
var clients = []string{"datasink/autoid", "provisioning/keboola", "security/infoworks", "tenant/argo", "tenant/worklytics"}

// TestGet gets the modules from a proxy, as a user does, and runs programs that use them, on both
// supported Go lines.
func TestGet(t *testing.T) {
	t.Parallel()
	proxy := pack(t)
	t.Run("zips", func(t *testing.T) { testZips(t, proxy) })

	// Once this machine has loaded the modules, its module cache contains everything else that
	// the programs need.
	for _, folder := range folders {
		command(t, filepath.Join(top, folder), nil, "go", "mod", "graph")
		command(t, filepath.Join(top, folder), nil, "go", "list", "-deps", "./...")
	}
	t.Run("older", func(t *testing.T) { testPrograms(t, proxy, toolchain(t, "older"), "") })
	t.Run("newest", func(t *testing.T) {
		release := toolchain(t, "newest")
		testPrograms(t, proxy, release, strings.TrimPrefix(release[:strings.LastIndex(release, ".")], "go"))
	})
}

// toolchain returns the Go release that .ci/run assigns to the variable, such as "go1.27.4".
func toolchain(t *testing.T, variable string) string {
	t.Helper()
	script := read(t, filepath.Join(top, ".ci", "run"))
	found := regexp.MustCompile(`(?m)^` + variable + `=(go\d+\.\d+\.\d+)$`).FindSubmatch(script)
	if found == nil {
		t.Fatalf("there is no line %s=go1.… in .ci/run", variable)
	}
	return string(found[1])
}

// testPrograms builds and runs the programs with the Go release, in a module cache of their own.
// Their go.mod file has the language version; if it is empty, the go command chooses one.
func testPrograms(t *testing.T, proxy, release, language string) {
	// The toolchain is run from this machine's module cache, so that it is not unpacked into
	// the other one again.
	goroot := strings.TrimSpace(command(t, ".", []string{"GOTOOLCHAIN=" + release}, "go", "env", "GOROOT"))
	goCommand := filepath.Join(goroot, "bin", "go")
	cache := strings.TrimSpace(command(t, ".", nil, "go", "env", "GOMODCACHE"))
	env := []string{
		"GOTOOLCHAIN=" + release, "GOROOT=" + goroot, "GOEXPERIMENT=",
		"GOPROXY=file://" + filepath.ToSlash(proxy) + ",file://" + filepath.ToSlash(cache) + "/cache/download,off",
		"GOMODCACHE=" + t.TempDir(),
		"GOSUMDB=off", "GONOPROXY=", "GOPRIVATE=", "GOWORK=off",
		// With -trimpath, the build cache serves the next run too, although the module
		// cache is in a new folder. With -modcacherw, the module cache can be deleted.
		"GOFLAGS=-trimpath -modcacherw",
		"AWS_CA_BUNDLE=", // if set, the AWS SDK requires its own HTTP client
	}
	program := t.TempDir()
	if err := os.CopyFS(program, os.DirFS("testdata/outside")); err != nil {
		t.Fatal(err)
	}
	for _, client := range clients {
		name := filepath.Base(client)
		text := fmt.Sprintf("package main\n\nimport %q\n\nfunc main() { println(len(%s.Operations())) }\n", root+"/"+client, name)
		if err := os.Mkdir(filepath.Join(program, "only-"+name), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(program, "only-"+name, "main.go"), []byte(text))
	}
	run := func(name string, args ...string) string { return command(t, program, env, name, args...) }
	run(goCommand, "mod", "init", "example.org/program")
	if language != "" {
		run(goCommand, "mod", "edit", "-go="+language)
	}
	get := []string{"get"}
	for _, folder := range folders {
		get = append(get, modulePath(folder)+"@"+version)
	}
	run(goCommand, get...)
	run(goCommand, "get", "./...")
	run(goCommand, "vet", "./...")
	bin := filepath.Join(program, "bin") + string(filepath.Separator)
	run(goCommand, "build", "-o", bin, "./...")

	if got := strings.TrimSpace(run(goCommand, "list", "-m", "-f", "{{.GoVersion}}")); language != "" && got != language {
		t.Errorf("go.mod says go %s, want go %s", got, language)
	}
	want := strings.Join([]string{
		"worklytics: asana-psoxy", "argo: ada [redacted] tenantkit/0.1.0", "keboola: unknown", "autoid: ack", "infoworks: [redacted] true", "",
	}, "\n")
	if diff := cmp.Diff(want, run(bin+"clients")); diff != "" {
		t.Errorf("the program with all clients and fakes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("[redacted] 2100\n[redacted] 2100\n", run(bin+"clouds")); diff != "" {
		t.Errorf("the program with the clouds' libraries (-want +got):\n%s", diff)
	}

	const library = "github.com/go-json-experiment/json"
	libraryVersion := strings.TrimSpace(command(t, top, nil, "go", "list", "-m", "-f", "{{.Version}}", library))
	for _, client := range clients {
		built := run(goCommand, "version", "-m", bin+"only-"+filepath.Base(client))
		if !strings.Contains(built, ": "+release+"\n") {
			t.Errorf("a program with %s is not built by %s:\n%s", client, release, built)
		}
		var others []string
		for line := range strings.SplitSeq(built, "\n") {
			if fields := strings.Fields(line); len(fields) > 2 && fields[0] == "dep" && !strings.HasPrefix(fields[1], root) {
				others = append(others, fields[1]+" "+fields[2])
			}
		}
		if !slices.Contains(others, library+" "+libraryVersion) {
			t.Errorf("a program with %s does not link %s %s: it links %q", client, library, libraryVersion, others)
		}
		if len(others) > 7 {
			t.Errorf("a program with %s links %d modules: %q", client, len(others), others)
		}
		t.Logf("a program with %s links %q", client, others)
	}
}
