package argotest

import (
	"net/url"
	"testing"
)

// A redirect leads to a path that is not redirected again.
func FuzzNotFound(f *testing.F) {
	for _, path := range []string{"", "*", "/", "//", "/a//b", "/a/%2e%2e", "/%2F%2F/", "/a/../..", "/%25/%2e/", "/a%3b;b//"} {
		f.Add(path, "q=1")
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		target, err := url.ParseRequestURI(path)
		if err != nil {
			return
		}
		seen := make(map[string]bool)
		for at := target.EscapedPath(); ; {
			response := notFound(&Request{Method: "GET", Path: at, RawQuery: query})
			if response.Status == 404 {
				return
			}
			location, err := url.Parse(response.Header.Get("Location"))
			if err != nil {
				return // no client follows what it cannot read
			}
			at = location.EscapedPath()
			if seen[at] {
				t.Fatalf("%q goes round in circles at %q", path, at)
			}
			seen[at] = true
		}
	})
}
