package autoidtest

import (
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// The credentials that a server knows unless options name others.
const (
	DefaultToken    = "datasink-bearer-token"
	DefaultAPIKey   = "a9b0c1d2-datasink-api-key"
	DefaultUser     = "admin@example.com"
	DefaultPassword = "datasink-password"
)

// DefaultTokenLifetime is how long a token serves.
const DefaultTokenLifetime = 12 * time.Hour

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
//   - Operation: the name of the client's method, such as "UpdateAssignmentStatus"; "Login" and
//     "RenewToken" are those of a log-in; empty when the API has no such route.
//   - Method, Path (escaped), RawQuery, Host, Header, Body, ContentLength, RemoteAddr: what was
//     sent.
//   - Status: the status answered, 0 when none was.
//   - Applied: the handler of the API ran, whatever it answered.
//   - Effect: it answered 2xx, so that Server.Applied counts the request, whatever the client got.
//   - Fault: the fault that hit the request, nil when none did.
type Request = fake.Request

// A Cleaner is what *testing.T offers to [Start].
type Cleaner = fake.Cleaner

// A Server is a fake on a loopback address. Its methods may be called from any goroutine.
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
	lifetime      time.Duration
	tenantID      string
	either        bool
	printed       bool
	refuseUnknown bool
	countOnly     bool
	apiKeys       map[string]bool
	passwords     map[string]string // of the users

	mu        sync.Mutex // guards what follows
	tokens    map[string]time.Time
	issued    int
	sinks     []*sink
	decisions map[decision]status
	statuses  int64
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

// WithToken adds a bearer token that does not expire. Once it is given, DefaultToken is no token
// any more.
func WithToken(token string) Option {
	return func(s *settings) { s.server.tokens[token] = time.Time{} }
}

// WithAPIKey adds an API key. Once it is given, DefaultAPIKey is no key any more.
func WithAPIKey(key string) Option {
	return func(s *settings) { s.server.apiKeys[key] = true }
}

// WithUser adds a user who can log in. Once it is given, DefaultUser is no user any more.
func WithUser(name, password string) Option {
	return func(s *settings) { s.server.passwords[name] = password }
}

// WithTokenLifetime sets how long the tokens of a log-in serve.
func WithTokenLifetime(lifetime time.Duration) Option {
	return func(s *settings) { s.server.lifetime = lifetime }
}

// WithClock sets the clock for the life of tokens.
func WithClock(now func() time.Time) Option {
	return func(s *settings) { s.server.now = now }
}

// WithTenantID makes the server refuse, with 403, requests whose X-TENANT-ID is another.
func WithTenantID(id string) Option {
	return func(s *settings) { s.server.tenantID = id }
}

// WithEitherCredential makes each call take a bearer token or an API key, as other chapters of the
// API do.
func WithEitherCredential() Option {
	return func(s *settings) { s.server.either = true }
}

// WithAnswersAsPrinted makes the answers those that the documentation prints: timestamps in a mix
// of two spellings, and for most writes a body that is not JSON. Without it, names are in camel
// case and bodies are JSON.
func WithAnswersAsPrinted() Option {
	return func(s *settings) { s.server.printed = true }
}

// WithUnknownDecisionsRefused makes the server refuse, with 400, a request that names a decision
// which was not added, and then set no status at all. Without it, any decision gets the status that
// is sent.
func WithUnknownDecisionsRefused() Option {
	return func(s *settings) { s.server.refuseUnknown = true }
}

// WithCountsOnly makes the server forget requests and decisions, and only count them, so that its
// memory does not grow in a run of millions: see the method Applied of [Server], and
// [Server.StatusesSet].
func WithCountsOnly() Option {
	return func(s *settings) { s.server.countOnly = true }
}

// NewServer starts a server without sinks and decisions. The caller closes it.
func NewServer(options ...Option) *Server {
	s := &Server{
		now: time.Now, lifetime: DefaultTokenLifetime,
		apiKeys: make(map[string]bool), passwords: make(map[string]string),
		tokens: make(map[string]time.Time), decisions: make(map[decision]status),
	}
	settings := settings{server: s}
	for _, option := range options {
		option(&settings)
	}
	if len(s.tokens) == 0 {
		s.tokens[DefaultToken] = time.Time{}
	}
	if len(s.apiKeys) == 0 {
		s.apiKeys[DefaultAPIKey] = true
	}
	if len(s.passwords) == 0 {
		s.passwords[DefaultUser] = DefaultPassword
	}
	s.Server = fake.NewServer(fake.Config{
		Routes: s.routes(), NotFound: notFound, NoRecord: s.countOnly,
		Guard: func(handle func(*fake.Request) fake.Response) func(*fake.Request) fake.Response {
			return func(r *fake.Request) fake.Response {
				if rejection, rejected := s.refuse(r, apiKey); rejected {
					return rejection
				}
				return handle(r)
			}
		},
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

// BaseURL returns what a client takes as base URL: the server's URL.
func (s *Server) BaseURL() string { return s.URL() }

// operation is one line of the table of routes.
type operation struct {
	name, path string
	credential credential
	handle     func(*Request) fake.Response
}

func (s *Server) routes() []fake.Route {
	const sinks = "/api/datasink/"
	var routes []fake.Route
	for _, op := range []operation{
		{"CreateSink", sinks + "create", bearer, s.createSink},
		{"UpdateSink", sinks + "update", bearer, s.updateSink},
		{"DeleteSink", sinks + "delete", bearer, s.deleteSink},
		{"UpdateAssignmentStatus", sinks + "update/status/assignments", apiKey, s.updateAssignments},
		{"UpdateRuleStatus", sinks + "update/status/rules", apiKey, s.updateRules},
		{"UpdateRoleStatus", sinks + "update/status/roles", apiKey, s.updateRoles},
		{"QuerySinks", sinks + "query", apiKey, s.querySinks},
		{"UpdateTimestamps", sinks + "update/timestamp", apiKey, s.updateTimestamps},
		{"QueryLogs", sinks + "query/logs", apiKey, s.queryLogs},
		{"UpdateLogs", sinks + "update/logs", apiKey, s.updateLogs},
		{"Login", "/api/authentication/login", nobody, s.login},
		{"RenewToken", "/api/authentication/renewToken", bearer, s.renewToken},
	} {
		routes = append(routes, fake.Route{
			Operation: op.name, Method: http.MethodPost, Path: op.path, Concurrent: true,
			Handle: func(r *Request) fake.Response {
				if refusal, refused := s.refuse(r, op.credential); refused {
					return refusal
				}
				return op.handle(r)
			},
		})
	}
	return routes
}

func notFound(r *Request) fake.Response {
	return refusal(http.StatusNotFound, "Cannot "+r.Method+" "+r.Path)
}

// refusal is the answer to a mistake.
func refusal(status int, message string) fake.Response {
	return fake.JSON(status, map[string]string{"message": message})
}

// accepted is the answer to a write; the documentation prints three of them as JSON, and the others
// not.
func (s *Server) accepted(jsonAsPrinted bool) fake.Response {
	body := `{"message":"ok"}`
	if s.printed && !jsonAsPrinted {
		body = "{\n  \"message\": ok\n}"
	}
	return fake.Response{Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: []byte(body)}
}
