package fake

import (
	"net/url"
	"path"
	"strings"
)

// A Route is one operation of the faked API.
type Route struct {
	// Operation is the name under which requests are recorded and faults are asked for.
	Operation string

	// Method and Path say which requests are meant. Path is compared with the escaped path,
	// segment by segment: a segment in braces takes any segment that is not empty, another one
	// is compared after percent-decoding.
	Method, Path string

	// When says whether a request with the query is meant, where one path has several
	// operations. Nil means any.
	When func(query url.Values) bool

	// Handle works out the response. It runs while the server's lock is held, so handlers run
	// one at a time, unless Concurrent is set.
	Handle func(*Request) Response

	// Concurrent leaves locking to Handle.
	Concurrent bool
}

// matcher is a Route taken apart.
type matcher struct {
	Route
	segments []string
}

func newMatcher(route Route) matcher {
	return matcher{Route: route, segments: strings.Split(route.Path, "/")}
}

// match takes the decoded segments of a path. It returns the values of the segments in braces, and
// whether the path is the route's.
func (m matcher) match(segments []string) (map[string]string, bool) {
	if len(segments) != len(m.segments) {
		return nil, false
	}
	var values map[string]string
	for i, want := range m.segments {
		got := segments[i]
		name, isValue := strings.CutPrefix(want, "{")
		if !isValue {
			if got != want {
				return nil, false
			}
			continue
		}
		if got == "" {
			return nil, false
		}
		if values == nil {
			values = make(map[string]string)
		}
		values[strings.TrimSuffix(name, "}")] = got
	}
	return values, true
}

// route finds the route of a request; nil when there is none.
func (s *Server) route(method string, target *url.URL) (*Route, map[string]string) {
	s.mu.Lock()
	routes := s.routes
	s.mu.Unlock()
	segments := s.segments(target)
	for i := range routes {
		if routes[i].Method != method || routes[i].When != nil && !routes[i].When(target.Query()) {
			continue
		}
		if values, ok := routes[i].match(segments); ok {
			return &routes[i].Route, values
		}
	}
	return nil, nil
}

// segments returns the decoded segments of the path; none when no route can match.
func (s *Server) segments(target *url.URL) []string {
	if s.decodePath {
		if path.Clean(target.Path) != target.Path {
			return nil
		}
		return strings.Split(target.Path, "/")
	}
	segments := strings.Split(target.EscapedPath(), "/")
	for i, escaped := range segments {
		segment, err := url.PathUnescape(escaped)
		if err != nil {
			return nil
		}
		segments[i] = segment
	}
	return segments
}
