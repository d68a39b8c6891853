package keboolatest

import (
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// DefaultToken is the Storage API token that a server knows unless WithToken names others.
const DefaultToken = "keboola-storage-token"

const (
	defaultPageSize  = 100
	defaultDemo      = 2
	defaultProd      = 1
	demoLife         = 30 * 24 * time.Hour
	minPassword      = 7
	keboolaProjectID = "313"
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
//   - Operation: the name of the client's method, such as "CreateProject"; empty when the API has
//     no such route.
//   - Method, Path (escaped), PathValues ("pid", "login", decoded), RawQuery, Host, Header, Body,
//     ContentLength, RemoteAddr: what was sent.
//   - Status: the status answered, 0 when none was.
//   - Applied: the handler of the API ran, whatever it answered.
//   - Effect: it answered 2xx, so that Server.Applied counts the request, whatever the client got.
//   - Fault: the fault that hit the request, nil when none did.
type Request = fake.Request

// A Cleaner is what *testing.T offers to [Start].
type Cleaner = fake.Cleaner

// A Server is a fake service on a loopback address. Its methods may be called from any goroutine.
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
//   - Close() stops the server, and ends its answers at once. Done() <-chan struct{} is closed with
//     it.
type Server struct {
	*fake.Server

	now           func() time.Time
	pageSize      int
	links         LinkStyle
	demo, prod    int
	ssoDelay      time.Duration
	misspelt      bool
	listenOptions []fake.Option

	mu           sync.Mutex // guards what follows; held while a handler runs
	tokens       map[string]bool
	projects     []*storedProject
	users        []*storedUser
	foreign      map[string]bool
	sequence     int // of the last project or user made
	requests     int // answered so far
	maintenance  *maintenance
	goodDataDown bool
}

type maintenance struct{ reason, retryAfter string }

// An Option changes a Server.
type Option func(*Server)

// WithListener makes the server listen there in place of a free port of the loopback interface, and
// close it in the end.
func WithListener(listener net.Listener) Option {
	return func(s *Server) { s.listenOptions = append(s.listenOptions, fake.Listener(listener)) }
}

// WithTLS makes the server speak https, as the real one does; see the methods Client and CertPool
// of [Server].
func WithTLS() Option {
	return func(s *Server) { s.listenOptions = append(s.listenOptions, fake.TLS()) }
}

// WithHTTP2 makes the server speak https and offer HTTP/2, as the real one does. A Fault that
// resets or closes the connection then resets the stream.
func WithHTTP2() Option {
	return func(s *Server) { s.listenOptions = append(s.listenOptions, fake.HTTP2()) }
}

// WithToken adds a Storage API token. Once one is given, DefaultToken is none any more.
func WithToken(token string) Option {
	return func(s *Server) { s.tokens[token] = true }
}

// WithClock sets the clock for the times of creation and expiry, and for [WithSSODelay].
func WithClock(now func() time.Time) Option {
	return func(s *Server) { s.now = now }
}

// WithPageSize sets the number of projects or users on a page. Without it, and for less than 1, it
// is 100.
func WithPageSize(n int) Option {
	return func(s *Server) { s.pageSize = n }
}

// WithLinkStyle changes the links to the next page.
func WithLinkStyle(style LinkStyle) Option {
	return func(s *Server) { s.links = style }
}

// WithQuotas sets how many projects may exist under each of Keboola's tokens. Without it they are 2
// and 1.
func WithQuotas(demo, production int) Option {
	return func(s *Server) { s.demo, s.prod = demo, production }
}

// WithSSODelay makes single sign-on to a project fail until so long after its creation, as on the
// real service, where it takes some seconds.
func WithSSODelay(delay time.Duration) Option {
	return func(s *Server) { s.ssoDelay = delay }
}

// WithMisspeltClaims answers with the key enryptedClaims, as the API is described, in place of
// encryptedClaims, as it works.
func WithMisspeltClaims() Option {
	return func(s *Server) { s.misspelt = true }
}

// NewServer starts a server without projects and users. The caller closes it.
func NewServer(options ...Option) *Server {
	s := &Server{now: time.Now, demo: defaultDemo, prod: defaultProd, tokens: make(map[string]bool), foreign: make(map[string]bool)}
	for _, option := range options {
		option(s)
	}
	if len(s.tokens) == 0 {
		s.tokens[DefaultToken] = true
	}
	if s.pageSize < 1 {
		s.pageSize = defaultPageSize
	}
	s.Server = fake.NewServer(fake.Config{
		Routes: s.routes(), NotFound: s.noRoute, Lock: &s.mu,
		Guard: func(handle func(*fake.Request) fake.Response) func(*fake.Request) fake.Response {
			return s.unlessMaintenance(s.guard(handle))
		},
	}, s.listenOptions...)
	return s
}

// Start starts a server that closes itself at the end of the test.
func Start(t Cleaner, options ...Option) *Server {
	t.Helper()
	s := NewServer(options...)
	fake.CloseAtEnd(t, s.Server)
	return s
}

// BaseURL returns what a client takes as base URL.
func (s *Server) BaseURL() string { return s.URL() }

// ConnectionURL returns what the discovery of the base URL takes: the server also has the index of
// services of a Keboola Connection.
func (s *Server) ConnectionURL() string { return s.URL() }

// AddToken adds a Storage API token.
func (s *Server) AddToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[token] = true
}

// RemoveToken makes a token unknown; requests with it get 401 from now on.
func (s *Server) RemoveToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, token)
}

// Tokens returns the Storage API tokens that the server knows, sorted.
func (s *Server) Tokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.tokens))
}

// StartMaintenance makes the server answer everything with 503, the reason, and Retry-After unless
// that is empty.
func (s *Server) StartMaintenance(reason, retryAfter string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.maintenance = &maintenance{reason, retryAfter}
}

// EndMaintenance ends what StartMaintenance began.
func (s *Server) EndMaintenance() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.maintenance = nil
}

// SetGoodDataDown makes every change fail that GoodData has a part in, except deletions that ignore
// its errors.
func (s *Server) SetGoodDataDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.goodDataDown = down
}

func (s *Server) routes() []fake.Route {
	const (
		projects = "/projects"
		project  = projects + "/{pid}"
		member   = project + "/users/{login}"
		users    = "/users"
		user     = users + "/{login}"
	)
	withUser := func(query url.Values) bool { return truthy(query, "user") }
	routes := []fake.Route{
		{Operation: "CreateProjectWithUser", Method: http.MethodPost, Path: projects, When: withUser, Handle: s.createProjectWithUser},
		{Operation: "CreateProject", Method: http.MethodPost, Path: projects, Handle: s.createProject},
		{Operation: "GetProject", Method: http.MethodGet, Path: project, Handle: s.getProject},
		{Operation: "DeleteProject", Method: http.MethodDelete, Path: project, Handle: s.deleteProject},
		{Operation: "CreateUser", Method: http.MethodPost, Path: users, Handle: s.createUser},
		{Operation: "DeleteUser", Method: http.MethodDelete, Path: user, Handle: s.deleteUser},
		{Operation: "UserSSO", Method: http.MethodGet, Path: user + "/sso", Handle: s.userSSO},
		{Operation: "AddUserToProject", Method: http.MethodPost, Path: member, Handle: s.addUserToProject},
		{Operation: "RemoveUserFromProject", Method: http.MethodDelete, Path: member, Handle: s.removeUserFromProject},
		{Operation: "ProjectAccess", Method: http.MethodGet, Path: project + "/access", Handle: s.projectAccess},
		{Operation: "ProjectCredentials", Method: http.MethodGet, Path: project + "/credentials", Handle: s.projectCredentials},
	}
	// The documented links have a slash behind the path.
	for _, slash := range []string{"", "/"} {
		routes = append(routes,
			fake.Route{Operation: "ListProjects", Method: http.MethodGet, Path: projects + slash, Handle: s.listProjects},
			fake.Route{Operation: "ListUsers", Method: http.MethodGet, Path: users + slash, Handle: s.listUsers})
	}
	for i := range routes {
		routes[i].Handle = s.number(s.unlessMaintenance(s.guard(routes[i].Handle)))
	}
	return append(routes, fake.Route{
		Operation: "DiscoverBaseURL", Method: http.MethodGet, Path: "/v2/storage", Handle: s.number(s.unlessMaintenance(s.index)),
	})
}

// deletion returns the query of a deletion, or, where it is nil, the refusal: GoodData, while it is
// down, lets nothing be deleted, unless the caller ignores that.
func (s *Server) deletion(r *Request) (query url.Values, rejection fake.Response) {
	query, err := url.ParseQuery(r.RawQuery)
	if err != nil {
		return nil, s.reject(http.StatusBadRequest, "The query cannot be read")
	}
	if s.goodDataDown && !truthy(query, "ignoreGoodDataErrors") {
		return nil, s.applicationError()
	}
	return query, fake.Response{}
}

// truthy says whether a flag of the query is set: the service takes every text for true.
func truthy(query url.Values, flag string) bool { return query.Get(flag) != "" }

// index is the part of the Storage API's index that tells of other services.
func (s *Server) index(*Request) fake.Response {
	type service struct {
		ID  string `json:"id"`
		URL string `json:"url"`
	}
	return fake.JSON(http.StatusOK, map[string]any{
		"api": "storage",
		"services": []service{
			{"encryption", "https://encryption.example.org"},
			{"gooddata-provisioning", s.BaseURL()},
		},
	})
}
