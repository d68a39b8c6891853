package worklytics_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

type settings = map[string]string

const arn = "arn:aws:iam::123456789012:role/PsoxyCaller"

func TestValidate(t *testing.T) {
	t.Parallel()
	gcp := settings{"PROXY_DEPLOYMENT_KIND": "GCP", "PROXY_ENDPOINT": "https://psoxy.example/asana/"}
	aws := settings{"PROXY_DEPLOYMENT_KIND": "AWS", "PROXY_ENDPOINT": "https://psoxy.example/asana/", "PROXY_AWS_REGION": "us-east-1", "PROXY_AWS_ROLE_ARN": arn}
	awsBucket := settings{"PROXY_DEPLOYMENT_KIND": "AWS", "PROXY_BUCKET_NAME": "b", "PROXY_AWS_REGION": "us-east-1", "PROXY_AWS_ROLE_ARN": arn}
	gcpBucket := settings{"PROXY_DEPLOYMENT_KIND": "GCP", "PROXY_BUCKET_NAME": "b"}
	// and returns base with settings set, or left out where they are "-".
	and := func(base settings, changes ...string) settings {
		all := maps.Clone(base)
		for i := 0; i < len(changes); i += 2 {
			if all[changes[i]] = changes[i+1]; changes[i+1] == "-" {
				delete(all, changes[i])
			}
		}
		return all
	}
	for _, test := range []struct {
		name        string
		integration worklytics.IntegrationID
		settings    settings
		other       map[string]json.RawMessage
		extra       map[string]json.RawMessage
		want        []string
	}{
		{name: "API on AWS", integration: "asana-psoxy", settings: aws},
		{name: "API on GCP", integration: "asana-psoxy", settings: gcp},
		{name: "API with a setting nobody knows", integration: "asana-psoxy", settings: and(gcp, "NEW_THING", "x")},
		{name: "async API on AWS", integration: "chatgpt-enterprise-psoxy", settings: and(aws, "PROXY_BUCKET_NAME", "b", "WORKSPACE_ID", "w")},
		{name: "async API on GCP", integration: "slack-analytics-psoxy", settings: and(gcp, "PROXY_BUCKET_NAME", "b")},
		{name: "bulk on AWS", integration: "bulk-import-psoxy", settings: and(awsBucket, "parserId", "badge")},
		{name: "bulk on GCP", integration: "hris-import-psoxy", settings: and(gcpBucket, "parserId", "EMPLOYEE_SNAPSHOT")},
		{name: "bulk with a parser it may do without", integration: "survey-import-psoxy", settings: and(gcpBucket, "parserId", "x")},
		{name: "bulk with an endpoint", integration: "metrics-import-psoxy", settings: and(gcpBucket, "PROXY_ENDPOINT", "https://psoxy.example/")},
		{name: "bulk with the other bucket key", integration: "metrics-import-psoxy", settings: settings{"PROXY_DEPLOYMENT_KIND": "GCP", "PROXY_BUCKET": "b"}},
		{name: "webhook", integration: "work-data-generic-psoxy", settings: gcpBucket},
		{name: "both bucket keys, alike", integration: "metrics-import-psoxy", settings: and(gcpBucket, "PROXY_BUCKET", "b")},
		{name: "Workspace admin", integration: "gmail-meta-psoxy", settings: and(gcp, "ADMIN_TO_IMPERSONATE", "a@acme.example")},
		{name: "former Jira key", integration: "jira-cloud-psoxy", settings: and(gcp, "CLOUD_ID", "x")},
		{name: "unknown integration", integration: "teleprinter-psoxy", settings: and(gcp, "GITHUB_ORGANIZATION", "acme")},
		{name: "unknown integration with a bucket", integration: "teleprinter-psoxy", settings: gcpBucket},
		{name: "number as a new setting", integration: "asana-psoxy", settings: gcp, other: map[string]json.RawMessage{"n": raw("1")}},
		{name: "Lambda URL", integration: "asana-psoxy", settings: and(aws, "PROXY_ENDPOINT", "https://abc.lambda-url.us-east-1.on.aws/")},
		{name: "API Gateway URL", integration: "asana-psoxy", settings: and(aws, "PROXY_ENDPOINT", "https://abc.execute-api.us-east-1.amazonaws.com/live/psoxy-asana/")},
		{name: "another host in AWS", integration: "asana-psoxy", settings: and(aws, "PROXY_ENDPOINT", "https://acme.amazonaws.com/")},
		{name: "role of another partition", integration: "asana-psoxy", settings: and(aws, "PROXY_AWS_ROLE_ARN", "arn:aws-us-gov:iam::123456789012:role/path/Caller")},
		{name: "Cloud Run URL", integration: "asana-psoxy", settings: and(gcp, "PROXY_ENDPOINT", "https://psoxy-abc.a.run.app/")},

		{name: "nothing", want: []string{
			"integrationId: it is missing",
			"settings.PROXY_DEPLOYMENT_KIND: it is missing: say where the proxy runs, AWS or GCP",
			"settings.PROXY_ENDPOINT: it is missing, and so is PROXY_BUCKET_NAME: Worklytics needs one of them",
		}},
		{name: "AWS with nothing else", integration: "chatgpt-enterprise-psoxy", settings: settings{"PROXY_DEPLOYMENT_KIND": "AWS"}, want: []string{
			"settings.PROXY_AWS_REGION: it is missing, and needed for a proxy in AWS",
			"settings.PROXY_AWS_ROLE_ARN: it is missing, and needed for a proxy in AWS",
			"settings.PROXY_ENDPOINT: it is missing, and needed by chatgpt-enterprise-psoxy (async api)",
			"settings.PROXY_BUCKET_NAME: it is missing, and needed by chatgpt-enterprise-psoxy (async api)",
			"settings.WORKSPACE_ID: it is missing, and needed by chatgpt-enterprise-psoxy (async api)",
		}},
		{name: "empty and blank values", integration: "github-copilot-psoxy",
			settings: settings{"PROXY_DEPLOYMENT_KIND": "GCP", "PROXY_ENDPOINT": "", "GITHUB_ORGANIZATION": " "}, want: []string{
				"settings.PROXY_ENDPOINT: it is missing, and needed by github-copilot-psoxy (api)",
				"settings.GITHUB_ORGANIZATION: it is missing, and needed by github-copilot-psoxy (api)",
				"settings.GITHUB_ORGANIZATION: there is white space around its value",
			}},
		{name: "kind in small letters", integration: "asana-psoxy", settings: and(gcp, "PROXY_DEPLOYMENT_KIND", "aws"), want: []string{
			`settings.PROXY_DEPLOYMENT_KIND: "aws" must be AWS`,
			"settings.PROXY_AWS_REGION: it is missing, and needed for a proxy in AWS",
			"settings.PROXY_AWS_ROLE_ARN: it is missing, and needed for a proxy in AWS",
		}},
		{name: "kind with a blank", integration: "asana-psoxy", settings: and(gcp, "PROXY_DEPLOYMENT_KIND", "GCP "), want: []string{`settings.PROXY_DEPLOYMENT_KIND: "GCP " must be GCP`}},
		{name: "another cloud", integration: "asana-psoxy", settings: and(gcp, "PROXY_DEPLOYMENT_KIND", "AZURE"), want: []string{`settings.PROXY_DEPLOYMENT_KIND: "AZURE" is neither AWS nor GCP`}},
		{name: "misspelled keys", integration: "github-enterprise-psoxy",
			settings: settings{"proxy_deployment_kind": "GCP", "PROXY-ENDPOINT": "https://psoxy.example/", "github_organization": "acme"}, want: []string{
				"settings.proxy_deployment_kind: it is misspelled: the key is PROXY_DEPLOYMENT_KIND, and letter case counts",
				"settings.PROXY-ENDPOINT: it is misspelled: the key is PROXY_ENDPOINT, and letter case counts",
				"settings.github_organization: it is misspelled: the key is GITHUB_ORGANIZATION, and letter case counts",
			}},
		{name: "HRIS with another parser", integration: "hris-import-psoxy", settings: and(gcpBucket, "parserId", "badge"), want: []string{
			`settings.parserId: "badge" must be EMPLOYEE_SNAPSHOT, the one parser that is known of hris-import-psoxy`,
		}},
		{name: "HRIS with the parser in other letters", integration: "hris-import-psoxy", settings: and(awsBucket, "parserId", "employee_snapshot"), want: []string{
			`settings.parserId: "employee_snapshot" must be EMPLOYEE_SNAPSHOT, the one parser that is known of hris-import-psoxy`,
		}},
		{name: "HRIS with white space around the parser", integration: "hris-import-psoxy", settings: and(gcpBucket, "parserId", "EMPLOYEE_SNAPSHOT "), want: []string{
			"settings.parserId: there is white space around its value",
		}},
		{name: "bulk with a parser of one's own", integration: "bulk-import-psoxy", settings: and(gcpBucket, "parserId", "acme-doors")},
		{name: "misspelled beside the right one", integration: "bulk-import-psoxy", settings: and(gcpBucket, "parserId", "badge", "PARSER_ID", "badge", "proxy_bucket", "b"), want: []string{
			"settings.PARSER_ID: it is misspelled: the key is parserId, and letter case counts",
			"settings.proxy_bucket: it is misspelled: the key is PROXY_BUCKET, and letter case counts",
		}},
		{name: "misspelled bucket", integration: "metrics-import-psoxy", settings: settings{"PROXY_DEPLOYMENT_KIND": "GCP", "Proxy_Bucket": "b"}, want: []string{
			"settings.Proxy_Bucket: it is misspelled: the key is PROXY_BUCKET, and letter case counts",
		}},
		{name: "misspelled, and no text", integration: "asana-psoxy", settings: gcp, other: map[string]json.RawMessage{"Parser_Id": raw("7")}, want: []string{
			"settings.Parser_Id: it is misspelled: the key is parserId, and letter case counts",
		}},
		{name: "known settings that are no text", integration: "asana-psoxy", settings: and(gcp, "PROXY_ENDPOINT", "-"),
			other: map[string]json.RawMessage{"PROXY_ENDPOINT": raw("null"), "PROXY_DEPLOYMENT_KIND": raw("1")}, want: []string{
				"settings.PROXY_ENDPOINT: it is missing, and needed by asana-psoxy (api)",
				"settings.PROXY_ENDPOINT: it is null, and must be text",
			}},
		{name: "AWS keys on GCP", integration: "asana-psoxy", settings: and(aws, "PROXY_DEPLOYMENT_KIND", "GCP"), want: []string{
			"settings.PROXY_AWS_REGION: it contradicts PROXY_DEPLOYMENT_KIND, which is GCP",
			"settings.PROXY_AWS_ROLE_ARN: it contradicts PROXY_DEPLOYMENT_KIND, which is GCP",
		}},
		{name: "two buckets", integration: "metrics-import-psoxy", settings: and(gcpBucket, "PROXY_BUCKET", "c"), want: []string{
			"settings.PROXY_BUCKET: it contradicts PROXY_BUCKET_NAME, which means the same",
		}},
		{name: "settings of other integrations", integration: "asana-psoxy",
			settings: and(gcp, "parserId", "badge", "WORKSPACE_ID", "w", "ATLASSIAN_ORGANIZATION_ID", "a", "CLOUD_ID", "c"), want: []string{
				"settings.parserId: asana-psoxy has no such setting; it belongs to bulk-import-psoxy, hris-import-psoxy",
				"settings.ATLASSIAN_ORGANIZATION_ID: asana-psoxy has no such setting; it belongs to atlassian-organization-psoxy",
				"settings.WORKSPACE_ID: asana-psoxy has no such setting; it belongs to chatgpt-enterprise-psoxy, codex-enterprise-analytics-psoxy",
				"settings.CLOUD_ID: asana-psoxy has no such setting; it belongs to jira-cloud-psoxy",
			}},
		{name: "host of the other cloud", integration: "asana-psoxy", settings: and(gcp, "PROXY_ENDPOINT", "https://abc.lambda-url.us-east-1.on.aws/"), want: []string{
			"settings.PROXY_ENDPOINT: its host abc.lambda-url.us-east-1.on.aws contradicts PROXY_DEPLOYMENT_KIND, which is GCP",
		}},
		{name: "host of the other cloud, the other way", integration: "asana-psoxy", settings: and(aws, "PROXY_ENDPOINT", "https://us-central1-acme.CloudFunctions.net/psoxy/"), want: []string{
			"settings.PROXY_ENDPOINT: its host us-central1-acme.cloudfunctions.net contradicts PROXY_DEPLOYMENT_KIND, which is AWS",
		}},
		{name: "host in another region", integration: "asana-psoxy", settings: and(aws, "PROXY_ENDPOINT", "https://abc.lambda-url.eu-west-1.on.aws/"), want: []string{
			"settings.PROXY_ENDPOINT: its host is in eu-west-1, which contradicts PROXY_AWS_REGION, which is us-east-1",
		}},
		{name: "malformed values", integration: "asana-psoxy", settings: and(aws, "PROXY_ENDPOINT", "psoxy.example/asana", "PROXY_AWS_ROLE_ARN", "PsoxyCaller"), want: []string{
			`settings.PROXY_ENDPOINT: "psoxy.example/asana" is not an absolute URL of https or http`,
			`settings.PROXY_AWS_ROLE_ARN: "PsoxyCaller" is not the ARN of a role`,
		}},
		{name: "ARN of something else", integration: "asana-psoxy", settings: and(aws, "PROXY_AWS_ROLE_ARN", "arn:aws:iam::123456789012:user/x"), want: []string{
			`settings.PROXY_AWS_ROLE_ARN: "arn:aws:iam::123456789012:user/x" is not the ARN of a role`,
		}},
		{name: "white space", integration: "asana-psoxy", settings: and(gcp, "PROXY_ENDPOINT", "https://psoxy.example/\n", "NEW", " x "), want: []string{
			"settings.PROXY_ENDPOINT: there is white space around its value",
		}},
		{name: "unknown integration without a place", integration: "teleprinter-psoxy", settings: settings{"PROXY_DEPLOYMENT_KIND": "GCP"}, want: []string{
			"settings.PROXY_ENDPOINT: it is missing, and so is PROXY_BUCKET_NAME: Worklytics needs one of them",
		}},
		{name: "fields that are there already", integration: "asana-psoxy", settings: gcp,
			extra: map[string]json.RawMessage{"id": raw("1"), "integrationId": raw("1"), "settings": raw("{}"), "x": raw("1")}, want: []string{
				"extra.id: it has a field of its own", "extra.integrationId: it has a field of its own", "extra.settings: it has a field of its own",
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			connection := &worklytics.DataConnection{IntegrationID: test.integration, Settings: test.settings, OtherSettings: test.other, Extra: test.extra}
			if diff := cmp.Diff(test.want, problems(t, connection.Validate(), "Validate")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// problems returns what the error lists.
func problems(t *testing.T, err error, operation string) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var invalid *worklytics.InvalidConnectionError
	if !errors.As(err, &invalid) {
		t.Fatalf("got %T: %v", err, err)
	}
	var texts []string
	for _, problem := range invalid.Problems {
		if problem.Operation != operation {
			t.Errorf("the operation is %s", problem.Operation)
		}
		texts = append(texts, problem.Field+": "+problem.Reason)
	}
	if want := "worklytics: " + operation + ": " + strings.Join(texts, "; "); err.Error() != want {
		t.Errorf("the text is\n%s, want\n%s", err, want)
	}
	var first *tenantkit.ValidationError
	if !errors.As(err, &first) || first != invalid.Problems[0] || len(invalid.Unwrap()) != len(texts) {
		t.Error("the problems are not in the chain of the error")
	}
	return texts
}

// A former ID, which is unknown, is no problem; a misspelled setting is one.
func TestValidate_UnknownIntegration(t *testing.T) {
	t.Parallel()
	connection := onAWS()
	connection.IntegrationID = "chatgpt-compliance-psoxy"
	if err := connection.Validate(); err != nil {
		t.Error(err)
	}
	connection.Settings["parser_id"] = "x"
	want := []string{"settings.parser_id: it is misspelled: the key is parserId, and letter case counts"}
	if diff := cmp.Diff(want, problems(t, connection.Validate(), "Validate")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestValidateNil(t *testing.T) {
	t.Parallel()
	var connection *worklytics.DataConnection
	var invalid *tenantkit.ValidationError
	if err := connection.Validate(); !errors.As(err, &invalid) || invalid.Field != "connection" {
		t.Errorf("got %v", err)
	}
}

// Each integration passes with its required settings, and with none of them fails for all.
func TestValidateTheCatalogue(t *testing.T) {
	t.Parallel()
	value := settings{
		"PROXY_ENDPOINT": "https://psoxy.example/", "PROXY_AWS_REGION": "us-east-1", "PROXY_AWS_ROLE_ARN": arn,
		"PROXY_BUCKET_NAME": "b", "parserId": "EMPLOYEE_SNAPSHOT", "GITHUB_ORGANIZATION": "g", "ATLASSIAN_ORGANIZATION_ID": "a", "WORKSPACE_ID": "w",
		"ADMIN_TO_IMPERSONATE": "x@acme.example", "CLOUD_ID": "c",
	}
	for _, integration := range worklytics.Integrations() {
		for _, cloud := range []worklytics.DeploymentKind{worklytics.DeploymentAWS, worklytics.DeploymentGCP} {
			given := settings{}
			required := integration.RequiredSettings(cloud)
			for _, key := range required {
				given[key] = value[key]
			}
			given["PROXY_DEPLOYMENT_KIND"] = string(cloud)
			connection := worklytics.DataConnection{IntegrationID: integration.ID, Settings: given}
			if err := connection.Validate(); err != nil {
				t.Errorf("%s with what it requires on %s: %v", integration.ID, cloud, err)
			}
			for _, key := range integration.Optional {
				given[key] = value[key]
			}
			if err := connection.Validate(); err != nil {
				t.Errorf("%s with all on %s: %v", integration.ID, cloud, err)
			}
			var missing []string
			connection.Settings = settings{"PROXY_DEPLOYMENT_KIND": string(cloud)}
			for _, text := range problems(t, connection.Validate(), "Validate") {
				field, _, _ := strings.Cut(text, ":")
				missing = append(missing, strings.TrimPrefix(field, "settings."))
			}
			if diff := cmp.Diff(required[1:], missing); diff != "" {
				t.Errorf("%s with nothing on %s (-required +missing):\n%s", integration.ID, cloud, diff)
			}
		}
	}
}

func TestIntegrations(t *testing.T) {
	t.Parallel()
	all := worklytics.Integrations()
	if len(all) != 46 {
		t.Errorf("there are %d", len(all))
	}
	shapes, availabilities := map[worklytics.Shape]int{}, map[string]int{}
	ids, titles := map[worklytics.IntegrationID]bool{}, map[string]bool{}
	for _, integration := range all {
		shapes[integration.Shape]++
		availabilities[integration.Availability]++
		if ids[integration.ID] || titles[integration.Title] || integration.Title == "" {
			t.Errorf("%s is there twice, or its title %q", integration.ID, integration.Title)
		}
		ids[integration.ID], titles[integration.Title] = true, true
		if !strings.HasSuffix(string(integration.ID), "-psoxy") || strings.ToLower(string(integration.ID)) != string(integration.ID) {
			t.Errorf("%s is an odd ID", integration.ID)
		}
	}
	if diff := cmp.Diff(map[worklytics.Shape]int{"api": 36, "async api": 2, "bulk": 7, "webhook": 1}, shapes); diff != "" {
		t.Errorf("shapes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"ga": 22, "beta": 17, "alpha": 4, "deprecated": 2, "": 1}, availabilities); diff != "" {
		t.Errorf("availabilities (-want +got):\n%s", diff)
	}
	all[0].ID, all[0].Optional[0] = "changed", "changed"
	if again := worklytics.Integrations(); again[0].ID != "gcal-psoxy" || again[1].Optional[0] != "ADMIN_TO_IMPERSONATE" {
		t.Error("a caller can change the catalogue")
	}
}

func TestRequiredSettings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		shape worklytics.Shape
		cloud worklytics.DeploymentKind
		want  []string
	}{
		{"api", "AWS", []string{"PROXY_DEPLOYMENT_KIND", "PROXY_AWS_REGION", "PROXY_AWS_ROLE_ARN", "PROXY_ENDPOINT", "X"}},
		{"api", "GCP", []string{"PROXY_DEPLOYMENT_KIND", "PROXY_ENDPOINT", "X"}},
		{"async api", "GCP", []string{"PROXY_DEPLOYMENT_KIND", "PROXY_ENDPOINT", "PROXY_BUCKET_NAME", "X"}},
		{"bulk", "AWS", []string{"PROXY_DEPLOYMENT_KIND", "PROXY_AWS_REGION", "PROXY_AWS_ROLE_ARN", "PROXY_BUCKET_NAME", "X"}},
		{"webhook", "GCP", []string{"PROXY_DEPLOYMENT_KIND", "PROXY_BUCKET_NAME", "X"}},
		{"", "", []string{"PROXY_DEPLOYMENT_KIND", "X"}},
	} {
		got := worklytics.Integration{Shape: test.shape, Required: []string{"X"}}.RequiredSettings(test.cloud)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s on %s (-want +got):\n%s", test.shape, test.cloud, diff)
		}
	}
}

func TestProxySettings(t *testing.T) {
	t.Parallel()
	aws := worklytics.AWSProxy{Endpoint: "https://psoxy.example/x/", Region: "us-east-1", RoleARN: arn, Bucket: "b"}
	gcp := worklytics.GCPProxy{Endpoint: "HTTPS://psoxy.example:443//x", Bucket: "b"}
	for _, test := range []struct {
		name      string
		got, want settings
	}{
		{"AWS", aws.Settings(), settings{
			"PROXY_DEPLOYMENT_KIND": "AWS", "PROXY_ENDPOINT": "https://psoxy.example/x/", "PROXY_AWS_REGION": "us-east-1", "PROXY_AWS_ROLE_ARN": arn, "PROXY_BUCKET_NAME": "b",
		}},
		{"GCP, as it was written", gcp.Settings(), settings{"PROXY_DEPLOYMENT_KIND": "GCP", "PROXY_ENDPOINT": "HTTPS://psoxy.example:443//x", "PROXY_BUCKET_NAME": "b"}},
		{"empty AWS", worklytics.AWSProxy{}.Settings(), settings{"PROXY_DEPLOYMENT_KIND": "AWS"}},
		{"empty GCP", worklytics.GCPProxy{}.Settings(), settings{"PROXY_DEPLOYMENT_KIND": "GCP"}},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	first := gcp.Settings()
	first["x"] = "y"
	if slices.Contains(slices.Collect(maps.Keys(gcp.Settings())), "x") {
		t.Error("two calls share a map")
	}
}

func TestConnectURL(t *testing.T) {
	t.Parallel()
	connection := onAWS()
	connection.ID = "7"
	connection.OtherSettings = map[string]json.RawMessage{"n": raw("1")}
	got, err := worklytics.ConnectURL(worklytics.DefaultHost, connection)
	want := "https://intl.worklytics.co/analytics/connect/gdirectory-psoxy/settings?ADMIN_TO_IMPERSONATE=admin%40acme.example" +
		"&PROXY_AWS_REGION=us-east-1&PROXY_AWS_ROLE_ARN=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2FPsoxyCaller" +
		"&PROXY_DEPLOYMENT_KIND=AWS&PROXY_ENDPOINT=https%3A%2F%2Fabcdefgh.lambda-url.us-east-1.on.aws%2F"
	if err != nil || got != want {
		t.Errorf("got\n%s, %v; want\n%s", got, err, want)
	}
	odd := &worklytics.DataConnection{IntegrationID: "a/b?c", Settings: settings{"PROXY_DEPLOYMENT_KIND": "GCP", "k&": "a b+c#"}}
	got, err = worklytics.ConnectURL("localhost:8080", odd)
	want = "https://localhost:8080/analytics/connect/a%2Fb%3Fc/settings?PROXY_DEPLOYMENT_KIND=GCP&k%26=a+b%2Bc%23"
	if err != nil || got != want {
		t.Errorf("got\n%s, %v; want\n%s", got, err, want)
	}
}

func TestConnectURL_Invalid(t *testing.T) {
	t.Parallel()
	with := func(integration worklytics.IntegrationID, kind string) *worklytics.DataConnection {
		return &worklytics.DataConnection{IntegrationID: integration, Settings: settings{"PROXY_DEPLOYMENT_KIND": kind}}
	}
	for _, test := range []struct {
		name, host string
		connection *worklytics.DataConnection
		field      string
	}{
		{"no host", "", onAWS(), "host"},
		{"URL", "https://intl.worklytics.co", onAWS(), "host"},
		{"path", "intl.worklytics.co/x", onAWS(), "host"},
		{"user", "intl.worklytics.co@evil.example", onAWS(), "host"},
		{"query", "intl.worklytics.co?x", onAWS(), "host"},
		{"port only", ":443", onAWS(), "host"},
		{"blank", "a b", onAWS(), "host"},
		{"nil", "intl.worklytics.co", nil, "connection"},
		{"no integration", "intl.worklytics.co", with("", "AWS"), "integrationId"},
		{"step", "intl.worklytics.co", with("..", "AWS"), "integrationId"},
		{"no kind", "intl.worklytics.co", with("x", ""), "settings.PROXY_DEPLOYMENT_KIND"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := worklytics.ConnectURL(test.host, test.connection)
			var invalid *tenantkit.ValidationError
			if got != "" || !errors.As(err, &invalid) || invalid.Field != test.field {
				t.Errorf("got %q, %v; want a ValidationError of %s", got, err, test.field)
			}
		})
	}
}
