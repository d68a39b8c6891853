package argo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

var someStatus = argo.Status{
	AMS:          argo.AMS{MetricData: argo.AMSProject{Ingestion: true, MessagesArrived: 9007199254740993}},
	HDFS:         argo.HDFS{SyncData: map[string]argo.SyncData{"Critical": {Weights: true}}},
	EngineConfig: true, LastCheck: "2026-11-21T12:00:00Z",
}

// newTenantWithStatus returns a client of a fake server, and a tenant there that has someStatus.
func newTenantWithStatus(t *testing.T) (*argotest.Server, *argo.Client, string) {
	t.Helper()
	server := argotest.Start(t)
	client := newServerClient(t, server)
	id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "alpha"}})
	if err := client.UpdateTenantStatus(t.Context(), id, &someStatus); err != nil {
		t.Fatal(err)
	}
	return server, client, id
}

func wantStatus(t *testing.T, client *argo.Client, id string, want argo.Status) {
	t.Helper()
	got, err := client.GetTenantStatus(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Status); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func TestUserChangesWipeTheStatus(t *testing.T) {
	t.Parallel()
	_, client, id := newTenantWithStatus(t)
	if _, err := client.CreateUser(t.Context(), id, &argo.User{Name: "ada"}); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, client, id, argo.Status{})
}

func TestKeepStatus(t *testing.T) {
	t.Parallel()
	failed := errors.New("half way")
	newer := argo.Status{EngineConfig: true, LastCheck: "newer"}
	for _, test := range []struct {
		name    string
		change  func(ctx context.Context, c *argo.Client, id string) error
		wantErr error
		want    argo.Status
	}{
		{"a change", func(ctx context.Context, c *argo.Client, id string) error {
			_, err := c.ProvisionUser(ctx, id, &argo.User{Name: "ada"})
			return err
		}, nil, someStatus},
		{"several changes", func(ctx context.Context, c *argo.Client, id string) error {
			_, err := c.CreateUser(ctx, id, &argo.User{Name: "ada"})
			_, err2 := c.ModifyTenant(ctx, id, func(tenant *argo.Tenant) error { tenant.Info.Email = "e"; return nil })
			return errors.Join(err, err2)
		}, nil, someStatus},
		{"no change", func(context.Context, *argo.Client, string) error { return nil }, nil, someStatus},
		{"a change that fails half way", func(ctx context.Context, c *argo.Client, id string) error {
			if _, err := c.CreateUser(ctx, id, &argo.User{Name: "ada"}); err != nil {
				return err
			}
			return failed
		}, failed, someStatus},
		{"a status set last", func(ctx context.Context, c *argo.Client, id string) error {
			_, err := c.CreateUser(ctx, id, &argo.User{Name: "ada"})
			return errors.Join(err, c.UpdateTenantStatus(ctx, id, &newer))
		}, nil, newer},
		{"a status set, and wiped again", func(ctx context.Context, c *argo.Client, id string) error {
			err := c.UpdateTenantStatus(ctx, id, &newer)
			_, err2 := c.CreateUser(ctx, id, &argo.User{Name: "ada"})
			return errors.Join(err, err2)
		}, nil, newer},
		{"a status of which the program changes the map afterwards", func(ctx context.Context, c *argo.Client, id string) error {
			reports := map[string]argo.SyncData{"r": {Weights: true}}
			err := c.UpdateTenantStatus(ctx, id, &argo.Status{HDFS: argo.HDFS{SyncData: reports}})
			delete(reports, "r")
			_, err2 := c.CreateUser(ctx, id, &argo.User{Name: "ada"})
			return errors.Join(err, err2)
		}, nil, argo.Status{HDFS: argo.HDFS{SyncData: map[string]argo.SyncData{"r": {Weights: true}}}}},
		{"one within another", func(ctx context.Context, c *argo.Client, id string) error {
			return c.KeepStatus(ctx, id, func(ctx context.Context) error {
				_, err := c.CreateUser(ctx, id, &argo.User{Name: "ada"})
				return err
			})
		}, nil, someStatus},
		{"a context that ends", func(ctx context.Context, c *argo.Client, id string) error {
			ctx, cancel := context.WithCancel(ctx)
			if _, err := c.CreateUser(ctx, id, &argo.User{Name: "ada"}); err != nil {
				cancel()
				return err
			}
			cancel()
			_, err := c.CreateUser(ctx, id, &argo.User{Name: "grace"})
			return err
		}, context.Canceled, someStatus},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, client, id := newTenantWithStatus(t)
			err := client.KeepStatus(t.Context(), id, func(ctx context.Context) error { return test.change(ctx, client, id) })
			if !errors.Is(err, test.wantErr) {
				t.Errorf("got %v, want %v", err, test.wantErr)
			}
			var wrapped *tenantkit.Error
			if test.wantErr != nil && (!errors.As(err, &wrapped) || wrapped.Operation != "KeepStatus" || wrapped.Outcome != tenantkit.OutcomeUnknown) {
				t.Errorf("got %v, want an error of KeepStatus of unknown outcome: a user was created", err)
			}
			wantStatus(t, client, id, test.want)
		})
	}
}

func TestKeepStatusOfAnEndedContext(t *testing.T) {
	t.Parallel()
	_, client, id := newTenantWithStatus(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := client.KeepStatus(ctx, id, func(ctx context.Context) error {
		defer cancel()
		_, err := client.CreateUser(ctx, id, &argo.User{Name: "ada"})
		return err
	})
	if err != nil {
		t.Error(err)
	}
	wantStatus(t, client, id, someStatus)
}

func TestKeepStatusAfterAPanic(t *testing.T) {
	t.Parallel()
	_, client, id := newTenantWithStatus(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic of the change was lost")
			}
		}()
		_ = client.KeepStatus(t.Context(), id, func(ctx context.Context) error {
			if _, err := client.CreateUser(ctx, id, &argo.User{Name: "ada"}); err != nil {
				t.Error(err)
			}
			panic("change panics")
		})
	}()
	wantStatus(t, client, id, someStatus)
}

func TestKeepStatusOfSeveralAtOnce(t *testing.T) {
	t.Parallel()
	_, client, id := newTenantWithStatus(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			err := client.KeepStatus(t.Context(), id, func(ctx context.Context) error {
				_, err := client.CreateUser(ctx, id, &argo.User{Name: "ada"})
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	wantStatus(t, client, id, someStatus)
}

func TestKeepStatusOfADeletedTenant(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(context.Context, *argotest.Server, *argo.Client, string) error{
		"by the change": func(ctx context.Context, _ *argotest.Server, c *argo.Client, id string) error {
			return c.DeleteTenant(ctx, id)
		},
		"by the change, with an answer that is lost": func(ctx context.Context, s *argotest.Server, c *argo.Client, id string) error {
			s.Fail("DeleteTenant", argotest.Fault{ResetAfter: true})
			if err := c.DeleteTenant(ctx, id, tenantkit.WithRetry(tenantkit.NoRetry())); tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown {
				return fmt.Errorf("the answer was not lost: %w", err)
			}
			return nil
		},
		"by another program": func(ctx context.Context, s *argotest.Server, _ *argo.Client, id string) error {
			return newServerClient(t, s).DeleteTenant(ctx, id)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client, id := newTenantWithStatus(t)
			if err := client.KeepStatus(t.Context(), id, func(ctx context.Context) error { return remove(ctx, server, client, id) }); err != nil {
				t.Error(err)
			}
			if n := server.Applied("UpdateTenantStatus"); n != 1 {
				t.Errorf("the status was written %d times, want once, before", n)
			}
		})
	}
}

// TestKeepStatusOfANewerServer meets fields that this package does not know, also in a status that
// was wiped.
func TestKeepStatusOfANewerServer(t *testing.T) {
	t.Parallel()
	const (
		envelope = `{"status":{"code":"200"},"data":[{"id":"x","status":%s}]}`
		full     = `{"ams":{"metric_data":{"ingestion":true,"publishing":true,"status_streaming":true,"messages_arrived":7,"lag":1},` +
			`"sync_data":{"ingestion":false,"publishing":false,"status_streaming":false,"messages_arrived":0},"region":"eu"},` +
			`"hdfs":{"metric_data":true,"sync_data":{"r":{"aggregation_profile":true,"blank_recomputation":false,"configuration_profile":false,` +
			`"downtimes":false,"group_endpoints":false,"group_groups":false,"metric_profile":false,"operations_profile":false,"weights":false,"tags":[1]}},"quota":5},` +
			`"engine_config":true,"last_check":"today","version":"2"}`
		wiped = `{"total_status":false,"ams":{"metric_data":{"ingestion":false,"publishing":false,"status_streaming":false,"messages_arrived":0,"lag":0},` +
			`"sync_data":{"ingestion":false,"publishing":false,"status_streaming":false,"messages_arrived":0},"region":""},` +
			`"hdfs":{"metric_data":false,"sync_data":{},"quota":0},"engine_config":false,"last_check":"","version":""}`
	)
	for _, test := range []struct{ name, before, after, want string }{
		{"wiped", full, wiped, full},
		{"never set", wiped, wiped, ""},
		{"set by another program", full, strings.Replace(full, "today", "now", 1), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, mock := newMockClient(t)
			now, written := test.before, ""
			mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
				response := httpmock.NewStringResponse(http.StatusOK, statusOnly)
				if req.Method == http.MethodGet {
					response = httpmock.NewStringResponse(http.StatusOK, fmt.Sprintf(envelope, now))
				} else {
					body, err := io.ReadAll(req.Body)
					if err != nil {
						return nil, err
					}
					written += string(body)
				}
				response.Header.Set("Content-Type", jsonType)
				return response, nil
			})
			err := client.KeepStatus(t.Context(), tenantID, func(context.Context) error {
				now = test.after
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, written); diff != "" {
				t.Errorf("the status written (-want +got):\n%s", diff)
			}
		})
	}
}

// TestStatusOutlivesEncodingJSON stores a status in a file, as a program may do after a
// StatusLostError.
func TestStatusOutlivesEncodingJSON(t *testing.T) {
	t.Parallel()
	want := someStatus
	want.HDFS.SyncData = map[string]argo.SyncData{
		"Critical": {Weights: true},
		"Newer":    {Extra: map[string]json.RawMessage{"tags": json.RawMessage(`[1]`)}},
	}
	want.AMS.Extra = map[string]json.RawMessage{"region": json.RawMessage(`"eu"`)}
	stored, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got argo.Status
	if err := json.Unmarshal(stored, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func TestStatusThatCannotBeRestored(t *testing.T) {
	t.Parallel()
	server, client, id := newTenantWithStatus(t)
	changed := errors.New("of the change")
	err := client.KeepStatus(t.Context(), id, func(ctx context.Context) error {
		if _, err := client.CreateUser(ctx, id, &argo.User{Name: "ada"}); err != nil {
			return err
		}
		server.Fail("UpdateTenantStatus", argotest.Fault{Times: -1, Status: http.StatusForbidden})
		return changed
	})
	var lost *argo.StatusLostError
	if !errors.As(err, &lost) || !errors.Is(err, tenantkit.ErrForbidden) || !errors.Is(err, changed) {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), id) {
		t.Errorf("%q does not name the tenant", err)
	}
	if got := tenantkit.OutcomeOf(err); got != tenantkit.OutcomeUnknown {
		t.Errorf("outcome %v, but the user was created", got)
	}
	if diff := cmp.Diff(someStatus, lost.Status); diff != "" || lost.TenantID != id {
		t.Errorf("the status in the error (-want +got):\n%s", diff)
	}
	server.Recover()
	if err := client.UpdateTenantStatus(t.Context(), lost.TenantID, &lost.Status); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, client, id, someStatus)
}

func TestKeepStatusOfAnUnknownTenant(t *testing.T) {
	t.Parallel()
	_, client, _ := newTenantWithStatus(t)
	err := client.KeepStatus(t.Context(), "unknown", func(context.Context) error {
		t.Error("the change was run")
		return nil
	})
	if !errors.Is(err, tenantkit.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// The outcome of several calls is that of all of them, also if the last one was rejected.
func TestKeepStatus_OutcomeOfSeveralCalls(t *testing.T) {
	t.Parallel()
	rejected := func(ctx context.Context, c *argo.Client, id string) error {
		return c.DeleteUser(ctx, id, "unknown")
	}
	write := tenantkit.Operation{Method: http.MethodPut, Path: "/admin/tenants/{id}/status", Class: tenantkit.Idempotent}
	for _, test := range []struct {
		name   string
		before func(context.Context, *argotest.Server, *argo.Client, string)
		want   tenantkit.Outcome
	}{
		{"nothing", func(context.Context, *argotest.Server, *argo.Client, string) {}, tenantkit.OutcomeRejected},
		{"a read", func(ctx context.Context, _ *argotest.Server, c *argo.Client, id string) {
			_, _ = c.GetTenant(ctx, id)
		}, tenantkit.OutcomeRejected},
		{"a write", func(ctx context.Context, _ *argotest.Server, c *argo.Client, id string) {
			_, _ = c.CreateUser(ctx, id, &argo.User{Name: "ada"})
		}, tenantkit.OutcomeUnknown},
		{"a write within another KeepStatus", func(ctx context.Context, _ *argotest.Server, c *argo.Client, id string) {
			_ = c.KeepStatus(ctx, id, func(ctx context.Context) error {
				_, err := c.CreateUser(ctx, id, &argo.User{Name: "ada"})
				return err
			})
		}, tenantkit.OutcomeUnknown},
		{"a lost response", func(ctx context.Context, s *argotest.Server, c *argo.Client, id string) {
			s.Fail("CreateUser", argotest.Fault{ResetAfter: true})
			_, _ = c.CreateUser(ctx, id, &argo.User{Name: "ada"})
		}, tenantkit.OutcomeUnknown},
		{"a write by Call", func(ctx context.Context, _ *argotest.Server, c *argo.Client, id string) {
			params := tenantkit.CallParams{Path: map[string]string{"id": id}, Body: &someStatus}
			if err := c.Call(ctx, write, params, nil); err != nil {
				t.Error(err)
			}
		}, tenantkit.OutcomeUnknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server, client, id := newTenantWithStatus(t)
			err := client.KeepStatus(t.Context(), id, func(ctx context.Context) error {
				test.before(ctx, server, client, id)
				return rejected(ctx, client, id)
			})
			if got := tenantkit.OutcomeOf(err); got != test.want || !errors.Is(err, tenantkit.ErrNotFound) {
				t.Errorf("outcome %v, want %v: %v", got, test.want, err)
			}
			wantStatus(t, client, id, someStatus)
		})
	}
}
