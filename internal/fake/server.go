package fake

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
)

// DefaultMaxBody is the size of a request body, in bytes, above which the response is 413.
const DefaultMaxBody = 64 << 20

// Config says how a Server responds.
type Config struct {
	// Routes are the API's operations. The first one that matches a request takes it.
	Routes []Route

	// DecodePath is for APIs that decode and clean the path before they route: %2F separates
	// segments, and a path with an empty, "." or ".." segment or a slash at its end has no
	// route.
	DecodePath bool

	// BasePaths are what paths of [Server.HandleFunc] come after. None means the root.
	BasePaths []string

	// Guard returns a handler that calls handle for requests with a valid credential only, and
	// is what HandleFunc puts in front of its handlers. It runs under the same lock as the
	// routes. Nil means that any request is handled.
	Guard func(handle func(*Request) Response) func(*Request) Response

	// NotFound responds to requests that no route takes, wrong methods included. Nil means the
	// text 404 of net/http. It runs under the same lock as the routes.
	NotFound func(*Request) Response

	// Lock is held while a handler runs, so that the fake can guard its state outside of
	// handlers with the same lock. Nil means a lock of the server's own.
	Lock sync.Locker

	// MaxBody is the largest request body in bytes; 0 means DefaultMaxBody.
	MaxBody int64

	// NoRecord keeps no record of requests, only the counts of [Server.Applied]: for runs of
	// millions.
	NoRecord bool
}

// An Option changes how a Server listens.
type Option func(*httptest.Server)

// Listener makes the server listen there, on a port that its starter chose, in place of a free
// port. The server closes it.
func Listener(listener net.Listener) Option {
	return func(s *httptest.Server) {
		// The port that was chosen before was used for nothing.
		_ = s.Listener.Close()
		s.Listener = listener
	}
}

// TLS serves https with HTTP/1.1, under a certificate that [Server.Client] and [Server.CertPool]
// trust.
func TLS() Option {
	return func(s *httptest.Server) { s.TLS = newTLSConfig() }
}

// HTTP2 serves https with HTTP/2, and with HTTP/1.1 to clients that ask for it. With HTTP/2 the
// faults that reset or close the connection reset the stream instead.
func HTTP2() Option {
	return func(s *httptest.Server) {
		s.TLS = newTLSConfig()
		s.EnableHTTP2 = true
	}
}

// A Cleaner is the part of *testing.T that a fake needs to close itself at the end of a test.
type Cleaner interface {
	// Helper marks the caller as a helper of the test.
	Helper()
	// Cleanup calls the function when the test is over.
	Cleanup(func())
}

// A Server is a fake API on a loopback address. Its methods may be called from any goroutine.
type Server struct {
	decodePath bool
	basePaths  []string
	guard      func(handle func(*Request) Response) func(*Request) Response
	notFound   func(*Request) Response
	lock       sync.Locker
	maxBody    int64
	noRecord   bool

	http *httptest.Server
	ctx  context.Context // ends when the server closes
	stop context.CancelFunc

	mu       sync.Mutex // guards what follows; never held while a handler runs
	routes   []matcher  // replaced, never changed
	closed   bool
	serving  int           // requests under way: no WaitGroup, which cannot be shared with a synctest bubble
	idle     chan struct{} // made by Close while requests are under way, closed after the last of them
	open     int           // connections
	mostOpen int
	faults   []*pending
	mistakes []string // in the use of the server, which make a test prove nothing
	seed     uint64
	requests []*Request
	applied  map[string]int
	ended    func(Request)
}

// NewServer starts a server on a free port of the loopback interface. The caller closes it.
// Like httptest.NewServer it panics when there is no port to listen on.
func NewServer(config Config, options ...Option) *Server {
	s := &Server{
		decodePath: config.DecodePath,
		basePaths:  config.BasePaths,
		guard:      config.Guard,
		notFound:   config.NotFound,
		lock:       config.Lock,
		maxBody:    config.MaxBody,
		noRecord:   config.NoRecord,
		applied:    make(map[string]int),
	}
	for _, route := range config.Routes {
		s.routes = append(s.routes, newMatcher(route))
	}
	if len(s.basePaths) == 0 {
		s.basePaths = []string{""}
	}
	if s.notFound == nil {
		s.notFound = func(*Request) Response { return Text(http.StatusNotFound, "404 page not found\n") }
	}
	if s.lock == nil {
		s.lock = new(sync.Mutex)
	}
	if s.maxBody == 0 {
		s.maxBody = DefaultMaxBody
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	// The channel is made when it is first asked for: not in a synctest bubble, or Close could
	// not close it outside.
	_ = s.ctx.Done()
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.http.Config.ConnState = s.watch
	for _, option := range options {
		option(s.http)
	}
	if s.http.TLS != nil {
		s.http.StartTLS()
	} else {
		s.http.Start()
	}
	return s
}

// CloseAtEnd closes the server at the end of the test. A test that used the server wrongly, such as
// by giving a name to Fail which is not that of an operation, proves nothing: it fails, if t has
// the method Errorf.
func CloseAtEnd(t Cleaner, s *Server) {
	t.Helper()
	t.Cleanup(func() {
		s.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		if test, ok := t.(interface{ Errorf(string, ...any) }); ok {
			for _, mistake := range s.mistakes {
				test.Errorf("%s", mistake)
			}
		}
	})
}

// URL returns scheme and address of the server, without a path.
func (s *Server) URL() string {
	return s.http.URL
}

// Client returns an HTTP client that trusts the server's certificate. Its idle connections end with
// the server.
func (s *Server) Client() *http.Client {
	return s.http.Client()
}

// CertPool returns a pool with the server's certificate; it is empty when the server speaks plain
// http.
func (s *Server) CertPool() *x509.CertPool {
	pool := x509.NewCertPool()
	if certificate := s.http.Certificate(); certificate != nil {
		pool.AddCert(certificate)
	}
	return pool
}

// Done returns a channel that is closed when the server closes.
func (s *Server) Done() <-chan struct{} {
	return s.ctx.Done()
}

// Close stops the server: delays, slow and endless responses end at once, open connections are
// closed. It returns when nothing of the server runs any more. The record of requests stays.
// Closing again does nothing.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.http.CloseClientConnections()
	s.http.Close()
	<-s.unused()
}

// unused returns a channel that is closed when no request is under way.
func (s *Server) unused() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.idle == nil {
		s.idle = make(chan struct{})
		if s.serving == 0 {
			close(s.idle)
		}
	}
	return s.idle
}

// observerFor returns the observer of the request, nil if there is none, and a copy for it.
func (s *Server) observerFor(request *Request) (func(Request), Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		return nil, Request{}
	}
	return s.ended, request.clone()
}

// leave ends what enter began.
func (s *Server) leave(request *Request) {
	// Deferred, so that Close does not wait for ever where the observer panics.
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.serving--
		if s.serving == 0 && s.idle != nil {
			close(s.idle)
		}
	}()
	if ended, copied := s.observerFor(request); ended != nil {
		ended(copied)
	}
}

// watch counts the connections.
func (s *Server) watch(_ net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.open++
		s.mostOpen = max(s.mostOpen, s.open)
	case http.StateHijacked, http.StateClosed: // a fault closes at once what it hijacks
		s.open--
	}
}

// MostConnections returns the largest number of connections that were open at a time.
func (s *Server) MostConnections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mostOpen
}

// Requests returns copies of all requests so far, in the order in which they arrived.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := make([]Request, len(s.requests))
	for i, r := range s.requests {
		requests[i] = r.clone()
	}
	return requests
}

// OnRequest calls f with each request that ends from now on, faulty ones included; nil calls nobody
// any more. It is called in the goroutine of the request, after the response was written, and
// by several of them at a time; Close waits for it.
func (s *Server) OnRequest(f func(Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = f
}

// ForgetRequests drops the record of all requests so far, so that a server that runs for long does
// not grow. The counts of Applied stay.
func (s *Server) ForgetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Applied returns how many requests of the operation took effect: the API's handler ran and its
// response was 2xx, even if the client never got that response.
func (s *Server) Applied(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.applied[operation]
}
