package keboola_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

// at is a time of the API's examples.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestExchanges holds each documented operation against its documented request and answer.
func TestExchanges(t *testing.T) {
	t.Parallel()
	type ctx = context.Context
	type client = *keboola.Client
	claims := &keboola.SSOClaims{EncryptedClaims: tenantkit.NewSecret("-----BEGIN PGP MESSAGE-----\n..."), SSOProvider: "keboola.com"}
	project := &keboola.NewProject{Name: "Project Name", CustomToken: tenantkit.NewSecret("AuthorizationToken")}
	user := func() *keboola.NewUser {
		return &keboola.NewUser{Login: "test@keboola.com", Password: tenantkit.NewSecret("1234567"), FirstName: "Keboola", LastName: "Test"}
	}
	tests := []struct {
		name    string
		call    func(ctx, client) (any, error)
		request string
		body    string
		status  int
		answer  string // a file
		want    any
	}{
		{
			name:    "ListProjects",
			call:    func(ctx ctx, c client) (any, error) { return c.ListProjects(ctx, nil) },
			request: "GET /projects", status: 200, answer: "projects.json",
			want: &tenantkit.Page[keboola.Project]{Items: []keboola.Project{
				{
					PID: "wasc4gjy5sphvlt0wjx5fqys5q6bh38j", CreatedOn: at(t, "2017-03-07T22:23:12Z"), CreatedBy: "kbc", CreatedByID: "1",
					ExpiresOn: at(t, "2018-04-11T12:00:00Z"),
				},
				{PID: "xyrt8gjy5sphvltxyrt85fqys5q6bh399", CreatedOn: at(t, "2017-03-08T22:23:12Z"), CreatedBy: "kbc", CreatedByID: "1"},
			}},
		},
		{
			name: "ListProjects with a token that needs escaping",
			call: func(ctx ctx, c client) (any, error) {
				return c.ListProjects(ctx, &keboola.ListProjectsOptions{Next: "a/b+c=&?d;"})
			},
			request: "GET /projects?nextPageToken=a%2Fb%2Bc%3D%26%3Fd%3B", status: 200, answer: "projects-lenient.json",
			want: &tenantkit.Page[keboola.Project]{Items: []keboola.Project{
				{PID: "one", CreatedBy: "kbc", CreatedByID: "17"},
				{PID: "two", CreatedBy: "3"},
				{PID: "three", CreatedByID: "12345678901234567890"},
			}},
		},
		{
			name:    "GetProject",
			call:    func(ctx ctx, c client) (any, error) { return c.GetProject(ctx, "wasc4gjy5sphvlt0wjx5fqys5q6bh38j") },
			request: "GET /projects/wasc4gjy5sphvlt0wjx5fqys5q6bh38j", status: 200, answer: "project.json",
			want: &keboola.Project{
				PID: "wasc4gjy5sphvlt0wjx5fqys5q6bh38j", Token: tenantkit.NewSecret("keboola_demo"), CreatedOn: at(t, "2017-03-07T22:23:12Z"), CreatedBy: "kbc", CreatedByID: "1",
			},
		},
		{
			name:    "CreateProject",
			call:    func(ctx ctx, c client) (any, error) { return c.CreateProject(ctx, project) },
			request: "POST /projects", body: `{"name":"Project Name","customToken":"AuthorizationToken"}`, status: 201, answer: "created-project.json",
			want: &keboola.CreatedProject{PID: "jfkdsjfljkdls"},
		},
		{
			name: "CreateProject with Keboola's token",
			call: func(ctx ctx, c client) (any, error) {
				return c.CreateProject(ctx, &keboola.NewProject{Name: "ěščř \"x\"", KeboolaToken: keboola.KeboolaTokenDemo})
			},
			request: "POST /projects", body: `{"name":"ěščř \"x\"","keboolaToken":"demo"}`, status: 201, answer: "created-project.json",
			want: &keboola.CreatedProject{PID: "jfkdsjfljkdls"},
		},
		{
			name:    "CreateProjectWithUser",
			call:    func(ctx ctx, c client) (any, error) { return c.CreateProjectWithUser(ctx, project) },
			request: "POST /projects?user=true", body: `{"name":"Project Name","customToken":"AuthorizationToken"}`, status: 201,
			answer: "created-project-with-user.json",
			want:   &keboola.CreatedProjectWithUser{PID: "jfkdsjfljkdls", UID: "jfkdsjfljkdls", Login: "test@keboola.com", Password: tenantkit.NewSecret("1234567")},
		},
		{
			name:    "DeleteProject",
			call:    func(ctx ctx, c client) (any, error) { return nil, c.DeleteProject(ctx, "p", nil) },
			request: "DELETE /projects/p", status: 204,
		},
		{
			name: "DeleteProject with no flag set",
			call: func(ctx ctx, c client) (any, error) {
				return nil, c.DeleteProject(ctx, "p", &keboola.DeleteProjectOptions{})
			},
			request: "DELETE /projects/p", status: 204,
		},
		{
			name: "DeleteProject with both flags",
			call: func(ctx ctx, c client) (any, error) {
				return nil, c.DeleteProject(ctx, "p", &keboola.DeleteProjectOptions{User: true, IgnoreGoodDataErrors: true})
			},
			request: "DELETE /projects/p?ignoreGoodDataErrors=true&user=true", status: 204,
		},
		{
			name:    "ListUsers",
			call:    func(ctx ctx, c client) (any, error) { return c.ListUsers(ctx, nil) },
			request: "GET /users", status: 200, answer: "users.json",
			want: &tenantkit.Page[keboola.User]{Items: []keboola.User{{
				Login: "313-deltest11-57333edca7704@clients.keboola.com", UID: "05e201dd015be23b892a6cac85098fb0",
				CreatedOn: at(t, "2016-05-11T16:17:01Z"), CreatedBy: "kbc", CreatedByID: "1",
			}}},
		},
		{
			name: "ListUsers, a later page",
			call: func(ctx ctx, c client) (any, error) {
				return c.ListUsers(ctx, &keboola.ListUsersOptions{Next: "1234"})
			},
			request: "GET /users?nextPageToken=1234", status: 200, answer: "users.json",
			want: &tenantkit.Page[keboola.User]{Items: []keboola.User{{
				Login: "313-deltest11-57333edca7704@clients.keboola.com", UID: "05e201dd015be23b892a6cac85098fb0",
				CreatedOn: at(t, "2016-05-11T16:17:01Z"), CreatedBy: "kbc", CreatedByID: "1",
			}}},
		},
		{
			name:    "CreateUser",
			call:    func(ctx ctx, c client) (any, error) { return c.CreateUser(ctx, user()) },
			request: "POST /users", body: `{"login":"test@keboola.com","password":"1234567","firstName":"Keboola","lastName":"Test"}`, status: 201,
			answer: "created-user.json", want: &keboola.CreatedUser{UID: "jfkdsjfljkdls"},
		},
		{
			name: "CreateUser with everything",
			call: func(ctx ctx, c client) (any, error) {
				u := user()
				u.Email, u.SSOProvider = "e@mail.org", "acme"
				return c.CreateUser(ctx, u)
			},
			request: "POST /users",
			body:    `{"login":"test@keboola.com","password":"1234567","firstName":"Keboola","lastName":"Test","email":"e@mail.org","ssoProvider":"acme"}`,
			status:  201, answer: "created-user.json", want: &keboola.CreatedUser{UID: "jfkdsjfljkdls"},
		},
		{
			name:    "DeleteUser",
			call:    func(ctx ctx, c client) (any, error) { return nil, c.DeleteUser(ctx, "a.b+c@d-e.org", nil) },
			request: "DELETE /users/a.b+c@d-e.org", status: 204,
		},
		{
			name: "DeleteUser that ignores errors",
			call: func(ctx ctx, c client) (any, error) {
				return nil, c.DeleteUser(ctx, "a:b=c&d$e f?g#h%i;j,k\\é@l", &keboola.DeleteUserOptions{IgnoreGoodDataErrors: true})
			},
			request: "DELETE /users/a:b=c&d$e%20f%3Fg%23h%25i%3Bj%2Ck%5C%C3%A9@l?ignoreGoodDataErrors=true", status: 204,
		},
		{
			name:    "UserSSO",
			call:    func(ctx ctx, c client) (any, error) { return c.UserSSO(ctx, "a+b@c.org") },
			request: "GET /users/a+b@c.org/sso", status: 200, answer: "claims-as-documented.json", want: claims,
		},
		{
			name:    "UserSSO under the key that works",
			call:    func(ctx ctx, c client) (any, error) { return c.UserSSO(ctx, "a+b@c.org") },
			request: "GET /users/a+b@c.org/sso", status: 200, answer: "claims.json", want: claims,
		},
		{
			name:    "UserSSO under both keys",
			call:    func(ctx ctx, c client) (any, error) { return c.UserSSO(ctx, "a+b@c.org") },
			request: "GET /users/a+b@c.org/sso", status: 200, answer: "claims-twice.json", want: claims,
		},
		{
			name: "AddUserToProject",
			call: func(ctx ctx, c client) (any, error) {
				return nil, c.AddUserToProject(ctx, "p", "a+b@c.org", keboola.RoleAdmin)
			},
			request: "POST /projects/p/users/a+b@c.org", body: `{"role":"admin"}`, status: 204,
		},
		{
			name:    "RemoveUserFromProject",
			call:    func(ctx ctx, c client) (any, error) { return nil, c.RemoveUserFromProject(ctx, "p", "a+b@c.org") },
			request: "DELETE /projects/p/users/a+b@c.org", status: 204,
		},
		{
			name:    "ProjectAccess",
			call:    func(ctx ctx, c client) (any, error) { return c.ProjectAccess(ctx, "p") },
			request: "GET /projects/p/access", status: 200, answer: "claims-as-documented.json", want: claims,
		},
		{
			name:    "ProjectCredentials",
			call:    func(ctx ctx, c client) (any, error) { return c.ProjectCredentials(ctx, "p") },
			request: "GET /projects/p/credentials", status: 200, answer: "credentials.json",
			want: &keboola.ProjectLogin{Login: "user12345@provisioning.keboola.com", Password: tenantkit.NewSecret("1234")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var body string
			if tt.answer != "" {
				body = testdata(t, "answers/"+tt.answer)
			}
			server := newRecorder(t, tt.status, body)
			c, err := keboola.NewClient(server.URL, auth.StaticToken(testToken), tenantkit.WithUserAgent("test"))
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseIdleConnections()
			got, err := tt.call(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("the answer differs (-want +got):\n%s", diff)
			}
			header := http.Header{
				"Accept": {"application/json"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"test"}, "X-Storageapi-Token": {testToken},
			}
			if tt.body != "" {
				header["Content-Type"] = []string{"application/json"}
				header["Content-Length"] = []string{strconv.Itoa(len(tt.body))}
			} else if tt.request[:4] == "POST" {
				header["Content-Length"] = []string{"0"}
			}
			want := []sent{{tt.request, header, tt.body}}
			if diff := cmp.Diff(want, server.sent()); diff != "" {
				t.Errorf("the request differs (-want +got):\n%s", diff)
			}
		})
	}
}

// Every operation of the client is one of the fake, under the same name.
func TestFakeKnowsEveryOperation(t *testing.T) {
	t.Parallel()
	c, s := newFake(t, nil)
	ctx := t.Context()
	calls := map[string]func(pid, login string) error{
		"ListProjects":  func(string, string) error { _, err := c.ListProjects(ctx, nil); return err },
		"GetProject":    func(pid, _ string) error { _, err := c.GetProject(ctx, pid); return err },
		"DeleteProject": func(pid, _ string) error { return c.DeleteProject(ctx, pid, nil) },
		"CreateProject": func(string, string) error {
			_, err := c.CreateProject(ctx, &keboola.NewProject{Name: "n", CustomToken: tenantkit.NewSecret("t")})
			return err
		},
		"CreateProjectWithUser": func(string, string) error {
			_, err := c.CreateProjectWithUser(ctx, &keboola.NewProject{Name: "n", CustomToken: tenantkit.NewSecret("t")})
			return err
		},
		"ListUsers": func(string, string) error { _, err := c.ListUsers(ctx, nil); return err },
		"CreateUser": func(string, string) error {
			_, err := c.CreateUser(ctx, &keboola.NewUser{Login: "new@example.org", Password: tenantkit.NewSecret("1234567"), FirstName: "A", LastName: "B"})
			return err
		},
		"DeleteUser":            func(_, login string) error { return c.DeleteUser(ctx, login, nil) },
		"UserSSO":               func(_, login string) error { _, err := c.UserSSO(ctx, login); return err },
		"AddUserToProject":      func(pid, login string) error { return c.AddUserToProject(ctx, pid, login, keboola.RoleEditor) },
		"RemoveUserFromProject": func(pid, login string) error { return c.RemoveUserFromProject(ctx, pid, login) },
		"ProjectAccess":         func(pid, _ string) error { _, err := c.ProjectAccess(ctx, pid); return err },
		"ProjectCredentials":    func(pid, _ string) error { _, err := c.ProjectCredentials(ctx, pid); return err },
	}
	for _, op := range keboola.Operations() {
		login := s.AddUser(keboolatest.User{})
		pid := s.AddProject(keboolatest.Project{Members: map[string]string{login: "admin"}})
		if calls[op.Name] == nil {
			t.Errorf("%s is not tested", op.Name)
			continue
		}
		if err := calls[op.Name](pid, login); err != nil {
			t.Error(err)
		}
		if s.Applied(op.Name) != 1 {
			t.Errorf("the fake has applied %s %d times, want once", op.Name, s.Applied(op.Name))
		}
	}
	if len(calls) != len(keboola.Operations()) {
		t.Errorf("%d operations, want %d", len(keboola.Operations()), len(calls))
	}
}
