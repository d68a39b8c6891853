package fake

import (
	"net/url"
	"testing"
)

func TestRouting(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, path string
		status             int
		body, operation    string
	}{
		{"literal and value", "GET", "/things/a", 200, thingBody, "GetThing"},
		{"same path, other method", "PUT", "/things/a", 201, `{"id":"a","sent":""}`, "PutThing"},
		{"value is decoded", "PUT", "/things/a%20b%3F%2F@+", 201, `{"id":"a b?/@+","sent":""}`, "PutThing"},
		{"raw literal", "GET", "/things:byID/x/parts/y", 418, "x|y|", "FindPart"},
		{"escaped literal", "GET", "/things%3AbyID/x/parts/y", 418, "x|y|", "FindPart"},
		{"query is no part of the path", "GET", "/things/a?x=/y", 200, thingBody, "GetThing"},
		{"unknown method", "PATCH", "/things/a", 404, "404 page not found\n", ""},
		{"trailing slash", "GET", "/things/a/", 404, "404 page not found\n", ""},
		{"empty value", "GET", "/things/", 404, "404 page not found\n", ""},
		{"too short", "GET", "/things", 404, "404 page not found\n", ""},
		{"root", "GET", "/", 404, "404 page not found\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, things())
			got := send(t, s, tt.method, tt.path, "")
			if got.err != nil || got.status != tt.status || got.body != tt.body {
				t.Errorf("response = %d %q %v, want %d %q", got.status, got.body, got.err, tt.status, tt.body)
			}
			requests := s.Requests()
			if len(requests) != 1 || requests[0].Operation != tt.operation || requests[0].Status != tt.status {
				t.Errorf("recorded %+v, want one %q with %d", requests, tt.operation, tt.status)
			}
		})
	}
}

func TestRoutingOnTheDecodedPath(t *testing.T) {
	t.Parallel()
	config := things()
	config.DecodePath = true
	s := start(t, config)
	for path, operation := range map[string]string{
		"/things/a": "GetThing", "/things/a%20b": "GetThing", "/things%2Fa": "GetThing", "/things%3AbyID/x/parts%2Fy": "FindPart",
		"/things/a%2Fb": "", "/things//a": "", "/things/%2e%2e": "", "/things/%2E": "", "/things/a/": "", "/things/a%2F": "",
	} {
		before := len(s.Requests())
		send(t, s, "GET", path, "")
		if got := s.Requests()[before].Operation; got != operation {
			t.Errorf("%s is %q, want %q", path, got, operation)
		}
	}
}

func TestRoutingByQuery(t *testing.T) {
	t.Parallel()
	response := func(*Request) Response { return Response{} }
	s := start(t, Config{Routes: []Route{
		{Operation: "Big", Method: "GET", Path: "/a", When: func(query url.Values) bool { return query.Get("big") == "yes" }, Handle: response},
		{Operation: "Any", Method: "GET", Path: "/a", Handle: response},
	}})
	for path, operation := range map[string]string{"/a?x=1&big=yes": "Big", "/a?big=no": "Any", "/a": "Any", "/b?big=yes": ""} {
		before := len(s.Requests())
		send(t, s, "GET", path, "")
		if got := s.Requests()[before].Operation; got != operation {
			t.Errorf("%s is %q, want %q", path, got, operation)
		}
	}
}

// Whatever path a client sends, routing does not fail, and a variable part is never empty.
func FuzzRoute(f *testing.F) {
	for _, path := range []string{"/things/a", "/things/%2F", "/things//", "", "*", "/things%3AbyID/%25/parts/%", "/things/a\x00"} {
		f.Add(path, true)
		f.Add(path, false)
	}
	f.Fuzz(func(t *testing.T, path string, decodePath bool) {
		target, err := url.ParseRequestURI(path)
		if err != nil {
			return
		}
		s := &Server{decodePath: decodePath}
		for _, route := range things().Routes {
			s.routes = append(s.routes, newMatcher(route))
		}
		route, values := s.route("GET", target)
		for name, value := range values {
			if value == "" || route == nil {
				t.Errorf("%q: %s = %q for %v", path, name, value, route)
			}
		}
	})
}
