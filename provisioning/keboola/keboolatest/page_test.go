package keboolatest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

func TestLinkStyles(t *testing.T) {
	t.Parallel()
	// A token needs escaping: that of the page behind the second item.
	const token = "YWZ0ZXI%2BMg%3D%3D"
	tests := []struct {
		name                  string
		style                 keboolatest.LinkStyle
		projects, users, last []string
	}{
		{
			"as documented", keboolatest.LinkStyle{},
			[]string{`{base}/projects/?nextPageToken=` + token + `; rel="next"`},
			[]string{`{base}/projects/?nextPageToken=` + token + `; rel="next"`},
			[]string{""},
		},
		{
			"as it should be", keboolatest.LinkStyle{Bracketed: true, OwnPath: true, AbsentAtEnd: true},
			[]string{`<{base}/projects/?nextPageToken=` + token + `>; rel="next"`},
			[]string{`<{base}/users/?nextPageToken=` + token + `>; rel="next"`},
			nil,
		},
		{
			"semicolon", keboolatest.LinkStyle{Semicolon: true, Base: "https://proxy.example/gd"},
			[]string{`https://proxy.example/gd/projects/?nextPageToken=` + token + `;; rel="next"`},
			[]string{`https://proxy.example/gd/projects/?nextPageToken=` + token + `;; rel="next"`},
			[]string{""},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := keboolatest.Start(t, keboolatest.WithPageSize(2), keboolatest.WithLinkStyle(tt.style))
			other := keboolatest.Start(t, keboolatest.WithPageSize(2), keboolatest.WithLinkStyle(tt.style))
			for i := range 3 {
				s.AddProject(keboolatest.Project{PID: fmt.Sprint("p", i)})
				other.AddUser(keboolatest.User{Login: fmt.Sprint("u", i)})
			}
			for _, list := range []struct {
				server *keboolatest.Server
				path   string
				want   []string
			}{{s, "/projects", tt.projects}, {other, "/users", tt.users}} {
				want := append([]string(nil), list.want...)
				for i := range want {
					want[i] = strings.ReplaceAll(want[i], "{base}", list.server.BaseURL())
				}
				got := send(t, list.server, "GET", list.path, "")
				if diff := cmp.Diff(want, got.header["Link"]); diff != "" {
					t.Errorf("%s: Link differs (-want +got):\n%s", list.path, diff)
				}
				got = send(t, list.server, "GET", list.path+"?nextPageToken="+token, "")
				if diff := cmp.Diff(tt.last, got.header["Link"]); diff != "" || strings.Count(got.body, "createdOn") != 1 {
					t.Errorf("%s: the last page is %s, its Link differs (-want +got):\n%s", list.path, got.body, diff)
				}
			}
		})
	}
}

var pid = regexp.MustCompile(`"pid":"(\w+)"`)

// A page begins behind the last item of the one before, whatever is deleted meanwhile.
func TestPagesUnderChange(t *testing.T) {
	t.Parallel()
	s := keboolatest.Start(t, keboolatest.WithPageSize(2))
	for i := range 5 {
		s.AddProject(keboolatest.Project{PID: fmt.Sprint("p", i)})
	}
	next := func(token string) (pids []string, following string) {
		got := send(t, s, "GET", "/projects?nextPageToken="+url.QueryEscape(token), "")
		for _, match := range pid.FindAllStringSubmatch(got.body, -1) {
			pids = append(pids, match[1])
		}
		_, after, _ := strings.Cut(got.header.Get("Link"), "nextPageToken=")
		escaped, _, _ := strings.Cut(after, ";")
		following, err := url.QueryUnescape(escaped)
		if err != nil {
			t.Fatal(err)
		}
		return pids, following
	}
	var got [][]string
	for token, first := "", true; first || token != ""; first = false {
		var pids []string
		pids, token = next(token)
		got = append(got, pids)
		send(t, s, http.MethodDelete, "/projects/"+pids[0], "")
	}
	if diff := cmp.Diff([][]string{{"p0", "p1"}, {"p2", "p3"}, {"p4"}}, got); diff != "" {
		t.Errorf("pages differ (-want +got):\n%s", diff)
	}
}

func TestPageTokens(t *testing.T) {
	t.Parallel()
	s := keboolatest.Start(t)
	s.AddProject(keboolatest.Project{PID: "one"})
	for token, status := range map[string]int{
		"": 200, "YWZ0ZXI%2BMg%3D%3D": 200, "YWZ0ZXI%2BMg%3D%3D;": 200, "YWZ0ZXI%2BMg%3D%3D%3B": 200,
		"1234": 400, "***": 400, "YWZ0ZXI%2BeA%3D%3D": 400,
	} {
		if got := send(t, s, "GET", "/projects?nextPageToken="+token, ""); got.status != status {
			t.Errorf("token %q: %d %s, want %d", token, got.status, got.body, status)
		}
	}
}
