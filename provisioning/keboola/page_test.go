package keboola_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

// All pages are read in order, however the links are written, and nothing goes anywhere but to the
// paths of the lists on the client's own host.
func TestAllUnderEveryLinkStyle(t *testing.T) {
	t.Parallel()
	for name, style := range map[string]keboolatest.LinkStyle{
		"as documented":            {},
		"bracketed":                {Bracketed: true},
		"own path":                 {OwnPath: true, AbsentAtEnd: true},
		"semicolon":                {Semicolon: true},
		"semicolon in brackets":    {Semicolon: true, Bracketed: true},
		"another host":             {Base: "https://gooddata-provisioning.keboola.com"},
		"another host in brackets": {Base: "https://elsewhere.example/base/path", Bracketed: true, AbsentAtEnd: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := newFake(t, []keboolatest.Option{keboolatest.WithPageSize(3), keboolatest.WithLinkStyle(style)})
			var pids, logins []string
			for i := range 7 {
				pids = append(pids, s.AddProject(keboolatest.Project{PID: fmt.Sprint("p", i)}))
				logins = append(logins, s.AddUser(keboolatest.User{Login: fmt.Sprintf("u+%d@example.org", i)}))
			}
			var gotPIDs, gotLogins []string
			for project, err := range c.AllProjects(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				gotPIDs = append(gotPIDs, project.PID)
			}
			for user, err := range c.AllUsers(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				gotLogins = append(gotLogins, user.Login)
			}
			if diff := cmp.Diff(pids, gotPIDs) + cmp.Diff(logins, gotLogins); diff != "" {
				t.Errorf("lists differ (-want +got):\n%s", diff)
			}
			var paths []string
			for _, r := range s.Requests() {
				paths = append(paths, r.Path)
			}
			if want := []string{"/projects", "/projects", "/projects", "/users", "/users", "/users"}; !slices.Equal(paths, want) {
				t.Errorf("requests of %q, want %q", paths, want)
			}
		})
	}
}

// A program can store Next, end, and go on later with another client.
func TestListGoesOnFromStoredNext(t *testing.T) {
	t.Parallel()
	c, s := newFake(t, []keboolatest.Option{keboolatest.WithPageSize(2)})
	for i := range 3 {
		s.AddProject(keboolatest.Project{PID: fmt.Sprint("p", i)})
		s.AddUser(keboolatest.User{Login: fmt.Sprint("u", i)})
	}
	projects, err := c.ListProjects(t.Context(), &keboola.ListProjectsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	users, err := c.ListUsers(t.Context(), &keboola.ListUsersOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(projects.Items) != 2 || len(users.Items) != 2 || projects.Next == "" || users.Next == "" {
		t.Fatalf("first pages: %+v, %+v", projects, users)
	}
	later, err := c.ListProjects(t.Context(), &keboola.ListProjectsOptions{Next: projects.Next})
	if err != nil || len(later.Items) != 1 || later.Items[0].PID != "p2" || later.Next != "" {
		t.Errorf("last page of projects: %+v, %v", later, err)
	}
	last, err := c.ListUsers(t.Context(), &keboola.ListUsersOptions{Next: users.Next})
	if err != nil || len(last.Items) != 1 || last.Items[0].Login != "u2" || last.Next != "" {
		t.Errorf("last page of users: %+v, %v", last, err)
	}
}

// pages makes the mock answer each token with a page of one user and the given Link.
func pages(mock *httpmock.MockTransport, links map[string]string) {
	mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		token := req.URL.Query().Get("nextPageToken")
		response := httpmock.NewStringResponse(http.StatusOK, fmt.Sprintf(`[{"login":%q}]`, "page "+token))
		response.Header = http.Header{"Content-Type": {"application/json"}, "Link": {links[token]}}
		return response, nil
	})
}

// However a service turns in a circle, the list ends: with all that was read, and with an error.
func TestLoopsEnd(t *testing.T) {
	t.Parallel()
	for name, links := range map[string]map[string]string{
		"the same token for ever":      {"": "https://h/users?nextPageToken=1234; rel=\"next\"", "1234": "https://h/users?nextPageToken=1234; rel=\"next\""},
		"the same token with junk":     {"": "https://h/users?nextPageToken=1234; rel=\"next\"", "1234": "https://h/users?nextPageToken=1234;; rel=\"next\""},
		"junk in brackets":             {"": "<https://h/users?nextPageToken=1234;>; rel=\"next\"", "1234": "<https://h/users?nextPageToken=1234;>; rel=\"next\""},
		"growing junk":                 {"": "<https://h/users?nextPageToken=1234;>; rel=\"next\"", "1234": "<https://h/users?nextPageToken=1234;;>; rel=\"next\""},
		"the same token, spelled anew": {"": "<?nextPageToken=1234>; rel=next", "1234": "<?nextPageToken=%31234>; rel=next"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, mock := newMock(t)
			pages(mock, links)
			var logins []string
			var last error
			for user, err := range c.AllUsers(t.Context()) {
				if last = err; err == nil {
					logins = append(logins, user.Login)
				}
			}
			if diff := cmp.Diff([]string{"page ", "page 1234"}, logins); diff != "" {
				t.Errorf("users differ (-want +got):\n%s", diff)
			}
			var failed *tenantkit.Error
			if !errors.As(last, &failed) || !strings.Contains(last.Error(), "read before") || mock.GetTotalCallCount() != 2 {
				t.Errorf("%v after %d requests", last, mock.GetTotalCallCount())
			}
			if page, err := c.ListUsers(t.Context(), &keboola.ListUsersOptions{Next: "1234"}); err == nil {
				t.Errorf("a page that names itself: %+v", page)
			}
		})
	}
}

func TestAllStopsAtAnError(t *testing.T) {
	t.Parallel()
	c, s := newFake(t, []keboolatest.Option{keboolatest.WithPageSize(1)}, tenantkit.WithRetry(tenantkit.NoRetry()))
	for i := range 3 {
		s.AddProject(keboolatest.Project{PID: fmt.Sprint("p", i)})
	}
	s.Fail("ListProjects", keboolatest.Fault{Header: http.Header{"X-Ok": {"1"}}}, keboolatest.Fault{Status: 403, Body: `{"errorMessage":"no"}`})
	var got []string
	for project, err := range c.AllProjects(t.Context()) {
		if err != nil {
			got = append(got, fmt.Sprint(errors.Is(err, tenantkit.ErrForbidden)))
			continue
		}
		got = append(got, project.PID)
	}
	if diff := cmp.Diff([]string{"p0", "true"}, got); diff != "" || len(s.Requests()) != 2 {
		t.Errorf("%d requests, yielded (-want +got):\n%s", len(s.Requests()), diff)
	}
}

// A page that fails for a while is asked for again, in the middle of a list too.
func TestPagesAreRepeated(t *testing.T) {
	t.Parallel()
	c, s := newFake(t, []keboolatest.Option{keboolatest.WithPageSize(1)},
		tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: time.Millisecond}))
	for i := range 3 {
		s.AddUser(keboolatest.User{Login: fmt.Sprint("u", i)})
	}
	s.Fail("ListUsers", keboolatest.Fault{Status: 500}, keboolatest.Fault{ResetAfter: true}, keboolatest.Fault{Times: 1},
		keboolatest.Fault{Truncate: true}, keboolatest.Fault{Status: 429, RetryAfter: "0"})
	count := 0
	for _, err := range c.AllUsers(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	if count != 3 || len(s.Requests()) != 7 {
		t.Errorf("%d users by %d requests, want 3 by 7", count, len(s.Requests()))
	}
}

// The time of the server and the time of the caller overlap.
func TestAllOverlapsWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, mock := newMock(t)
		const count = 100
		mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
			time.Sleep(2 * time.Millisecond)
			var number int
			if token := req.URL.Query().Get("nextPageToken"); token != "" {
				if _, err := fmt.Sscan(token, &number); err != nil {
					return nil, err
				}
			}
			response := httpmock.NewStringResponse(http.StatusOK, `[{"pid":"p"}]`)
			response.Header = http.Header{"Content-Type": {"application/json"}}
			if number+1 < count {
				response.Header.Set("Link", fmt.Sprintf(`<?nextPageToken=%d>; rel="next"`, number+1))
			}
			return response, nil
		})
		begin, read := time.Now(), 0
		for _, err := range c.AllProjects(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			read++
			time.Sleep(2 * time.Millisecond)
		}
		if took, serial := time.Since(begin), count*4*time.Millisecond; read != count || took > serial*6/10 {
			t.Errorf("%d pages took %v, a serial loop %v", read, took, serial)
		}
	})
}
