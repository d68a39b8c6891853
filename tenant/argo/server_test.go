package argo_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newServerClient returns a client of a fake server with quick repetitions, both closed at the end
// of the test.
func newServerClient(t *testing.T, server *argotest.Server, opts ...tenantkit.Option) *argo.Client {
	t.Helper()
	opts = append([]tenantkit.Option{tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: time.Millisecond, MaxDelay: 5 * time.Millisecond})}, opts...)
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func TestTenantLife(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t, argotest.WithTLS())
	client := newServerClient(t, server, tenantkit.WithHTTPClient(server.Client()))
	ctx := t.Context()

	created, err := client.CreateTenant(ctx, &argo.Tenant{
		Info:   argo.Info{Name: "alpha", Email: "alpha@example.org"},
		DBConf: []argo.DBConf{{Store: "ar", Server: "db", Port: 27017, Database: "d", Username: "u", Password: tenantkit.NewSecret("MARKER-password")}},
		Users:  []argo.User{{Name: "ada", APIKey: tenantkit.NewSecret("MARKER-key"), Roles: []argo.Role{argo.RoleAdmin}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := server.URL() + "/api/v2/admin/tenants/" + created.ID; created.Self != want {
		t.Errorf("self is %q, want %q", created.Self, want)
	}
	written, err := client.ModifyTenant(ctx, created.ID, func(tenant *argo.Tenant) error {
		tenant.Info.Description = "changed"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.GetTenant(ctx, created.ID)
	if err != nil {
		t.Fatal(err)
	}
	written.Info.Updated = got.Info.Updated
	if diff := cmp.Diff(got, written); diff != "" {
		t.Errorf("ModifyTenant returned another tenant than was written (-want +got):\n%s", diff)
	}
	if got.Info.Description != "changed" || got.Info.Email != "alpha@example.org" || got.DBConf[0].Password.Reveal() != "MARKER-password" ||
		got.Users[0].APIKey.Reveal() != "MARKER-key" {
		t.Errorf("the change lost something: %+v", got)
	}
	if _, err := client.CreateTenant(ctx, &argo.Tenant{Info: argo.Info{Name: "alpha"}}); !errors.Is(err, tenantkit.ErrConflict) {
		t.Errorf("a second tenant of the name: %v", err)
	}
	if err := client.DeleteTenant(ctx, created.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := client.GetTenant(ctx, created.ID); !errors.Is(err, tenantkit.ErrNotFound) {
		t.Errorf("after its deletion: %v", err)
	}
}

func TestModifyTenantWritesOnlyChanges(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t)
	client := newServerClient(t, server)
	id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}})
	if _, err := client.ModifyTenant(t.Context(), id, func(*argo.Tenant) error { return nil }); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("changed its mind")
	_, err := client.ModifyTenant(t.Context(), id, func(tenant *argo.Tenant) error {
		tenant.Info.Email = "new"
		return failed
	})
	if !errors.Is(err, failed) {
		t.Errorf("got %v, want the error of the change", err)
	}
	_, err = client.ModifyTenant(t.Context(), id, func(tenant *argo.Tenant) error {
		tenant.Users = append(tenant.Users, argo.User{Name: "ada"})
		return nil
	})
	var invalid *tenantkit.ValidationError
	if !errors.As(err, &invalid) || invalid.Field != "users.0.api_key" {
		t.Errorf("a new user without a key: %v", err)
	}
	if n := server.Applied("UpdateTenant"); n != 0 {
		t.Errorf("%d updates were sent", n)
	}
}

// TestModifyTenantMendsAPassword meets a tenant whose password another program has overwritten with
// its redaction.
func TestModifyTenantMendsAPassword(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t)
	client := newServerClient(t, server)
	id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}, DBConf: []argotest.DBConf{{Password: tenantkit.Redacted}}})
	_, err := client.ModifyTenant(t.Context(), id, func(tenant *argo.Tenant) error {
		tenant.Info.Website = "new"
		return nil
	})
	var invalid *tenantkit.ValidationError
	if !errors.As(err, &invalid) || invalid.Field != "db_conf.0.password" {
		t.Errorf("a change of something else: %v", err)
	}
	_, err = client.ModifyTenant(t.Context(), id, func(tenant *argo.Tenant) error {
		tenant.DBConf[0].Password = tenantkit.NewSecret("new")
		return nil
	})
	if got := server.Tenants()[0].DBConf[0].Password; err != nil || got != "new" {
		t.Errorf("the password is %q, error %v", got, err)
	}
}

// TestReadThatFailsBeforeAWrite spoils the read that a method begins with which then writes.
func TestReadThatFailsBeforeAWrite(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, read string
		call       func(context.Context, *argo.Client, string) error
	}{
		{"ModifyTenant", "GetTenant", func(ctx context.Context, c *argo.Client, id string) error {
			_, err := c.ModifyTenant(ctx, id, func(*argo.Tenant) error { return errors.New("the change was run") })
			return err
		}},
		{"KeepStatus", "GetTenantStatus", func(ctx context.Context, c *argo.Client, id string) error {
			return c.KeepStatus(ctx, id, func(context.Context) error { return errors.New("the change was run") })
		}},
	} {
		for name, fault := range map[string]argotest.Fault{
			"garbage": {Garbage: true}, "page of a gateway": {HTML: true}, "refusal": {Status: http.StatusForbidden}, "reset": {ResetAfter: true, Times: -1},
		} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				server := argotest.Start(t)
				id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}})
				server.Fail(test.read, fault)
				err := test.call(t.Context(), newServerClient(t, server), id)
				var failed *tenantkit.Error
				if !errors.As(err, &failed) || failed.Operation != test.read {
					t.Fatalf("got %v, want an error of %s", err, test.read)
				}
				if got := tenantkit.OutcomeOf(err); got != tenantkit.OutcomeNotSent {
					t.Errorf("outcome %v, want not sent: nothing was written", got)
				}
			})
		}
	}
}

func TestUserLife(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t)
	client := newServerClient(t, server)
	ctx := t.Context()
	id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}})

	ada, err := client.ProvisionUser(ctx, id, &argo.User{Name: "ada", Email: "ada@example.org", Roles: []argo.Role{argo.RoleViewer}})
	if err != nil {
		t.Fatal(err)
	}
	if len(ada.APIKey.Reveal()) != 64 {
		t.Errorf("the key has %d characters, want 64", len(ada.APIKey.Reveal()))
	}
	if err := client.UpdateUser(ctx, id, &argo.User{ID: ada.ID, Roles: []argo.Role{argo.RoleAdmin}}); err != nil {
		t.Fatal(err)
	}
	key, err := client.RenewAPIKey(ctx, id, ada.ID)
	if err != nil {
		t.Fatal(err)
	}
	found, err := client.FindUser(ctx, ada.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := &argo.User{ID: ada.ID, Name: "ada", Email: "ada@example.org", APIKey: key, Roles: []argo.Role{argo.RoleAdmin}}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("user (-want +got):\n%s", diff)
	}
	if err := client.DeleteUser(ctx, id, ada.ID); err != nil {
		t.Fatal(err)
	}
	users, err := client.ListUsers(ctx, id)
	if err != nil || len(users) != 0 {
		t.Errorf("after the deletion: %v, %v", users, err)
	}
}

// TestUserChangesAreSerialized changes the users of two tenants at the same time, on a server that
// loses concurrent changes.
func TestUserChangesAreSerialized(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t, argotest.WithLostUserChanges(5*time.Millisecond))
	client := newServerClient(t, server)
	ids := []string{
		server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}}),
		server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "beta"}}),
	}
	const each = 12
	var group sync.WaitGroup
	for _, id := range ids {
		for i := range each {
			group.Go(func() {
				user := &argo.User{Name: fmt.Sprint("user-", i)}
				var err error
				if i%2 == 0 {
					_, err = client.CreateUser(t.Context(), id, user)
				} else {
					_, err = client.ProvisionUser(t.Context(), id, user)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	group.Wait()
	for _, id := range ids {
		if got := len(server.Users(id)); got != each {
			t.Errorf("tenant %s has %d users, want %d", id, got, each)
		}
	}
}

func TestWaitingForATenantObeysTheContext(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t)
	client := newServerClient(t, server)
	alpha := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}})
	beta := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "beta"}})

	held, release := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		_, err := client.ModifyTenant(t.Context(), alpha, func(*argo.Tenant) error {
			close(held)
			<-release
			return nil
		})
		done <- err
	}()
	<-held
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for suffix, call := range map[string]func() error{
		"": func() error {
			_, err := client.ModifyTenant(ctx, alpha, func(*argo.Tenant) error { return nil })
			return err
		},
		"/users":       func() error { _, err := client.CreateUser(ctx, alpha, &argo.User{Name: "ada"}); return err },
		"/users/a%20b": func() error { return client.DeleteUser(ctx, alpha, "a b") },
	} {
		err := call()
		if !errors.Is(err, context.Canceled) || tenantkit.OutcomeOf(err) != tenantkit.OutcomeNotSent {
			t.Errorf("waiting with an ended context: %v, outcome %v", err, tenantkit.OutcomeOf(err))
		}
		var failed *tenantkit.Error
		if want := server.BaseURL() + "/admin/tenants/" + alpha + suffix; !errors.As(err, &failed) || failed.URL != want {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
	if _, err := client.CreateUser(t.Context(), beta, &argo.User{Name: "ada"}); err != nil {
		t.Errorf("another tenant has to wait: %v", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := client.CreateUser(t.Context(), alpha, &argo.User{Name: "ada"}); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

// A function that waits for itself cannot be told from one that waits for another goroutine; the
// error names the mistake.
func TestWaitingForOneself(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t)
	client := newServerClient(t, server)
	id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, modify := client.ModifyTenant(t.Context(), id, func(*argo.Tenant) error { return client.DeleteUser(ended, id, "ada") })
	keep := client.KeepStatus(t.Context(), id, func(context.Context) error {
		return client.KeepStatus(ended, id, func(context.Context) error { return nil })
	})
	for want, err := range map[string]error{
		"waiting for the lock of tenant " + id:           modify,
		"(the function given to ModifyTenant must not":   modify,
		"waiting for the lock of status of tenant " + id: keep,
		"(the function given to KeepStatus must make":    keep,
	} {
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want a hint: %s", err, want)
		}
	}
}

// losingUsers returns a client of a server on which another program loses the next users that the
// client creates.
func losingUsers(t *testing.T, server *argotest.Server, tenantID string, lost int) *argo.Client {
	t.Helper()
	other := newServerClient(t, server)
	return newServerClient(t, server, tenantkit.WithTransport(func(next http.RoundTripper) http.RoundTripper {
		return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			response, err := next.RoundTrip(req)
			if op, _ := tenantkit.OperationFromContext(req.Context()); op.Name == "CreateUser" && lost > 0 && err == nil {
				lost--
				users := server.Users(tenantID)
				if err := other.DeleteUser(context.Background(), tenantID, users[len(users)-1].ID); err != nil {
					t.Error(err)
				}
			}
			return response, err
		})
	}))
}

func TestProvisionUserSeesLostUsers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		lost    int
		wantErr error
	}{
		{"lost once", 1, nil},
		{"lost twice", 2, nil},
		{"lost each time", 3, tenantkit.ErrConflict},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := argotest.Start(t)
			id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}})
			client := losingUsers(t, server, id, test.lost)
			user, err := client.ProvisionUser(t.Context(), id, &argo.User{Name: "ada"})
			if !errors.Is(err, test.wantErr) {
				t.Fatalf("got %v, want %v", err, test.wantErr)
			}
			if err != nil {
				if got := tenantkit.OutcomeOf(err); got != tenantkit.OutcomeUnknown || !strings.Contains(err.Error(), "created 3 times") {
					t.Errorf("outcome %v, %v", got, err)
				}
				return
			}
			if users := server.Users(id); user.APIKey.IsZero() || server.Applied("CreateUser") != test.lost+1 || len(users) != 1 || users[0].ID != user.ID {
				t.Errorf("got %+v after %d creations, the server has %+v", user, server.Applied("CreateUser"), users)
			}
		})
	}
}

// A 404 may be wrong. A user that is there in the end, twice, is reported.
func TestProvisionUser_ReportsAllIDs(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t)
	client := newServerClient(t, server)
	id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}})
	const unknown = `{"status":{"message":"Not Found","code":"404","details":"item with the specific ID was not found on the server"}}`
	server.Fail("GetUser", argotest.Fault{Times: 2, Status: http.StatusNotFound, Body: unknown})
	user, err := client.ProvisionUser(t.Context(), id, &argo.User{Name: "ada"})
	if got := tenantkit.OutcomeOf(err); user != nil || got != tenantkit.OutcomeUnknown || len(server.Users(id)) != 2 {
		t.Errorf("got %+v, outcome %v, %d users", user, got, len(server.Users(id)))
	}
	for _, user := range server.Users(id) {
		if !strings.Contains(err.Error(), user.ID) {
			t.Errorf("%v does not name user %s", err, user.ID)
		}
	}
	// A read that came too early is no reason to create a second one.
	server.Fail("GetUser", argotest.Fault{Status: http.StatusNotFound, Body: unknown})
	user, err = client.ProvisionUser(t.Context(), id, &argo.User{Name: "grace"})
	if err != nil || user.APIKey.IsZero() || len(server.Users(id)) != 3 {
		t.Errorf("got %+v, %v, %d users", user, err, len(server.Users(id)))
	}
}

func TestProvisionUserThatCannotBeReadBack(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault argotest.Fault
		is    error
	}{
		"forbidden":                      {argotest.Fault{Status: http.StatusForbidden}, tenantkit.ErrForbidden},
		"404 of something on the way":    {argotest.Fault{Status: http.StatusNotFound, Body: "<html>not found</html>"}, tenantkit.ErrNotFound},
		"404 of a server without routes": {argotest.Fault{Status: http.StatusNotFound, Body: "404 page not found\n"}, tenantkit.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := argotest.Start(t)
			client := newServerClient(t, server)
			id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}})
			test.fault.Times = -1
			server.Fail("GetUser", test.fault)
			user, err := client.ProvisionUser(t.Context(), id, &argo.User{Name: "ada"})
			if tenantkit.OutcomeOf(err) != tenantkit.OutcomeApplied || !errors.Is(err, test.is) {
				t.Errorf("got %v, outcome %v", err, tenantkit.OutcomeOf(err))
			}
			if users := server.Users(id); user == nil || len(users) != 1 || user.ID != users[0].ID || !user.APIKey.IsZero() {
				t.Errorf("got %+v, the server has %+v", user, users)
			}
		})
	}
}

func TestAllTenants(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t)
	client := newServerClient(t, server)
	var want []string
	for i := range 300 {
		name := fmt.Sprint("tenant-", i)
		server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: name}})
		want = append(want, name)
	}
	names := func(limit int) (names []string, err error) {
		for tenant, err := range client.AllTenants(t.Context()) {
			if err != nil {
				return names, err
			}
			names = append(names, tenant.Info.Name)
			if len(names) == limit {
				break
			}
		}
		return names, nil
	}
	got, err := names(-1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tenants (-want +got):\n%s", diff)
	}
	if got, err := names(7); err != nil || len(got) != 7 {
		t.Errorf("after a break: %d, %v", len(got), err)
	}
	server.Fail("ListTenants", argotest.Fault{Status: http.StatusServiceUnavailable}, argotest.Fault{ResetAfter: true})
	if got, err := names(-1); err != nil || len(got) != len(want) {
		t.Errorf("after two failures: %d, %v", len(got), err)
	}
	server.Fail("ListTenants", argotest.Fault{Truncate: true})
	got, err = names(-1)
	if err == nil || len(got) == 0 || len(got) >= len(want) {
		t.Errorf("a list that breaks off: %d tenants, %v", len(got), err)
	}
	if slices.Compare(got, want[:len(got)]) != 0 {
		t.Error("a list that breaks off has other tenants")
	}
}

// newKeyClient returns a client with the given key that logs to log.
func newKeyClient(t *testing.T, server *argotest.Server, key string, log io.Writer) *argo.Client {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(key), tenantkit.WithLogger(logger))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client
}
