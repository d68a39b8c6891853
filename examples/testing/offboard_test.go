package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// Clients and fakes leave no goroutine behind, so that a leak is one of yours.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newService starts a fake with three tenants. Ada is in two of them; the server closes itself at
// the end of the test.
func newService(t *testing.T, options ...argotest.Option) *argotest.Server {
	t.Helper()
	server := argotest.Start(t, options...)
	ada := argotest.User{ID: "ada", Name: "Ada", Email: "ada@example.org"}
	grace := argotest.User{ID: "grace", Name: "Grace", Email: "grace@example.org"}
	add := func(name string, users ...argotest.User) {
		// What is left empty, such as keys and times, is made as the real server makes it.
		server.AddTenant(argotest.Tenant{
			ID: name, Info: argotest.Info{Name: name}, Users: users, Status: &argotest.Status{EngineConfig: true, LastCheck: name},
		})
	}
	add("physics", ada, grace)
	add("chemistry", grace)
	add("biology", ada)
	return server
}

// newClient makes a client as the program does, except that its waits are short.
func newClient(t *testing.T, server *argotest.Server) *argo.Client {
	t.Helper()
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey),
		tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: time.Millisecond, MaxDelay: time.Millisecond}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// users returns who is on the service, as TENANT/USER.
func users(server *argotest.Server) (all []string) {
	for _, tenant := range server.Tenants() {
		for _, user := range tenant.Users {
			all = append(all, tenant.ID+"/"+user.ID)
		}
	}
	return all
}

// writes returns what the program sent to change something, credentials and bodies left out.
func writes(server *argotest.Server) (all []string) {
	for _, request := range server.Requests() {
		if request.Method != http.MethodGet {
			all = append(all, request.Operation+" "+request.PathValues["tenantID"])
		}
	}
	return all
}

// equal compares what the program did with what it should have done.
func equal(t *testing.T, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// Look at the state of the fake for what became of the service, and at its requests for how.
func TestOffboard(t *testing.T) {
	t.Parallel()
	server := newService(t)
	removed, err := offboard(t.Context(), newClient(t, server), "Ada@Example.org")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "removed", []string{"physics", "biology"}, removed)
	equal(t, "users", []string{"physics/grace", "chemistry/grace"}, users(server))
	equal(t, "writes", []string{"DeleteUser physics", "UpdateTenantStatus physics", "DeleteUser biology", "UpdateTenantStatus biology"}, writes(server))
	for _, tenant := range server.Tenants() {
		if tenant.Status == nil || tenant.Status.LastCheck != tenant.ID {
			t.Errorf("tenant %s has lost its status", tenant.ID)
		}
	}
}

// The first answer is lost, after the user was deleted. The client sends a DELETE again, and knows
// what the 404 to it means.
func TestOffboard_ResponseLost(t *testing.T) {
	t.Parallel()
	server := newService(t)
	server.Fail("DeleteUser", argotest.Fault{ResetAfter: true})
	removed, err := offboard(t.Context(), newClient(t, server), "ada@example.org")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "removed", []string{"physics", "biology"}, removed)
	equal(t, "users", []string{"physics/grace", "chemistry/grace"}, users(server))
	// Three requests, of which two took effect.
	if n := server.Applied("DeleteUser"); n != 2 || strings.Count(strings.Join(writes(server), "\n"), "DeleteUser") != 3 {
		t.Errorf("%d deletions were applied, of %q", n, writes(server))
	}
}

// No attempt has an answer: the client cannot know, and says so. The program looks, and finds the
// one case or the other.
func TestOffboard_OutcomeUnknown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first   argotest.Fault
		removed []string
	}{
		"applied":     {argotest.Fault{ResetAfter: true}, []string{"physics", "biology"}},
		"not applied": {argotest.Fault{ResetBefore: true}, []string{"biology"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newService(t)
			// As many faults as a call has attempts, for the first tenant.
			server.Fail("DeleteUser", test.first, argotest.Fault{ResetBefore: true, Times: tenantkit.DefaultRetryPolicy().MaxAttempts - 1})
			removed, err := offboard(t.Context(), newClient(t, server), "ada@example.org")
			equal(t, "removed", test.removed, removed)
			if there := slices.Contains(users(server), "physics/ada"); there != (err != nil) {
				t.Errorf("she is there: %t, and the error is %v", there, err)
			}
			if err != nil && (tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown || !strings.HasPrefix(err.Error(), "tenant physics: ")) {
				t.Errorf("error %v", err)
			}
			// Once the network is mended, a further call does the rest.
			if _, err := offboard(t.Context(), newClient(t, server), "ada@example.org"); err != nil {
				t.Error(err)
			}
			equal(t, "users", []string{"physics/grace", "chemistry/grace"}, users(server))
		})
	}
}

// A refusal is not repeated, is told with its tenant, and does not keep the program from the next
// one.
func TestOffboard_Rejected(t *testing.T) {
	t.Parallel()
	server := newService(t)
	server.Fail("DeleteUser", argotest.Fault{Status: http.StatusForbidden, Body: `{"status":{"message":"not now","code":"403"}}`})
	removed, err := offboard(t.Context(), newClient(t, server), "ada@example.org")
	if tenantkit.OutcomeOf(err) != tenantkit.OutcomeRejected || !strings.Contains(err.Error(), "not now") {
		t.Errorf("error %v", err)
	}
	equal(t, "removed", []string{"biology"}, removed)
	equal(t, "writes", []string{"DeleteUser physics", "DeleteUser biology", "UpdateTenantStatus biology"}, writes(server))
}

// Options of the fake make servers of other kinds: here an administrator to whom the list of
// tenants shows no users.
func TestOffboard_RestrictedAdministrator(t *testing.T) {
	t.Parallel()
	server := newService(t, argotest.WithAdminKey(argotest.DefaultKey, argotest.RoleRestricted))
	removed, err := offboard(t.Context(), newClient(t, server), "ada@example.org")
	if tenantkit.OutcomeOf(err) != tenantkit.OutcomeRejected || removed != nil || writes(server) != nil {
		t.Errorf("error %v, removed %q, writes %q", err, removed, writes(server))
	}
}
