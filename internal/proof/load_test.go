package proof

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
	"github.com/tenantkit/tenantkit/internal/fake"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

const (
	loadGoroutines = 500
	loadCalls      = 20 // of each goroutine
	loadFaults     = 0.3
	maxConnections = 128 // of NewTransport
)

// load is one client under load. What is created bears a name of its own, so that a duplicate
// shows.
type load struct {
	name   string
	server *fake.Server
	read   func(context.Context) error
	create func(ctx context.Context, name string) error // nil where the API creates nothing with a name
	// created counts what there is of each name.
	created func() map[string]int
	// modify adds one to a number that the server keeps, by Modify…; nil where there is none.
	// number returns it.
	modify func(context.Context) error
	number func() int
	close  func()
	dialed *openConnections
}

// openConnections counts the connections that a client has open at a time.
type openConnections struct{ now, peak atomic.Int64 }

func (o *openConnections) most() int { return int(o.peak.Load()) }

// transport is the one that clients make for themselves, with its connections counted.
func (o *openConnections) transport() tenantkit.Option {
	transport := tenantkit.NewTransport()
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		for now, peak := o.now.Add(1), o.peak.Load(); now > peak && !o.peak.CompareAndSwap(peak, now); peak = o.peak.Load() {
		}
		return &countedConn{Conn: conn, closed: sync.OnceFunc(func() { o.now.Add(-1) })}, nil
	}
	return tenantkit.WithHTTPClient(&http.Client{Transport: transport})
}

type countedConn struct {
	net.Conn
	closed func()
}

func (c *countedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}

// loads makes the clients of all services, each with a fake of its own.
func loads(t *testing.T, opts ...tenantkit.Option) []load {
	var all []load
	for _, of := range []func(*testing.T, []tenantkit.Option) load{argoLoad, worklyticsLoad, keboolaLoad, datasinkLoad, infoworksLoad} {
		dialed := new(openConnections)
		l := of(t, append([]tenantkit.Option{dialed.transport()}, opts...))
		l.dialed = dialed
		all = append(all, l)
	}
	return all
}

func argoLoad(t *testing.T, opts []tenantkit.Option) load {
	server := argotest.Start(t)
	id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "acme", Description: "0"}})
	other := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "many"}})
	c, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey), opts...)
	return load{
		name: "argo", server: server.Server, close: closing(t, c, err),
		read: func(ctx context.Context) error { _, err := c.GetTenant(ctx, id); return err },
		create: func(ctx context.Context, name string) error {
			_, err := c.CreateUser(ctx, other, &argo.User{Name: name})
			return err
		},
		created: func() map[string]int {
			return counts(server.Users(other), func(u argotest.User) string { return u.Name })
		},
		modify: func(ctx context.Context) error {
			_, err := c.ModifyTenant(ctx, id, func(t *argo.Tenant) error { t.Info.Description += "+"; return nil })
			return err
		},
		number: func() int {
			for _, tenant := range server.Tenants() {
				if tenant.ID == id {
					return strings.Count(tenant.Info.Description, "+")
				}
			}
			return -1
		},
	}
}

func worklyticsLoad(t *testing.T, opts []tenantkit.Option) load {
	server := worklyticstest.Start(t)
	settings := func() map[string]string {
		return worklytics.GCPProxy{Endpoint: "https://psoxy-asana-abc.a.run.app/"}.Settings()
	}
	given := make(map[string]any)
	for key, value := range settings() {
		given[key] = value
	}
	id := server.Add(worklyticstest.DataConnection{IntegrationID: "asana-psoxy", Settings: given})
	c, err := worklytics.NewClient(server.BaseURL(), worklyticstest.DefaultTenantID, auth.StaticToken(server.GoogleToken("ci@acme.example", time.Hour)), opts...)
	return load{
		name: "worklytics", server: server.Server, close: closing(t, c, err),
		read: func(ctx context.Context) error { _, err := c.GetDataConnection(ctx, id); return err },
		create: func(ctx context.Context, name string) error {
			made := &worklytics.DataConnection{IntegrationID: worklytics.IntegrationAsana, Settings: settings()}
			made.Settings["NAME"] = name
			_, err := c.CreateDataConnection(ctx, made)
			return err
		},
		created: func() map[string]int {
			return counts(server.DataConnections(), func(d worklyticstest.DataConnection) string { return fmt.Sprint(d.Settings["NAME"]) })
		},
		modify: func(ctx context.Context) error {
			_, err := c.ModifyDataConnection(ctx, id, func(d *worklytics.DataConnection) error { d.Settings["COUNT"] += "+"; return nil })
			return err
		},
		number: func() int {
			d, _ := server.DataConnection(id)
			return strings.Count(fmt.Sprint(d.Settings["COUNT"]), "+")
		},
	}
}

func keboolaLoad(t *testing.T, opts []tenantkit.Option) load {
	server := keboolatest.Start(t)
	server.AddProject(keboolatest.Project{PID: "sales"})
	c, err := keboola.NewClient(server.BaseURL(), auth.StaticToken(keboolatest.DefaultToken), opts...)
	return load{
		name: "keboola", server: server.Server, close: closing(t, c, err),
		read: func(ctx context.Context) error { _, err := c.GetProject(ctx, "sales"); return err },
		create: func(ctx context.Context, name string) error {
			_, err := c.CreateUser(ctx, &keboola.NewUser{Login: name + "@example.org", Password: tenantkit.NewSecret(userPassword), FirstName: "A", LastName: "B"})
			return err
		},
		created: func() map[string]int {
			return counts(server.Users(), func(u keboolatest.User) string { return strings.TrimSuffix(u.Login, "@example.org") })
		},
	}
}

func datasinkLoad(t *testing.T, opts []tenantkit.Option) load {
	server := autoidtest.Start(t)
	server.AddSinks(autoidtest.Sink{ID: sinkID})
	c, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{
		Tokens: auth.StaticToken(autoidtest.DefaultToken), APIKey: auth.StaticToken(autoidtest.DefaultAPIKey),
	}, opts...)
	return load{
		name: "autoid", server: server.Server, close: closing(t, c, err),
		read: func(ctx context.Context) error {
			_, err := c.QuerySinks(ctx, &autoid.SinkFilter{ID: sinkID})
			return err
		},
		create: func(ctx context.Context, name string) error {
			return c.CreateSink(ctx, &autoid.Sink{ID: autoid.NewSinkID(), Name: name})
		},
		created: func() map[string]int {
			return counts(server.Sinks(), func(s autoidtest.Sink) string { return s.Name })
		},
	}
}

func infoworksLoad(t *testing.T, opts []tenantkit.Option) load {
	server := infoworkstest.Start(t, infoworkstest.WithUsers(infoworkstest.User{Email: "a@example.org", RefreshToken: loginRefresh}))
	c, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{RefreshToken: auth.StaticToken(loginRefresh)}, opts...)
	return load{
		name: "infoworks", server: server.Server, close: closing(t, c, err),
		read: func(ctx context.Context) error {
			_, err := c.UserData(ctx, &infoworks.UserQuery{UserIDs: []string{"x"}})
			return err
		},
	}
}

func counts[T any](all []T, name func(T) string) map[string]int {
	n := make(map[string]int)
	for _, one := range all {
		n[name(one)]++
	}
	return n
}

// TestLoad makes 10 000 calls from 500 goroutines on each client, of which a third meet a fault:
// every read ends well, nothing is created twice or lost by Modify…, outcomes are true, and
// connections are bounded. That no goroutine stays is seen by TestMain.
func TestLoad(t *testing.T) {
	policy := tenantkit.RetryPolicy{MaxAttempts: 20, BaseDelay: time.Millisecond, MaxDelay: 4 * time.Millisecond, Budget: 10000}
	for _, l := range loads(t, tenantkit.WithRetry(policy)) {
		t.Run(l.name, func(t *testing.T) {
			defer l.close()
			faults := []fake.Fault{
				{Status: http.StatusServiceUnavailable}, {Status: http.StatusServiceUnavailable, RetryAfter: "0"}, {Status: http.StatusTooManyRequests},
				{Status: http.StatusBadGateway, Applied: true}, {ResetBefore: true}, {ResetAfter: true}, {ResetInHeader: true}, {Truncate: true},
			}
			for _, fault := range faults {
				fault.Rate = loadFaults / float64(len(faults))
				l.server.Fail("", fault)
			}
			l.run(t)
		})
	}
}

func (l load) run(t *testing.T) {
	var (
		group               sync.WaitGroup
		mu                  sync.Mutex
		told                = make(map[string]tenantkit.Outcome)
		modified, unsettled atomic.Int64
	)
	for g := range loadGoroutines {
		group.Go(func() {
			for i := range loadCalls {
				switch {
				case i == 0 && g%5 == 0 && l.modify != nil:
					if err := l.modify(t.Context()); err == nil {
						modified.Add(1)
					} else if tenantkit.OutcomeOf(err) != tenantkit.OutcomeNotSent && tenantkit.OutcomeOf(err) != tenantkit.OutcomeRejected {
						unsettled.Add(1)
					}
				case i == 1 && l.create != nil:
					name := fmt.Sprintf("made-%d-%d", g, i)
					err := l.create(t.Context(), name)
					mu.Lock()
					told[name] = tenantkit.OutcomeOf(err)
					mu.Unlock()
				default:
					if err := l.read(t.Context()); err != nil {
						t.Errorf("a read failed: %v", err)
					}
				}
			}
		})
	}
	group.Wait()
	l.server.Recover()
	if l.create != nil {
		l.checkCreated(t, told)
	}
	if l.modify != nil {
		if n := int64(l.number()); n < modified.Load() || n > modified.Load()+unsettled.Load() {
			t.Errorf("%d modifications are told as made, %d as unknown, and %d are there", modified.Load(), unsettled.Load(), n)
		}
	}
	// A server may learn of the end of a connection after its client has opened the next.
	most, seen := l.dialed.most(), l.server.MostConnections()
	if most > maxConnections || seen > maxConnections+maxConnections/4 || seen < 2 {
		t.Errorf("%d connections were open at a time, by the server's count %d; the bound is %d", most, seen, maxConnections)
	}
	t.Logf("%s: %d calls, %d requests, at most %d connections at a time (by the server's count %d), %d created, %d modified",
		l.name, loadGoroutines*loadCalls, len(l.server.Requests()), most, seen, len(told), modified.Load())
}

func (l load) checkCreated(t *testing.T, told map[string]tenantkit.Outcome) {
	t.Helper()
	created, unknown := l.created(), 0
	for name, outcome := range told {
		n := created[name]
		switch {
		case n > 1:
			t.Errorf("%s was made %d times", name, n)
		case outcome == tenantkit.OutcomeApplied && n != 1, outcome == tenantkit.OutcomeNotSent && n != 0, outcome == tenantkit.OutcomeRejected && n != 0:
			t.Errorf("%s is there %d times, and told as %v", name, n, outcome)
		case outcome == tenantkit.OutcomeUnknown:
			unknown++
		}
	}
	if unknown == 0 {
		t.Error("the faults had no effect")
	}
}

// TestDeadService calls services that are down from 500 goroutines: they see no more repetitions
// than the budget allows.
func TestDeadService(t *testing.T) {
	t.Parallel()
	const budget = 100
	policy := tenantkit.RetryPolicy{MaxAttempts: 10, BaseDelay: time.Millisecond, MaxDelay: time.Millisecond, Budget: budget}
	for _, l := range loads(t, tenantkit.WithRetry(policy)) {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			defer l.close()
			l.server.Fail("", fake.Fault{Status: http.StatusServiceUnavailable, Times: -1})
			var group sync.WaitGroup
			for range loadGoroutines {
				group.Go(func() {
					if err := l.read(t.Context()); !errors.Is(err, tenantkit.ErrUnavailable) {
						t.Errorf("the error is %v", err)
					}
				})
			}
			group.Wait()
			if n := len(l.server.Requests()); n > loadGoroutines+budget {
				t.Errorf("%d requests for %d calls under a budget of %d", n, loadGoroutines, budget)
			}
			t.Logf("%d requests for %d calls", len(l.server.Requests()), loadGoroutines)
		})
	}
}
