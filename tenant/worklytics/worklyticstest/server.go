package worklyticstest

import (
	"crypto/rand"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// DefaultTenantID is the tenant of a server that is given none by [WithTenant].
const DefaultTenantID = "100000000000000000042"

// The prefixes that the paths of the API are published under.
const (
	prefix       = "/tenant"
	legacyPrefix = "/tenant-api"
)

// A Fault is a failure to inject with the method Fail of a [Server]. Combine its fields freely; the
// zero value does nothing.
//
//   - Times: how many requests it hits. 0 means one, less than 0 all.
//   - Rate: the share of requests it hits, between 0 and 1, the same ones in every run. 0 means
//     all.
//   - Delay: time before the request is handled, or before it is answered when Applied is set.
//   - Status, RetryAfter, Header, Body: an answer in place of the real one. The request has no
//     effect, unless Applied is set.
//   - HTML: the 200 of a gateway, with a page in place of JSON. The request has no effect, unless
//     Applied is set.
//   - Garbage: the real status, with a body that is not JSON.
//   - Empty: 200 without body or content type.
//   - ResetUnread, ResetBefore: the connection is reset before the request's body is read, or
//     after; the request has no effect.
//   - ResetAfter, ResetInHeader: the request takes effect, then the connection is reset, before the
//     answer or in its header.
//   - Truncate, Overlong, Endless: the request takes effect, and the answer has half of the
//     announced body, more than that, or a body that does not end.
//   - Slow: the request takes effect, and the body of the answer comes in eight parts with this
//     pause before each.
type Fault = fake.Fault

// A Request is one request as the server saw it, credentials included.
//
//   - Operation: the name of the method of the client, such as "CreateDataConnection"; empty when
//     the API has no such route.
//   - Method, Path (escaped), PathValues ("id", decoded), RawQuery, Host, Header, Body,
//     ContentLength, RemoteAddr: what was sent.
//   - Status: the status answered, 0 when none was.
//   - Applied: the handler of the API ran, whatever it answered.
//   - Effect: it answered 2xx, so that Server.Applied counts the request, whatever the client got.
//   - Fault: the fault that hit the request, nil when none did.
type Request = fake.Request

// A Cleaner is what *testing.T offers to [Start].
type Cleaner = fake.Cleaner

// A Server is a fake Tenant API on a loopback address. Its methods may be called from any
// goroutine.
//
// Beside the methods below, it has those of every fake of this module:
//
//   - Fail(operation string, faults ...Fault) makes coming requests of the operation fail, one for
//     each fault unless its Times says otherwise; "" stands for every operation. A name that is no
//     operation fails the test that [Start] was given.
//   - Recover() drops the faults that are not used up.
//   - Requests() []Request returns copies of all requests so far, in the order in which they
//     arrived.
//   - Applied(operation string) int tells how many requests of the operation took effect, answered
//     or not.
//   - OnRequest(f func(Request)) has f told of each request that has ended, in the goroutine of the
//     request; nil tells nobody.
//   - ForgetRequests() drops the record of requests, not the counts of Applied. MostConnections()
//     int tells how many connections were open at a time.
//   - URL() string returns scheme and address without a path; [Server.BaseURL] is what a client
//     takes.
//   - Client() *http.Client and CertPool() *x509.CertPool trust its certificate.
//   - RoundTripper() http.RoundTripper takes requests to the server through memory. It serves in a
//     bubble of testing/synctest, where no socket works; the server itself is made outside of the
//     bubble.
//   - HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) serves another
//     endpoint, such as "GET /reports/{id}", under the prefix and behind the token.
//   - Close() stops the server, and ends its answers at once. Done() <-chan struct{} is closed with
//     it.
type Server struct {
	*fake.Server

	now      func() time.Time
	key      []byte // that tokens are signed with
	tenantID string
	admins   []string // nil for everybody
	prefixes []string
	textIDs  bool

	mu          sync.Mutex // guards what follows
	connections []*connection
	made        int64 // number of IDs given
}

// An Option changes a Server.
type Option func(*settings)

type settings struct {
	server    *Server
	transport []fake.Option
}

// WithListener makes the server listen there in place of a free port of the loopback interface, and
// close it in the end.
func WithListener(listener net.Listener) Option {
	return func(s *settings) { s.transport = append(s.transport, fake.Listener(listener)) }
}

// WithTLS makes the server speak https; see the methods Client and CertPool of [Server].
func WithTLS() Option {
	return func(s *settings) { s.transport = append(s.transport, fake.TLS()) }
}

// WithHTTP2 makes the server speak https and offer HTTP/2. A Fault that resets or closes the
// connection then resets the stream.
func WithHTTP2() Option {
	return func(s *settings) { s.transport = append(s.transport, fake.HTTP2()) }
}

// WithTenant sets the ID of the tenant. Requests for another are answered with 403.
func WithTenant(id string) Option {
	return func(s *settings) { s.server.tenantID = id }
}

// WithAdmins grants the role DataConnectionAdmin to the principals with these emails, and to no
// others. Without it everybody has it.
func WithAdmins(emails ...string) Option {
	return func(s *settings) { s.server.admins = append([]string{}, emails...) }
}

// WithLegacyPrefix serves the API under /tenant-api in place of /tenant.
func WithLegacyPrefix() Option {
	return func(s *settings) { s.server.prefixes = []string{legacyPrefix} }
}

// WithBothPrefixes serves the API under /tenant-api as well as under /tenant.
func WithBothPrefixes() Option {
	return func(s *settings) { s.server.prefixes = []string{prefix, legacyPrefix} }
}

// WithTextIDs writes IDs as text. Without it they are numbers.
func WithTextIDs() Option {
	return func(s *settings) { s.server.textIDs = true }
}

// WithClock sets the clock that tokens expire by, and that dates are taken from.
func WithClock(now func() time.Time) Option {
	return func(s *settings) { s.server.now = now }
}

// NewServer starts a server without data connections. The caller closes it.
func NewServer(options ...Option) *Server {
	s := &Server{now: time.Now, key: []byte(rand.Text()), tenantID: DefaultTenantID, prefixes: []string{prefix}}
	settings := settings{server: s}
	for _, option := range options {
		option(&settings)
	}
	s.Server = fake.NewServer(fake.Config{
		Routes: s.routes(), BasePaths: s.prefixes, Guard: s.guard, NotFound: noRoute, Lock: &s.mu,
	}, settings.transport...)
	return s
}

// Start starts a server that closes itself at the end of the test.
func Start(t Cleaner, options ...Option) *Server {
	t.Helper()
	s := NewServer(options...)
	fake.CloseAtEnd(t, s.Server)
	return s
}

// BaseURL returns what a client takes as base URL: the server's URL with the prefix, /tenant where
// both are served.
func (s *Server) BaseURL() string { return s.URL() + s.prefixes[0] }

// LegacyBaseURL returns the server's URL with the prefix /tenant-api, whether it is served or not.
func (s *Server) LegacyBaseURL() string { return s.URL() + legacyPrefix }

// routes returns the operations under each prefix.
func (s *Server) routes() []fake.Route {
	var routes []fake.Route
	for _, prefix := range s.prefixes {
		all, one := prefix+"/data-connections", prefix+"/data-connections/{id}"
		routes = append(routes,
			fake.Route{Operation: "CreateDataConnection", Method: http.MethodPost, Path: all, Handle: s.guard(s.create)},
			fake.Route{Operation: "GetDataConnection", Method: http.MethodGet, Path: one, Handle: s.guard(s.get)},
			fake.Route{Operation: "UpdateDataConnection", Method: http.MethodPut, Path: one, Handle: s.guard(s.update)},
			fake.Route{Operation: "DeleteDataConnection", Method: http.MethodDelete, Path: one, Handle: s.guard(s.delete)},
		)
	}
	return routes
}

// guard lets requests through that come from an administrator of the tenant.
func (s *Server) guard(handle func(*Request) fake.Response) func(*Request) fake.Response {
	return func(r *Request) fake.Response {
		principal, err := s.verify(r.Header.Get("Authorization"))
		switch {
		case err != nil:
			response := rejection(http.StatusUnauthorized, "the ID token cannot be verified: "+err.Error())
			response.Header.Set("WWW-Authenticate", "Bearer")
			return response
		case r.Header.Get("X-Worklytics-Tenant-Id") != s.tenantID:
			return rejection(http.StatusForbidden, "the header x-worklytics-tenant-id does not name a tenant of the caller")
		case s.admins != nil && !slices.Contains(s.admins, principal):
			return rejection(http.StatusForbidden, principal+" does not have the role DataConnectionAdmin")
		}
		return handle(r)
	}
}

// rejection is the response to a request that is rejected.
func rejection(status int, message string, details ...string) fake.Response {
	body := map[string]any{"status": status, "message": message}
	if len(details) > 0 {
		body["errors"] = details
	}
	return fake.JSON(status, body)
}

// noRoute answers what is not part of the API.
func noRoute(*Request) fake.Response {
	return fake.Response{
		Status: http.StatusNotFound,
		Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}},
		Body:   []byte("<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>\n"),
	}
}
