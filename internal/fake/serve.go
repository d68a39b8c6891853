package fake

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"
)

// serve takes one request through its fault, the API's handler and the wire.
func (s *Server) serve(w http.ResponseWriter, hr *http.Request) {
	route, values := s.route(hr.Method, hr.URL)
	request := &Request{
		Method: hr.Method, Path: hr.URL.EscapedPath(), PathValues: values, RawQuery: hr.URL.RawQuery,
		Host: hr.Host, Header: hr.Header.Clone(), ContentLength: hr.ContentLength, RemoteAddr: hr.RemoteAddr,
	}
	if route != nil {
		request.Operation = route.Operation
	}
	fault, ok := s.enter(request)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	defer s.leave(request)

	ctx, cancel := context.WithCancel(hr.Context())
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	out := wire{w: w, ctx: ctx}

	if fault.ResetUnread {
		pause(ctx, fault.Delay)
		out.reset(nil)
		return
	}
	tooLong, err := s.readBody(request, hr.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if !fault.Applied && !pause(ctx, fault.Delay) {
		panic(http.ErrAbortHandler)
	}
	if fault.ResetBefore {
		out.reset(nil)
		return
	}
	var response Response
	switch {
	case fault.intercepts() && !fault.Applied:
	case tooLong:
		response = Text(http.StatusRequestEntityTooLarge, "fake: the body of the request is longer than the server takes\n")
	default:
		response = s.apply(route, request)
	}
	if fault.Applied && !pause(ctx, fault.Delay) {
		panic(http.ErrAbortHandler)
	}
	response = fault.apply(response)
	if fault.ResetAfter {
		out.reset(nil)
		return
	}
	if !fault.cutsHeader(response) {
		s.setStatus(request, response.status())
	}
	out.send(response, fault)
}

// enter records the request and takes its fault; the zero Fault stands for none. It refuses when
// the server is closed.
func (s *Server) enter(request *Request) (*Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, false
	}
	s.serving++
	request.Fault = s.nextFault(request.Operation)
	if !s.noRecord {
		s.requests = append(s.requests, request)
	}
	if request.Fault == nil {
		return &Fault{}, true
	}
	return request.Fault, true
}

// readBody stores the body in the record, cut off at the limit.
func (s *Server) readBody(request *Request, body io.Reader) (tooLong bool, err error) {
	var data bytes.Buffer
	n, err := data.ReadFrom(io.LimitReader(body, s.maxBody+1))
	if tooLong = n > s.maxBody; tooLong {
		data.Truncate(int(s.maxBody))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	request.Body = data.Bytes()
	return tooLong, err
}

// apply lets the API handle the request. The handler gets a copy, so that it cannot spoil the
// record.
func (s *Server) apply(route *Route, request *Request) Response {
	s.mu.Lock()
	request.Applied = route != nil
	given := request.clone()
	s.mu.Unlock()
	response := s.handle(route, &given)
	if route != nil && response.tookEffect() {
		s.mu.Lock()
		s.applied[route.Operation]++
		request.Effect = true
		s.mu.Unlock()
	}
	return response
}

func (s *Server) handle(route *Route, request *Request) Response {
	if route != nil && route.Concurrent {
		return route.Handle(request)
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if route == nil {
		return s.notFound(request)
	}
	return route.Handle(request)
}

func (s *Server) setStatus(request *Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	request.Status = status
}

// pause waits, and says whether it waited to the end.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
