package argo_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// physics returns a desired state, and a tenant that differs from it in everything that can differ.
func physics() (*argo.Tenant, argotest.Tenant) {
	desired := &argo.Tenant{
		Info:     argo.Info{Name: "physics", Website: "new"},
		Topology: argo.Topology{Type: "GOCDB"},
		DBConf:   []argo.DBConf{{Store: "ar", Port: 27017}, {Store: "status", Server: "db"}},
		Users: []argo.User{
			{Name: "Ada", Email: "ada@example.org", Roles: []argo.Role{argo.RoleAdmin}},
			{Name: "Grace", Email: "grace@example.org"},
		},
	}
	tenant := argotest.Tenant{
		Info:   argotest.Info{Name: "physics", Email: "stays", Website: "old"},
		DBConf: []argotest.DBConf{{Store: "ar", Server: "stays", Password: "stays"}},
		Users: []argotest.User{
			{Name: "A.", Email: "ADA@example.org", APIKey: "key-of-ada", Roles: []string{"viewer"}},
			{Name: "Max", Email: "max@example.org", APIKey: "key-of-max"},
		},
		Status: &argotest.Status{EngineConfig: true, LastCheck: "today"},
	}
	return desired, tenant
}

const physicsPlan = `tenant physics: update website, topology.type, db_conf of ar, db_conf of status
user ada@example.org: update name, roles
user grace@example.org: create`

// isPhysics checks that the tenant is as desired, and the rest as it was.
func isPhysics(t *testing.T, server *argotest.Server) {
	t.Helper()
	_, want := physics()
	if n := len(server.Tenants()); n != 1 {
		t.Fatalf("%d tenants", n)
	}
	got := server.Tenants()[0]
	want.ID, want.Info.Created, want.Info.Updated = got.ID, got.Info.Created, got.Info.Updated
	want.Info.Website, want.Topology.Type = "new", "GOCDB"
	want.DBConf[0].Port = 27017
	want.DBConf = append(want.DBConf, argotest.DBConf{Store: "status", Server: "db"})
	want.Users[0].Name, want.Users[0].Roles = "Ada", []string{"admin"}
	want.Users = append(want.Users, argotest.User{Name: "Grace", Email: "grace@example.org"})
	for i := range got.Users {
		got.Users[i].ID = ""
		if got.Users[i].Email == "grace@example.org" {
			got.Users[i].APIKey = ""
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tenant (-want +got):\n%s", diff)
	}
}

func TestReconcile(t *testing.T) {
	t.Parallel()
	desired, existing := physics()
	server := argotest.Start(t)
	client := newServerClient(t, server)
	server.AddTenant(existing)

	plan, err := client.Reconcile(t.Context(), desired, argo.ReconcileOptions{DryRun: true})
	const want = physicsPlan
	if err != nil || plan.String() != want || len(plan.Others) != 1 || plan.Others[0].Name != "Max" || plan.Tenant.Info.Website != "old" {
		t.Fatalf("got %v, plan\n%s", err, plan)
	}
	for _, request := range server.Requests() {
		if request.Method != http.MethodGet {
			t.Errorf("the dry run sent %s", request.Operation)
		}
	}
	var made []string
	changes, err := client.Reconcile(t.Context(), desired, argo.ReconcileOptions{After: func(change argo.Change) { made = append(made, change.String()) }})
	if err != nil || changes.String() != want || strings.Join(made, "\n") != want || len(changes.Tenant.Users) != 3 {
		t.Fatalf("got %v, changes\n%s", err, changes)
	}
	isPhysics(t, server)
	changes, err = client.Reconcile(t.Context(), desired, argo.ReconcileOptions{})
	if err != nil || len(changes.Changes) != 0 {
		t.Errorf("got %v, changes\n%s", err, changes)
	}
}

// Whatever fault hits whatever request, a second run ends well, and no outcome is wrong.
func TestReconcile_Again(t *testing.T) {
	t.Parallel()
	faults := []argotest.Fault{
		{Status: http.StatusForbidden}, {Status: http.StatusBadGateway, Applied: true}, {ResetBefore: true}, {ResetAfter: true},
		{Garbage: true}, {Empty: true}, {Times: -1, ResetAfter: true}, {Times: -1, Status: http.StatusForbidden},
	}
	for request := range 14 {
		for i, fault := range faults {
			t.Run(fmt.Sprintf("request %d, fault %d", request, i), func(t *testing.T) {
				t.Parallel()
				desired, existing := physics()
				server := argotest.Start(t)
				client := newServerClient(t, server, tenantkit.WithRetry(tenantkit.NoRetry()))
				server.AddTenant(existing)
				if request > 0 {
					server.Fail("", argotest.Fault{Times: request})
				}
				server.Fail("", fault)
				options := argo.ReconcileOptions{Store: coord.Memory()}
				changes, err := client.Reconcile(t.Context(), desired, options)
				server.Recover()
				writes := 0
				for _, request := range server.Requests() {
					if request.Method != http.MethodGet && request.Effect {
						writes++
					}
				}
				outcome := tenantkit.OutcomeOf(err)
				if writes > 0 && (outcome == tenantkit.OutcomeNotSent || outcome == tenantkit.OutcomeRejected) || writes < len(changes.Changes) {
					t.Errorf("outcome %v after %d writes, of %d changes: %v", outcome, writes, len(changes.Changes), err)
				}
				var failed *tenantkit.Error
				if err != nil && !errors.As(err, &failed) {
					t.Errorf("%T is no error of a call", err)
				}
				if _, err := client.Reconcile(t.Context(), desired, options); err != nil {
					t.Fatal(err)
				}
				isPhysics(t, server)
			})
		}
	}
}

// The functions of the options can end a run, and the status is kept.
func TestReconcile_Stopped(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped")
	for name, test := range map[string]struct {
		options argo.ReconcileOptions
		made    int
		outcome tenantkit.Outcome
	}{
		"plan":                    {argo.ReconcileOptions{Planned: func(argo.Changes) error { return stopped }}, 0, tenantkit.OutcomeNotSent},
		"plan of a dry run":       {argo.ReconcileOptions{DryRun: true, Planned: func(argo.Changes) error { return stopped }}, 0, tenantkit.OutcomeNotSent},
		"before the first change": {argo.ReconcileOptions{Before: func(argo.Change) error { return stopped }}, 0, tenantkit.OutcomeNotSent},
		"before a later change": {argo.ReconcileOptions{Before: func(change argo.Change) error {
			if change.Action == "create" {
				return stopped
			}
			return nil
		}}, 2, tenantkit.OutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desired, existing := physics()
			server := argotest.Start(t)
			client := newServerClient(t, server)
			server.AddTenant(existing)
			changes, err := client.Reconcile(t.Context(), desired, test.options)
			var failed *tenantkit.Error
			if !errors.Is(err, stopped) || !errors.As(err, &failed) || failed.Outcome != test.outcome {
				t.Errorf("got %v, outcome %v", err, tenantkit.OutcomeOf(err))
			}
			if n := len(changes.Changes); n != test.made && !test.options.DryRun {
				t.Errorf("%d changes", n)
			}
			if status := server.Tenants()[0].Status; status == nil || status.LastCheck != "today" {
				t.Errorf("status %v", status)
			}
		})
	}
}

// The status that a killed program left in the store is restored, unless the engine has reported
// since.
func TestReconcile_RestoresTheStatusOfAKilledRun(t *testing.T) {
	t.Parallel()
	for _, newer := range []bool{false, true} {
		desired, existing := physics()
		server := argotest.Start(t)
		client := newServerClient(t, server, tenantkit.WithRetry(tenantkit.NoRetry()))
		id := server.AddTenant(existing)
		store := coord.Memory()
		// As after a kill: the store has the status, the server does not.
		_, err := client.Reconcile(t.Context(), desired, argo.ReconcileOptions{Store: store, After: func(argo.Change) {
			server.Fail("UpdateTenantStatus", argotest.Fault{Times: -1, Status: http.StatusForbidden})
		}})
		var lost *argo.StatusLostError
		if !errors.As(err, &lost) || server.Tenants()[0].Status != nil {
			t.Fatalf("got %v", err)
		}
		server.Recover()
		want := "today"
		if newer {
			want = "newer"
			if err := client.UpdateTenantStatus(t.Context(), id, &argo.Status{LastCheck: want}); err != nil {
				t.Fatal(err)
			}
		}
		changes, err := client.Reconcile(t.Context(), desired, argo.ReconcileOptions{Store: store})
		if err != nil || strings.Contains(changes.String(), "status: restore") == newer || server.Tenants()[0].Status.LastCheck != want {
			t.Errorf("newer %t: got %v, changes\n%s", newer, err, changes)
		}
		if changes, err := client.Reconcile(t.Context(), desired, argo.ReconcileOptions{Store: store}); err != nil || len(changes.Changes) != 0 {
			t.Errorf("newer %t: got %v, changes\n%s", newer, err, changes)
		}
	}
}

func TestReconcile_ChecksInput(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t)
	client := newServerClient(t, server)
	tenant := func(change func(*argo.Tenant)) *argo.Tenant {
		desired, _ := physics()
		change(desired)
		return desired
	}
	var none *argo.Client
	for field, test := range map[string]struct {
		client  *argo.Client
		desired *argo.Tenant
	}{
		"tenant":          {client, nil},
		"client":          {none, tenant(func(*argo.Tenant) {})},
		"info.name":       {client, &argo.Tenant{}},
		"db_conf.1.store": {client, tenant(func(t *argo.Tenant) { t.DBConf[1].Store = "ar" })},
		"db_conf.0.port":  {client, tenant(func(t *argo.Tenant) { t.DBConf[0].Port = -1 })},
		"users.0.name":    {client, tenant(func(t *argo.Tenant) { t.Users[0].Name = "" })},
		"users.1.email":   {client, tenant(func(t *argo.Tenant) { t.Users[1].Email = "Ada@Example.org" })},
		"users.1.api_key": {client, tenant(func(t *argo.Tenant) { t.Users[1].APIKey = tenantkit.NewSecret("k") })},
	} {
		for _, dryRun := range []bool{false, true} {
			_, err := test.client.Reconcile(t.Context(), test.desired, argo.ReconcileOptions{DryRun: dryRun})
			var invalid *tenantkit.ValidationError
			if !errors.As(err, &invalid) || invalid.Field != field || invalid.Service != "argo" {
				t.Errorf("got %v, want a ValidationError of %s", err, field)
			}
		}
	}
	var noContext context.Context
	_, err := client.Reconcile(noContext, tenant(func(*argo.Tenant) {}), argo.ReconcileOptions{DryRun: true})
	var invalid *tenantkit.ValidationError
	if !errors.As(err, &invalid) || invalid.Field != "ctx" {
		t.Errorf("got %v, want a ValidationError of ctx", err)
	}
	if n := len(server.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
