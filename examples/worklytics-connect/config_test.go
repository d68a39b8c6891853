package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

func TestSample(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("connections.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, problems := parseConfig(data, true)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if c.BaseURL != worklytics.DefaultBaseURL || c.host() != worklytics.DefaultHost || c.Tenant != "100000000000000000042" || len(c.Connections) != 3 {
		t.Errorf("got %+v", c)
	}
	want := map[string]string{"PROXY_DEPLOYMENT_KIND": "GCP", "PROXY_ENDPOINT": "https://psoxy-github-abc.a.run.app/", "GITHUB_ORGANIZATION": "acme-labs"}
	if diff := cmp.Diff(want, c.Connections[2].Settings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProblemsOfTheFile(t *testing.T) {
	t.Parallel()
	const head = "tenant: '100000000000000000042'\nconnections:\n"
	const gcp = "PROXY_DEPLOYMENT_KIND: GCP, PROXY_ENDPOINT: 'https://psoxy.example/'"
	for _, test := range []struct {
		name, text string
		known      bool
		want       []string
	}{
		{name: "empty", want: []string{"tenant: it must be text: put the 21 digits in quotes", "connections: there are none"}},
		{name: "tenant that is a number", text: "tenant: 012345670123456701234\nconnections: [{name: a, integration: x, settings: {" + gcp + "}}]\n",
			want: []string{"tenant: it must be text: put the 21 digits in quotes"}},
		{name: "numbers and the like", text: head + "- {name: a, integration: x, settings: {A: 0123, B: true, C: 1.50, D: null, E: [x], F: '0123', G: 2024-01-01, H: yes}}\n", want: []string{
			"a: settings.A: YAML does not read it as text: put it in quotes",
			"a: settings.B: YAML does not read it as text: put it in quotes",
			"a: settings.C: YAML does not read it as text: put it in quotes",
			"a: settings.D: YAML does not read it as text: put it in quotes",
			"a: settings.E: YAML does not read it as text: put it in quotes",
		}},
		{name: "all that is wrong at once", text: head + "- {name: a, integration: asana-psoxy, settings: {PROXY_DEPLOYMENT_KIND: GCP}}\n" +
			"- {name: b, integration: github-enterprise-psoxy, settings: {" + gcp + ", github_organization: x}}\n- {name: c}\n", want: []string{
			"a: settings.PROXY_ENDPOINT: it is missing, and needed by asana-psoxy (api)",
			"b: settings.github_organization: it is misspelled: the key is GITHUB_ORGANIZATION, and letter case counts",
			"c: integrationId: it is missing",
			"c: settings.PROXY_DEPLOYMENT_KIND: it is missing: say where the proxy runs, AWS or GCP",
			"c: settings.PROXY_ENDPOINT: it is missing, and so is PROXY_BUCKET_NAME: Worklytics needs one of them",
		}},
		{name: "names", text: head + "- {name: a, integration: x, settings: {" + gcp + "}}\n- {name: a}\n- {name: ''}\n- {name: 'a=b'}\n- {name: \"a\\nb\"}\n", want: []string{
			"connections[1]: name: there is another a",
			"connections[2]: name: it must not be empty, nor hold = or control characters",
			"connections[3]: name: it must not be empty, nor hold = or control characters",
			"connections[4]: name: it must not be empty, nor hold = or control characters",
		}},
		{name: "unknown integration", text: head + "- {name: a, integration: x, settings: {" + gcp + "}}\n"},
		{name: "unknown integration, known ones demanded", known: true, text: head + "- {name: a, integration: x, settings: {" + gcp + "}}\n",
			want: []string{`a: integrationId: "x" is none of the integrations that are known`}},
		{name: "unknown field", text: head + "- {nam: a}\n", want: []string{`[3:4] unknown field "nam"`}},
		{name: "two documents", text: head + "- {name: a, integration: x, settings: {" + gcp + "}}\n---\nx: y\n", want: []string{"there is more than one document"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, got := parseConfig([]byte(test.text), test.known)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A message about the file does not repeat its lines, which may hold secrets.
func TestProblemsDoNotQuoteTheFile(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"connections:\n- name: a\n  settings:\n    PASSWORD: hunter2\n   x: hunter3\n",
		"connections:\n- name: a\n  settings: {PASSWORD: hunter2, PASSWORD: hunter3}\n",
		"connections:\n- name: a\n  settings: {PASSWORD: [hunter2]}\n",
		"connections:\n- name: a\n  settings: 'hunter2'\n",
		"connections: 'hunter2\n",
	} {
		_, problems := parseConfig([]byte(text), false)
		if len(problems) == 0 || strings.Contains(strings.Join(problems, "\n"), "hunter") {
			t.Errorf("%q: got %q", text, problems)
		}
	}
}
