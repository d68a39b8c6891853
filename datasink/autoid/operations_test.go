package autoid_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/datasink/autoid"
)

// Each documented request, byte for byte.
func TestRequests(t *testing.T) {
	t.Parallel()
	ms := at(t, "2021-11-19T10:01:19.937Z")
	tests := []struct {
		name    string
		path    string
		bearer  bool
		body    string
		queries bool // the answer is a list
		call    func(context.Context, *autoid.Client) error
	}{
		{"CreateSink", "/api/datasink/create", true,
			`{"id":"eaa19702-3806-4ee7-9466-91f0968699d9","name":"Test","config":{"something":1234}}`, false,
			func(ctx context.Context, c *autoid.Client) error {
				sink := &autoid.Sink{ID: sinkID, Name: "Test"}
				if err := sink.SetConfig(map[string]any{"something": 1234}); err != nil {
					return err
				}
				return c.CreateSink(ctx, sink)
			}},
		{"CreateSink with everything", "/api/datasink/create", true,
			`{"id":"eaa19702-3806-4ee7-9466-91f0968699d9","name":"a <b> & \"c\" ü","config":[1],` +
				`"autoCertifyTimestamp":"2021-11-19T10:01:19.937Z","autoRequestTimestamp":"2021-11-19T10:01:19.000Z",` +
				`"certifyTimestamp":"2021-11-19T10:01:19.999Z","revokeTimestamp":"2021-11-18T23:01:19.937Z","rolePublishTimestamp":"2021-11-19T10:01:19.937Z",` +
				`"logs":{"n":12345678901234567890},"extra":{"x":1e400},"owner":"me"}`, false,
			func(ctx context.Context, c *autoid.Client) error {
				return c.CreateSink(ctx, &autoid.Sink{
					ID: sinkID, Name: `a <b> & "c" ü`, Config: []byte(" [1] "), Logs: []byte(`{"n": 12345678901234567890}`),
					Timestamps: autoid.Timestamps{
						AutoCertify: ms, AutoRequest: at(t, "2021-11-19T10:01:19Z"), Certify: at(t, "2021-11-19T10:01:19.999999999Z"),
						Revoke: time.Date(2021, 11, 19, 10, 1, 19, 937e6, time.FixedZone("", 11*3600)), RolePublish: ms,
					},
					Extra: map[string]json.RawMessage{"owner": []byte(`"me"`), "extra": []byte(`{"x":1e400}`)},
				})
			}},
		{"UpdateSink", "/api/datasink/update", true,
			`{"id":"eaa19702-3806-4ee7-9466-91f0968699d9","name":"Test3","config":{"something":5678}}`, false,
			func(ctx context.Context, c *autoid.Client) error {
				return c.UpdateSink(ctx, &autoid.Sink{ID: sinkID, Name: "Test3", Config: []byte(`{ "something": 5678 }`)})
			}},
		{"UpdateSink with empty shapes", "/api/datasink/update", true,
			`{"id":"eaa19702-3806-4ee7-9466-91f0968699d9","name":"Test3","config":{},"logs":[]}`, false,
			func(ctx context.Context, c *autoid.Client) error {
				return c.UpdateSink(ctx, &autoid.Sink{ID: sinkID, Name: "Test3", Config: []byte(`{}`), Logs: []byte(`[]`)})
			}},
		{"DeleteSink", "/api/datasink/delete", true, `{"id":"eaa19702-3806-4ee7-9466-91f0968699d9"}`, false,
			func(ctx context.Context, c *autoid.Client) error { return c.DeleteSink(ctx, sinkID) }},
		{"UpdateAssignmentStatus", "/api/datasink/update/status/assignments", false,
			`{"assignments":[{"user":"john.doe","entitlements":["entitlement_1"],"datasink_status":"ack"},` +
				`{"user":"jane.smith","entitlements":["entitlement_1","Business%20Units %2f <x>"],"datasink_status":"nack"}]}`, false,
			func(ctx context.Context, c *autoid.Client) error {
				return c.UpdateAssignmentStatus(ctx, []autoid.AssignmentStatus{
					{User: "john.doe", Entitlements: []string{"entitlement_1"}, DatasinkStatus: autoid.Ack},
					{User: "jane.smith", Entitlements: []string{"entitlement_1", "Business%20Units %2f <x>"}, DatasinkStatus: autoid.Nack},
				})
			}},
		{"UpdateRuleStatus", "/api/datasink/update/status/rules", false,
			`{"rules":[{"entitlement":"entitlement_1","justification":["0B_COST_CENTER_OP_TS5","0C_USR_EMP_TYPE_Non-Employee",` +
				`"10_LINE_OF_BUSINESS_Health and Safety","13_USR_DEPARTMENT_NAME_Testing%20x"],"datasink_status":"nack"}]}`, false,
			func(ctx context.Context, c *autoid.Client) error {
				return c.UpdateRuleStatus(ctx, []autoid.RuleStatus{{
					Entitlement: "entitlement_1",
					Justification: []string{
						"0B_COST_CENTER_OP_TS5", "0C_USR_EMP_TYPE_Non-Employee", "10_LINE_OF_BUSINESS_Health and Safety", "13_USR_DEPARTMENT_NAME_Testing%20x",
					},
					DatasinkStatus: autoid.Nack,
				}})
			}},
		{"UpdateRoleStatus", "/api/datasink/update/status/roles", false,
			`{"roles":[{"role_id":"027d9a1d-9a2f-488a-8ab2-adf404e0aecb","status":"draft","datasink_status":"nack"}]}`, false,
			func(ctx context.Context, c *autoid.Client) error {
				return c.UpdateRoleStatus(ctx, []autoid.RoleStatus{
					{RoleID: "027d9a1d-9a2f-488a-8ab2-adf404e0aecb", Status: autoid.RoleDraft, DatasinkStatus: autoid.Nack},
				})
			}},
		{"QuerySinks", "/api/datasink/query", false,
			`{"name":"IIQ","certifyTimestamp":{"gt":"2021-11-19T10:01:19.937Z","lte":"2021-11-20T10:01:19.937Z"}}`, true,
			func(ctx context.Context, c *autoid.Client) error {
				_, err := c.QuerySinks(ctx, &autoid.SinkFilter{Name: "IIQ", Certify: autoid.Threshold{
					Lower: autoid.GT(ms), Upper: autoid.LTE(at(t, "2021-11-20T10:01:19.937Z")),
				}})
				return err
			}},
		{"QuerySinks with everything", "/api/datasink/query", false,
			`{"id":"eaa19702-3806-4ee7-9466-91f0968699d9","name":"IIQ","autoCertifyTimestamp":{"gte":"2021-11-19T10:01:19.937Z"},` +
				`"autoRequestTimestamp":{"lt":"2021-11-19T10:01:19.937Z"},"certifyTimestamp":{"lte":"2021-11-19T10:01:19.937Z"},` +
				`"revokeTimestamp":{"gte":"2021-11-19T10:01:19.937Z","lt":"2021-11-19T10:01:19.937Z"},"rolePublishTimestamp":{"gt":"2021-11-19T10:01:19.937Z"}}`, true,
			func(ctx context.Context, c *autoid.Client) error {
				_, err := c.QuerySinks(ctx, &autoid.SinkFilter{
					ID: sinkID, Name: "IIQ",
					AutoCertify: autoid.Threshold{Lower: autoid.GTE(ms)},
					AutoRequest: autoid.Threshold{Upper: autoid.LT(ms)},
					Certify:     autoid.Threshold{Upper: autoid.LTE(ms)},
					Revoke:      autoid.Threshold{Lower: autoid.GTE(ms), Upper: autoid.LT(ms)},
					RolePublish: autoid.Threshold{Lower: autoid.GT(ms)},
				})
				return err
			}},
		{"QuerySinks without filter", "/api/datasink/query", false, `{}`, true,
			func(ctx context.Context, c *autoid.Client) error { _, err := c.QuerySinks(ctx, nil); return err }},
		{"QuerySinks with an empty filter", "/api/datasink/query", false, `{}`, true,
			func(ctx context.Context, c *autoid.Client) error {
				_, err := c.QuerySinks(ctx, &autoid.SinkFilter{})
				return err
			}},
		{"AllSinks", "/api/datasink/query", false, `{}`, true,
			func(ctx context.Context, c *autoid.Client) error {
				for _, err := range c.AllSinks(ctx, nil) {
					return err
				}
				return nil
			}},
		{"UpdateTimestamps", "/api/datasink/update/timestamp", false,
			`{"id":"eaa19702-3806-4ee7-9466-91f0968699d9","certifyTimestamp":"2021-11-19T10:01:19.937Z","revokeTimestamp":"2021-11-19T10:01:19.937Z"}`, false,
			func(ctx context.Context, c *autoid.Client) error {
				return c.UpdateTimestamps(ctx, sinkID, autoid.Timestamps{Certify: ms, Revoke: ms})
			}},
		{"QueryLogs", "/api/datasink/query/logs", false, `{"name":"IIQ"}`, true,
			func(ctx context.Context, c *autoid.Client) error {
				_, err := c.QueryLogs(ctx, &autoid.LogFilter{Name: "IIQ"})
				return err
			}},
		{"QueryLogs of one sink", "/api/datasink/query/logs", false, `{"id":"eaa19702-3806-4ee7-9466-91f0968699d9"}`, true,
			func(ctx context.Context, c *autoid.Client) error {
				_, err := c.QueryLogs(ctx, &autoid.LogFilter{ID: sinkID})
				return err
			}},
		{"QueryLogs without filter", "/api/datasink/query/logs", false, `{}`, true,
			func(ctx context.Context, c *autoid.Client) error { _, err := c.QueryLogs(ctx, nil); return err }},
		{"UpdateLogs", "/api/datasink/update/logs", false,
			`{"id":"eaa19702-3806-4ee7-9466-91f0968699d9","logs":{"logs":[{"created":"2021-11-19T09:01:19.937Z","type":"INFO","message":"transaction started"},` +
				`{"created":"2021-11-19T10:01:19.937Z","type":"INFO","message":"transaction <successful>"}]}}`, false,
			func(ctx context.Context, c *autoid.Client) error {
				type entry struct {
					Created string `json:"created"`
					Type    string `json:"type"`
					Message string `json:"message"`
				}
				return c.UpdateLogs(ctx, sinkID, map[string]any{"logs": []entry{
					{"2021-11-19T09:01:19.937Z", "INFO", "transaction started"}, {"2021-11-19T10:01:19.937Z", "INFO", "transaction <successful>"},
				}})
			}},
	}
	// Whatever an accepted write answers is good; a query needs a list.
	writeAnswers := []string{`{"message": "ok"}`, "{\n  \"message\": ok\n}", "ok", "", `{"status": 200}`, "{ message: 'success' }"}
	for _, test := range tests {
		answers := writeAnswers
		if test.queries {
			answers = []string{"[]", "null"}
		}
		for _, body := range answers {
			t.Run(test.name+" answered with "+body, func(t *testing.T) {
				t.Parallel()
				service := &recorder{status: http.StatusOK, body: body}
				client := newClient(t, service, tenantkit.WithUserAgent("test/1"))
				if err := test.call(t.Context(), client); err != nil {
					t.Fatal(err)
				}
				header := http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}, "User-Agent": {"test/1"}, "X-Api-Key": {"an-api-key"}}
				if test.bearer {
					header.Del("X-Api-Key")
					header.Set("Authorization", "Bearer a-bearer-token")
				}
				want := []sent{{Method: "POST", Path: test.path, Header: header, Body: test.body}}
				if diff := cmp.Diff(want, service.sent); diff != "" {
					t.Errorf("request (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// Every 2xx counts for a write, and none for a query without a list.
func TestAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		status  int
		kind    string
		body    string
		write   bool // what a write makes of it
		query   bool
		outcome tenantkit.Outcome
	}{
		{"204", http.StatusNoContent, "", "", true, false, tenantkit.OutcomeUnknown},
		{"201", http.StatusCreated, "application/json", "[]", true, true, tenantkit.OutcomeApplied},
		{"text", http.StatusOK, "text/plain", "ok", true, false, tenantkit.OutcomeUnknown},
		{"an object", http.StatusOK, "application/json", `{"message":"ok"}`, true, false, tenantkit.OutcomeApplied},
		{"a list of nothing", http.StatusOK, "application/json", `[null]`, true, false, tenantkit.OutcomeApplied},
		{"a page", http.StatusOK, "text/html", "<html>sign in</html>", false, false, tenantkit.OutcomeUnknown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, &recorder{status: test.status, kind: test.kind, body: test.body}, tenantkit.WithRetry(tenantkit.NoRetry()))
			err := client.DeleteSink(t.Context(), sinkID)
			if (err == nil) != test.write {
				t.Errorf("DeleteSink: error %v", err)
			}
			_, err = client.QuerySinks(t.Context(), nil)
			if (err == nil) != test.query || tenantkit.OutcomeOf(err) != test.outcome {
				t.Errorf("QuerySinks: error %v with the outcome %v, want %v", err, tenantkit.OutcomeOf(err), test.outcome)
			}
			if _, err = client.QueryLogs(t.Context(), nil); (err == nil) != test.query {
				t.Errorf("QueryLogs: error %v", err)
			}
			var last error
			for _, last = range client.AllSinks(t.Context(), nil) {
			}
			if (last == nil) != test.query {
				t.Errorf("AllSinks: error %v", last)
			}
		})
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	first := autoid.Operations()
	if len(first) != 10 {
		t.Errorf("%d operations, want ten", len(first))
	}
	for _, op := range first {
		if op.Method != "POST" || !strings.HasPrefix(op.Path, "/api/") || op.Name == "" {
			t.Errorf("%+v is not an operation of the API", op)
		}
	}
	first[0].Name = "changed"
	if autoid.Operations()[0].Name != "CreateSink" {
		t.Error("a caller can change the table")
	}
}

// What is repeated after which failure.
func TestRepetition(t *testing.T) {
	t.Parallel()
	now := time.Now()
	calls := map[string]func(context.Context, *autoid.Client) error{
		"CreateSink": func(ctx context.Context, c *autoid.Client) error {
			return c.CreateSink(ctx, &autoid.Sink{ID: sinkID, Name: "x"})
		},
		"UpdateSink": func(ctx context.Context, c *autoid.Client) error {
			return c.UpdateSink(ctx, &autoid.Sink{ID: sinkID, Name: "x"})
		},
		"DeleteSink": func(ctx context.Context, c *autoid.Client) error { return c.DeleteSink(ctx, sinkID) },
		"UpdateAssignmentStatus": func(ctx context.Context, c *autoid.Client) error {
			return c.UpdateAssignmentStatus(ctx, []autoid.AssignmentStatus{{User: "u", Entitlements: []string{"e"}, DatasinkStatus: autoid.Ack}})
		},
		"UpdateRuleStatus": func(ctx context.Context, c *autoid.Client) error {
			return c.UpdateRuleStatus(ctx, []autoid.RuleStatus{{Entitlement: "e", Justification: []string{"j"}, DatasinkStatus: autoid.Ack}})
		},
		"UpdateRoleStatus": func(ctx context.Context, c *autoid.Client) error {
			return c.UpdateRoleStatus(ctx, []autoid.RoleStatus{{RoleID: "r", Status: autoid.RoleActive, DatasinkStatus: autoid.Ack}})
		},
		"QuerySinks": func(ctx context.Context, c *autoid.Client) error { _, err := c.QuerySinks(ctx, nil); return err },
		"UpdateTimestamps": func(ctx context.Context, c *autoid.Client) error {
			return c.UpdateTimestamps(ctx, sinkID, autoid.Timestamps{Certify: now})
		},
		"QueryLogs":  func(ctx context.Context, c *autoid.Client) error { _, err := c.QueryLogs(ctx, nil); return err },
		"UpdateLogs": func(ctx context.Context, c *autoid.Client) error { return c.UpdateLogs(ctx, sinkID, []int{}) },
	}
	good := answer{status: 200, body: "[]"}
	for name, call := range calls {
		for _, failure := range []struct {
			name     string
			first    answer
			attempts int // of CreateSink; of all others it is two
		}{
			{"500", answer{status: 500}, 1},
			{"503", answer{status: 503}, 1},
			{"429", answer{status: 429}, 2},
			{"no answer", answer{err: errors.New("broken")}, 1},
			{"no connection", answer{err: syscall.ECONNREFUSED}, 2},
		} {
			t.Run(name+" after "+failure.name, func(t *testing.T) {
				t.Parallel()
				service := &recorder{answers: []answer{failure.first, good}}
				err := call(t.Context(), newClient(t, service, quickly()))
				want := 2
				if name == "CreateSink" {
					want = failure.attempts
				}
				if len(service.sent) != want || (err == nil) != (want == 2) {
					t.Errorf("%d attempts, want %d; error %v", len(service.sent), want, err)
				}
				if len(service.sent) == 2 && !cmp.Equal(service.sent[0], service.sent[1]) {
					t.Errorf("the attempts differ: %+v", service.sent)
				}
			})
		}
	}
	if len(calls) != len(autoid.Operations()) {
		t.Errorf("%d of the operations are looked at", len(calls))
	}
}
