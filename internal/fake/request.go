package fake

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
)

// A Request is one request as the server saw it, credentials included, and what became of it.
type Request struct {
	Operation     string            // name of the operation; empty when the API has no such route
	Method        string            // such as GET
	Path          string            // escaped, as it was sent
	PathValues    map[string]string // decoded values of the variable parts of the path, by name
	RawQuery      string            // without the question mark
	Host          string            // that the client asked for
	Header        http.Header       // with all credentials
	Body          []byte            // whole, or up to where it broke off
	ContentLength int64             // as announced by the client; -1 when it was not
	RemoteAddr    string            // of the client: requests with the same address came over one connection

	Status  int    // status that was sent; 0 while the request is handled and when no status was sent
	Applied bool   // the API's own handler ran, whatever it responded
	Effect  bool   // it responded 2xx, so that Server.Applied counts the request, whatever the client got
	Fault   *Fault // the fault that hit the request; nil when none did
}

// Value returns the decoded part of the path that goes by the name, "" when there is none.
func (r *Request) Value(name string) string {
	return r.PathValues[name]
}

func (r *Request) clone() Request {
	c := *r
	c.PathValues = maps.Clone(r.PathValues)
	c.Header = r.Header.Clone()
	c.Body = bytes.Clone(r.Body)
	if r.Fault != nil {
		fault := r.Fault.clone()
		c.Fault = &fault
	}
	return c
}

// A Response is the response of a handler. The zero value is an empty 200.
type Response struct {
	Status int         // 0 means 200
	Header http.Header // sent beside what net/http sends by itself
	Body   []byte      // sent as it is

	// NoEffect says that the request changed nothing although its status is 2xx, so
	// Server.Applied does not count it.
	NoEffect bool
}

func (r Response) status() int {
	if r.Status == 0 {
		return http.StatusOK
	}
	return r.Status
}

func (r Response) tookEffect() bool {
	return r.status()/100 == 2 && !r.NoEffect
}

// bodiless says whether HTTP forbids a body under the status.
func (r Response) bodiless() bool {
	return r.status()/100 == 1 || r.status() == http.StatusNoContent || r.status() == http.StatusNotModified
}

// header returns a copy of the header with the length of the body, whatever length the handler
// gave.
func (r Response) header() http.Header {
	header := r.Header.Clone()
	if header == nil {
		header = make(http.Header)
	}
	header.Del("Content-Length")
	if !r.bodiless() {
		header.Set("Content-Length", strconv.Itoa(len(r.Body)))
	}
	return header
}

// JSON returns a response with v as compact JSON. A v that JSON cannot express is a mistake in
// the fake, and gives a 500 with its reason.
func JSON(status int, v any) Response {
	body, err := json.Marshal(v)
	if err != nil {
		return Text(http.StatusInternalServerError, "fake: cannot encode the response: "+err.Error())
	}
	return Response{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
}

// Text returns a response with plain text.
func Text(status int, text string) Response {
	return Response{Status: status, Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, Body: []byte(text)}
}
