package release

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// clients are the packages that a program imports to call one system.
var clients = []string{"datasink/autoid", "provisioning/keboola", "security/infoworks", "tenant/argo", "tenant/worklytics"}

// TestGet gets the modules from a proxy, as a user does, into a module cache of its own, and runs programs that use them.
func TestGet(t *testing.T) {
	t.Parallel()
	proxy := pack(t)
	t.Run("zips", func(t *testing.T) { testZips(t, proxy) })

	// What the programs need of others is in this machine's module cache once it has loaded the modules.
	for _, folder := range folders {
		command(t, filepath.Join(top, folder), nil, "go", "mod", "graph")
		command(t, filepath.Join(top, folder), nil, "go", "list", "-deps", "./...")
	}
	cache := strings.TrimSpace(command(t, ".", nil, "go", "env", "GOMODCACHE"))
	env := []string{
		"GOPROXY=file://" + filepath.ToSlash(proxy) + ",file://" + filepath.ToSlash(cache) + "/cache/download,off",
		"GOMODCACHE=" + t.TempDir(),
		"GOSUMDB=off", "GONOPROXY=", "GOPRIVATE=", "GOWORK=off",
		// With these the build cache serves the next run too, though the module cache is elsewhere; and it can be deleted.
		"GOFLAGS=-trimpath -modcacherw",
		"AWS_CA_BUNDLE=", // it would want a client of the SDK
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
	run("go", "mod", "init", "example.org/program")
	get := []string{"get"}
	for _, folder := range folders {
		get = append(get, modulePath(folder)+"@"+version)
	}
	run("go", get...)
	run("go", "get", "./...")
	run("go", "vet", "./...")
	bin := filepath.Join(program, "bin") + string(filepath.Separator)
	run("go", "build", "-o", bin, "./...")

	want := strings.Join([]string{
		"worklytics: asana-psoxy", "argo: ada [redacted] tenantkit/0.1.0", "provisioning: unknown", "datasink: ack", "security: [redacted] true", "",
	}, "\n")
	if diff := cmp.Diff(want, run(bin+"clients")); diff != "" {
		t.Errorf("the program with all clients and fakes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("[redacted] 2100\n[redacted] 2100\n", run(bin+"clouds")); diff != "" {
		t.Errorf("the program with the clouds' libraries (-want +got):\n%s", diff)
	}
	for _, client := range clients {
		var others []string
		for line := range strings.SplitSeq(run("go", "version", "-m", bin+"only-"+filepath.Base(client)), "\n") {
			if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "dep" && !strings.HasPrefix(fields[1], root) {
				others = append(others, fields[1])
			}
		}
		if len(others) == 0 || len(others) > 6 {
			t.Errorf("a program with %s links %d modules: %q", client, len(others), others)
		}
		t.Logf("a program with %s links %q", client, others)
	}
}
