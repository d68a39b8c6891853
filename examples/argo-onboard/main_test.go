package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// A plan shows what a run does, and does nothing.
func TestPlan(t *testing.T) {
	t.Parallel()
	for existing, want := range map[bool]string{
		false: "+ tenant physics: create\n" +
			"+ user ada@example.org: create as admin\n+ user grace@example.org: create as viewer, admin_ui\n+ user emmy@example.org: create\n",
		true: "~ tenant physics: update website, topology.type, topology.feed, db_conf of ar\n~ user ada@example.org: update name\n+ user emmy@example.org: create\n" +
			"  not in the file, and left alone: \"max@example.org\"\n",
	} {
		s := newSetup(t, existing)
		plan := func(c *command) { c.plan, c.keys = true, "" }
		if out, code := s.try(t, plan); out != want || code != exitChanges {
			t.Errorf("existing %t: exit code %d, plan\n%swant\n%s", existing, code, out, want)
		}
		if files, err := os.ReadDir(filepath.Dir(s.file)); err != nil || len(files) != 1 || len(s.writes()) != 0 {
			t.Errorf("%d files, %v, %d writes", len(files), err, len(s.writes()))
		}
		if out := s.must(t); !strings.HasPrefix(out, want) {
			t.Errorf("the run shows\n%s", out)
		}
		if out, code := s.try(t, plan); code != 0 {
			t.Errorf("existing %t: exit code %d once it is done:\n%s", existing, code, out)
		}
	}
}

// Where something is there twice, nothing is changed.
func TestTwice(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*setup, *argotest.Tenant){
		"! twice: tenant physics, as ":       func(s *setup, tenant *argotest.Tenant) { s.server.AddTenant(*tenant) },
		"! twice: user ada@example.org, as ": func(_ *setup, tenant *argotest.Tenant) { tenant.Users[2].Email = "ADA@example.org" },
	} {
		s, tenant := newSetup(t, false), existingTenant()
		change(s, &tenant)
		s.server.AddTenant(tenant)
		if out, code := s.try(t); code != exitTwice || !strings.Contains(out, want) || len(s.writes()) != 0 {
			t.Errorf("%s: exit code %d, %d writes:\n%s", want, code, len(s.writes()), out)
		}
	}
}

// Nothing is sent for a file with a mistake in it.
func TestFile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ old, new, want string }{
		"misspelt":         {`"website"`, `"web_site"`, `unknown field "web_site"`},
		"secret":           {`"password_env": "` + passwordVariable, `"password": "x`, `unknown field "password"`},
		"bad JSON":         {`"topology": {`, `"topology": `, "tenant.json:3: "},
		"another kind":     {`27017`, `"27017"`, "tenant.json:4: "},
		"two tenants":      {"\n}", "\n}{}", "something stands behind the tenant"},
		"no name":          {`"name": "physics", `, ``, "info.name: must not be empty"},
		"no address":       {`, "email": "emmy@example.org"`, ``, "users.2.email: must be set and unique"},
		"address twice":    {`emmy@`, `ADA@`, "users.2.email: must be set and unique"},
		"no store":         {`"store": "ar"`, `"store": ""`, "db_conf.0.store: must be set and unique"},
		"variable not set": {passwordVariable, "ARGO_ONBOARD_TEST_NOT_SET", "the variable ARGO_ONBOARD_TEST_NOT_SET is not set"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, true)
			s.write(t, strings.Replace(tenantFile, test.old, test.new, 1))
			out, code := s.try(t)
			if code != exitUsage || !strings.Contains(out, test.want) || len(s.server.Requests()) != 0 {
				t.Errorf("exit code %d, %d requests: %s", code, len(s.server.Requests()), out)
			}
		})
	}
	s := newSetup(t, true)
	if out, code := s.try(t, func(c *command) { c.file += ".none" }); code != exitUsage || !strings.Contains(out, "tenant.json.none") {
		t.Errorf("no file: exit code %d: %s", code, out)
	}
}

// What the file leaves out stays as it is.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	s := newSetup(t, true)
	s.must(t)
	s.write(t, `{"info": {"name": "physics"}, "db_conf": [{"store": "ar", "server": "db.example.org", "port": 27017, "database": "ar", "username": "argo"}],
		"users": [{"name": "Ada", "email": "ada@example.org"}]}`)
	writes := len(s.writes())
	if out := s.must(t); len(s.writes()) != writes {
		t.Errorf("something is changed:\n%s", out)
	}
	s.write(t, tenantFile)
	out, code := s.try(t, func(c *command) { c.getenv = func(string) string { return "MARKER-new" } })
	if code != 0 || s.tenants()[0].DBConf[0].Password != "MARKER-new" {
		t.Errorf("another password: exit code %d:\n%s", code, out)
	}
}

// A user whom an update by somebody else has left without a key gets one.
func TestUserWithoutKey(t *testing.T) {
	t.Parallel()
	s := newSetup(t, true)
	body := `{"info":{"name":"physics"},"users":[{"name":"Ada","email":"ada@example.org","roles":["admin"]}]}`
	req, err := http.NewRequest(http.MethodPut, s.server.BaseURL()+"/admin/tenants/"+s.before.ID, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", argotest.DefaultKey)
	req.Header.Set("Accept", "application/json")
	resp, err := s.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status, err)
	}
	out := s.must(t)
	if !strings.Contains(out, "done: user ada@example.org: make a key, there is none") {
		t.Errorf("output:\n%s", out)
	}
	s.hasKeys(t, s.tenants()[0])
}

// An interrupt ends the run behind the change in hand; the status is restored, and the next run
// does the rest.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	s := newSetup(t, true)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := s.command()
	c.options = append(c.options, tenantkit.WithTransport(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPut {
				cancel()
			}
			return next.RoundTrip(req)
		})
	}))
	err := c.run(ctx, new(bytes.Buffer))
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "stopped before «user ada@example.org: update name»") {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(s.before.Status, s.tenants()[0].Status); diff != "" {
		t.Errorf("the status (-want +got):\n%s", diff)
	}
	s.must(t)
	s.isDone(t)
}

// writerFunc is a writer that hands each text on.
type writerFunc func(text string)

func (f writerFunc) Write(p []byte) (int, error) { f(string(p)); return len(p), nil }

// The status that the engine reports after a run was killed is not overwritten by the older one.
func TestNewerStatus(t *testing.T) {
	t.Parallel()
	s := newSetup(t, true)
	// Behind the update of the tenant, which wipes the status.
	s.kill(t, "5 after")
	if s.tenants()[0].Status != nil {
		t.Fatal("the status was not wiped")
	}
	client, err := s.command().newClient()
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	if err := client.UpdateTenantStatus(t.Context(), s.before.ID, &argo.Status{LastCheck: "newer"}); err != nil {
		t.Fatal(err)
	}
	s.before.Status = &argotest.Status{LastCheck: "newer"}
	s.must(t)
	s.isDone(t)
}

// A file of state that is not of this tenant, or of nothing, is left alone.
func TestStateOfSomethingElse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"tenant_id":"other","status":{}}`: `the status of another tenant, "other"`,
		"notes of mine":                     "is not a status",
	} {
		for _, existing := range []bool{false, true} {
			s := newSetup(t, existing)
			if err := os.WriteFile(s.file+".state", []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, code := s.try(t); code != exitFailed || !strings.Contains(out, want) || len(s.writes()) != 0 {
				t.Errorf("%s: exit code %d, %d writes: %s", text, code, len(s.writes()), out)
			}
			if kept, err := os.ReadFile(s.file + ".state"); err != nil || string(kept) != text {
				t.Errorf("%q was changed to %q, %v", text, kept, err)
			}
		}
	}
}

// An administrator who may not see the users does not create them again.
func TestRestrictedAdministrator(t *testing.T) {
	t.Parallel()
	s := newSetup(t, true, argotest.WithAdminKey(argotest.DefaultKey, argotest.RoleRestricted))
	if out, code := s.try(t); code != exitFailed || !strings.Contains(out, "403 Forbidden") || len(s.writes()) != 0 {
		t.Errorf("exit code %d, %d writes: %s", code, len(s.writes()), out)
	}
}

func TestTwoRuns(t *testing.T) {
	t.Parallel()
	s := newSetup(t, true)
	unlock, err := lock(t.Context(), s.file+".state")
	if err != nil {
		t.Fatal(err)
	}
	if out, code := s.try(t); code != exitFailed || !strings.Contains(out, "another run with this file is at work") || len(s.server.Requests()) != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
	unlock()
	s.must(t)
}

// What another program does at the same time is found, and left to the next run.
func TestAnotherProgram(t *testing.T) {
	t.Parallel()
	s := newSetup(t, false)
	client, err := s.command().newClient()
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	err = s.command().run(t.Context(), writerFunc(func(text string) {
		if strings.Contains(text, "done: user emmy") {
			tenant := s.tenants()[0]
			if err := client.DeleteUser(t.Context(), tenant.ID, tenant.Users[0].ID); err != nil {
				t.Error(err)
			}
		}
	}))
	if exitCode(err, new(bytes.Buffer)) != exitFailed || !strings.Contains(err.Error(), "another program changed the tenant") {
		t.Errorf("error %v", err)
	}
	s.must(t)
	if n := len(s.tenants()[0].Users); n != 3 {
		t.Errorf("%d users", n)
	}
}

// Keys are printed on purpose only.
func TestPrintKeys(t *testing.T) {
	t.Parallel()
	s := newSetup(t, true)
	out, code := s.try(t, func(c *command) { c.printKeys = true })
	if code != 0 || !strings.Contains(out, "\nAda@example.org MARKER-ada\n") || strings.Contains(out, "MARKER-max") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestPrivateAuthority(t *testing.T) {
	s := newSetup(t, true, argotest.WithTLS())
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	resp, err := s.server.Client().Get(s.server.URL())
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	authority := write("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: resp.TLS.PeerCertificates[0].Raw}))
	key := write("key", []byte(argotest.DefaultKey+"\n"))
	t.Setenv(passwordVariable, password)
	for name, test := range map[string]struct {
		ca, want string
		code     int
	}{
		"right": {authority, "~ tenant physics: update website", exitChanges},
		"none":  {"", "certificate", exitFailed},
		"empty": {key, "holds no certificate in PEM", exitFailed},
		"lost":  {"none.pem", "none.pem", exitFailed},
	} {
		var out bytes.Buffer
		err := run(t.Context(), []string{"-url", s.server.BaseURL(), "-file", s.file, "-key-file", key, "-plan", "-ca-file", test.ca}, &out, &out)
		if code := exitCode(err, &out); code != test.code || !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: exit code %d: %s", name, code, &out)
		}
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"-url is missing":            {},
		"unexpected argument":        {"-demo", "more"},
		"flag provided but not defi": {"-x"},
		"-plan has no keys to give":  {"-url", "https://x/api/v2", "-plan", "-print-keys"},
	} {
		var said bytes.Buffer
		if code := exitCode(run(t.Context(), args, &said, &said), &said); code != exitUsage || !strings.Contains(said.String(), want) {
			t.Errorf("%q: exit code %d, %s", args, code, &said)
		}
	}
	var said bytes.Buffer
	if code := exitCode(run(t.Context(), []string{"-h"}, &said, &said), &said); code != 0 || !strings.Contains(said.String(), "-print-keys") {
		t.Errorf("help: exit code %d, %s", code, &said)
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-demo"}, &out, &out); err != nil {
		t.Fatal(err)
	}
	if want := "\nThe service has 3 users of physics, and still the status of its engine: 2026-01-02T03:04:05Z.\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("output:\n%s", &out)
	}
}
