package autoidtest_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	one = "eaa19702-3806-4ee7-9466-91f0968699d9"
	two = "9501810e-1480-4f41-80d4-bc97154fddeb"
)

var (
	bearer = http.Header{"Authorization": {"Bearer " + autoidtest.DefaultToken}}
	key    = http.Header{"X-Api-Key": {autoidtest.DefaultAPIKey}}
)

// post sends a body to a path under /api, and returns status and body.
func post(t *testing.T, s *autoidtest.Server, path, body string, header http.Header) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.BaseURL()+"/api/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(got)
}

// step is a request and what is to come of it. An empty body is not looked at.
type step struct {
	path, body string
	header     http.Header
	status     int
	want       string
}

func run(t *testing.T, s *autoidtest.Server, steps []step) {
	t.Helper()
	for i, step := range steps {
		status, body := post(t, s, step.path, step.body, step.header)
		if status != step.status || step.want != "" && body != step.want {
			t.Errorf("step %d, %s %s: %d %s; want %d %s", i, step.path, step.body, status, body, step.status, step.want)
		}
	}
}

const ok = `{"message":"ok"}`

func TestSinks(t *testing.T) {
	t.Parallel()
	s := autoidtest.Start(t)
	run(t, s, []step{
		{"datasink/create", `{"id":"` + one + `","name":"Test","config":{"something":1234},"later":[1]}`, bearer, 200, ok},
		{"datasink/create", `{"id":"` + one + `","name":"Again"}`, bearer, 409, `{"message":"a data sink with this id exists"}`},
		{"datasink/create", `{"id":"` + two + `"}`, bearer, 400, `{"message":"name is required"}`},
		{"datasink/create", `{"name":"x"}`, bearer, 400, `{"message":"id is required"}`},
		{"datasink/create", `[]`, bearer, 400, `{"message":"the body is not a JSON object"}`},
		{"datasink/create", `null`, bearer, 400, `{"message":"the body is not a JSON object"}`},
		{"datasink/create", `{"id":"` + two + `","name":"x","certifyTimestamp":"2021-11-19"}`, bearer, 400, ""},
		{"datasink/update", `{"id":"` + one + `","name":"Test3"}`, bearer, 200, ok},
		{"datasink/update", `{"id":"` + two + `","name":"Test3"}`, bearer, 404, `{"message":"there is no data sink with this id"}`},
		{"datasink/update", `{"id":"` + one + `"}`, bearer, 400, ""},
		{"datasink/update/timestamp", `{"id":"` + one + `","certifyTimestamp":"2021-11-19T10:01:19.937Z","name":"not here"}`, key, 200, ok},
		{"datasink/update/timestamp", `{"id":"` + one + `","certifyTimestamp":{"gt":"2021-11-19T10:01:19.937Z"}}`, key, 400, ""},
		{"datasink/update/timestamp", `{"id":"` + two + `"}`, key, 404, ""},
		{"datasink/update/logs", `{"id":"` + one + `","logs":{"logs":[{"message":"log 1"}]}}`, key, 200, ok},
		{"datasink/update/logs", `{"id":"` + one + `"}`, key, 400, `{"message":"logs is required"}`},
		{"datasink/update/logs", `{"id":"` + one + `","logs":null}`, key, 400, ""},
		{"datasink/query", ``, key, 200, `[{"certifyTimestamp":"2021-11-19T10:01:19.937Z","config":{"something":1234},"id":"` + one + `","later":[1],"name":"Test3"}]`},
		{"datasink/query/logs", `{}`, key, 200, `[{"certifyTimestamp":"2021-11-19T10:01:19.937Z","id":"` + one + `","later":[1],"logs":[{"message":"log 1"}],"name":"Test3"}]`},
	})
	want := []autoidtest.Sink{{
		ID: one, Name: "Test3", Config: []byte(`{"something":1234}`), CertifyTimestamp: "2021-11-19T10:01:19.937Z",
		Logs: []byte(`{"logs":[{"message":"log 1"}]}`), Extra: map[string]json.RawMessage{"later": []byte(`[1]`)},
	}}
	if diff := cmp.Diff(want, s.Sinks()); diff != "" {
		t.Errorf("sinks (-want +got):\n%s", diff)
	}
	run(t, s, []step{
		{"datasink/delete", `{}`, bearer, 400, ""},
		{"datasink/delete", `{"id":"` + one + `"}`, bearer, 200, ok},
		{"datasink/delete", `{"id":"` + one + `"}`, bearer, 404, ""},
		{"datasink/query", `{}`, key, 200, `[]`},
		{"datasink/nothing", `{}`, key, 404, `{"message":"Cannot POST /api/datasink/nothing"}`},
	})
	if len(s.Sinks()) != 0 || s.Applied("DeleteSink") != 1 {
		t.Errorf("sinks %v, %d deletions", s.Sinks(), s.Applied("DeleteSink"))
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	s := autoidtest.Start(t)
	s.AddSinks(
		autoidtest.Sink{ID: one, Name: "IIQ", CertifyTimestamp: "2021-11-19T10:01:19.937Z", RevokeTimestamp: "2021-01-01T00:00:00.000Z"},
		autoidtest.Sink{ID: two, Name: "other", CertifyTimestamp: "2021-11-20T10:01:19.937Z"},
	)
	tests := []struct {
		filter string
		want   string // the names of the sinks, or the status
	}{
		{`{}`, "IIQ other"},
		{`{"id":"` + two + `"}`, "other"},
		{`{"name":"IIQ"}`, "IIQ"},
		{`{"name":"IIQ","id":"` + two + `"}`, ""},
		{`{"certifyTimestamp":{"gt":"2021-11-19T10:01:19.937Z"}}`, "other"},
		{`{"certifyTimestamp":{"gte":"2021-11-19T10:01:19.937Z"}}`, "IIQ other"},
		{`{"certifyTimestamp":{"lt":"2021-11-20T10:01:19.937Z"}}`, "IIQ"},
		{`{"certifyTimestamp":{"lte":"2021-11-20T10:01:19.937Z"}}`, "IIQ other"},
		{`{"certifyTimestamp":{"gt":"2021-11-19T00:00:00.000Z","lt":"2021-11-20T00:00:00.000Z"},"revokeTimestamp":{}}`, "IIQ"},
		{`{"revokeTimestamp":{"gt":"2020-01-01T00:00:00.000Z"}}`, "IIQ"},
		{`{"certifyTimestamp":{"gt":"2021-11-19T00:00:00.000Z","gte":"2021-11-19T00:00:00.000Z"}}`, "400"},
		{`{"certifyTimestamp":{"lt":"2021-11-19T00:00:00.000Z","lte":"2021-11-19T00:00:00.000Z"}}`, "400"},
		{`{"certifyTimestamp":{"lt":"2021-11-19"}}`, "400"},
		{`{"certifyTimestamp":"2021-11-19T00:00:00.000Z"}`, "400"},
		{`[]`, "400"},
	}
	for _, test := range tests {
		t.Run(test.filter, func(t *testing.T) {
			t.Parallel()
			status, body := post(t, s, "datasink/query", test.filter, key)
			if test.want == "400" {
				if status != 400 {
					t.Errorf("%d %s, want 400", status, body)
				}
				return
			}
			var sinks []struct{ Name string }
			if err := json.Unmarshal([]byte(body), &sinks); err != nil || status != 200 {
				t.Fatalf("%d %s: %v", status, body, err)
			}
			var names []string
			for _, sink := range sinks {
				names = append(names, sink.Name)
			}
			if got := strings.Join(names, " "); got != test.want {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

func TestAnswersAsPrinted(t *testing.T) {
	t.Parallel()
	s := autoidtest.Start(t, autoidtest.WithAnswersAsPrinted())
	s.AddSinks(autoidtest.Sink{
		ID: one, Name: "first", AutoCertifyTimestamp: "2021-01-01T00:00:00.001Z", AutoRequestTimestamp: "2021-01-01T00:00:00.002Z",
		CertifyTimestamp: "2021-01-01T00:00:00.003Z", RevokeTimestamp: "2021-01-01T00:00:00.004Z", RolePublishTimestamp: "2021-01-01T00:00:00.005Z",
		Logs: []byte(`[1]`),
	}, autoidtest.Sink{ID: two, Name: "replaced"}, autoidtest.Sink{ID: two, Name: "second"})
	const printed = "{\n  \"message\": ok\n}"
	run(t, s, []step{
		{"datasink/query", `{"id":"` + one + `"}`, key, 200, `[{"auto_certify_timestamp":"2021-01-01T00:00:00.001Z","auto_request_timestamp":"2021-01-01T00:00:00.002Z",` +
			`"certifyTimestamp":"2021-01-01T00:00:00.003Z","id":"` + one + `","name":"first","revokeTimestamp":"2021-01-01T00:00:00.004Z","rolePublishTimestamp":"2021-01-01T00:00:00.005Z"}]`},
		{"datasink/query/logs", `{"id":"` + one + `"}`, key, 200, `[{"autoCertifyTimestamp":"2021-01-01T00:00:00.001Z","auto_request_timestamp":"2021-01-01T00:00:00.002Z",` +
			`"certify_timestamp":"2021-01-01T00:00:00.003Z","id":"` + one + `","logs":[1],"name":"first","revokeTimestamp":"2021-01-01T00:00:00.004Z","role_publish_timestamp":"2021-01-01T00:00:00.005Z"}]`},
		{"datasink/query", `{"id":"` + two + `"}`, key, 200, `[{"id":"` + two + `","name":"second"}]`},
		{"datasink/update", `{"id":"` + two + `","name":"x"}`, bearer, 200, printed},
		{"datasink/delete", `{"id":"` + two + `"}`, bearer, 200, printed},
		{"datasink/create", `{"id":"` + two + `","name":"x"}`, bearer, 200, ok},
		{"datasink/update/timestamp", `{"id":"` + two + `"}`, key, 200, ok},
		{"datasink/update/logs", `{"id":"` + two + `","logs":"x"}`, key, 200, ok},
		{"datasink/update/status/roles", `{"roles":[{"role_id":"r","status":"draft","datasink_status":"ack"}]}`, key, 200, printed},
	})
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	s := autoidtest.Start(t)
	s.AddAssignment("john.doe", "e1")
	s.AddRule("e1", "b", "a")
	s.AddRole("r1", "draft")
	run(t, s, []step{
		{"datasink/update/status/assignments", `{"assignments":[{"user":"john.doe","entitlements":["e1","e2"],"datasink_status":"ack"},{"user":"jane.smith","entitlements":["e1"],"datasink_status":"nack"}]}`, key, 200, ok},
		{"datasink/update/status/rules", `{"rules":[{"entitlement":"e1","justification":["a","b"],"datasink_status":"ack"}]}`, key, 200, ok},
		{"datasink/update/status/roles", `{"roles":[{"role_id":"r1","status":"active","datasink_status":"ack"}]}`, key, 200, ok},
		{"datasink/update/status/assignments", `{"assignments":[{"user":"new","entitlements":["e1"],"datasink_status":"ack"},{"user":"john.doe","entitlements":["e1"],"datasink_status":"ACK"}]}`, key, 400, `{"message":"datasink_status must be ack or nack"}`},
		{"datasink/update/status/assignments", `{"assignments":[{"user":"","entitlements":["e1"],"datasink_status":"ack"}]}`, key, 400, ""},
		{"datasink/update/status/assignments", `{"assignments":[{"user":"u","entitlements":[],"datasink_status":"ack"}]}`, key, 400, ""},
		{"datasink/update/status/assignments", `{"assignments":[]}`, key, 400, ""},
		{"datasink/update/status/assignments", `{`, key, 400, ""},
		{"datasink/update/status/rules", `{"rules":[{"entitlement":"e1","justification":[],"datasink_status":"ack"}]}`, key, 400, ""},
		{"datasink/update/status/rules", `x`, key, 400, ""},
		{"datasink/update/status/roles", `{"roles":[{"role_id":"r1","status":"retired","datasink_status":"ack"}]}`, key, 400, ""},
		{"datasink/update/status/roles", ``, key, 400, ""},
	})
	state, status := s.RoleStatus("r1")
	got := []string{
		s.AssignmentStatus("john.doe", "e1"), s.AssignmentStatus("john.doe", "e2"), s.AssignmentStatus("jane.smith", "e1"), s.AssignmentStatus("new", "e1"),
		s.RuleStatus("e1", "b", "a"), s.RuleStatus("e1", "b"), state, status,
	}
	if diff := cmp.Diff([]string{"ack", "ack", "nack", "", "ack", "", "active", "ack"}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if got := s.StatusesSet(); got != 5 {
		t.Errorf("%d statuses were set, want 5", got)
	}
	if ack, nack := s.DecisionCounts(); ack != 4 || nack != 1 {
		t.Errorf("%d decisions with ack, %d with nack, want 4 and 1", ack, nack)
	}
}

func TestUnknownDecisionsRefused(t *testing.T) {
	t.Parallel()
	s := autoidtest.Start(t, autoidtest.WithUnknownDecisionsRefused())
	s.AddAssignment("john.doe", "e1")
	run(t, s, []step{
		{"datasink/update/status/assignments", `{"assignments":[{"user":"john.doe","entitlements":["e1"],"datasink_status":"ack"},{"user":"jane.smith","entitlements":["e1"],"datasink_status":"ack"}]}`, key, 400,
			`{"message":"unknown assignment of jane.smith"}`},
	})
	if got := s.AssignmentStatus("john.doe", "e1"); got != "nack" {
		t.Errorf("a refused request set a status: %s", got)
	}
}

func TestCountsOnly(t *testing.T) {
	t.Parallel()
	s := autoidtest.Start(t, autoidtest.WithCountsOnly())
	run(t, s, []step{{"datasink/update/status/assignments", `{"assignments":[{"user":"u","entitlements":["e1","e2"],"datasink_status":"ack"}]}`, key, 200, ok}})
	if s.StatusesSet() != 2 || s.Applied("UpdateAssignmentStatus") != 1 || len(s.Requests()) != 0 || s.AssignmentStatus("u", "e1") != "" {
		t.Errorf("%d statuses, %d requests applied, %d kept", s.StatusesSet(), s.Applied("UpdateAssignmentStatus"), len(s.Requests()))
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	asked := map[string]http.Header{
		"create": bearer, "update": bearer, "delete": bearer,
		"update/status/assignments": key, "update/status/rules": key, "update/status/roles": key,
		"query": key, "update/timestamp": key, "query/logs": key, "update/logs": key,
	}
	documented, either := autoidtest.Start(t), autoidtest.Start(t, autoidtest.WithEitherCredential())
	for path, wanted := range asked {
		for name, header := range map[string]http.Header{"bearer": bearer, "key": key, "none": {}, "wrong bearer": {"Authorization": {"Bearer x"}}, "wrong key": {"X-Api-Key": {"x"}}, "a scheme too few": {"Authorization": {autoidtest.DefaultToken}}} {
			right := cmp.Equal(header, wanted)
			if status, body := post(t, documented, "datasink/"+path, "{", header); (status == 401) == right {
				t.Errorf("%s with %s: %d %s", path, name, status, body)
			}
			known := name == "bearer" || name == "key"
			if status, body := post(t, either, "datasink/"+path, "{", header); (status == 401) == known {
				t.Errorf("%s with %s where either does: %d %s", path, name, status, body)
			}
		}
	}
	own := autoidtest.Start(t, autoidtest.WithToken("my-token"), autoidtest.WithAPIKey("my-key"), autoidtest.WithTenantID("tenant-1"))
	mine := func(header http.Header) http.Header {
		header = header.Clone()
		header.Set("X-Tenant-Id", "tenant-1")
		return header
	}
	run(t, own, []step{
		{"datasink/query", `{}`, mine(key), 401, ""},
		{"datasink/query", `{}`, http.Header{"X-Api-Key": {"my-key"}}, 403, `{"message":"unknown tenant"}`},
		{"datasink/query", `{}`, mine(http.Header{"X-Api-Key": {"my-key"}}), 200, "[]"},
		{"datasink/create", `{}`, mine(bearer), 401, ""},
		{"datasink/create", `{}`, mine(http.Header{"Authorization": {"Bearer my-token"}}), 400, ""},
	})
}

// tokenOf reads the token of a log-in, and its claims.
func tokenOf(t *testing.T, body string) (token string, claims struct {
	Sub      string
	Iat, Exp int64
}) {
	t.Helper()
	var answer struct {
		User  struct{ UID string }
		Token string
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(answer.Token, ".")
	if len(parts) != 3 {
		t.Fatalf("%s is no token", body)
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &claims); err != nil || answer.User.UID != claims.Sub {
		t.Fatalf("claims %s of %s: %v", data, answer.User.UID, err)
	}
	return answer.Token, claims
}

func TestLogin(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now := time.Date(2021, 11, 19, 10, 0, 0, 0, time.UTC)
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	s := autoidtest.Start(t, autoidtest.WithUser("bob", "right"), autoidtest.WithTokenLifetime(time.Hour), autoidtest.WithClock(clock))
	run(t, s, []step{
		{"authentication/login", `{"username":"bob","password":"wrong"}`, nil, 401, `{"message":"Invalid credentials"}`},
		{"authentication/login", `{"username":"` + autoidtest.DefaultUser + `","password":"` + autoidtest.DefaultPassword + `"}`, nil, 401, ""},
		{"authentication/login", `x`, nil, 400, ""},
		{"authentication/renewToken", ``, nil, 401, ""},
	})
	_, body := post(t, s, "authentication/login", `{"username":"bob","password":"right"}`, nil)
	first, claims := tokenOf(t, body)
	if claims.Sub != "bob" || claims.Iat != now.Unix() || claims.Exp != now.Add(time.Hour).Unix() {
		t.Errorf("claims %+v", claims)
	}
	with := func(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }
	_, body = post(t, s, "authentication/renewToken", "", with(first))
	second, claims := tokenOf(t, body)
	if second == first || claims.Sub != "bob" {
		t.Errorf("renewed as %+v", claims)
	}
	_, body = post(t, s, "authentication/renewToken", "", bearer)
	if _, claims = tokenOf(t, body); claims.Sub != autoidtest.DefaultUser {
		t.Errorf("a token that nobody logged in for is renewed as %+v", claims)
	}
	run(t, s, []step{{"datasink/delete", `{"id":"x"}`, with(first), 404, ""}, {"datasink/delete", `{"id":"x"}`, with(second), 404, ""}})
	// The default one, and one each of a log-in and two renewals.
	if got := s.TokenCount(); got != 4 {
		t.Errorf("%d tokens, want 4", got)
	}
	mu.Lock()
	now = now.Add(time.Hour)
	mu.Unlock()
	if got := s.TokenCount(); got != 1 {
		t.Errorf("%d tokens after an hour, want the default one", got)
	}
	run(t, s, []step{
		{"datasink/delete", `{"id":"x"}`, with(first), 401, ""},
		{"datasink/delete", `{"id":"x"}`, bearer, 404, ""},
	})
	s.RevokeTokens()
	run(t, s, []step{{"datasink/delete", `{"id":"x"}`, bearer, 401, ""}})
}

func TestFaultsAndTLS(t *testing.T) {
	t.Parallel()
	s := autoidtest.Start(t, autoidtest.WithTLS())
	if !strings.HasPrefix(s.BaseURL(), "https://") {
		t.Errorf("base URL %s", s.BaseURL())
	}
	s.Fail("CreateSink", autoidtest.Fault{Status: 503, Applied: true})
	run(t, s, []step{
		{"datasink/create", `{"id":"` + one + `","name":"x"}`, bearer, 503, ""},
		{"datasink/create", `{"id":"` + one + `","name":"x"}`, bearer, 409, ""},
	})
	requests := s.Requests()
	if len(requests) != 2 || requests[0].Operation != "CreateSink" || !requests[0].Applied || requests[0].Fault == nil {
		t.Errorf("requests %+v", requests)
	}
}

// The fake is safe for concurrent use, and loses nothing.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s := autoidtest.Start(t)
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			id := string(rune('a' + i))
			if status, body := post(t, s, "datasink/create", `{"id":"`+id+`","name":"x"}`, bearer); status != 200 {
				t.Errorf("%d %s", status, body)
			}
			if status, body := post(t, s, "datasink/query", `{}`, key); status != 200 {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	group.Wait()
	if got := len(s.Sinks()); got != 20 {
		t.Errorf("%d sinks, want 20", got)
	}
}

func TestListener(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := autoidtest.Start(t, autoidtest.WithListener(listener))
	if want := "http://" + listener.Addr().String(); server.URL() != want {
		t.Errorf("the server is at %s, want %s", server.URL(), want)
	}
}
