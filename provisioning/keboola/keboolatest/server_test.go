package keboolatest_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// response is what a client got.
type response struct {
	status int
	header http.Header
	body   string
}

// send sends one request with the default token.
func send(t *testing.T, s *keboolatest.Server, method, path, body string) response {
	t.Helper()
	return sendWith(t, s, keboolatest.DefaultToken, method, path, body)
}

func sendWith(t *testing.T, s *keboolatest.Server, token, method, path, body string) response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.BaseURL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("X-StorageApi-Token", token)
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{resp.StatusCode, resp.Header, string(got)}
}

// exchange is a request and what it is answered. A %s in the body stands for the request's id.
type exchange struct {
	method, path, body string
	status             int
	want               string
}

func play(t *testing.T, s *keboolatest.Server, exchanges ...exchange) {
	t.Helper()
	for _, e := range exchanges {
		got := send(t, s, e.method, e.path, e.body)
		want := strings.ReplaceAll(e.want, "{id}", got.header.Get("X-Amzn-Requestid"))
		if got.status != e.status || got.body != want {
			t.Errorf("%s %s %s\n got %d %s\nwant %d %s", e.method, e.path, e.body, got.status, got.body, e.status, want)
		}
		if got.header.Get("X-Amzn-Requestid") == "" {
			t.Errorf("%s %s: the response has no id", e.method, e.path)
		}
	}
}

var day = time.Date(2017, 3, 7, 22, 23, 12, 0, time.UTC)

func clock() time.Time { return day }

func TestProjects(t *testing.T) {
	t.Parallel()
	s := keboolatest.Start(t, keboolatest.WithClock(clock))
	s.AddProject(keboolatest.Project{PID: "one"})
	s.AddProject(keboolatest.Project{PID: "two", Token: "keboola_demo", ExpiresOn: day.AddDate(0, 0, 30), CreatedBy: "me", CreatedByID: 7})
	const (
		one = `{"pid":"one","createdOn":"2017-03-07T22:23:12.000Z","createdBy":"kbc","createdById":1,"expiresOn":null}`
		two = `{"pid":"two","createdOn":"2017-03-07T22:23:12.000Z","createdBy":"me","createdById":7,"expiresOn":"2017-04-06T22:23:12.000Z"}`
	)
	play(t, s,
		exchange{"GET", "/projects", "", 200, "[" + one + "," + two + "]"},
		exchange{"GET", "/projects/", "", 200, "[" + one + "," + two + "]"},
		exchange{"GET", "/projects/one", "", 200,
			`{"pid":"one","token":"keboola_production","createdOn":"2017-03-07T22:23:12.000Z","createdBy":"kbc","createdById":1}`},
		exchange{"GET", "/projects/two", "", 200,
			`{"pid":"two","token":"keboola_demo","createdOn":"2017-03-07T22:23:12.000Z","createdBy":"me","createdById":7,"expiresOn":"2017-04-06T22:23:12.000Z"}`},
		exchange{"GET", "/projects/th%20ree", "", 404, `{"errorMessage":"Project th%20ree not found in database","requestId":"{id}"}`},
		exchange{"DELETE", "/projects/three", "", 404, `{"errorMessage":"Project three not found in database","requestId":"{id}"}`},
		exchange{"DELETE", "/projects/one", "", 204, ""},
		exchange{"DELETE", "/projects/one", "", 404, `{"errorMessage":"Project one not found in database","requestId":"{id}"}`},
		exchange{"GET", "/projects", "", 200, "[" + two + "]"},
		exchange{"PATCH", "/projects", "", 404, `{"errorMessage":"Not Found","errorCode":"404","apiRequestId":"{id}"}`},
	)
}

func TestCreateProject(t *testing.T) {
	t.Parallel()
	s := keboolatest.Start(t, keboolatest.WithClock(clock), keboolatest.WithQuotas(1, 1))
	refused := func(body, message string) exchange {
		return exchange{"POST", "/projects", body, 422, `{"errorMessage":"` + message + `","requestId":"{id}"}`}
	}
	play(t, s,
		exchange{"POST", "/projects", "{", 400, `{"errorMessage":"The body is not valid JSON","errorType":"BadRequest","requestId":"{id}"}`},
		refused(`{"keboolaToken":"demo"}`, "Parameter name is required"),
		refused(`{"name":"n"}`, "One of keboolaToken and customToken is required"),
		refused(`{"name":"n","keboolaToken":"demo","customToken":"c"}`, "One of keboolaToken and customToken is required"),
		refused(`{"name":"n","keboolaToken":"other"}`, "Parameter keboolaToken must be one of demo, production"),
	)
	for _, token := range []string{`"keboolaToken":"demo"`, `"keboolaToken":"production"`, `"customToken":"mine"`, `"customToken":"mine"`} {
		if got := send(t, s, "POST", "/projects", `{"name":"n",`+token+`}`); got.status != 201 {
			t.Errorf("%s: %d %s", token, got.status, got.body)
		}
	}
	play(t, s,
		refused(`{"name":"n","keboolaToken":"demo"}`, "Allowed projects count limit reached"),
		refused(`{"name":"n","keboolaToken":"production"}`, "Allowed projects count limit reached"),
	)
	projects := s.Projects()
	ids := make(map[string]bool)
	for i := range projects {
		if len(projects[i].PID) != 32 {
			t.Errorf("PID = %q, want 32 characters", projects[i].PID)
		}
		ids[projects[i].PID] = true
		projects[i].PID = ""
	}
	made := keboolatest.Project{Name: "n", CreatedOn: day, CreatedBy: "kbc", CreatedByID: 1, Members: map[string]string{}}
	demo, production, own := made, made, made
	demo.Token, production.Token, own.Token = "keboola_demo", "keboola_production", "mine"
	demo.ExpiresOn = day.Add(30 * 24 * time.Hour)
	if diff := cmp.Diff([]keboolatest.Project{demo, production, own, own}, projects); diff != "" || len(ids) != 4 {
		t.Errorf("projects differ (-want +got), %d ids:\n%s", len(ids), diff)
	}
}

func TestProjectWithUser(t *testing.T) {
	t.Parallel()
	s := keboolatest.Start(t)
	got := send(t, s, "POST", "/projects?user=true", `{"name":"n","keboolaToken":"demo"}`)
	project, user := s.Projects()[0], s.Users()[0]
	want := fmt.Sprintf(`{"pid":%q,"uid":%q,"login":%q,"password":%q}`, project.PID, user.UID, user.Login, user.Password)
	if got.status != 201 || got.body != want {
		t.Errorf("created: %d %s, want %s", got.status, got.body, want)
	}
	if !strings.HasPrefix(user.Login, "service-"+project.PID+"-") || len(project.Members) != 0 || len(user.Password) < 7 {
		t.Errorf("made %+v and %+v", project, user)
	}
	// Without the flag, the user stays.
	kept := s.AddUser(keboolatest.User{Login: "KEPT@example.org"})
	play(t, s, exchange{"DELETE", "/projects/" + project.PID + "?user=true", "", 204, ""})
	if users := s.Users(); len(users) != 1 || users[0].Login != kept || kept != "kept@example.org" {
		t.Errorf("users left: %+v", users)
	}
	other := send(t, s, "POST", "/projects?user=1", `{"name":"n","keboolaToken":"demo"}`)
	play(t, s, exchange{"DELETE", "/projects/" + s.Projects()[0].PID, "", 204, ""})
	if users := s.Users(); other.status != 201 || len(users) != 2 {
		t.Errorf("users left without the flag: %+v", users)
	}
	play(t, s, exchange{"POST", "/projects?user=true", "[]", 400, `{"errorMessage":"The body is not valid JSON","errorType":"BadRequest","requestId":"{id}"}`})
}

func TestUsers(t *testing.T) {
	t.Parallel()
	s := keboolatest.Start(t, keboolatest.WithClock(clock))
	s.AddForeignLogin("Else@where.example")
	refused := func(body, message string) exchange {
		return exchange{"POST", "/users", body, 422, `{"errorMessage":"` + message + `","requestId":"{id}"}`}
	}
	const good = `"password":"1234567","firstName":"Ada","lastName":"Lovelace"}`
	play(t, s,
		exchange{"GET", "/users", "", 200, "[]"},
		exchange{"POST", "/users", "", 400, `{"errorMessage":"The body is not valid JSON","errorType":"BadRequest","requestId":"{id}"}`},
		refused(`{`+good, "Parameter login is required"),
		refused(`{"login":"a@b","firstName":"A","lastName":"B"}`, "Parameter password is required"),
		refused(`{"login":"a@b","password":"1234567","lastName":"B"}`, "Parameter firstName is required"),
		refused(`{"login":"a@b","password":"1234567","firstName":"A"}`, "Parameter lastName is required"),
		refused(`{"login":"a@b","password":"ěščřžý","firstName":"A","lastName":"B"}`, "Password must have at least 7 characters"),
		exchange{"POST", "/users", `{"login":"else@WHERE.example",` + good, 400,
			`{"errorMessage":"User else@WHERE.example exists in another GoodData domain","errorType":"BadRequest","requestId":"{id}"}`},
	)
	got := send(t, s, "POST", "/users", `{"login":"Ada+1@Example.org","email":"A@B.org","ssoProvider":"acme",`+good)
	want := keboolatest.User{
		Login: "ada+1@example.org", UID: s.Users()[0].UID, Password: "1234567", FirstName: "Ada", LastName: "Lovelace", Email: "a@b.org",
		SSOProvider: "acme", CreatedOn: day, CreatedBy: "kbc", CreatedByID: 1,
	}
	if diff := cmp.Diff([]keboolatest.User{want}, s.Users()); diff != "" || got.status != 201 || got.body != `{"uid":"`+want.UID+`"}` {
		t.Errorf("created %d %s, users differ (-want +got):\n%s", got.status, got.body, diff)
	}
	play(t, s,
		refused(`{"login":"ada+1@example.ORG",`+good, "User ada+1@example.ORG already exists"),
		exchange{"GET", "/users", "", 200,
			`[{"login":"ada+1@example.org","uid":"` + want.UID + `","createdOn":"2017-03-07T22:23:12.000Z","createdBy":"kbc","createdById":1}]`},
		// What is escaped without need is not decoded.
		exchange{"DELETE", "/users/ada+1%40example.org", "", 404, `{"errorMessage":"User ada+1%40example.org not found in database","requestId":"{id}"}`},
		exchange{"DELETE", "/users/ada%2B1@example.org", "", 404, `{"errorMessage":"User ada%2B1@example.org not found in database","requestId":"{id}"}`},
		exchange{"DELETE", "/users/ADA+1@example.org", "", 204, ""},
		exchange{"DELETE", "/users/ada+1@example.org", "", 404, `{"errorMessage":"User ada+1@example.org not found in database","requestId":"{id}"}`},
		exchange{"GET", "/users", "", 200, "[]"},
	)
}

func TestMembers(t *testing.T) {
	t.Parallel()
	s := keboolatest.Start(t)
	s.AddForeignLogin("else@where.example")
	s.AddUser(keboolatest.User{Login: "ada@example.org"})
	s.AddProject(keboolatest.Project{PID: "p", Members: map[string]string{"Old@example.org": "editor"}})
	const path = "/projects/p/users/Ada@example.org"
	play(t, s,
		exchange{"POST", "/projects/q/users/a@b", `{"role":"admin"}`, 404, `{"errorMessage":"Project q not found in database","requestId":"{id}"}`},
		exchange{"POST", "/projects/p/users/a@b", `{"role":"admin"}`, 404, `{"errorMessage":"User a@b not found in database","requestId":"{id}"}`},
		exchange{"POST", "/projects/p/users/else@where.example", `{"role":"admin"}`, 400,
			`{"errorMessage":"User else@where.example exists in another GoodData domain","errorType":"BadRequest","requestId":"{id}"}`},
		exchange{"POST", path, `x`, 400, `{"errorMessage":"The body is not valid JSON","errorType":"BadRequest","requestId":"{id}"}`},
		exchange{"DELETE", path, ``, 404, `{"errorMessage":"User ada@example.org is not in project p","requestId":"{id}"}`},
		exchange{"POST", path, `{"role":"admin"}`, 204, ""},
		exchange{"POST", path, `{"role":"explorer"}`, 204, ""},
	)
	if got := send(t, s, "POST", path, `{"role":"boss"}`); got.status != 422 || !strings.Contains(got.body, "Parameter role must be one of") {
		t.Errorf("unknown role: %d %s", got.status, got.body)
	}
	members := func() map[string]string {
		p, ok := s.Project("p")
		if !ok {
			t.Fatal("the project is gone")
		}
		return p.Members
	}
	if diff := cmp.Diff(map[string]string{"old@example.org": "editor", "ada@example.org": "explorer"}, members()); diff != "" {
		t.Errorf("members differ (-want +got):\n%s", diff)
	}
	play(t, s, exchange{"DELETE", path, "", 204, ""},
		exchange{"DELETE", "/projects/q/users/ada@example.org", ``, 404, `{"errorMessage":"Project q not found in database","requestId":"{id}"}`},
		exchange{"DELETE", "/projects/p/users/b@example.org", ``, 404, `{"errorMessage":"User b@example.org not found in database","requestId":"{id}"}`},
		exchange{"POST", path, `{"role":"explorer"}`, 204, ""}, exchange{"DELETE", "/users/ada@example.org", "", 204, ""})
	if diff := cmp.Diff(map[string]string{"old@example.org": "editor"}, members()); diff != "" {
		t.Errorf("members differ after the user is gone (-want +got):\n%s", diff)
	}
	if _, ok := s.Project("q"); ok {
		t.Error("there is a project that nobody made")
	}
}

func TestAccess(t *testing.T) {
	t.Parallel()
	now := day
	s := keboolatest.Start(t, keboolatest.WithClock(func() time.Time { return now }), keboolatest.WithSSODelay(10*time.Second))
	s.AddProject(keboolatest.Project{PID: "p"})
	s.AddUser(keboolatest.User{Login: "ada@example.org"})
	play(t, s,
		exchange{"GET", "/users/ada@example.org/sso", "", 200,
			`{"encryptedClaims":"-----BEGIN PGP MESSAGE-----\n\nclaims of ada@example.org\n-----END PGP MESSAGE-----\n","ssoProvider":"keboola.com"}`},
		exchange{"GET", "/users/eve@example.org/sso", "", 404, `{"errorMessage":"User eve@example.org not found in database","requestId":"{id}"}`},
		exchange{"GET", "/projects/p/access", "", 400, `{"errorMessage":"Access to project p is not ready yet","errorType":"BadRequest","requestId":"{id}"}`},
		exchange{"GET", "/projects/q/access", "", 404, `{"errorMessage":"Project q not found in database","requestId":"{id}"}`},
		exchange{"GET", "/projects/q/credentials", "", 404, `{"errorMessage":"Project q not found in database","requestId":"{id}"}`},
		exchange{"GET", "/projects/p/credentials", "", 200, `{"login":"user3@provisioning.keboola.com","password":"password-3"}`},
		exchange{"GET", "/projects/p/credentials", "", 200, `{"login":"user4@provisioning.keboola.com","password":"password-4"}`},
	)
	now = now.Add(10 * time.Second)
	const access = `{"encryptedClaims":"-----BEGIN PGP MESSAGE-----\n\nclaims of access-p@provisioning.keboola.com\n-----END PGP MESSAGE-----\n","ssoProvider":"keboola.com"}`
	play(t, s, exchange{"GET", "/projects/p/access", "", 200, access}, exchange{"GET", "/projects/p/access", "", 200, access})
	p, _ := s.Project("p")
	want := map[string]string{
		"user3@provisioning.keboola.com": "admin", "user4@provisioning.keboola.com": "admin", "access-p@provisioning.keboola.com": "admin",
	}
	if diff := cmp.Diff(want, p.Members); diff != "" || len(s.Users()) != 4 {
		t.Errorf("%d users, members differ (-want +got):\n%s", len(s.Users()), diff)
	}
}

func TestMisspeltClaims(t *testing.T) {
	t.Parallel()
	s := keboolatest.Start(t, keboolatest.WithMisspeltClaims())
	login := s.AddUser(keboolatest.User{})
	if got := send(t, s, "GET", "/users/"+login+"/sso", ""); !strings.HasPrefix(got.body, `{"enryptedClaims":"-----BEGIN`) {
		t.Errorf("response = %s", got.body)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := keboolatest.Start(t, keboolatest.WithToken("a"), keboolatest.WithToken("b"))
	s.RemoveToken("a")
	s.AddToken("c")
	if diff := cmp.Diff([]string{"b", "c"}, s.Tokens()); diff != "" {
		t.Errorf("tokens differ (-want +got):\n%s", diff)
	}
	for token, status := range map[string]int{"a": 401, "b": 200, "c": 200, "": 401, keboolatest.DefaultToken: 401} {
		got := sendWith(t, s, token, "GET", "/projects", "")
		if got.status != status {
			t.Errorf("token %q: %d, want %d", token, got.status, status)
		}
		want := `{"errorMessage":"Invalid Storage API token","errorType":"Unauthorized","requestId":"` + got.header.Get("X-Amzn-Requestid") + `"}`
		if status == 401 && got.body != want {
			t.Errorf("token %q: %s, want %s", token, got.body, want)
		}
	}
	// The index of services takes none.
	got := sendWith(t, s, "", "GET", "/v2/storage", "")
	if want := `{"id":"gooddata-provisioning","url":"` + s.BaseURL() + `"}`; got.status != 200 || !strings.Contains(got.body, want) || s.ConnectionURL() != s.URL() {
		t.Errorf("index: %d %s", got.status, got.body)
	}
}

func TestMaintenance(t *testing.T) {
	t.Parallel()
	s := keboolatest.Start(t)
	s.StartMaintenance("Upgrade of the database", "120")
	for _, path := range []string{"/projects", "/v2/storage", "/nowhere"} {
		got := send(t, s, "GET", path, "")
		if got.status != 503 || got.body != `{"reason":"Upgrade of the database","status":"maintenance"}` || got.header.Get("Retry-After") != "120" {
			t.Errorf("%s: %+v", path, got)
		}
	}
	s.StartMaintenance("Longer than thought", "")
	if got := send(t, s, "GET", "/projects", ""); got.status != 503 || got.header["Retry-After"] != nil {
		t.Errorf("without Retry-After: %+v", got)
	}
	s.EndMaintenance()
	if got := send(t, s, "GET", "/projects", ""); got.status != 200 {
		t.Errorf("after maintenance: %+v", got)
	}
}

func TestGoodDataDown(t *testing.T) {
	t.Parallel()
	s := keboolatest.Start(t)
	s.AddProject(keboolatest.Project{PID: "p", Members: map[string]string{"in@example.org": "admin"}})
	s.AddUser(keboolatest.User{Login: "in@example.org"})
	s.SetGoodDataDown(true)
	const down = `{"errorMessage":"Application Error","errorCode":500,"apiRequestId":"{id}"}`
	play(t, s,
		exchange{"POST", "/projects", `{"name":"n","keboolaToken":"demo"}`, 500, down},
		exchange{"POST", "/users", `{"login":"a@b","password":"1234567","firstName":"A","lastName":"B"}`, 500, down},
		exchange{"POST", "/projects/p/users/in@example.org", `{"role":"admin"}`, 500, down},
		exchange{"DELETE", "/projects/p/users/in@example.org", "", 500, down},
		exchange{"GET", "/projects/p/access", "", 500, down},
		exchange{"GET", "/projects/p/credentials", "", 500, down},
		exchange{"DELETE", "/projects/p", "", 500, down},
		exchange{"DELETE", "/users/in@example.org", "", 500, down},
		exchange{"DELETE", "/users/in@example.org?ignoreGoodDataErrors=true", "", 204, ""},
		exchange{"DELETE", "/projects/p?ignoreGoodDataErrors=true", "", 204, ""},
	)
	s.AddProject(keboolatest.Project{PID: "p"})
	s.AddUser(keboolatest.User{Login: "in@example.org"})
	const unreadable = `{"errorMessage":"The query cannot be read","errorType":"BadRequest","requestId":"{id}"}`
	play(t, s,
		exchange{"DELETE", "/projects/p?%", "", 400, unreadable},
		exchange{"DELETE", "/users/in@example.org?%", "", 400, unreadable},
		exchange{"GET", "/users?%", "", 400, unreadable},
	)
	s.SetGoodDataDown(false)
	play(t, s, exchange{"DELETE", "/projects/p", "", 204, ""})
}

func TestSecureTransports(t *testing.T) {
	t.Parallel()
	for proto, option := range map[string]keboolatest.Option{"HTTP/1.1": keboolatest.WithTLS(), "HTTP/2.0": keboolatest.WithHTTP2()} {
		s := keboolatest.Start(t, option)
		resp, err := s.Client().Get(s.BaseURL() + "/v2/storage")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.Proto != proto || !strings.HasPrefix(s.BaseURL(), "https://") {
			t.Errorf("%s over %s, want %s", s.BaseURL(), resp.Proto, proto)
		}
	}
}

func TestListener(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := keboolatest.Start(t, keboolatest.WithListener(listener))
	if want := "http://" + listener.Addr().String(); server.URL() != want {
		t.Errorf("the server is at %s, want %s", server.URL(), want)
	}
}
