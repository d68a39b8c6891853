package keboola_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
)

// projectPages answers with pages of 100 projects each, in memory.
type projectPages int

func (n projectPages) RoundTrip(req *http.Request) (*http.Response, error) {
	page := 0
	if next := req.URL.Query().Get("nextPageToken"); next != "" {
		if _, err := fmt.Sscan(next, &page); err != nil {
			return nil, err
		}
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if page+1 < int(n) {
		header.Set("Link", fmt.Sprintf(`<https://gooddata.example.org/projects?nextPageToken=%d>; rel="next"`, page+1))
	}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(pageOfProjects)), ContentLength: -1, Request: req}, nil
}

var pageOfProjects = func() string {
	projects := make([]string, 100)
	for i := range projects {
		projects[i] = fmt.Sprintf(`{"pid":"wasc4gjy5sphvlt0wjx5fqys5q%06d","createdOn":"2026-03-07T22:23:12.000Z","createdBy":"kbc","createdById":%d,"expiresOn":null}`, i, i)
	}
	return "[" + strings.Join(projects, ",") + "]"
}()

// BenchmarkAllProjects reads one page, and ten with one fetched ahead.
func BenchmarkAllProjects(b *testing.B) {
	for _, n := range []int{1, 10} {
		b.Run(fmt.Sprintf("pages=%d", n), func(b *testing.B) {
			client, err := keboola.NewClient("https://gooddata.example.org", auth.StaticToken("token"), tenantkit.WithHTTPClient(&http.Client{Transport: projectPages(n)}))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				got := 0
				for _, err := range client.AllProjects(b.Context()) {
					if err != nil {
						b.Fatal(err)
					}
					got++
				}
				if got != 100*n {
					b.Fatalf("%d projects", got)
				}
			}
		})
	}
}
