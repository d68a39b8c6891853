package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

const (
	passwordVariable = "ARGO_ONBOARD_TEST_PASSWORD"
	password         = "MARKER-password"
)

// tenantFile wants one user more, another name of one, and another website, than existingTenant
// has.
const tenantFile = `{
  "info": {"name": "physics", "email": "physics@example.org", "website": "https://physics.example.org"},
  "topology": {"type": "GOCDB", "feed": "gocdb.example.org"},
  "db_conf": [{"store": "ar", "server": "db.example.org", "port": 27017, "database": "ar", "username": "argo", "password_env": "` + passwordVariable + `"}],
  "users": [
    {"name": "Ada", "email": "ada@example.org", "roles": ["admin"]},
    {"name": "Grace", "email": "grace@example.org", "roles": ["viewer", "admin_ui"]},
    {"name": "Emmy", "email": "emmy@example.org"}
  ]
}`

var status = argotest.Status{
	AMS:          argotest.AMS{MetricData: argotest.AMSNode{Ingestion: true, MessagesArrived: 9007199254740993}},
	HDFS:         argotest.HDFS{SyncData: map[string]argotest.SyncData{"Critical": {Weights: true, BlankRecomputation: true}}},
	EngineConfig: true, LastCheck: "2026-01-02T03:04:05Z",
}

func existingTenant() argotest.Tenant {
	reported := status
	return argotest.Tenant{
		Info: argotest.Info{Name: "physics", Email: "physics@example.org", Description: "stays", Website: "old"},
		Users: []argotest.User{
			{Name: "Ada L.", Email: "Ada@example.org", APIKey: "MARKER-ada", Roles: []string{"admin"}},
			{Name: "Grace", Email: "grace@example.org", APIKey: "MARKER-grace", Roles: []string{"admin_ui", "viewer"}},
			{Name: "Max", Email: "max@example.org", APIKey: "MARKER-max"},
		},
		Status: &reported,
	}
}

// setup is a service, and a file of what shall be there.
type setup struct {
	server     *argotest.Server
	file, keys string
	before     *argotest.Tenant // nil where the tenant is still to be created
}

// newSetup starts a service, with the tenant or without, and with a tenant of others.
func newSetup(t *testing.T, existing bool, options ...argotest.Option) *setup {
	t.Helper()
	dir := t.TempDir()
	s := &setup{server: argotest.Start(t, options...), file: filepath.Join(dir, "tenant.json"), keys: filepath.Join(dir, "keys.json")}
	s.write(t, tenantFile)
	s.server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "chemistry"}, Users: []argotest.User{{Name: "Ada", Email: "ada@example.org"}}})
	if existing {
		s.server.AddTenant(existingTenant())
		s.before = s.tenants()[0]
	}
	return s
}

// tenants returns the tenants of the file's name.
func (s *setup) tenants() (found []*argotest.Tenant) {
	for _, tenant := range s.server.Tenants() {
		if tenant.Info.Name == "physics" {
			found = append(found, &tenant)
		}
	}
	return found
}

func (s *setup) write(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(s.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *setup) command() *command {
	return &command{
		file: s.file, keys: s.keys, url: s.server.BaseURL(), key: auth.StaticToken(argotest.DefaultKey),
		options: []tenantkit.Option{tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: time.Millisecond, MaxDelay: time.Millisecond})},
		getenv: func(name string) string {
			if name == passwordVariable {
				return password
			}
			return ""
		},
	}
}

// try runs the command, and returns its output and exit code. No output may hold a secret.
func (s *setup) try(t *testing.T, change ...func(*command)) (output string, code int) {
	t.Helper()
	c := s.command()
	for _, change := range change {
		change(c)
	}
	var out bytes.Buffer
	code = exitCode(c.run(t.Context(), &out), &out)
	secrets := []string{"MARKER", argotest.DefaultKey}
	for _, tenant := range s.server.Tenants() {
		for _, user := range tenant.Users {
			if user.APIKey != "" {
				secrets = append(secrets, user.APIKey)
			}
		}
	}
	for _, secret := range secrets {
		if strings.Contains(out.String(), secret) && !c.printKeys {
			t.Errorf("the output shows a secret:\n%s", &out)
		}
	}
	return out.String(), code
}

// must runs the command to a good end.
func (s *setup) must(t *testing.T) string {
	t.Helper()
	out, code := s.try(t)
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	return out
}

// isDone checks that the service is as the file says, that the status was kept, and that another
// run changes nothing.
func (s *setup) isDone(t *testing.T) {
	t.Helper()
	tenants := s.tenants()
	if len(tenants) != 1 || len(s.server.Tenants()) != 2 && s.before == nil {
		t.Fatalf("%d tenants", len(tenants))
	}
	got := tenants[0]
	want := argotest.Tenant{
		ID:       got.ID,
		Info:     argotest.Info{Name: "physics", Email: "physics@example.org", Website: "https://physics.example.org", Created: got.Info.Created, Updated: got.Info.Updated},
		Topology: argotest.Topology{Type: "GOCDB", Feed: "gocdb.example.org"},
		DBConf:   []argotest.DBConf{{Store: "ar", Server: "db.example.org", Port: 27017, Database: "ar", Username: "argo", Password: password}},
		Users: []argotest.User{
			{Name: "Ada", Email: "ada@example.org", Roles: []string{"admin"}},
			{Name: "Grace", Email: "grace@example.org", Roles: []string{"viewer", "admin_ui"}},
			{Name: "Emmy", Email: "emmy@example.org"},
		},
	}
	if s.before != nil {
		want.ID, want.Info.Description, want.Status = s.before.ID, "stays", s.before.Status
		want.Users = slices.Clone(s.before.Users)
		want.Users[0].Name = "Ada"
		want.Users = append(want.Users, argotest.User{Name: "Emmy", Email: "emmy@example.org"})
	}
	if len(got.Users) == len(want.Users) {
		for i := range want.Users {
			if want.Users[i].ID == "" {
				want.Users[i].ID, want.Users[i].APIKey = got.Users[i].ID, got.Users[i].APIKey
			}
		}
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("the tenant (-want +got):\n%s", diff)
	}
	s.hasKeys(t, got)

	writes := len(s.writes())
	if out := s.must(t); !strings.Contains(out, "are as the file says") || len(s.writes()) != writes {
		t.Errorf("another run: %d writes, %s", len(s.writes())-writes, out)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(s.file), "*.json*"))
	left = slices.DeleteFunc(left, func(path string) bool { return strings.HasSuffix(path, ".lock") })
	if err != nil || !slices.Equal(left, []string{s.keys, s.file}) {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// hasKeys checks that the file of keys has those of the file's users, and is its owner's only.
func (s *setup) hasKeys(t *testing.T, tenant *argotest.Tenant) {
	t.Helper()
	data, err := os.ReadFile(s.keys)
	if err != nil {
		t.Fatal(err)
	}
	var written []argotest.User
	if err := json.Unmarshal(data, &written); err != nil {
		t.Fatal(err)
	}
	want := slices.DeleteFunc(slices.Clone(tenant.Users), func(user argotest.User) bool { return user.Name == "Max" })
	if diff := cmp.Diff(want, written); diff != "" || slices.ContainsFunc(written, func(user argotest.User) bool { return user.APIKey == "" }) {
		t.Errorf("the keys (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(s.keys); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of keys: %v, %v", info.Mode(), err)
	}
}

// writes are the requests that were to change something.
func (s *setup) writes() (all []argotest.Request) {
	for _, request := range s.server.Requests() {
		if request.Method != http.MethodGet {
			all = append(all, request)
		}
	}
	return all
}
