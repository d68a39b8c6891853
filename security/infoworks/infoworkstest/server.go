package infoworkstest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/tenantkit/tenantkit/internal/fake"
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

// A Cleaner is what *testing.T offers to [Start].
type Cleaner = fake.Cleaner

// A Request is one request as the server saw it, credentials included.
//
//   - Operation: the name of the client's method, such as "AccessToken", or "ListUsers"; empty when
//     the server has no such route.
//   - Method, Path (escaped), RawQuery, Host, Header, Body, ContentLength, RemoteAddr: what was
//     sent.
//   - Status: the status answered, 0 when none was.
//   - Applied: the handler of the API ran, whatever it answered.
//   - Effect: it answered 2xx, so that Server.Applied counts the request, whatever the client got.
//   - Fault: the fault that hit the request, nil when none did.
type Request = fake.Request

// User is a user of the server.
type User struct {
	// ID is made where it is empty.
	ID    string
	Email string
	Name  string
	Roles []string
	// Password is empty for a user who cannot log in by password.
	Password string
	// RefreshToken is made where it is empty.
	RefreshToken string
	// RefreshTokenExpiry is when the refresh token stops being good; zero means never.
	RefreshTokenExpiry time.Time
}

// DirectoryUser is a user of the directory.
type DirectoryUser struct {
	// Email and Login are what the directory is searched by: [LDAPSync] on "email", or on any
	// other attribute.
	Email, Login string
	// Error makes every sync of the user fail with this reason.
	Error string
}

// Option changes a [Server].
type Option func(*Server)

// WithUsers adds users.
func WithUsers(users ...User) Option {
	return func(s *Server) {
		for _, user := range users {
			s.addUser(user)
		}
	}
}

// WithDirectory adds users of the directory.
func WithDirectory(users ...DirectoryUser) Option {
	return func(s *Server) { s.directory = append(s.directory, users...) }
}

// WithTokenLife sets how long access tokens live, in whole seconds. The default is 15 minutes.
func WithTokenLife(life time.Duration) Option {
	return func(s *Server) { s.life = life.Truncate(time.Second) }
}

// WithClock makes now the server's clock. The default is [time.Now].
func WithClock(now func() time.Time) Option {
	return func(s *Server) { s.now = now }
}

// WithSAML makes users log in by SAML at location: passwords fail, and refresh tokens work.
func WithSAML(location string) Option {
	return func(s *Server) { s.saml = location }
}

// WithSAMLRedirect makes the server tell the location of SAML by a redirect (302) in place of JSON.
func WithSAMLRedirect() Option {
	return func(s *Server) { s.samlRedirect = true }
}

// WithQuotedBooleans makes the server put its booleans into quotes, as the documentation's examples
// do.
func WithQuotedBooleans() Option {
	return func(s *Server) { s.quoted = true }
}

// WithListener makes the server listen there in place of a free port of the loopback interface, and
// close it in the end.
func WithListener(listener net.Listener) Option {
	return func(s *Server) { s.listen = append(s.listen, fake.Listener(listener)) }
}

// WithTLS makes the server speak https, under a certificate that its Client and CertPool trust.
func WithTLS() Option {
	return func(s *Server) { s.listen = append(s.listen, fake.TLS()) }
}

// Server is a fake Infoworks server on a loopback address. Its methods may be called from any
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
//   - Close() stops the server, and ends its answers at once. Done() <-chan struct{} is closed with
//     it.
type Server struct {
	*fake.Server
	listen []fake.Option

	life         time.Duration
	now          func() time.Time
	saml         string
	samlRedirect bool
	quoted       bool
	key          []byte // signs access tokens

	mu        sync.Mutex // guards what follows; the engine holds it while a handler runs
	users     []*User
	allowed   map[permission]bool
	tokens    map[string]accessToken // by jti
	directory []DirectoryUser
}

type permission struct{ email, entityType, action, entityID string }

// NewServer starts a server. The caller closes it. It panics where there is no port on the loopback
// interface.
func NewServer(opts ...Option) *Server {
	s := &Server{
		life: 15 * time.Minute, now: time.Now, key: []byte(randomHex(32)),
		allowed: make(map[permission]bool), tokens: make(map[string]accessToken),
	}
	for _, opt := range opts {
		opt(s)
	}
	s.Server = fake.NewServer(fake.Config{
		Routes: s.routes(), NotFound: notFound, Lock: &s.mu, BasePaths: []string{basePath},
		Guard: func(handle func(*fake.Request) fake.Response) func(*fake.Request) fake.Response {
			return s.bearer(codeLacksAccess, func(r *fake.Request, _ *User) fake.Response { return handle(r) })
		},
	}, s.listen...)
	return s
}

// Start starts a server that closes itself at the end of the test.
func Start(t Cleaner, opts ...Option) *Server {
	t.Helper()
	s := NewServer(opts...)
	fake.CloseAtEnd(t, s.Server)
	return s
}

const basePath = "/v3"

// BaseURL returns the URL for infoworks.NewClient.
func (s *Server) BaseURL() string { return s.URL() + basePath }

func (s *Server) routes() []fake.Route {
	routes := []fake.Route{
		{Operation: "Authenticate", Method: http.MethodGet, Path: "/security/authenticate", Handle: s.authenticate},
		{Operation: "AccessToken", Method: http.MethodGet, Path: "/security/token/access", Handle: s.makeAccessToken},
		{Operation: "AccessToken", Method: http.MethodGet, Path: "/security/token/access/", Handle: s.makeAccessToken},
		{Operation: "RevokeAccessToken", Method: http.MethodDelete, Path: "/security/token/access", Handle: s.bearer(codeLacksAccess, s.revokeAccessToken)},
		{Operation: "ValidateToken", Method: http.MethodGet, Path: "/security/token/validate", Handle: s.validateToken},
		{Operation: "RegenerateRefreshToken", Method: http.MethodDelete, Path: "/security/token/refresh", Handle: s.regenerateRefreshToken},
		{Operation: "AuthoriseUser", Method: http.MethodPost, Path: "/security/authorise/user", Handle: s.bearer(codeLacksAccess, s.authoriseUser)},
		{Operation: "SAMLRedirectURL", Method: http.MethodGet, Path: "/security/sso/initialise", Handle: s.samlRedirectURL},
		{Operation: "UserData", Method: http.MethodPost, Path: "/security/get/user/data", Handle: s.bearer(codeLacksAccess, s.userData)},
		{Operation: "BulkLDAPSync", Method: http.MethodPost, Path: "/security/bulk-ldap-sync", Handle: s.bulkLDAPSync},
		{Operation: "ListUsers", Method: http.MethodGet, Path: "/admin/users", Handle: s.bearer(codeNotAuthenticated, s.listUsers)},
	}
	for i := range routes {
		routes[i].Path = basePath + routes[i].Path
	}
	return routes
}

// RefreshToken returns the current refresh token of a user, as the web interface would show it to
// the user; it is empty where there is no such user.
func (s *Server) RefreshToken(email string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if user := s.user(email); user != nil {
		return user.RefreshToken
	}
	return ""
}

// Users returns copies of all users, in the order in which they were added.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	users := make([]User, len(s.users))
	for i, user := range s.users {
		users[i] = *user
	}
	return users
}

// AccessTokenCount returns the number of access tokens that are good now.
func (s *Server) AccessTokenCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	good := 0
	for _, token := range s.tokens {
		if s.now().Before(token.expiry) {
			good++
		}
	}
	return good
}

// Allow lets a user do something to an entity, as AuthoriseUser asks for it.
func (s *Server) Allow(email, entityType, action, entityID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.allowed[permission{email, entityType, action, entityID}] = true
}

// Blacklist ends every access token of a user before its time.
func (s *Server) Blacklist(email string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logOut(email)
}

// addUser is called with the lock held, or before there is anybody to share with.
func (s *Server) addUser(user User) *User {
	if user.ID == "" {
		user.ID = randomHex(12)
	}
	if user.RefreshToken == "" {
		user.RefreshToken = newRefreshToken()
	}
	s.users = append(s.users, &user)
	return &user
}

// user returns a user by e-mail address, or nil.
func (s *Server) user(email string) *User {
	for _, user := range s.users {
		if user.Email == email {
			return user
		}
	}
	return nil
}

// newRefreshToken returns a text of the form that Infoworks has: about a hundred characters of the
// base64 alphabet.
func newRefreshToken() string {
	random := make([]byte, 75)
	// It never fails.
	_, _ = rand.Read(random)
	return base64.StdEncoding.EncodeToString(random)
}

func randomHex(n int) string {
	random := make([]byte, n)
	_, _ = rand.Read(random)
	return hex.EncodeToString(random)
}
