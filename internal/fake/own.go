package fake

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
)

// HandleFunc makes the server respond with handler to requests that match pattern: a method, a
// space, and a path under the base URL of a client, such as "GET /reports/{id}". A segment in
// braces matches any segment that is not empty; its value is the request's PathValue. Requests need
// the credential that the operations of the API need, are recorded under the pattern as their
// Operation, and count as applied. The pattern takes precedence over the API's own operations and
// over earlier patterns.
//
// Handlers may run at the same time. The context of their request is done when the server closes. A
// pattern of another form and a nil handler are ignored, and fail the test that [CloseAtEnd] was
// given.
func (s *Server) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	method, path, _ := strings.Cut(pattern, " ")
	if method == "" || !strings.HasPrefix(path, "/") || handler == nil {
		s.mistakes = append(s.mistakes, fmt.Sprintf("HandleFunc(%q, …) needs a method, a space, a path that starts with / and a handler", pattern))
		return
	}
	var own []matcher
	for _, base := range s.basePaths {
		own = append(own, newMatcher(Route{
			Operation: pattern, Method: method, Path: base + path, Handle: s.guarded(handler), Concurrent: true,
		}))
	}
	// A new slice: a request under way may point into the old one.
	s.routes = slices.Concat(own, s.routes)
}

// guarded returns a handler that serves requests with a valid credential by handler, without
// holding the lock.
func (s *Server) guarded(handler http.HandlerFunc) func(*Request) Response {
	return func(r *Request) Response {
		if s.guard != nil {
			if rejection, ok := s.admit(r); !ok {
				return rejection
			}
		}
		return s.serveOwn(handler, r)
	}
}

// admit reports whether the guard lets the request through, and returns its response if it does
// not.
func (s *Server) admit(r *Request) (rejection Response, ok bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	rejection = s.guard(func(*Request) Response {
		ok = true
		return Response{}
	})(r)
	return rejection, ok
}

// serveOwn calls handler with the request and returns what it wrote.
func (s *Server) serveOwn(handler http.HandlerFunc, r *Request) Response {
	target := r.Path
	if r.RawQuery != "" {
		target += "?" + r.RawQuery
	}
	req, err := http.NewRequestWithContext(s.ctx, r.Method, s.URL()+target, bytes.NewReader(r.Body))
	if err != nil {
		return Text(http.StatusBadRequest, err.Error())
	}
	req.RequestURI, req.Host, req.Header, req.RemoteAddr = target, r.Host, r.Header, r.RemoteAddr
	for name, value := range r.PathValues {
		req.SetPathValue(name, value)
	}
	recorder := httptest.NewRecorder()
	handler(recorder, req)
	result := recorder.Result()
	return Response{Status: result.StatusCode, Header: result.Header, Body: recorder.Body.Bytes()}
}
