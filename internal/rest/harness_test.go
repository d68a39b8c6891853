package rest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The operations of the tests, one of each kind.
var (
	getThing    = Operation{Service: "things", Name: "GetThing", Method: http.MethodGet, Path: "/things/{thingID}", Class: tenantkit.Read}
	listThings  = Operation{Service: "things", Name: "ListThings", Method: http.MethodGet, Path: "/things", Class: tenantkit.Read}
	queryThings = Operation{Service: "things", Name: "QueryThings", Method: http.MethodPost, Path: "/things/query", Class: tenantkit.Read}
	putThing    = Operation{Service: "things", Name: "UpdateThing", Method: http.MethodPut, Path: "/things/{thingID}", Class: tenantkit.Idempotent}
	deleteThing = Operation{Service: "things", Name: "DeleteThing", Method: http.MethodDelete, Path: "/things/{thingID}", Class: tenantkit.Idempotent, Deletes: true}
	dropThing   = Operation{Service: "things", Name: "DropThing", Method: http.MethodDelete, Path: "/things/{thingID}", Class: tenantkit.Idempotent, Expect: Status, Deletes: true}
	createThing = Operation{Service: "things", Name: "CreateThing", Method: http.MethodPost, Path: "/things", Class: tenantkit.Write}
	drawThing   = Operation{Service: "things", Name: "DrawThing", Method: http.MethodGet, Path: "/things/draw", Class: tenantkit.Write}
	burnThing   = Operation{Service: "things", Name: "BurnThing", Method: http.MethodDelete, Path: "/token", Class: tenantkit.Never}
)

type thing struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

type secretThing struct {
	ID       string           `json:"id"`
	Password tenantkit.Secret `json:"password"`
}

// step is what an in-memory server does with one request.
type step struct {
	delay   time.Duration // before the answer
	err     error         // in place of an answer
	status  int           // 0 means 200
	header  http.Header   // beside Content-Type
	body    string
	plain   bool          // no Content-Type
	cut     error         // ends the body in place of io.EOF
	slow    time.Duration // before each byte of the body
	endless bool          // the body goes on with white space
	stuck   bool          // the body never ends
}

func jsonStep(body string) step { return step{body: body} }

func errorStep(status int, retryAfter string) step {
	s := step{status: status, body: `{"error":"no"}`}
	if retryAfter != "" {
		s.header = http.Header{"Retry-After": {retryAfter}}
	}
	return s
}

// sent is a request as the server got it.
type sent struct {
	*http.Request
	body string
	at   time.Time
}

// memory is a server without a network. Its last step serves all requests from there on.
type memory struct {
	t     testing.TB
	steps []step

	mu       sync.Mutex
	requests []sent
	bodies   []*memoryBody
}

// newMemory returns a server that fails the test when the body of an answer is not closed.
func newMemory(t testing.TB, steps ...step) *memory {
	m := &memory{t: t, steps: steps}
	t.Cleanup(m.checkClosed)
	return m
}

func (m *memory) checkClosed() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, b := range m.bodies {
		if !b.isClosed() {
			m.t.Errorf("the body of answer %d was not closed", i+1)
		}
	}
}

func (m *memory) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := m.record(req)
	if err != nil {
		return nil, err
	}
	if err := pause(ctx, s.delay); err != nil {
		return nil, err
	}
	if s.err != nil {
		return nil, s.err
	}
	if s.status == 0 {
		s.status = http.StatusOK
	}
	header := s.header.Clone()
	if header == nil {
		header = make(http.Header)
	}
	if !s.plain && header["Content-Type"] == nil {
		header.Set("Content-Type", "application/json")
	}
	body := &memoryBody{ctx: ctx, step: s, data: strings.NewReader(s.body)}
	m.mu.Lock()
	m.bodies = append(m.bodies, body)
	m.mu.Unlock()
	return &http.Response{StatusCode: s.status, Header: header, Body: body, ContentLength: -1, Request: req, ProtoMajor: 1, ProtoMinor: 1}, nil
}

func (m *memory) record(req *http.Request) (step, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return step{}, err
		}
		if err := req.Body.Close(); err != nil {
			return step{}, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	copied := req.Clone(context.Background())
	m.requests = append(m.requests, sent{Request: copied, body: string(body), at: time.Now()})
	if len(m.steps) == 0 {
		return jsonStep(`{}`), nil
	}
	return m.steps[min(len(m.requests), len(m.steps))-1], nil
}

func (m *memory) sent() []sent {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]sent(nil), m.requests...)
}

// memoryBody is the body of an answer, which knows whether it was closed.
type memoryBody struct {
	step
	ctx    context.Context
	data   *strings.Reader
	mu     sync.Mutex
	closed bool
}

func (b *memoryBody) Read(p []byte) (int, error) {
	if b.isClosed() {
		return 0, errors.New("read of a closed body")
	}
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if b.slow > 0 {
		if err := pause(b.ctx, b.slow); err != nil {
			return 0, err
		}
		p = p[:min(len(p), 1)]
	}
	n, err := b.data.Read(p)
	if n > 0 || err != io.EOF {
		return n, err
	}
	if b.endless {
		for i := range p {
			p[i] = ' '
		}
		return len(p), nil
	}
	if b.stuck {
		<-b.ctx.Done()
		return 0, b.ctx.Err()
	}
	if b.cut != nil {
		return 0, b.cut
	}
	return 0, io.EOF
}

func (b *memoryBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}

func (b *memoryBody) isClosed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

const testKey = "key-0123456789abcdef"

// testAPI is a service with an API key.
func testAPI() API {
	return API{Service: "things", Credentials: map[string]auth.Credential{"": auth.APIKey("X-Api-Key", auth.StaticToken(testKey))}}
}

const testURL = "https://things.example.org/v1"

// newTestClient returns a client of the in-memory server.
func newTestClient(t testing.TB, rt http.RoundTripper, opts ...tenantkit.Option) *Client {
	t.Helper()
	return newAPIClient(t, testAPI(), testURL, rt, opts...)
}

func newAPIClient(t testing.TB, api API, url string, rt http.RoundTripper, opts ...tenantkit.Option) *Client {
	t.Helper()
	all := append([]tenantkit.Option{tenantkit.WithHTTPClient(&http.Client{Transport: rt})}, opts...)
	c, err := New(api, url, all)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// virtual runs a test in virtual time.
func virtual(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// callOf returns a call that fits the operation.
func callOf(op *Operation) Call {
	var call Call
	if strings.Contains(op.Path, "{") {
		call.Path = []string{"a1"}
	}
	if op.Method == http.MethodPost || op.Method == http.MethodPut {
		call.Body = thing{Name: "n"}
	}
	if op.Expect == JSON {
		call.Into = new(thing)
	}
	return call
}

// failedWith returns err as the error of a call.
func failedWith(t testing.TB, err error) *tenantkit.Error {
	t.Helper()
	var failed *tenantkit.Error
	if !errors.As(err, &failed) {
		t.Fatalf("error = %#v (%v), want a *tenantkit.Error", err, err)
	}
	return failed
}

var sentinels = []error{
	tenantkit.ErrBadRequest, tenantkit.ErrUnauthenticated, tenantkit.ErrForbidden, tenantkit.ErrNotFound, tenantkit.ErrConflict,
	tenantkit.ErrRateLimited, tenantkit.ErrUnavailable, context.Canceled, context.DeadlineExceeded,
}

// wantSentinels checks that err is each of want, and none of the others.
func wantSentinels(t testing.TB, err error, want ...error) {
	t.Helper()
	for _, sentinel := range sentinels {
		is := false
		for _, w := range want {
			is = is || w == sentinel
		}
		if errors.Is(err, sentinel) != is {
			t.Errorf("errors.Is(err, %q) = %t, want %t; err: %v", sentinel, !is, is, err)
		}
	}
	for _, w := range want {
		if !errors.Is(err, w) {
			t.Errorf("errors.Is(err, %q) = false; err: %v", w, err)
		}
	}
}

var errReset = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}

var netDialError = net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}

// wantInvalid checks that err is about input, and that it was not sent.
func wantInvalid(t testing.TB, err error, operation, field, reason string) {
	t.Helper()
	var invalid *tenantkit.ValidationError
	if !errors.As(err, &invalid) {
		t.Errorf("error = %#v (%v), want a *tenantkit.ValidationError", err, err)
		return
	}
	if invalid.Operation != operation || invalid.Field != field || !strings.Contains(invalid.Reason, reason) {
		t.Errorf("error = %+v, want %s, %s, %q", invalid, operation, field, reason)
	}
	if tenantkit.OutcomeOf(err) != notSent {
		t.Errorf("outcome = %v", tenantkit.OutcomeOf(err))
	}
}
