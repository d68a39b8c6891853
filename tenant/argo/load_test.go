package argo_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// TestLoadWithFaults makes 10 000 calls in 200 goroutines on one client, of which a fifth meet a
// fault: every read ends well, no write is applied twice, and no outcome is wrong.
func TestLoadWithFaults(t *testing.T) {
	t.Parallel()
	const goroutines, calls, share = 200, 50, 0.2
	server := argotest.Start(t)
	client := newServerClient(t, server, tenantkit.WithRetry(tenantkit.RetryPolicy{
		MaxAttempts: 12, BaseDelay: time.Millisecond, MaxDelay: 4 * time.Millisecond, Budget: 2000,
	}))
	tenants := make([]string, 20)
	for i := range tenants {
		tenants[i] = server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: fmt.Sprint("tenant-", i)}})
	}
	faults := []argotest.Fault{
		{Status: http.StatusServiceUnavailable}, {Status: http.StatusServiceUnavailable, RetryAfter: "0"}, {Status: http.StatusTooManyRequests},
		{Status: http.StatusBadGateway, Applied: true}, {ResetBefore: true}, {ResetAfter: true}, {ResetInHeader: true}, {Truncate: true},
	}
	for _, fault := range faults {
		fault.Rate = share / float64(len(faults))
		server.Fail("", fault)
	}

	var (
		group    sync.WaitGroup
		mu       sync.Mutex
		outcomes = make(map[string]tenantkit.Outcome) // of each created user, by its name
	)
	for g := range goroutines {
		group.Go(func() {
			for i := range calls {
				tenant := tenants[(g+i)%len(tenants)]
				if i%5 != 0 {
					if _, err := client.GetTenant(t.Context(), tenant); err != nil {
						t.Errorf("a read failed: %v", err)
					}
					continue
				}
				name := fmt.Sprintf("user-%d-%d", g, i)
				_, err := client.CreateUser(t.Context(), tenant, &argo.User{Name: name})
				mu.Lock()
				outcomes[name] = tenantkit.OutcomeOf(err)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	server.Recover()

	applied := make(map[string]int)
	for _, tenant := range tenants {
		for _, user := range server.Users(tenant) {
			applied[user.Name]++
		}
	}
	reported := make(map[tenantkit.Outcome]int)
	for name, outcome := range outcomes {
		reported[outcome]++
		wrong := applied[name] > 1
		switch outcome {
		case tenantkit.OutcomeApplied:
			wrong = wrong || applied[name] != 1
		case tenantkit.OutcomeNotSent, tenantkit.OutcomeRejected:
			wrong = wrong || applied[name] != 0
		}
		if wrong {
			t.Errorf("%s was applied %d times, and told as %v", name, applied[name], outcome)
		}
	}
	if reported[tenantkit.OutcomeApplied] == 0 || reported[tenantkit.OutcomeUnknown] == 0 {
		t.Errorf("the faults had no effect: %v", reported)
	}
	connections := make(map[string]bool)
	for _, request := range server.Requests() {
		connections[request.RemoteAddr] = true
	}
	t.Logf("%d requests for %d calls, over %d connections; writes told as %v", len(server.Requests()), goroutines*calls, len(connections), reported)
}

// TestEchoedSecretsAreNotShown meets a server that repeats the request's headers, key included, and
// names the key of a user.
func TestEchoedSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	const wrongKey, userKey = "MARKER-wrong-key", "MARKER-user-key"
	server := argotest.Start(t, argotest.WithAdminKey(wrongKey, argotest.RoleRestricted), argotest.WithAdminKey(argotest.DefaultKey, argotest.RoleSuperAdmin))
	server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}, Users: []argotest.User{{Name: "a", APIKey: userKey}}})
	var log strings.Builder
	restricted := newKeyClient(t, server, wrongKey, &log)
	super := newKeyClient(t, server, argotest.DefaultKey, &log)

	var response tenantkit.Response
	_, forbidden := restricted.GetTenant(t.Context(), "x", tenantkit.WithResponse(&response))
	_, conflict := super.CreateTenant(t.Context(), &argo.Tenant{Info: argo.Info{Name: "beta"}, Users: []argo.User{{Name: "b", APIKey: tenantkit.NewSecret(userKey)}}})
	for _, err := range []error{forbidden, conflict} {
		if err == nil {
			t.Fatal("no error")
		}
		for _, text := range []string{fmt.Sprintf("%v", err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err), fmt.Sprintf("%#v", response), log.String()} {
			if strings.Contains(text, "MARKER") || strings.Contains(text, argotest.DefaultKey) {
				t.Errorf("a key is shown: %s", text)
			}
		}
	}
	if got := response.Header.Get("X-Api-Key"); got != "" {
		t.Errorf("the echoed header is %q", got)
	}
}

// TestEchoOfOtherHeaders meets the repeated headers of a program that sends more than the key: a
// request ID of its own, and what a gateway before the server wants.
func TestEchoOfOtherHeaders(t *testing.T) {
	t.Parallel()
	server := argotest.Start(t)
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken("MARKER-wrong-key"),
		tenantkit.WithHeader("X-Request-Id", "mine-17"), tenantkit.WithHeader("X-Gateway-User", "MARKER-user"),
		tenantkit.WithTransport(func(next http.RoundTripper) http.RoundTripper {
			return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
				req = req.Clone(req.Context())
				req.Header.Set("X-Gateway-Key", "MARKER-gateway-key")
				return next.RoundTrip(req)
			})
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	var response tenantkit.Response
	_, err = client.ListTenants(t.Context(), tenantkit.WithResponse(&response))
	var rejected *tenantkit.Error
	if !errors.Is(err, tenantkit.ErrUnauthenticated) || !errors.As(err, &rejected) {
		t.Fatalf("got %v", err)
	}
	for _, header := range []http.Header{rejected.Header, response.Header} {
		for name, want := range map[string]string{"X-Gateway-Key": "", "X-Gateway-User": "", "X-Request-Id": "mine-17"} {
			if got := header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	}
	if rejected.RequestID != "mine-17" || response.RequestID != "mine-17" {
		t.Errorf("request %q in the error, %q in the response", rejected.RequestID, response.RequestID)
	}
	if text := fmt.Sprintf("%#v %#v", *rejected, response); strings.Contains(text, "MARKER") {
		t.Errorf("a secret is shown: %s", text)
	}
}

type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
