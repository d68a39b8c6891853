package argo_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// slowCreations holds back each creation of a tenant for a moment, and sets together if two are
// under way at the same time: the real server may then take both.
func slowCreations(together *atomic.Bool) tenantkit.Option {
	var underWay atomic.Int32
	return tenantkit.WithTransport(func(next http.RoundTripper) http.RoundTripper {
		return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			if op, _ := tenantkit.OperationFromContext(req.Context()); op.Name != "CreateTenant" {
				return next.RoundTrip(req)
			}
			if underWay.Add(1) > 1 {
				together.Store(true)
			}
			defer underWay.Add(-1)
			time.Sleep(30 * time.Millisecond)
			return next.RoundTrip(req)
		})
	})
}

// Two goroutines that create a tenant of one name through one client, or two clients with one
// locker, do it one after the other.
func TestCreateTenant_LocksTheName(t *testing.T) {
	t.Parallel()
	locker := tenantkit.WithLocker(coord.Local())
	for name, test := range map[string]struct {
		clients int
		create  func(context.Context, *argo.Client) error
		opts    []tenantkit.Option
	}{
		"CreateTenant": {1, func(ctx context.Context, c *argo.Client) error {
			_, err := c.CreateTenant(ctx, &argo.Tenant{Info: argo.Info{Name: "alpha"}})
			if errors.Is(err, tenantkit.ErrConflict) {
				return nil
			}
			return err
		}, nil},
		"EnsureTenant": {1, func(ctx context.Context, c *argo.Client) error {
			_, err := c.EnsureTenant(ctx, &argo.Tenant{Info: argo.Info{Name: "alpha"}})
			return err
		}, nil},
		"EnsureTenant of two clients": {2, func(ctx context.Context, c *argo.Client) error {
			_, err := c.EnsureTenant(ctx, &argo.Tenant{Info: argo.Info{Name: "alpha"}})
			return err
		}, []tenantkit.Option{locker}},
		"Reconcile": {1, func(ctx context.Context, c *argo.Client) error {
			_, err := c.Reconcile(ctx, &argo.Tenant{Info: argo.Info{Name: "alpha"}}, argo.ReconcileOptions{})
			return err
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := argotest.Start(t)
			var together atomic.Bool
			opts := append(test.opts, slowCreations(&together))
			clients := make([]*argo.Client, test.clients)
			for i := range clients {
				clients[i] = newServerClient(t, server, opts...)
			}
			var group sync.WaitGroup
			for i := range 2 {
				group.Go(func() {
					if err := test.create(t.Context(), clients[i%len(clients)]); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			if together.Load() || len(server.Tenants()) != 1 {
				t.Errorf("%d tenants, created at the same time: %t", len(server.Tenants()), together.Load())
			}
		})
	}
}

// EnsureTenant ends with one tenant, whatever its first creation or the look after it meets.
func TestEnsureTenant_Again(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"ListTenants", "CreateTenant", "GetTenant"} {
		for name, fault := range map[string]argotest.Fault{
			"rejected": {Status: http.StatusForbidden}, "unavailable": {Status: http.StatusServiceUnavailable},
			"gateway, applied": {Status: http.StatusBadGateway, Applied: true}, "lost before": {ResetBefore: true}, "lost after": {ResetAfter: true},
			"garbage": {Garbage: true}, "truncated": {Truncate: true}, "empty": {Empty: true}, "page": {HTML: true, Applied: true},
		} {
			t.Run(operation+"/"+name, func(t *testing.T) {
				t.Parallel()
				server := argotest.Start(t)
				client := newServerClient(t, server, tenantkit.WithRetry(tenantkit.NoRetry()))
				server.Fail(operation, fault)
				desired := &argo.Tenant{Info: argo.Info{Name: "alpha", Email: "a@example.org"}}
				first, err := client.EnsureTenant(t.Context(), desired)
				checkOutcome(t, err, len(server.Tenants()))
				got, err := client.EnsureTenant(t.Context(), desired)
				if err != nil || got.Info.Email != "a@example.org" || len(server.Tenants()) != 1 || server.Tenants()[0].ID != got.ID {
					t.Fatalf("got %+v, %v; the server has %d tenants", got, err, len(server.Tenants()))
				}
				if first != nil && first.ID != got.ID {
					t.Errorf("first %s, then %s", first.ID, got.ID)
				}
			})
		}
	}
}

// checkOutcome checks what an error says about a creation.
func checkOutcome(t *testing.T, err error, created int) {
	t.Helper()
	var failed *tenantkit.Error
	var invalid *tenantkit.ValidationError
	if err != nil && !errors.As(err, &failed) && !errors.As(err, &invalid) {
		t.Errorf("%T is no error of a call: %v", err, err)
	}
	switch outcome := tenantkit.OutcomeOf(err); {
	case outcome == tenantkit.OutcomeApplied && created != 1,
		(outcome == tenantkit.OutcomeNotSent || outcome == tenantkit.OutcomeRejected) && created != 0:
		t.Errorf("outcome %v, but %d were created: %v", outcome, created, err)
	}
}

// The name that another program takes between look and creation is found.
func TestEnsureTenant_Conflict(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t)
	taken := ""
	client := newServerClient(t, server, tenantkit.WithTransport(func(next http.RoundTripper) http.RoundTripper {
		return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			if op, _ := tenantkit.OperationFromContext(req.Context()); op.Name == "CreateTenant" {
				taken = server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}})
			}
			return next.RoundTrip(req)
		})
	}))
	got, err := client.EnsureTenant(t.Context(), &argo.Tenant{Info: argo.Info{Name: "alpha"}})
	if err != nil || got.ID != taken {
		t.Errorf("got %+v, %v, want %s", got, err, taken)
	}
}

func TestEnsure_Duplicates(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t)
	client := newServerClient(t, server)
	twin := argotest.Tenant{Info: argotest.Info{Name: "twin"}}
	ids := []string{server.AddTenant(twin), server.AddTenant(twin)}
	users := []argotest.User{{Name: "ada", Email: "ada@example.org"}, {Name: "ada", Email: "Ada@example.org"}}
	id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}, Users: users})
	adas := []string{server.Users(id)[0].ID, server.Users(id)[1].ID}
	_, tenantErr := client.EnsureTenant(t.Context(), &argo.Tenant{Info: argo.Info{Name: "twin"}})
	_, userErr := client.EnsureUser(t.Context(), id, &argo.User{Name: "ada"})
	_, reconcileErr := client.Reconcile(t.Context(), &argo.Tenant{
		Info: argo.Info{Name: "alpha", Email: "new"}, Users: []argo.User{{Name: "ada", Email: "ada@example.org"}},
	}, argo.ReconcileOptions{})
	for _, test := range []struct {
		err  error
		want argo.DuplicateError
	}{
		{tenantErr, argo.DuplicateError{Object: "tenant twin", IDs: ids}},
		{userErr, argo.DuplicateError{Object: "user ada", IDs: adas}},
		{reconcileErr, argo.DuplicateError{Object: "user ada@example.org", IDs: adas}},
	} {
		var got *argo.DuplicateError
		if !errors.As(test.err, &got) || !errors.Is(test.err, tenantkit.ErrConflict) || tenantkit.OutcomeOf(test.err) != tenantkit.OutcomeNotSent {
			t.Errorf("got %v", test.err)
			continue
		}
		if diff := cmp.Diff(test.want, *got); diff != "" {
			t.Errorf("duplicates (-want +got):\n%s", diff)
		}
	}
	for _, request := range server.Requests() {
		if request.Method != http.MethodGet {
			t.Errorf("%s was sent", request.Operation)
		}
	}
}

// EnsureUser ends with one user who has a key, whatever its first attempt meets.
func TestEnsureUser_Again(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"ListUsers", "CreateUser", "GetUser"} {
		for name, fault := range map[string]argotest.Fault{
			"rejected": {Status: http.StatusForbidden}, "gateway, applied": {Status: http.StatusBadGateway, Applied: true},
			"lost before": {ResetBefore: true}, "lost after": {ResetAfter: true}, "garbage": {Garbage: true}, "truncated": {Truncate: true},
		} {
			t.Run(operation+"/"+name, func(t *testing.T) {
				t.Parallel()
				server := argotest.Start(t)
				client := newServerClient(t, server, tenantkit.WithRetry(tenantkit.NoRetry()))
				id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}})
				server.Fail(operation, fault)
				ada := &argo.User{Name: "ada", Email: "ada@example.org", Roles: []argo.Role{argo.RoleViewer}}
				_, err := client.EnsureUser(t.Context(), id, ada)
				checkOutcome(t, err, len(server.Users(id)))
				got, err := client.EnsureUser(t.Context(), id, ada)
				if err != nil || got.APIKey.IsZero() || len(server.Users(id)) != 1 || got.APIKey.Reveal() != server.Users(id)[0].APIKey {
					t.Errorf("got %+v, %v; the server has %d users", got, err, len(server.Users(id)))
				}
			})
		}
	}
}

// Goroutines that ensure one user get the same one, on a server that loses changes.
func TestEnsureUser_AtTheSameTime(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t, argotest.WithLostUserChanges(5*time.Millisecond))
	client := newServerClient(t, server)
	id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}})
	var group sync.WaitGroup
	for i := range 12 {
		group.Go(func() {
			if _, err := client.EnsureUser(t.Context(), id, &argo.User{Name: fmt.Sprint("user-", i%3)}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := len(server.Users(id)); n != 3 {
		t.Errorf("%d users, want 3", n)
	}
}

// A change of a tenant uses the context of its lock: once the lock is lost, nothing more is sent,
// and no status is restored.
func TestLockLost(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t)
	locker := &losableLocker{Locker: coord.Local()}
	client := newServerClient(t, server, tenantkit.WithLocker(locker))
	id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}, Status: &argotest.Status{LastCheck: "today"}})
	err := client.KeepStatus(t.Context(), id, func(ctx context.Context) error {
		if _, err := client.CreateUser(ctx, id, &argo.User{Name: "ada"}); err != nil {
			return err
		}
		locker.lose(coord.ErrLost)
		_, err := client.CreateUser(ctx, id, &argo.User{Name: "grace"})
		return err
	})
	var lost *argo.StatusLostError
	if !errors.Is(err, coord.ErrLost) || !errors.As(err, &lost) || lost.Status.LastCheck != "today" || tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown {
		t.Errorf("got %v, outcome %v", err, tenantkit.OutcomeOf(err))
	}
	if server.Applied("CreateUser") != 1 || server.Applied("UpdateTenantStatus") != 0 {
		t.Errorf("%d users created, %d statuses written", server.Applied("CreateUser"), server.Applied("UpdateTenantStatus"))
	}
}

// losableLocker can lose the first lock that it gives.
type losableLocker struct {
	coord.Locker
	lose context.CancelCauseFunc
}

func (l *losableLocker) Lock(ctx context.Context, key string) (context.Context, func() error, error) {
	held, unlock, err := l.Locker.Lock(ctx, key)
	if err != nil || l.lose != nil {
		return held, unlock, err
	}
	held, l.lose = context.WithCancelCause(held)
	return held, unlock, nil
}
