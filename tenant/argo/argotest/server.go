package argotest

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// DefaultKey is the key of the one super admin that a server knows unless WithAdminKey names
// others.
const DefaultKey = "argo-admin-key"

const basePath = "/api/v2"

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
//   - Empty: 200 without body or content type, which the real server answers when a handler of it
//     crashes.
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
//   - Operation: the name of the method of the client, such as "CreateTenant"; "Options" for the
//     method OPTIONS; empty when the API has no such route.
//   - Method, Path (escaped), PathValues ("tenantID", "userID", decoded), RawQuery, Host, Header,
//     Body, ContentLength, RemoteAddr: what was sent.
//   - Status: the status answered, 0 when none was.
//   - Applied: the handler of the API ran, whatever it answered.
//   - Effect: it answered 2xx, so that Server.Applied counts the request, whatever the client got.
//   - Fault: the fault that hit the request, nil when none did.
type Request = fake.Request

// A Cleaner is what *testing.T offers to [Start].
type Cleaner = fake.Cleaner

// A Server is a fake ARGO Web API on a loopback address. Its methods may be called from any
// goroutine.
//
// Beside the methods below, it has those of every fake of this module:
//
//   - Fail(operation string, faults ...Fault) makes coming requests of the operation fail, one for
//     each fault unless its Times says otherwise; "" stands for every operation. A name that is no
//     operation fails the test that [Start] was given.
//   - HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) serves another
//     resource: "GET /reports", under /api/v2. It takes the keys of administrators and, as the real
//     server does for other resources, those of tenants' users.
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
//   - Close() stops the server, and ends its answers at once. Done() <-chan struct{} is closed with
//     it.
type Server struct {
	*fake.Server

	now    func() time.Time
	window func(closed <-chan struct{}) // waits between read and write of a change of users; nil for no time between

	mu      sync.Mutex // guards what follows
	keys    map[string]Role
	tenants []Tenant
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

// WithTLS makes the server speak https, as the real one does; see the methods Client and CertPool
// of [Server].
func WithTLS() Option {
	return func(s *settings) { s.transport = append(s.transport, fake.TLS()) }
}

// WithHTTP2 makes the server speak https and offer HTTP/2, as the real one does. A Fault that
// resets or closes the connection then resets the stream.
func WithHTTP2() Option {
	return func(s *settings) { s.transport = append(s.transport, fake.HTTP2()) }
}

// WithAdminKey adds an administrator. Once it is given, DefaultKey is no key any more.
func WithAdminKey(key string, role Role) Option {
	return func(s *settings) { s.server.keys[key] = role }
}

// WithClock sets the clock for created and updated times, which are written in the zone of the time
// it returns. Without it they are the local time, as on the real server.
func WithClock(now func() time.Time) Option {
	return func(s *settings) { s.server.now = now }
}

// WithLostUserChanges makes changes of users as unsafe as they are on the real server: each reads
// the tenant, waits for the window, and writes the whole tenant back, so of several within one
// window only the last is kept, although all are answered with success. Without it each change is
// seen by the next.
func WithLostUserChanges(window time.Duration) Option {
	return func(s *settings) {
		s.server.window = func(closed <-chan struct{}) {
			timer := time.NewTimer(window)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-closed:
			}
		}
	}
}

// NewServer starts a server without tenants. The caller closes it.
func NewServer(options ...Option) *Server {
	s := &Server{now: time.Now, keys: make(map[string]Role)}
	settings := settings{server: s}
	for _, option := range options {
		option(&settings)
	}
	if len(s.keys) == 0 {
		s.keys[DefaultKey] = RoleSuperAdmin
	}
	s.Server = fake.NewServer(fake.Config{
		Routes:     s.routes(),
		DecodePath: true,
		BasePaths:  []string{basePath},
		Guard:      s.guardOther,
		NotFound:   notFound,
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

// BaseURL returns what a client takes as base URL: the server's URL with /api/v2.
func (s *Server) BaseURL() string {
	return s.URL() + basePath
}

// AddAdminKey adds an administrator, or gives one another role.
func (s *Server) AddAdminKey(key string, role Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[key] = role
}

// RemoveAdminKey makes a key unknown; requests with it get 401 from now on.
func (s *Server) RemoveAdminKey(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, key)
}

// operation is one line of the table of routes.
type operation struct {
	name, method, path string
	allowed            []Role // beyond RoleSuperAdmin
	handle             func(*Request, Role) fake.Response
	locksItself        bool
}

func (s *Server) operations() []operation {
	const (
		tenants = "/admin/tenants"
		tenant  = "/admin/tenants/{tenantID}"
		status  = tenant + "/status"
		users   = tenant + "/users"
		user    = users + "/{userID}"
		find    = "/admin/users:byID/{userID}"
	)
	all := []Role{RoleRestricted, RoleUI}
	return []operation{
		{"ListTenants", http.MethodGet, tenants, all, s.listTenants, false},
		{"CreateTenant", http.MethodPost, tenants, nil, s.createTenant, false},
		{"GetTenant", http.MethodGet, tenant, nil, s.getTenant, false},
		{"UpdateTenant", http.MethodPut, tenant, nil, s.updateTenant, false},
		{"DeleteTenant", http.MethodDelete, tenant, nil, s.deleteTenant, false},
		{"GetTenantStatus", http.MethodGet, status, all, s.getStatus, false},
		{"UpdateTenantStatus", http.MethodPut, status, nil, s.updateStatus, false},
		{"ListUsers", http.MethodGet, users, nil, s.listUsers, false},
		{"CreateUser", http.MethodPost, users, nil, s.createUser, true},
		{"GetUser", http.MethodGet, user, nil, s.getUser, false},
		{"UpdateUser", http.MethodPut, user, nil, s.updateUser, true},
		{"DeleteUser", http.MethodDelete, user, nil, s.deleteUser, true},
		{"RenewAPIKey", http.MethodPost, user + "/renew_api_key", nil, s.renewAPIKey, true},
		{"FindUser", http.MethodGet, find, all, s.findUser, false},
	}
}

func (s *Server) routes() []fake.Route {
	var routes []fake.Route
	withOptions := make(map[string]bool)
	for _, op := range s.operations() {
		path := basePath + op.path
		routes = append(routes, fake.Route{Operation: op.name, Method: op.method, Path: path, Handle: s.guard(op), Concurrent: true})
		// The real server has no OPTIONS for the status of a tenant and for users:byID.
		if withOptions[path] || strings.HasSuffix(op.name, "TenantStatus") || op.name == "FindUser" {
			continue
		}
		withOptions[path] = true
		routes = append(routes, fake.Route{Operation: "Options", Method: http.MethodOptions, Path: path, Handle: options})
	}
	return routes
}
