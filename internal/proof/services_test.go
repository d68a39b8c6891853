package proof

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/fake"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// service is one client with its fake.
type service struct {
	name       string
	operations []operation
	start      func(options serverOptions) *stand
	// own are the calls that are no operation of the table: what is made of several, and what
	// iterates. They are named with the operation that they end in.
	own map[string]string
}

// serverOptions says how a fake listens, and for which call it is.
type serverOptions struct {
	tls  bool
	call string
}

// stand is one fake with something in it to work on.
type stand struct {
	server  *fake.Server
	baseURL string
	// secrets are what no text may hold.
	secrets []string
	// connect makes a client, in the bubble that it is used in. Its credentials change when
	// they are refused.
	connect func(t testing.TB, opts ...tenantkit.Option) client
}

// call makes one call, and returns what it gave.
type call func(ctx context.Context, opts ...tenantkit.Option) (any, error)

// client is one client with a call for each of its operations.
type client struct {
	value any
	calls map[string]call
	good  map[string]good
	close func()
}

var services = []service{argoService, worklyticsService, keboolaService, datasinkService, infoworksService}

// TestCallsAreComplete holds the calls of this package to the operations of the clients, so that a
// new operation cannot be forgotten.
func TestCallsAreComplete(t *testing.T) {
	t.Parallel()
	for _, s := range services {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			stand := s.start(serverOptions{})
			defer stand.server.Close()
			client := stand.connect(t)
			defer client.close()
			known := make(map[string]bool)
			for _, op := range s.operations {
				known[op.Name] = true
			}
			for name, of := range s.own {
				if !known[of] {
					t.Errorf("%s is said to be made of %s, which is no operation", name, of)
				}
				known[name] = true
			}
			for name := range known {
				if client.calls[name] == nil {
					t.Errorf("operation %s has no call here: add it, so that it meets the faults", name)
				}
			}
			for name := range client.calls {
				if !known[name] {
					t.Errorf("%s is called here, and is no operation", name)
				}
			}
		})
	}
}

// TestCallsSucceed makes every call without a fault: what fails in the matrix fails for its fault
// alone.
func TestCallsSucceed(t *testing.T) {
	t.Parallel()
	for _, s := range services {
		for name, of := range callsOf(s) {
			t.Run(s.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				stand := s.start(serverOptions{call: name})
				defer stand.server.Close()
				client := stand.connect(t)
				defer client.close()
				if _, err := client.call(name)(t.Context()); err != nil {
					t.Fatal(err)
				}
				if n := stand.server.Applied(of); n != 1 {
					t.Errorf("%s was applied %d times", of, n)
				}
			})
		}
	}
}

// callsOf returns the names of all calls of a service, each with its operation.
func callsOf(s service) map[string]string {
	calls := make(map[string]string)
	for _, op := range s.operations {
		calls[op.Name] = op.Name
	}
	for name, of := range s.own {
		calls[name] = of
	}
	return calls
}

// operation returns the operation of the name.
func (s service) operation(name string) operation {
	return s.operations[slices.IndexFunc(s.operations, func(op operation) bool { return op.Name == name })]
}

// rotating is a source that has another token when one is refused.
type rotating struct {
	mu     sync.Mutex
	values []tenantkit.Secret
}

func rotate(values ...string) auth.TokenSource {
	r := new(rotating)
	for _, value := range values {
		r.values = append(r.values, tenantkit.NewSecret(value))
	}
	return r
}

func (r *rotating) Token(ctx context.Context) (auth.Token, error) {
	if ctx.Value(panicKey{}) != nil {
		panic(errBoom)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return auth.Token{Value: r.values[0]}, nil
}

func (r *rotating) Invalidate(refused tenantkit.Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.values[0] == refused {
		r.values = append(r.values[1:len(r.values):len(r.values)], refused)
	}
}

// Format keeps the test's own source from being shown.
func (r *rotating) GoString() string { return "rotating" }

// drain ends an iteration at its first error.
func drain[T any](all func(func(*T, error) bool)) (any, error) {
	var got []T // no pointers, into which %s looks without asking a secret
	var failed error
	all(func(item *T, err error) bool {
		if err != nil {
			failed = err
			return false
		}
		got = append(got, *item)
		return true
	})
	return got, failed
}

// only is a call that returns nothing but its error.
func only(err error) (any, error) { return nil, err }

// wired returns a client option that ends in the server.
func (s *stand) wired() tenantkit.Option {
	return tenantkit.WithHTTPClient(&http.Client{Transport: s.server.RoundTripper()})
}

// epoch is when the clocks of virtual time begin.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
