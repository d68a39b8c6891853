package worklyticstest_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const email = "ci@acme.iam.gserviceaccount.com"

const gcp = `{"integrationId":"asana-psoxy","settings":{"PROXY_DEPLOYMENT_KIND":"GCP","PROXY_ENDPOINT":"https://psoxy.example/"}}`

// exchange is one call by hand.
type exchange struct {
	method, path, body string
	header             map[string]string // "-" leaves a header out
}

func (e exchange) do(t *testing.T, server *worklyticstest.Server) (status int, contentType, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), e.method, server.URL()+e.path, strings.NewReader(e.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+string(server.GoogleToken(email, time.Hour)))
	req.Header.Set("X-Worklytics-Tenant-Id", worklyticstest.DefaultTenantID)
	if e.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range e.header {
		if req.Header.Set(name, value); value == "-" {
			req.Header.Del(name)
		}
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), string(data)
}

// clock is a time that stands still.
func clock() worklyticstest.Option {
	return worklyticstest.WithClock(func() time.Time { return time.Date(2024, 5, 31, 10, 11, 12, 0, time.UTC) })
}

const dates = `"creationDate":"2024-05-31T10:11:12Z",`

func TestLife(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, id string
		options  []worklyticstest.Option
	}{
		{"numbers", `4818059952914432`, []worklyticstest.Option{clock()}},
		{"texts", `"4818059952914432"`, []worklyticstest.Option{clock(), worklyticstest.WithTextIDs()}},
		{"TLS", `4818059952914432`, []worklyticstest.Option{clock(), worklyticstest.WithTLS()}},
		{"HTTP/2", `4818059952914432`, []worklyticstest.Option{clock(), worklyticstest.WithHTTP2()}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := worklyticstest.Start(t, test.options...)
			const one = "/tenant/data-connections/4818059952914432"
			created := `{` + dates + `"id":` + test.id + `,"integrationId":"asana-psoxy","lastUpdateDate":"2024-05-31T10:11:12Z",` +
				`"settings":{"PROXY_DEPLOYMENT_KIND":"GCP","PROXY_ENDPOINT":"https://psoxy.example/"}}`
			sent := `{"id":` + test.id + `,"creationDate":"2000-01-01","integrationId":"asana-psoxy","color":{"a":[1.50,null]},` +
				`"settings":{"PROXY_DEPLOYMENT_KIND":"GCP","PROXY_BUCKET_NAME":"b","n":12345678901234567890}}`
			updated := `{"color":{"a":[1.50,null]},` + dates + `"id":` + test.id + `,"integrationId":"asana-psoxy","lastUpdateDate":"2024-05-31T10:11:12Z",` +
				`"settings":{"PROXY_BUCKET_NAME":"b","PROXY_DEPLOYMENT_KIND":"GCP","n":12345678901234567890}}`
			for _, step := range []struct {
				exchange
				status int
				body   string
			}{
				{exchange{method: "POST", path: "/tenant/data-connections", body: gcp}, 200, created},
				{exchange{method: "GET", path: one}, 200, created},
				{exchange{method: "PUT", path: one, body: sent}, 200, updated},
				{exchange{method: "GET", path: one}, 200, updated},
				{exchange{method: "DELETE", path: one}, 200, ""},
				{exchange{method: "DELETE", path: one}, 404, `{"message":"there is no such data connection","status":404}`},
				{exchange{method: "GET", path: one}, 404, `{"message":"there is no such data connection","status":404}`},
				{exchange{method: "PUT", path: one, body: sent}, 404, `{"message":"there is no such data connection","status":404}`},
			} {
				status, _, body := step.do(t, server)
				if status != step.status || body != step.body {
					t.Errorf("%s: %d %s, want %d %s", step.method, status, body, step.status, step.body)
				}
			}
			if got := server.Applied("CreateDataConnection"); got != 1 {
				t.Errorf("%d creations were applied", got)
			}
		})
	}
}

func TestRejectedObjects(t *testing.T) {
	t.Parallel()
	server := worklyticstest.Start(t)
	id := server.Add(worklyticstest.DataConnection{IntegrationID: "asana-psoxy"})
	one := "/tenant/data-connections/" + id
	for _, test := range []struct {
		name string
		exchange
		errors []string
	}{
		{"no JSON", exchange{body: `{`}, []string{"the body is not a JSON object"}},
		{"no body", exchange{header: map[string]string{"Content-Type": "application/json"}}, []string{"the body is not a JSON object"}},
		{"a list", exchange{body: `[]`}, []string{"the body is not a JSON object"}},
		{"null", exchange{body: `null`}, []string{"the body is not a JSON object"}},
		{"two objects", exchange{body: gcp + "{}"}, []string{"there is text behind the JSON object"}},
		{"other type", exchange{body: gcp, header: map[string]string{"Content-Type": "text/plain"}}, []string{"the Content-Type is not application/json"}},
		{"no type", exchange{body: gcp, header: map[string]string{"Content-Type": "-"}}, []string{"the Content-Type is not application/json"}},
		{"empty", exchange{body: `{}`}, []string{"integrationId: it is missing", "settings: it is missing"}},
		{"settings are text", exchange{body: `{"integrationId":"x","settings":"y"}`}, []string{"settings: it is missing"}},
		{"empty settings", exchange{body: `{"integrationId":"x","settings":{}}`}, []string{
			"settings.PROXY_DEPLOYMENT_KIND: it is neither AWS nor GCP", "settings.PROXY_ENDPOINT: it is missing, and there is no bucket",
		}},
		{"small letters", exchange{body: `{"integrationId":"x","settings":{"PROXY_DEPLOYMENT_KIND":"aws","PROXY_BUCKET":"b"}}`},
			[]string{"settings.PROXY_DEPLOYMENT_KIND: it is neither AWS nor GCP"}},
		{"AWS", exchange{body: `{"integrationId":"x","settings":{"PROXY_DEPLOYMENT_KIND":"AWS","PROXY_BUCKET_NAME":"b","PROXY_AWS_REGION":1}}`},
			[]string{"settings.PROXY_AWS_REGION: it is missing", "settings.PROXY_AWS_ROLE_ARN: it is missing"}},
		{"GitHub", exchange{body: `{"integrationId":"github-enterprise-psoxy","settings":{"PROXY_DEPLOYMENT_KIND":"GCP","PROXY_ENDPOINT":"e"}}`},
			[]string{"settings.GITHUB_ORGANIZATION: it is missing"}},
		{"an ID", exchange{body: `{"id":1,` + gcp[1:]}, []string{"id: it is made by the service"}},
		{"update without ID", exchange{method: "PUT", path: one, body: gcp}, []string{"id: it must be that of the path, and as the service wrote it"}},
		{"update with text", exchange{method: "PUT", path: one, body: `{"id":"` + id + `",` + gcp[1:]}, []string{"id: it must be that of the path, and as the service wrote it"}},
		{"update with another", exchange{method: "PUT", path: one, body: `{"id":1,` + gcp[1:]}, []string{"id: it must be that of the path, and as the service wrote it"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.method == "" {
				test.method, test.path = "POST", "/tenant/data-connections"
			}
			status, contentType, body := test.do(t, server)
			var got struct {
				Message string
				Errors  []string
			}
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatal(err)
			}
			if status != 400 || contentType != "application/json" || got.Message != "the data connection is malformed or invalid" {
				t.Errorf("got %d %s %s", status, contentType, body)
			}
			if diff := cmp.Diff(test.errors, got.Errors); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Cleanup(func() {
		if n := len(server.DataConnections()); n != 1 {
			t.Errorf("there are %d connections", n)
		}
	})
}

func TestPrefixes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		options        []worklyticstest.Option
		tenant, legacy int
		base           string
	}{
		{"default", nil, 200, 404, "/tenant"},
		{"legacy", []worklyticstest.Option{worklyticstest.WithLegacyPrefix()}, 404, 200, "/tenant-api"},
		{"both", []worklyticstest.Option{worklyticstest.WithBothPrefixes()}, 200, 200, "/tenant"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := worklyticstest.Start(t, test.options...)
			for path, want := range map[string]int{"/tenant": test.tenant, "/tenant-api": test.legacy} {
				status, contentType, _ := exchange{method: "POST", path: path + "/data-connections", body: gcp}.do(t, server)
				if status != want || status == 404 && contentType != "text/html; charset=utf-8" {
					t.Errorf("%s: %d %s, want %d", path, status, contentType, want)
				}
			}
			if server.BaseURL() != server.URL()+test.base || server.LegacyBaseURL() != server.URL()+"/tenant-api" {
				t.Errorf("the base URLs are %s, %s", server.BaseURL(), server.LegacyBaseURL())
			}
		})
	}
}

// There is no list, and no PATCH.
func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	server := worklyticstest.Start(t)
	id := server.Add(worklyticstest.DataConnection{})
	for _, e := range []exchange{
		{method: "GET", path: "/tenant/data-connections"},
		{method: "PATCH", path: "/tenant/data-connections/" + id},
		{method: "GET", path: "/"},
	} {
		if status, _, _ := e.do(t, server); status != 404 {
			t.Errorf("%s %s: %d", e.method, e.path, status)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	server := worklyticstest.Start(t, worklyticstest.WithAdmins(email, "other@acme.example"))
	other := worklyticstest.Start(t)
	now := time.Now()
	google := func(changes map[string]any) string {
		claims := map[string]any{"iss": "https://accounts.google.com", "aud": "https://app.worklytics.co", "email": email, "exp": now.Add(time.Hour).Unix()}
		for name, value := range changes {
			if claims[name] = value; value == nil {
				delete(claims, name)
			}
		}
		return string(server.Token(claims))
	}
	cognito := func(aud any, amr any) string {
		return string(server.Token(map[string]any{"iss": "https://cognito-identity.amazonaws.com", "aud": aud, "amr": amr, "exp": now.Add(time.Hour).Unix()}))
	}
	const unsigned = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2FjY291bnRzLmdvb2dsZS5jb20ifQ."
	for _, test := range []struct {
		name, authorization string
		status              int
		message             string
	}{
		{"Google", "Bearer " + string(server.GoogleToken(email, time.Minute)), 200, ""},
		{"Google, list of audiences", "Bearer " + google(map[string]any{"aud": []string{"x", "https://app.worklytics.co"}}), 200, ""},
		{"Google, verified", "Bearer " + google(map[string]any{"email_verified": true}), 200, ""},
		{"Cognito", "Bearer " + string(server.CognitoToken(email, time.Minute)), 200, ""},
		{"Google, no admin", "Bearer " + string(server.GoogleToken("eve@acme.example", time.Minute)), 403, "eve@acme.example does not have the role DataConnectionAdmin"},
		{"Cognito, no admin", "Bearer " + string(server.CognitoToken("eve@acme.example", time.Minute)), 403, "eve@acme.example does not have the role DataConnectionAdmin"},
		{"none", "-", 401, "no bearer token"},
		{"basic", "Basic x", 401, "no bearer token"},
		{"no JWT", "Bearer x", 401, "cannot be verified"},
		{"unsigned", "Bearer " + unsigned, 401, "signing method none is invalid"},
		{"of another server", "Bearer " + string(other.GoogleToken(email, time.Hour)), 401, "signature is invalid"},
		{"expired", "Bearer " + string(server.GoogleToken(email, -time.Minute)), 401, "expired"},
		{"no lifetime", "Bearer " + string(server.GoogleToken(email, 0)), 401, "expired"},
		{"no expiry", "Bearer " + google(map[string]any{"exp": nil}), 401, "exp claim is required"},
		{"no issuer", "Bearer " + google(map[string]any{"iss": nil}), 401, `the issuer "" is neither`},
		{"odd issuer", "Bearer " + google(map[string]any{"iss": 7}), 401, "iss is invalid"},
		{"other issuer", "Bearer " + google(map[string]any{"iss": "https://evil.example"}), 401, "is neither Google nor Amazon Cognito"},
		{"no audience", "Bearer " + google(map[string]any{"aud": nil}), 401, "without https://app.worklytics.co"},
		{"odd audience", "Bearer " + google(map[string]any{"aud": 7}), 401, "without https://app.worklytics.co"},
		{"other audience", "Bearer " + google(map[string]any{"aud": "https://intl.worklytics.co"}), 401, "without https://app.worklytics.co"},
		{"no email", "Bearer " + google(map[string]any{"email": nil}), 401, "there is no verified email"},
		{"email not verified", "Bearer " + google(map[string]any{"email_verified": false}), 401, "there is no verified email"},
		{"Cognito without amr", "Bearer " + cognito("us-east-1:p", nil), 401, "authenticated identity"},
		{"Cognito, not authenticated", "Bearer " + cognito("us-east-1:p", []string{"unauthenticated"}), 401, "authenticated identity"},
		{"Cognito, two pools", "Bearer " + cognito([]string{"a", "b"}, []string{"authenticated"}), 401, "authenticated identity"},
		{"Cognito, user of another pool", "Bearer " + cognito("us-east-1:p", []any{"authenticated", 7, "intl.worklytics.co:us-east-1:q:" + email}), 401, "names no user"},
		{"Cognito, other provider", "Bearer " + cognito("us-east-1:p", []string{"authenticated", "login.acme.example:us-east-1:p:" + email}), 401, "names no user"},
		{"Cognito, no user", "Bearer " + cognito("us-east-1:p", []string{"authenticated", "intl.worklytics.co:us-east-1:p:"}), 401, "names no user"},
		{"claims that are no JSON", "Bearer " + string(server.Token(map[string]any{"x": make(chan int)})), 401, "cannot be verified"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status, _, body := exchange{method: "POST", path: "/tenant/data-connections", body: gcp, header: map[string]string{"Authorization": test.authorization}}.do(t, server)
			if status != test.status || !strings.Contains(body, strings.ReplaceAll(test.message, `"`, `\"`)) {
				t.Errorf("got %d %s, want %d with %q", status, body, test.status, test.message)
			}
		})
	}
}

func TestTokensExpireByTheClock(t *testing.T) {
	t.Parallel()
	now := make(chan time.Time, 1)
	begin := time.Date(2024, 5, 31, 10, 11, 12, 999, time.UTC)
	now <- begin
	server := worklyticstest.Start(t, worklyticstest.WithClock(func() time.Time {
		at := <-now
		now <- at
		return at
	}))
	token := "Bearer " + string(server.GoogleToken(email, 15*time.Minute))
	for _, test := range []struct {
		after  time.Duration
		status int
	}{{0, 200}, {15*time.Minute - time.Second, 200}, {15*time.Minute + 2*time.Second, 401}} {
		<-now
		now <- begin.Add(test.after)
		status, _, body := exchange{method: "POST", path: "/tenant/data-connections", body: gcp, header: map[string]string{"Authorization": token}}.do(t, server)
		if status != test.status {
			t.Errorf("after %v: %d %s", test.after, status, body)
		}
	}
}

func TestTenantHeader(t *testing.T) {
	t.Parallel()
	const mine = "123456789012345678901"
	server := worklyticstest.Start(t, worklyticstest.WithTenant(mine))
	for header, want := range map[string]int{mine: 200, worklyticstest.DefaultTenantID: 403, "-": 403} {
		status, _, body := exchange{method: "POST", path: "/tenant/data-connections", body: gcp, header: map[string]string{"X-Worklytics-Tenant-Id": header}}.do(t, server)
		if status != want || want == 403 && !strings.Contains(body, "x-worklytics-tenant-id") {
			t.Errorf("%s: %d %s, want %d", header, status, body, want)
		}
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	server := worklyticstest.Start(t, clock())
	given := worklyticstest.DataConnection{
		IntegrationID: "asana-psoxy", Settings: map[string]any{"a": "b", "n": json.Number("1.50")}, Extra: map[string]any{"color": "red"},
	}
	first := server.Add(given)
	second := server.Add(worklyticstest.DataConnection{ID: "by-hand", IntegrationID: "x"})
	given.Settings["a"], given.Extra["color"] = "changed", "changed"
	at := time.Date(2024, 5, 31, 10, 11, 12, 0, time.UTC)
	want := []worklyticstest.DataConnection{
		{ID: "4818059952914432", IntegrationID: "asana-psoxy", Settings: map[string]any{"a": "b", "n": json.Number("1.50")}, Extra: map[string]any{"color": "red"}, Created: at, Updated: at},
		{ID: "by-hand", IntegrationID: "x", Extra: map[string]any{}, Created: at, Updated: at},
	}
	got := server.DataConnections()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got[0].Settings["a"] = "changed"
	one, ok := server.DataConnection(first)
	if diff := cmp.Diff(want[0], one); !ok || diff != "" {
		t.Errorf("%t (-want +got):\n%s", ok, diff)
	}
	// An ID that is no number is text in any case.
	if status, _, body := (exchange{method: "GET", path: "/tenant/data-connections/by-hand"}).do(t, server); status != 200 || !strings.Contains(body, `"id":"by-hand"`) {
		t.Errorf("got %d %s", status, body)
	}
	server.Add(worklyticstest.DataConnection{ID: second, IntegrationID: "y"})
	if one, _ := server.DataConnection(second); one.IntegrationID != "y" || len(server.DataConnections()) != 2 {
		t.Errorf("it was not replaced: %v", one)
	}
	server.Remove(first)
	if _, ok := server.DataConnection(first); ok || len(server.DataConnections()) != 1 {
		t.Error("it is still there")
	}
	if id := server.Add(worklyticstest.DataConnection{}); id == first {
		t.Error("an ID was given twice")
	}
}

func TestFaultsAndRecord(t *testing.T) {
	t.Parallel()
	server := worklyticstest.Start(t)
	server.Fail("CreateDataConnection", worklyticstest.Fault{Status: 503, RetryAfter: "1"})
	if status, _, _ := (exchange{method: "POST", path: "/tenant/data-connections", body: gcp}).do(t, server); status != 503 {
		t.Errorf("got %d", status)
	}
	requests := server.Requests()
	if len(requests) != 1 || requests[0].Operation != "CreateDataConnection" || string(requests[0].Body) != gcp || requests[0].Applied || len(server.DataConnections()) != 0 {
		t.Errorf("got %+v", requests)
	}
}

func TestListener(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := worklyticstest.Start(t, worklyticstest.WithListener(listener))
	if want := "http://" + listener.Addr().String(); server.URL() != want {
		t.Errorf("the server is at %s, want %s", server.URL(), want)
	}
}
