package argo_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

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
			return errors.Join(err, c.ModifyTenant(ctx, id, func(tenant *argo.Tenant) error { tenant.Info.Email = "e"; return nil }))
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
	server, client, id := newTenantWithStatus(t)
	err := client.KeepStatus(t.Context(), id, func(ctx context.Context) error { return client.DeleteTenant(ctx, id) })
	if err != nil {
		t.Error(err)
	}
	if n := server.Applied("UpdateTenantStatus"); n != 1 {
		t.Errorf("the status was written %d times, want once, before", n)
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
