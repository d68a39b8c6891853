package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

// childVariable makes the test's own program behave as the command.
const childVariable = "WORKLYTICS_CONNECT_CHILD"

func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); name == "gcloud" || name == "aws" {
		cloudProgram(name)
		os.Exit(0)
	}
	if os.Getenv(childVariable) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// setup is a service, a file of connections, and a state file.
type setup struct {
	t      *testing.T
	server *worklyticstest.Server
	command
	baseURL string
}

func newSetup(t *testing.T, options ...worklyticstest.Option) *setup {
	t.Helper()
	directory := t.TempDir()
	s := &setup{t: t, server: worklyticstest.Start(t, options...)}
	s.baseURL = s.server.BaseURL()
	s.command = command{
		file: filepath.Join(directory, "connections.yaml"), state: filepath.Join(directory, "connections.state"),
		tokens:  always(auth.StaticToken(s.token())),
		options: []tenantkit.Option{tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: time.Millisecond, MaxDelay: time.Millisecond})},
	}
	return s
}

func (s *setup) token() string { return s.server.GoogleToken("ci@acme.example", time.Hour) }

// write writes the file of connections: each line is a name, an integration, and settings in YAML's
// flow style.
func (s *setup) write(lines ...string) {
	s.t.Helper()
	text := fmt.Sprintf("tenant: %q\nbaseURL: %s\nconnections:\n", worklyticstest.DefaultTenantID, s.baseURL)
	for _, line := range lines {
		name, rest, _ := strings.Cut(line, " ")
		integration, settings, _ := strings.Cut(rest, " ")
		text += fmt.Sprintf("  - {name: %s, integration: %s, settings: {PROXY_DEPLOYMENT_KIND: GCP, PROXY_ENDPOINT: \"https://psoxy.example/\", %s}}\n", name, integration, settings)
	}
	if err := os.WriteFile(s.file, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// try runs the command in this process.
func (s *setup) try(change func(*command)) (string, error) {
	s.t.Helper()
	c := s.command
	if change != nil {
		change(&c)
	}
	var out bytes.Buffer
	err := c.run(s.t.Context(), &out)
	return out.String(), err
}

func apply(c *command) { c.apply = true }

// must is try for a run that has to succeed.
func (s *setup) must(change func(*command)) string {
	s.t.Helper()
	out, err := s.try(change)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// entry is what the directory keeps of one connection.
type entry struct {
	ID       string
	Settings []string
	Creating time.Time
}

// entries returns the kept entries by name.
func (s *setup) entries() map[string]entry {
	s.t.Helper()
	key := "worklytics " + strings.TrimSuffix(s.baseURL, "/tenant") + " tenant " + worklyticstest.DefaultTenantID + " connections"
	data, _, err := coord.Dir(s.state).Load(context.Background(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	var record struct{ Connections map[string]entry }
	if data == nil {
		return nil
	}
	if err := json.Unmarshal(data, &record); err != nil {
		s.t.Fatal(err)
	}
	return record.Connections
}

// onCreation calls a function before a creation is sent.
func onCreation(call func()) tenantkit.Option {
	return tenantkit.WithTransport(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost {
				call()
			}
			return next.RoundTrip(req)
		})
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in:\n%s", part, text)
		}
	}
}

func lacks(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("%q is in:\n%s", part, text)
		}
	}
}

const (
	asana  = "asana asana-psoxy"
	github = "github github-enterprise-psoxy GITHUB_ORGANIZATION: acme"
)

func TestPlanChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.write(asana, github)
	contains(t, s.must(nil), "+ asana: create (asana-psoxy)\n", "    + GITHUB_ORGANIZATION: \"acme\"\n", "2 to create, 0 to update, 0 unchanged, 0 blocked.")
	if len(s.server.Requests()) != 0 {
		t.Error("something was sent")
	}
	if _, err := os.Stat(s.state); err == nil {
		t.Error("a state was saved")
	}
}

func TestCreateAndRunAgain(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]worklyticstest.Option{"numbers": nil, "texts": {worklyticstest.WithTextIDs()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, options...)
			s.write(asana, github)
			contains(t, s.must(apply), "+ asana: created, ID 4818059952914432\n", "+ github: created, ID 4818060051679863\n")
			want := map[string]entry{
				"asana":  {ID: "4818059952914432", Settings: []string{"PROXY_DEPLOYMENT_KIND", "PROXY_ENDPOINT"}},
				"github": {ID: "4818060051679863", Settings: []string{"GITHUB_ORGANIZATION", "PROXY_DEPLOYMENT_KIND", "PROXY_ENDPOINT"}},
			}
			if diff := cmp.Diff(want, s.entries()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			contains(t, s.must(apply), "= asana: unchanged (asana-psoxy)\n", "0 to create, 0 to update, 2 unchanged, 0 blocked.")
			if n := s.server.Applied("CreateDataConnection") + s.server.Applied("UpdateDataConnection"); n != 2 {
				t.Errorf("there were %d writes", n)
			}
		})
	}
}

// An update changes what the file names and what it named before, and leaves alone what others have
// set.
func TestUpdate(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.write("asana asana-psoxy MINE: a, GONE: b, FLAG: 'true'")
	s.must(apply)
	id := s.entries()["asana"].ID
	found, _ := s.server.DataConnection(id)
	found.Settings["THEIRS"], found.Settings["FLAG"], found.Settings["NUMBER"] = "x", true, json.Number("1.50")
	found.Extra["color"] = "red"
	s.server.Add(found)
	contains(t, s.must(nil), "= asana: unchanged")
	s.write("asana asana-psoxy MINE: c, FLAG: 'true', NUMBER: '2', NEW: d")
	out := s.must(apply)
	contains(t, out, "~ asana: update (asana-psoxy)", "    - GONE: [redacted]\n    - MINE: [redacted]\n    + MINE: [redacted]\n    + NEW: [redacted]\n    - NUMBER: [redacted]\n    + NUMBER: [redacted]\n", "~ asana: updated\n")
	lacks(t, out, "FLAG", "THEIRS", "PROXY")
	got, _ := s.server.DataConnection(id)
	want := map[string]any{
		"PROXY_DEPLOYMENT_KIND": "GCP", "PROXY_ENDPOINT": "https://psoxy.example/",
		"MINE": "c", "FLAG": true, "NUMBER": "2", "NEW": "d", "THEIRS": "x",
	}
	if diff := cmp.Diff(want, got.Settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"color": "red"}, got.Extra); diff != "" {
		t.Errorf("extra (-want +got):\n%s", diff)
	}
	wantKeys := []string{"FLAG", "MINE", "NEW", "NUMBER", "PROXY_DEPLOYMENT_KIND", "PROXY_ENDPOINT"}
	if diff := cmp.Diff(wantKeys, s.entries()["asana"].Settings); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	contains(t, s.must(apply), "= asana: unchanged")
	// What it set once is its own, also when the service keeps it in another form.
	s.write("asana asana-psoxy MINE: c, NUMBER: '2', NEW: d")
	contains(t, s.must(apply), "    - FLAG: [redacted]\n", "~ asana: updated\n")
	got, _ = s.server.DataConnection(id)
	delete(want, "FLAG")
	if diff := cmp.Diff(want, got.Settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestValuesOfUnknownSettingsAreHidden(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.write("asana asana-psoxy CLIENT_SECRET: hunter2")
	out := s.must(apply)
	contains(t, out, "    + CLIENT_SECRET: [redacted]\n", `    + PROXY_ENDPOINT: "https://psoxy.example/"`)
	s.write("asana asana-psoxy CLIENT_SECRET: hunter3")
	out += s.must(apply)
	contains(t, out, "    - CLIENT_SECRET: [redacted]\n    + CLIENT_SECRET: [redacted]\n")
	files, err := filepath.Glob(filepath.Join(s.state, "*.value"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the files are %q, %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	lacks(t, out+string(data), "hunter")
	// What would play tricks with a terminal is quoted.
	s.write(`asana asana-psoxy PROXY_BUCKET_NAME: "x\e[2J"`)
	contains(t, s.must(nil), `    + PROXY_BUCKET_NAME: "x\x1b[2J"`)
}

func TestBlocked(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.write(asana, github)
	s.must(apply)
	entries := s.entries()
	s.server.Remove(entries["asana"].ID)
	s.write(asana, strings.Replace(github, "enterprise", "copilot", 1), "jira jira-cloud-psoxy")
	out, err := s.try(apply)
	if err == nil || !strings.Contains(err.Error(), "2 of 3 connections need your attention") {
		t.Errorf("got %v", err)
	}
	contains(t, out, "! asana: blocked", "no longer exists", "    -forget asana\n",
		"! github: blocked", "is of github-enterprise-psoxy, and github-copilot-psoxy is desired", "+ jira: created")
	if n := len(s.server.DataConnections()); n != 2 {
		t.Errorf("there are %d connections", n)
	}
	s.write(github)
	contains(t, s.must(nil), "  asana: left alone, since the file does not have it any more (ID "+entries["asana"].ID+")")
	s.write(asana, github)
	out = s.must(func(c *command) { c.apply, c.forget = true, []string{"asana"} })
	contains(t, out, "Forgot asana.", "+ asana: created")
}

// What is known of a creation that failed decides whether it may be tried again.
func TestFailedCreations(t *testing.T) {
	t.Parallel()
	type fault = worklyticstest.Fault
	for _, test := range []struct {
		name  string
		fault fault
		open  bool // nobody knows
		made  bool
		says  string
	}{
		{name: "rejected", fault: fault{Status: 400, Body: `{"message":"no such integration"}`}, says: "no such integration"},
		{name: "no role", fault: fault{Status: 403}, says: "DataConnectionAdmin"},
		{name: "wrong prefix", fault: fault{Status: 404}, says: "the prefix in the path of the base URL may be wrong"},
		{name: "too busy", fault: fault{Status: 429, Times: -1}, says: "429"},
		{name: "broken down", fault: fault{Status: 500}, open: true, says: "500"},
		{name: "broken down, and made", fault: fault{Status: 500, Applied: true}, open: true, made: true, says: "500"},
		{name: "response lost", fault: fault{ResetAfter: true}, open: true, made: true, says: "unknown whether the server applied it"},
		{name: "request lost", fault: fault{ResetBefore: true}, open: true, says: "unknown whether the server applied it"},
		{name: "response garbled", fault: fault{Garbage: true}, open: true, made: true, says: "the server applied it"},
		{name: "page of a gateway", fault: fault{HTML: true}, open: true, says: "invalid response"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t)
			s.write(asana, github)
			s.server.Fail("CreateDataConnection", test.fault)
			out, err := s.try(apply)
			if err == nil {
				t.Fatalf("it did not fail:\n%s", out)
			}
			contains(t, out, "! asana: failed\n", test.says)
			s.server.Recover()
			e, known := s.entries()["asana"]
			if known != test.open || e.ID != "" || test.open == e.Creating.IsZero() {
				t.Fatalf("the state has %v: %t", e, known)
			}
			if !test.open {
				lacks(t, out, "-adopt")
				contains(t, s.must(apply), "+ asana: created")
				return
			}
			contains(t, out, "-adopt asana=<its ID>", "-forget asana")
			out, err = s.try(apply)
			if err == nil {
				t.Fatalf("it was created again:\n%s", out)
			}
			contains(t, out, "! asana: blocked", "begun at", "-adopt asana=<its ID>", "-forget asana")
			made := ""
			for _, connection := range s.server.DataConnections() {
				if connection.IntegrationID == "asana-psoxy" {
					made = connection.ID
				}
			}
			if (made != "") != test.made {
				t.Fatalf("it was made: %q", made)
			}
			contains(t, s.must(func(c *command) {
				if c.apply = true; test.made {
					c.adopt = map[string]string{"asana": made}
				} else {
					c.forget = []string{"asana"}
				}
			}), "asana")
			contains(t, s.must(apply), "0 to create, 0 to update, 2 unchanged, 0 blocked.")
			if n := len(s.server.DataConnections()); n != 2 {
				t.Errorf("there are %d connections", n)
			}
		})
	}
}

func TestFailedUpdate(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.write(asana, github)
	s.must(apply)
	s.write(asana+" NEW: x", github+", NEW: x")
	s.server.Fail("UpdateDataConnection", worklyticstest.Fault{Status: 400})
	out, err := s.try(apply)
	if err == nil {
		t.Error("it did not fail")
	}
	contains(t, out, "! asana: failed", "~ github: updated")
	contains(t, s.must(apply), "~ asana: updated", "= github: unchanged")
}

func TestAnUnreachableServiceEndsTheRun(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.write(asana)
	s.must(apply)
	s.server.Fail("GetDataConnection", worklyticstest.Fault{Status: 401, Times: -1})
	if out, err := s.try(apply); err == nil || !strings.Contains(err.Error(), ": asana: ") {
		t.Errorf("got %v\n%s", err, out)
	}
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.write(asana, github)
	theirs := s.server.Add(worklyticstest.DataConnection{
		IntegrationID: "asana-psoxy", Settings: map[string]any{"PROXY_DEPLOYMENT_KIND": "GCP", "PROXY_ENDPOINT": "https://old.example/", "THEIRS": "x"},
	})
	out := s.must(func(c *command) { c.adopt = map[string]string{"asana": theirs} })
	contains(t, out, "Adopted connection "+theirs+" as asana.", "~ asana: update", `    - PROXY_ENDPOINT: "https://old.example/"`, "+ github: create")
	s.must(apply)
	if got, _ := s.server.DataConnection(theirs); got.Settings["PROXY_ENDPOINT"] != "https://psoxy.example/" || got.Settings["THEIRS"] != "x" {
		t.Errorf("got %v", got)
	}
	other := s.server.Add(worklyticstest.DataConnection{IntegrationID: "asana-psoxy", Settings: map[string]any{}})
	for _, test := range []struct{ name, id, says string }{
		{"nobody", other, "is not desired"},
		{"github", theirs, "is that of asana"},
		{"asana", other, "it has the ID " + theirs + " already"},
	} {
		_, err := s.try(func(c *command) { c.adopt = map[string]string{test.name: test.id} })
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.says)
		}
	}
	for id, says := range map[string]string{"1": "404 Not Found", other: "is of asana-psoxy, and github-enterprise-psoxy is desired"} {
		_, err := s.try(func(c *command) { c.forget, c.adopt = []string{"github"}, map[string]string{"github": id} })
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %q", err, says)
		}
		s.must(apply)
	}
	if _, err := s.try(func(c *command) { c.forget = []string{"nobody"} }); err == nil {
		t.Error("what nobody knows was forgotten")
	}
}

// A signal ends the run behind the connection in hand, which is finished.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.write(asana, github)
	ctx, cancel := context.WithCancel(t.Context())
	s.options = append(s.options, onCreation(cancel))
	c := s.command
	c.apply = true
	var out bytes.Buffer
	if err := c.run(ctx, &out); err == nil || !strings.Contains(err.Error(), "stopped before github") {
		t.Errorf("got %v", err)
	}
	contains(t, out.String(), "+ asana: created")
	if got := s.entries(); len(got) != 1 || got["asana"].ID == "" {
		t.Errorf("the state has %v", got)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for _, test := range []struct {
		name string
		args []string
		says string
	}{
		{"unknown flag", []string{"-nope"}, "not defined"},
		{"argument", []string{"plan"}, `unexpected argument "plan"`},
		{"adopt without ID", []string{"-adopt", "x"}, "name=id"},
		{"adopt with nothing", []string{"-adopt", "=7"}, "name=id"},
		{"two tokens", []string{"-token-env", "A", "-token-file", "b"}, "one of -token-env, -token-file, -gcloud and -cognito"},
		{"token twice", []string{"-gcloud", "active", "-gcloud", "active"}, "another flag for the token"},
		{"nobody for gcloud", []string{"-gcloud", ""}, "it must be an email"},
		{"pool without user", []string{"-cognito", "us-east-1:77"}, "it must be pool=email"},
		{"user without pool", []string{"-cognito", "=ci@acme.example"}, "it must be pool=email"},
		{"help", []string{"-h"}, "help requested"},
		{"no file", []string{"-file", filepath.Join(directory, "none.yaml")}, "none.yaml"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := run(t.Context(), test.args, &out); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-demo"}, &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	contains(t, out.String(), "# A plan", "+ github-acme-labs: created", "3 unchanged", "! jira: blocked", "Adopted connection", "4 unchanged")
}
