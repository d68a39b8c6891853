package worklytics_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

const email = "ci@acme.iam.gserviceaccount.com"

// served returns a client of the fake, which repeats without much of a wait.
func served(t *testing.T, server *worklyticstest.Server, baseURL string, tokens auth.TokenSource) *worklytics.Client {
	t.Helper()
	client, err := worklytics.NewClient(baseURL, worklyticstest.DefaultTenantID, tokens, tenantkit.WithHTTPClient(server.Client()),
		tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: time.Millisecond, MaxDelay: time.Millisecond}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestLifeOfADataConnection(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		options []worklyticstest.Option
		legacy  bool
		cognito bool
	}{
		{name: "number IDs"},
		{name: "text IDs, Cognito", options: []worklyticstest.Option{worklyticstest.WithTextIDs()}, cognito: true},
		{name: "legacy prefix", options: []worklyticstest.Option{worklyticstest.WithLegacyPrefix()}},
		{name: "both prefixes", options: []worklyticstest.Option{worklyticstest.WithBothPrefixes()}, legacy: true},
		{name: "HTTP/2", options: []worklyticstest.Option{worklyticstest.WithHTTP2()}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := worklyticstest.Start(t, append(test.options, worklyticstest.WithAdmins(email))...)
			token, base := server.GoogleToken(email, time.Hour), server.BaseURL()
			if test.cognito {
				token = server.CognitoToken(email, time.Hour)
			}
			if test.legacy {
				base = server.LegacyBaseURL()
			}
			client := served(t, server, base, auth.StaticToken(token))
			created, err := client.CreateDataConnection(t.Context(), onAWS())
			if err != nil {
				t.Fatal(err)
			}
			if created.NumericID == (test.name == "text IDs, Cognito") || created.ID != "4818059952914432" {
				t.Errorf("the ID is %q, a number: %t", created.ID, created.NumericID)
			}
			modified, err := client.ModifyDataConnection(t.Context(), created.ID, func(c *worklytics.DataConnection) error {
				c.Settings[worklytics.SettingAdminToImpersonate] = "other@acme.example"
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := client.GetDataConnection(t.Context(), created.ID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(modified, got); diff != "" || got.Settings["ADMIN_TO_IMPERSONATE"] != "other@acme.example" {
				t.Errorf("(-modified +read):\n%s", diff)
			}
			if err := client.DeleteDataConnection(t.Context(), created.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := client.GetDataConnection(t.Context(), created.ID); !errors.Is(err, tenantkit.ErrNotFound) {
				t.Errorf("got %v", err)
			}
			for _, request := range server.Requests() {
				if request.Header.Get("X-Worklytics-Tenant-Id") != worklyticstest.DefaultTenantID {
					t.Errorf("%s went out without the tenant", request.Operation)
				}
			}
		})
	}
}

func TestCreateDataConnection_Rejected(t *testing.T) {
	t.Parallel()
	server := worklyticstest.Start(t, worklyticstest.WithAdmins(email))
	good := auth.StaticToken(server.GoogleToken(email, time.Hour))
	expired := auth.StaticToken(server.GoogleToken(email, -time.Hour))
	other := auth.StaticToken(server.GoogleToken("eve@acme.example", time.Hour))
	github := onAWS()
	github.IntegrationID = worklytics.IntegrationGitHub
	for _, test := range []struct {
		name, base string
		tokens     auth.TokenSource
		connection *worklytics.DataConnection
		is         error
		details    string
	}{
		{"expired token", server.BaseURL(), expired, onAWS(), tenantkit.ErrUnauthenticated, hint401},
		{"no role", server.BaseURL(), other, onAWS(), tenantkit.ErrForbidden, hint403},
		{"wrong prefix", server.LegacyBaseURL(), good, onAWS(), tenantkit.ErrNotFound, page + "; " + hint404},
		{"what only the service knows", server.BaseURL(), good, github, tenantkit.ErrBadRequest, "settings.GITHUB_ORGANIZATION: it is missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := served(t, server, test.base, test.tokens).CreateDataConnection(t.Context(), test.connection)
			var got *tenantkit.Error
			if !errors.As(err, &got) || !errors.Is(err, test.is) || got.Details != test.details || got.Outcome != tenantkit.OutcomeRejected {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What is repeated, and what is not, when the network or the service fails.
func TestRetries(t *testing.T) {
	t.Parallel()
	type fault = worklyticstest.Fault
	for _, test := range []struct {
		name      string
		operation string
		fault     fault
		requests  int
		outcome   tenantkit.Outcome
		fails     bool
	}{
		{name: "create, answer lost", operation: "CreateDataConnection", fault: fault{ResetAfter: true}, requests: 1, fails: true, outcome: tenantkit.OutcomeUnknown},
		{name: "create, 500", operation: "CreateDataConnection", fault: fault{Status: 500}, requests: 1, fails: true, outcome: tenantkit.OutcomeUnknown},
		{name: "create, answer without sense", operation: "CreateDataConnection", fault: fault{Garbage: true}, requests: 1, fails: true, outcome: tenantkit.OutcomeApplied},
		{name: "create, page of a gateway", operation: "CreateDataConnection", fault: fault{HTML: true}, requests: 1, fails: true, outcome: tenantkit.OutcomeUnknown},
		{name: "create, 429", operation: "CreateDataConnection", fault: fault{Status: 429}, requests: 2},
		{name: "get, answer lost", operation: "GetDataConnection", fault: fault{ResetAfter: true}, requests: 2},
		{name: "get, cut off", operation: "GetDataConnection", fault: fault{Truncate: true}, requests: 2},
		{name: "get, 503", operation: "GetDataConnection", fault: fault{Status: 503}, requests: 2},
		{name: "update, answer lost", operation: "UpdateDataConnection", fault: fault{ResetAfter: true}, requests: 2},
		{name: "delete, answer lost", operation: "DeleteDataConnection", fault: fault{ResetAfter: true}, requests: 2},
		{name: "delete, 502", operation: "DeleteDataConnection", fault: fault{Status: 502}, requests: 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := worklyticstest.Start(t)
			client := served(t, server, server.BaseURL(), auth.StaticToken(server.GoogleToken(email, time.Hour)))
			existing := server.Add(worklyticstest.DataConnection{IntegrationID: "asana-psoxy", Settings: map[string]any{}})
			connection := onAWS()
			connection.ID, connection.NumericID = existing, true
			call := map[string]func(context.Context) error{
				"CreateDataConnection": func(ctx context.Context) error { _, err := client.CreateDataConnection(ctx, onAWS()); return err },
				"GetDataConnection":    func(ctx context.Context) error { _, err := client.GetDataConnection(ctx, existing); return err },
				"UpdateDataConnection": func(ctx context.Context) error { _, err := client.UpdateDataConnection(ctx, connection); return err },
				"DeleteDataConnection": func(ctx context.Context) error { return client.DeleteDataConnection(ctx, existing) },
			}[test.operation]
			server.Fail(test.operation, test.fault)
			err := call(t.Context())
			if (err != nil) != test.fails || err != nil && tenantkit.OutcomeOf(err) != test.outcome {
				t.Errorf("got %v, outcome %v", err, tenantkit.OutcomeOf(err))
			}
			if got := len(server.Requests()); got != test.requests {
				t.Errorf("%d requests, want %d", got, test.requests)
			}
			if got := len(server.DataConnections()); got > 2 {
				t.Errorf("there are %d connections", got)
			}
		})
	}
}

// renewable gives expired tokens until it is told that one was refused.
type renewable struct {
	mu       sync.Mutex
	server   *worklyticstest.Server
	lifetime time.Duration
	renewals int
}

func (r *renewable) Token(context.Context) (auth.Token, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return auth.Token{Value: tenantkit.NewSecret(r.server.GoogleToken(email, r.lifetime))}, nil
}

func (r *renewable) Invalidate(tenantkit.Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lifetime = time.Hour
	r.renewals++
}

// A token that the service refuses is renewed once, and the creation, which was refused before
// work, is sent again.
func TestExpiredTokenIsRenewed(t *testing.T) {
	t.Parallel()
	server := worklyticstest.Start(t)
	tokens := &renewable{server: server, lifetime: -time.Hour}
	if _, err := served(t, server, server.BaseURL(), tokens).CreateDataConnection(t.Context(), onAWS()); err != nil {
		t.Fatal(err)
	}
	if tokens.renewals != 1 || len(server.Requests()) != 2 || len(server.DataConnections()) != 1 {
		t.Errorf("%d renewals, %d requests, %d connections", tokens.renewals, len(server.Requests()), len(server.DataConnections()))
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	server := worklyticstest.Start(t)
	client := served(t, server, server.BaseURL(), auth.StaticToken(server.GoogleToken(email, time.Hour)))
	const workers = 16
	failures := make(chan error, workers)
	for i := range workers {
		go func() {
			failures <- func() error {
				made, err := client.CreateDataConnection(t.Context(), onAWS())
				if err != nil {
					return err
				}
				admin := fmt.Sprintf("admin%d@acme.example", i)
				_, err = client.ModifyDataConnection(t.Context(), made.ID, func(c *worklytics.DataConnection) error {
					c.Settings[worklytics.SettingAdminToImpersonate] = admin
					return nil
				})
				if err != nil {
					return err
				}
				got, err := client.GetDataConnection(t.Context(), made.ID)
				if err == nil && got.Settings[worklytics.SettingAdminToImpersonate] != admin {
					err = fmt.Errorf("got %v", got)
				}
				return err
			}()
		}()
	}
	for range workers {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	if n := len(server.DataConnections()); n != workers {
		t.Errorf("there are %d connections", n)
	}
}

// Nothing is written when the read fails, whatever became of that.
func TestModifyThatCannotRead(t *testing.T) {
	t.Parallel()
	server := worklyticstest.Start(t, worklyticstest.WithAdmins(email))
	client := served(t, server, server.BaseURL(), auth.StaticToken(server.GoogleToken(email, time.Hour)))
	id := server.Add(worklyticstest.DataConnection{IntegrationID: "asana-psoxy"})
	server.Fail("GetDataConnection", worklyticstest.Fault{Garbage: true})
	_, err := client.ModifyDataConnection(t.Context(), id, func(*worklytics.DataConnection) error { return nil })
	if err == nil || tenantkit.OutcomeOf(err) != tenantkit.OutcomeNotSent {
		t.Errorf("got %v, outcome %v", err, tenantkit.OutcomeOf(err))
	}
}
