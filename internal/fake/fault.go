package fake

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// A Fault is a failure to inject with [Server.Fail]. The zero value does nothing but count as the
// fault of one request.
//
// Unless said otherwise a request that is hit is handled as usual, and only its response suffers.
// Of several faults of the connection in one Fault, the one that strikes first counts.
type Fault struct {
	// Times is the number of requests to hit: 0 means one (with Rate: no limit), less than 0
	// means no limit.
	Times int

	// Rate is the share of matching requests to hit, between 0 and 1; 0 means all. Which ones
	// is the same in every run that sends its requests in the same order.
	Rate float64

	// Delay is waited before the request is handled; with Applied, before the response. It ends
	// early when the client goes away or the server closes, and then the request is not handled
	// any more.
	Delay time.Duration

	// Status, RetryAfter, Header and Body replace the real response, and the request is not
	// applied. With a Body and no Status, the status is 200. With neither, RetryAfter and
	// Header are added to the real response. Content-Type is application/json for a Body that
	// is JSON, else guessed from the Body, unless Header has one.
	Status     int
	RetryAfter string
	Header     http.Header
	Body       string

	// Applied makes the request take effect first although its response is replaced by Status,
	// Body or HTML.
	Applied bool

	// HTML responds 200 with the HTML page of a gateway; the request is not applied.
	HTML bool

	// Garbage responds with the real status and content type, but with bytes that are not JSON.
	Garbage bool

	// Empty responds 200 without a body and without a content type.
	Empty bool

	// ResetUnread resets the connection before the body of the request is read; ResetBefore
	// after it is read, before the request is applied.
	ResetUnread, ResetBefore bool

	// ResetAfter resets the connection after the request is applied, before the first byte of
	// the response; ResetInHeader after a part of the response's header.
	ResetAfter, ResetInHeader bool

	// Truncate announces the full length, sends half of the body, and closes the connection.
	// A response without a body ends within its header instead.
	Truncate bool

	// Overlong sends more bytes than the announced length, and closes the connection.
	Overlong bool

	// Endless sends the body without its last bracket, and then white space until the client
	// goes away.
	Endless bool

	// Slow sends the body in eight parts with this pause before each.
	Slow time.Duration
}

const (
	garbage  = "\x00\xff\xfe{]<not json>"
	htmlPage = "<!DOCTYPE html>\n<html><head><title>Gateway</title></head><body><h1>We will be back soon</h1></body></html>\n"
)

// intercepts reports whether the fault responds instead of the API.
func (f *Fault) intercepts() bool {
	return f.Status != 0 || f.Body != "" || f.HTML
}

// cutsHeader reports whether the client gets only a part of the response's header.
func (f *Fault) cutsHeader(response Response) bool {
	return f.ResetInHeader || f.Truncate && len(response.Body) == 0
}

// apply returns the response that the client gets instead of response.
func (f *Fault) apply(response Response) Response {
	response.Header = response.Header.Clone()
	switch {
	case f.HTML:
		response = Response{Status: f.Status, Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, Body: []byte(htmlPage)}
	case f.intercepts():
		response = Response{Status: f.Status, Header: make(http.Header), Body: []byte(f.Body)}
		if json.Valid(response.Body) {
			response.Header.Set("Content-Type", "application/json")
		}
	case f.Garbage:
		response.Body = []byte(garbage)
	case f.Empty:
		return Response{}
	}
	if response.Header == nil {
		response.Header = make(http.Header)
	}
	for name, values := range f.Header {
		response.Header[http.CanonicalHeaderKey(name)] = append([]string(nil), values...)
	}
	if f.RetryAfter != "" {
		response.Header.Set("Retry-After", f.RetryAfter)
	}
	return response
}

func (f *Fault) clone() Fault {
	c := *f
	c.Header = f.Header.Clone()
	return c
}

// pending is a fault that is not used up.
type pending struct {
	fault     Fault
	operation string // "" for any
	left      int    // requests still to hit, less than 0 for no limit
	random    *rand.Rand
}

func newPending(operation string, fault Fault, seed uint64) *pending {
	p := &pending{fault: fault.clone(), operation: operation, left: fault.Times, random: rand.New(rand.NewPCG(seed, 0))}
	if fault.Times == 0 {
		p.left = 1
		if fault.Rate > 0 {
			p.left = -1
		}
	}
	return p
}

// hits says whether the fault strikes a request of the operation, and counts it.
func (p *pending) hits(operation string) bool {
	if p.operation != "" && p.operation != operation {
		return false
	}
	if p.fault.Rate > 0 && p.random.Float64() >= p.fault.Rate {
		return false
	}
	if p.left > 0 {
		p.left--
	}
	return true
}

// Fail makes coming requests of the operation fail; "" stands for every request, those without a
// route included. Faults are used up in the order given, by one request each unless Times or Rate
// say otherwise; those of a further call come after them. An operation that the API does not have
// is never struck, and fails the test that [CloseAtEnd] was given.
func (s *Server) Fail(operation string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if operation != "" && !slices.ContainsFunc(s.routes, func(m matcher) bool { return m.Operation == operation }) {
		s.mistakes = append(s.mistakes, fmt.Sprintf("Fail(%q, …): the fake has no such operation, so nothing failed; "+
			"operations are named like the client's methods", operation))
	}
	for _, fault := range faults {
		s.seed++
		s.faults = append(s.faults, newPending(operation, fault, s.seed))
	}
}

// Recover drops all faults that are not used up. A request that was already hit stays hit.
func (s *Server) Recover() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// nextFault takes the first fault that strikes; nil when none does. The caller holds s.mu.
func (s *Server) nextFault(operation string) *Fault {
	for i, p := range s.faults {
		if !p.hits(operation) {
			continue
		}
		if p.left == 0 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		return &p.fault
	}
	return nil
}
