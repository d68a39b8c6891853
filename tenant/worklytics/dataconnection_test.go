package worklytics_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

func raw(text string) json.RawMessage { return json.RawMessage(text) }

func TestGetDataConnection(t *testing.T) {
	t.Parallel()
	aws := onAWS()
	aws.ID, aws.NumericID = "4818059952914432", true
	for _, test := range []struct {
		name, file, id string
		want           *worklytics.DataConnection
	}{
		{name: "the documented object", file: "aws.json", id: "4818059952914432", want: aws},
		{name: "text ID", file: "text-id.json", id: "4818059952914432", want: &worklytics.DataConnection{
			ID: "4818059952914432", IntegrationID: worklytics.IntegrationAsana,
			Settings: map[string]string{"PROXY_DEPLOYMENT_KIND": "GCP", "PROXY_ENDPOINT": "https://psoxy-asana-abc.a.run.app/"},
		}},
		{name: "no settings, odd ID", file: "minimal.json", id: "a+b@c", want: &worklytics.DataConnection{
			ID: "a+b@c", IntegrationID: "zoom-psoxy", Settings: map[string]string{},
		}},
		{name: "unknown fields", file: "unknown-fields.json", id: "9007199254740993", want: &worklytics.DataConnection{
			// Above 2^53: a float would make it 9007199254740992.
			ID: "9007199254740993", NumericID: true, IntegrationID: worklytics.IntegrationGitHub,
			Settings: map[string]string{
				"PROXY_DEPLOYMENT_KIND": "GCP",
				"PROXY_ENDPOINT":        "https://us-central1-acme.cloudfunctions.net/psoxy-github/?a=1&b=<2>",
				"GITHUB_ORGANIZATION":   "acme",
			},
			OtherSettings: map[string]json.RawMessage{
				"batch": raw("12345678901234567890"), "ratio": raw("1.50"), "enabled": raw("false"), "note": raw("null"),
				"limits": raw(`{ "b": 1, "a": [ 2, 3 ] }`),
			},
			Extra: map[string]json.RawMessage{
				"creationDate": raw(`"2024-05-31T10:11:12Z"`), "lastUpdateDate": raw("1717150272000"), "updatedAt": raw("null"),
				"createdBy": raw(`"ci@acme.example"`), "modifiable": raw("true"),
				"health": raw(`{ "status": "OK", "checks": [ 1, 2 ] }`), "tags": raw(`[ "x" ]`),
			},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, mock := mocked(t)
			respond(mock, http.StatusOK, jsonType, testdata(t, test.file))
			got, err := client.GetDataConnection(t.Context(), test.id)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			// The same, by way of the standard library.
			var again worklytics.DataConnection
			if err := json.Unmarshal([]byte(testdata(t, test.file)), &again); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, &again); diff != "" {
				t.Errorf("encoding/json (-want +got):\n%s", diff)
			}
		})
	}
}

// What is read and sent back is what came, but for the times that the service sets.
func TestUpdateSendsBackWhatCame(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, id, file, want string }{
		{name: "the documented object", id: "4818059952914432", file: "aws.json", want: `{"id":4818059952914432,"integrationId":"gdirectory-psoxy",` +
			`"settings":{"ADMIN_TO_IMPERSONATE":"admin@acme.example","PROXY_AWS_REGION":"us-east-1","PROXY_AWS_ROLE_ARN":"arn:aws:iam::123456789012:role/PsoxyCaller",` +
			`"PROXY_DEPLOYMENT_KIND":"AWS","PROXY_ENDPOINT":"https://abcdefgh.lambda-url.us-east-1.on.aws/","new":"x"}}`},
		{name: "text ID", id: "4818059952914432", file: "text-id.json", want: `{"id":"4818059952914432","integrationId":"asana-psoxy",` +
			`"settings":{"PROXY_DEPLOYMENT_KIND":"GCP","PROXY_ENDPOINT":"https://psoxy-asana-abc.a.run.app/","new":"x"}}`},
		{name: "unknown fields", id: "9007199254740993", file: "unknown-fields.json", want: `{"id":9007199254740993,"integrationId":"github-enterprise-psoxy",` +
			`"settings":{"GITHUB_ORGANIZATION":"acme","PROXY_DEPLOYMENT_KIND":"GCP","PROXY_ENDPOINT":"https://us-central1-acme.cloudfunctions.net/psoxy-github/?a=1&b=<2>",` +
			`"batch":12345678901234567890,"enabled":false,"limits":{"b":1,"a":[2,3]},"new":"x","note":null,"ratio":1.50},` +
			`"createdBy":"ci@acme.example","health":{"status":"OK","checks":[1,2]},"modifiable":true,"tags":["x"]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, mock := mocked(t)
			var sent string
			mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodPut {
					body, err := io.ReadAll(req.Body)
					if err != nil {
						return nil, err
					}
					sent = string(body)
				}
				return httpmock.NewStringResponse(200, testdata(t, test.file)), nil
			})
			_, err := client.ModifyDataConnection(t.Context(), test.id, func(c *worklytics.DataConnection) error {
				c.Settings["new"] = "x"
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, sent); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Fields that are times of the service by name and value are held back, and nothing else is.
func TestServiceTimesAreNotSent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, value string
		sent        bool
	}{
		{"creationDate", `"2024-05-31T10:11:12Z"`, false},
		{"creationDate", `"2024-05-31T10:11:12.123456+02:00"`, false},
		{"created", `"2024-05-31 10:11:12"`, false},
		{"created_at", `"2024-05-31"`, false},
		{"createTime", `"2024-05-31T10:11:12"`, false},
		{"createdOn", `"2024-05-31T10:11:12.000+0000"`, false},
		{"dateCreated", `"May 31, 2024 10:11:12 AM"`, false},
		{"dateCreated", `"May 31, 2024, 10:11:12 AM"`, false},
		{"CREATION-DATE", `"Fri, 31 May 2024 10:11:12 GMT"`, false},
		{"lastUpdate", `1717150272`, false},
		{"lastUpdate", `1717150272000`, false},
		{"lastUpdate", `"1717150272000"`, false},
		{"lastUpdated", `1.717150272E12`, false},
		{"lastModified", `null`, false},
		{"modificationDate", `"2024-05-31T10:11Z"`, false},
		{"createdBy", `"ci@acme.example"`, true},
		{"createdBy", `""`, true},
		{"updatePolicy", `"daily"`, true},
		{"updateInterval", `3600`, true},
		{"updates", `{"on":"2024-05-31"}`, true},
		{"updates", `["2024-05-31"]`, true},
		{"modifiable", `true`, true},
		{"startDate", `"2024-05-31"`, true},
		{"note", `null`, true},
		{"health", `"OK"`, true},
	} {
		t.Run(test.name+" "+test.value, func(t *testing.T) {
			t.Parallel()
			client, mock := mocked(t)
			var body string
			mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
				data, err := io.ReadAll(req.Body)
				body = string(data)
				return httpmock.NewStringResponse(200, `{"id":1}`), err
			})
			connection := onAWS()
			connection.Extra = map[string]json.RawMessage{test.name: raw(test.value)}
			if _, err := client.CreateDataConnection(t.Context(), connection); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(body, test.name); got != test.sent {
				t.Errorf("sent: %t, want %t: %s", got, test.sent, body)
			}
			if _, kept := connection.Extra[test.name]; !kept {
				t.Error("the caller's connection was changed")
			}
			// A store of one's own gets all.
			stored, err := json.Marshal(connection)
			if err != nil || !strings.Contains(string(stored), test.name) {
				t.Errorf("Marshal: %s, %v", stored, err)
			}
		})
	}
}

func TestCreateDataConnection(t *testing.T) {
	t.Parallel()
	full := onAWS()
	full.ID, full.NumericID = "7", true
	text := onAWS()
	text.ID = "7"
	moved := onAWS()
	moved.ID, moved.IntegrationID, moved.Settings = "7", "other", map[string]string{"a": "b"}
	for _, test := range []struct {
		name, body string
		want       *worklytics.DataConnection
		fails      string
		malformed  bool
	}{
		{name: "all", body: `{"id":7,"integrationId":"gdirectory-psoxy","settings":` + settingsJSON(t, onAWS()) + `}`, want: full},
		{name: "just a number", body: `{"id":7}`, want: full},
		{name: "just text", body: `{"id":"7","settings":null}`, want: text},
		{name: "the service knows better", body: `{"id":"7","integrationId":"other","settings":{"a":"b"}}`, want: moved},
		{name: "no id", body: `{"integrationId":"gdirectory-psoxy","settings":{}}`, fails: "no id; look for the new connection in the web app"},
		{name: "null id", body: `{"id":null,"integrationId":"gdirectory-psoxy"}`, fails: "no id"},
		{name: "boolean id", body: `{"id":true}`, fails: "id: it is neither text nor a number", malformed: true},
		{name: "object as integration", body: `{"id":1,"integrationId":{}}`, fails: "integrationId: it is neither text nor a number", malformed: true},
		{name: "settings are text", body: `{"id":1,"settings":"x"}`, fails: "settings", malformed: true},
		{name: "null", body: `null`, fails: "it is not a data connection"},
		{name: "another object", body: `{"status":"ok"}`, fails: "it is not a data connection"},
		{name: "a list", body: `[]`, fails: "invalid response", malformed: true},
		{name: "nothing", body: ``, fails: "it is empty"},
		{name: "broken", body: `{"id":7`, fails: "invalid response", malformed: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, mock := mocked(t)
			respond(mock, http.StatusOK, jsonType, test.body)
			given := onAWS()
			got, err := client.CreateDataConnection(t.Context(), given)
			if test.fails != "" {
				if got != nil || err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Fatalf("got %v, %v; want an error with %q", got, err, test.fails)
				}
				// What is no connection at all may come from something that answers
				// 200 to everything.
				want := tenantkit.OutcomeUnknown
				if test.malformed {
					want = tenantkit.OutcomeApplied
				}
				if outcome := tenantkit.OutcomeOf(err); outcome != want {
					t.Errorf("the outcome is %v, want %v", outcome, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			got.Settings["PROXY_ENDPOINT"] = "changed"
			if diff := cmp.Diff(onAWS(), given); diff != "" {
				t.Errorf("the caller's connection was changed (-before +after):\n%s", diff)
			}
		})
	}
}

func settingsJSON(t *testing.T, connection *worklytics.DataConnection) string {
	t.Helper()
	data, err := json.Marshal(connection.Settings)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestGetAndUpdate_Responses(t *testing.T) {
	t.Parallel()
	get := func(ctx context.Context, c *worklytics.Client) (*worklytics.DataConnection, error) {
		return c.GetDataConnection(ctx, "7")
	}
	update := func(ctx context.Context, c *worklytics.Client) (*worklytics.DataConnection, error) {
		connection := onAWS()
		connection.ID, connection.NumericID = "7", true
		return c.UpdateDataConnection(ctx, connection)
	}
	updated := onAWS()
	updated.ID, updated.NumericID = "7", true
	for _, test := range []struct {
		name, body string
		call       func(context.Context, *worklytics.Client) (*worklytics.DataConnection, error)
		want       *worklytics.DataConnection
		fails      string
	}{
		{name: "get without id", call: get, body: `{"integrationId":"x","settings":{}}`,
			want: &worklytics.DataConnection{ID: "7", IntegrationID: "x", Settings: map[string]string{}}},
		{name: "get of another", call: get, body: `{"id":8,"integrationId":"x"}`, fails: "about connection 8 in place of 7"},
		{name: "get without integration", call: get, body: `{"id":7}`, fails: "no integrationId"},
		{name: "get of a number as integration", call: get, body: `{"id":7,"integrationId":12}`,
			want: &worklytics.DataConnection{ID: "7", NumericID: true, IntegrationID: "12"}},
		{name: "get of an odd number", call: get, body: `{"id":-7,"integrationId":"x"}`, fails: "about connection -7 in place of 7"},
		{name: "get of nothing", call: get, body: `{}`, fails: "it is not a data connection"},
		{name: "get of a name twice", call: get, body: `{"id":7,"id":8}`, fails: "invalid response"},
		{name: "update without id", call: update, body: `{"integrationId":"gdirectory-psoxy"}`, want: updated},
		{name: "update with just an id", call: update, body: `{"id":7}`, want: updated},
		{name: "update of another", call: update, body: `{"id":8}`, fails: "about connection 8 in place of 7"},
		{name: "update answered with nothing", call: update, body: `{}`, fails: "it is not a data connection"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, mock := mocked(t)
			respond(mock, http.StatusOK, jsonType, test.body)
			got, err := test.call(t.Context(), client)
			if test.fails != "" {
				if got != nil || err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Fatalf("got %v, %v; want an error with %q", got, err, test.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDeleteDataConnection_AnyResponse(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{}", `{"deleted":true}`, "null", "OK"} {
		client, mock := mocked(t)
		respond(mock, http.StatusOK, jsonType, body)
		if err := client.DeleteDataConnection(t.Context(), "7"); err != nil {
			t.Errorf("%q: %v", body, err)
		}
	}
	client, mock := mocked(t)
	respond(mock, http.StatusNoContent, "", "")
	if err := client.DeleteDataConnection(t.Context(), "7"); err != nil {
		t.Error(err)
	}
}

func TestInputIsCheckedBeforeSending(t *testing.T) {
	t.Parallel()
	with := func(change func(*worklytics.DataConnection)) *worklytics.DataConnection {
		connection := onAWS()
		change(connection)
		return connection
	}
	for _, test := range []struct {
		name  string
		call  func(context.Context, *worklytics.Client) error
		field string
	}{
		{"create nil", create(nil), "connection"},
		{"create with ID", create(with(func(c *worklytics.DataConnection) { c.ID = "1" })), "id"},
		{"create without integration", create(with(func(c *worklytics.DataConnection) { c.IntegrationID = "" })), "integrationId"},
		{"create without settings", create(with(func(c *worklytics.DataConnection) { c.Settings = nil })), "settings.PROXY_DEPLOYMENT_KIND"},
		{"create without region", create(with(func(c *worklytics.DataConnection) { delete(c.Settings, "PROXY_AWS_REGION") })), "settings.PROXY_AWS_REGION"},
		{"create without endpoint", create(with(func(c *worklytics.DataConnection) { delete(c.Settings, "PROXY_ENDPOINT") })), "settings.PROXY_ENDPOINT"},
		{"create with a field twice", create(with(func(c *worklytics.DataConnection) {
			c.Extra = map[string]json.RawMessage{"settings": raw("{}")}
		})), "extra.settings"},
		{"create with bad UTF-8", create(with(func(c *worklytics.DataConnection) { c.Settings["a"] = "\xff" })), "settings.a"},
		{"create with bad JSON", create(with(func(c *worklytics.DataConnection) {
			c.Extra = map[string]json.RawMessage{"b": raw("{bad")}
		})), "b"},
		{"update nil", update(nil), "connection"},
		{"update without ID", update(with(func(*worklytics.DataConnection) {})), "id"},
		{"update with a path as ID", update(with(func(c *worklytics.DataConnection) { c.ID = "../x" })), "id"},
		{"update with no number", update(with(func(c *worklytics.DataConnection) { c.ID, c.NumericID = "x", true })), "id"},
		{"update with JSON as number", update(with(func(c *worklytics.DataConnection) { c.ID, c.NumericID = `1,"x":1`, true })), "id"},
		{"update with a padded number", update(with(func(c *worklytics.DataConnection) { c.ID, c.NumericID = `007`, true })), "id"},
		{"update without integration", update(with(func(c *worklytics.DataConnection) { c.ID, c.IntegrationID = "1", "" })), "integrationId"},
		{"get without ID", func(ctx context.Context, c *worklytics.Client) error {
			_, err := c.GetDataConnection(ctx, "")
			return err
		}, "id"},
		{"delete of the whole", func(ctx context.Context, c *worklytics.Client) error { return c.DeleteDataConnection(ctx, "..") }, "id"},
		{"modify without ID", func(ctx context.Context, c *worklytics.Client) error {
			_, err := c.ModifyDataConnection(ctx, "", func(*worklytics.DataConnection) error { return nil })
			return err
		}, "id"},
		{"no client", func(ctx context.Context, _ *worklytics.Client) error {
			var none *worklytics.Client
			return none.DeleteDataConnection(ctx, "1")
		}, "client"},
		{"zero client", func(ctx context.Context, _ *worklytics.Client) error {
			return new(worklytics.Client).DeleteDataConnection(ctx, "1")
		}, "client"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, mock := mocked(t)
			err := test.call(t.Context(), client)
			var invalid *tenantkit.ValidationError
			if !errors.As(err, &invalid) || invalid.Field != test.field || invalid.Reason == "" {
				t.Fatalf("got %v, want a ValidationError of %s", err, test.field)
			}
			if strings.HasPrefix(test.name, "update with") && strings.Contains(test.name, "number") && !strings.Contains(invalid.Reason, "is not a number, as NumericID says it is") {
				t.Errorf("the reason is %q", invalid.Reason)
			}
			if tenantkit.OutcomeOf(err) != tenantkit.OutcomeNotSent || mock.GetTotalCallCount() != 0 {
				t.Errorf("it was sent")
			}
		})
	}
}

func create(connection *worklytics.DataConnection) func(context.Context, *worklytics.Client) error {
	return func(ctx context.Context, c *worklytics.Client) error {
		_, err := c.CreateDataConnection(ctx, connection)
		return err
	}
}

func update(connection *worklytics.DataConnection) func(context.Context, *worklytics.Client) error {
	return func(ctx context.Context, c *worklytics.Client) error {
		_, err := c.UpdateDataConnection(ctx, connection)
		return err
	}
}

// What the catalogue says of an integration does not keep a call from being made.
func TestCallsDoNotInsistOnTheCatalogue(t *testing.T) {
	t.Parallel()
	client, mock := mocked(t)
	respond(mock, http.StatusOK, jsonType, `{"id":1}`)
	for _, connection := range []*worklytics.DataConnection{
		{IntegrationID: "unheard-of", Settings: map[string]string{"PROXY_DEPLOYMENT_KIND": "GCP", "PROXY_BUCKET": "b"}},
		{IntegrationID: worklytics.IntegrationGitHub, Settings: map[string]string{"PROXY_DEPLOYMENT_KIND": "GCP", "PROXY_ENDPOINT": "no url", "parserId": "x"}},
	} {
		if _, err := client.CreateDataConnection(t.Context(), connection); err != nil {
			t.Error(err)
		}
	}
}
