package argo_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// fakeClient returns a client of a fake server, on which there is one tenant with a user, and their
// IDs. A program has the URL of its service, and a source of its key.
func fakeClient() (client *argo.Client, tenantID, userID string, stop func()) {
	server := argotest.NewServer(argotest.WithClock(func() time.Time { return time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC) }))
	tenantID = server.AddTenant(argotest.Tenant{
		Info:  argotest.Info{Name: "acme", Email: "it@acme.example"},
		Users: []argotest.User{{Name: "ada", Email: "ada@acme.example", Roles: []string{"viewer"}}},
	})
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
	if err != nil {
		log.Fatal(err)
	}
	return client, tenantID, server.Users(tenantID)[0].ID, func() {
		client.CloseIdleConnections()
		server.Close()
	}
}

// A part of a tenant is changed, and the rest stays as it is, users and their keys included.
// KeepStatus sees to the status.
func ExampleClient_ModifyTenant() {
	client, tenantID, _, stop := fakeClient()
	defer stop()

	err := client.KeepStatus(context.Background(), tenantID, func(ctx context.Context) error {
		tenant, err := client.ModifyTenant(ctx, tenantID, func(tenant *argo.Tenant) error {
			tenant.Info.Website = "https://acme.example"
			return nil
		})
		if err == nil {
			fmt.Println(tenant.Info.Name, tenant.Info.Email, tenant.Info.Website, len(tenant.Users))
		}
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: acme it@acme.example https://acme.example 1
}

// An update replaces the whole tenant: what is not read before is lost.
func ExampleClient_UpdateTenant() {
	client, tenantID, _, stop := fakeClient()
	defer stop()
	ctx := context.Background()

	tenant, err := client.GetTenant(ctx, tenantID)
	if err != nil {
		log.Fatal(err)
	}
	tenant.Topology = argo.Topology{Type: "GOCDB", Feed: "https://gocdb.example.org"}
	if err := client.UpdateTenant(ctx, tenant); err != nil {
		log.Fatal(err)
	}
	tenants, err := client.ListTenants(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, tenant := range tenants {
		fmt.Println(tenant.Info.Name, tenant.Topology.Type, len(tenant.Users))
	}
	// Output: acme GOCDB 1
}

// A tenant that is gone already is no failure of what was asked for.
func ExampleClient_DeleteTenant() {
	client, tenantID, _, stop := fakeClient()
	defer stop()

	for range 2 {
		err := client.DeleteTenant(context.Background(), tenantID)
		switch {
		case err == nil:
			fmt.Println("deleted")
		case errors.Is(err, tenantkit.ErrNotFound):
			fmt.Println("it was gone")
		default:
			log.Fatal(err)
		}
	}
	// Output:
	// deleted
	// it was gone
}

// What the engine reports, and how a program that stands in for it sets that.
func ExampleClient_GetTenantStatus() {
	client, tenantID, _, stop := fakeClient()
	defer stop()
	ctx := context.Background()

	err := client.UpdateTenantStatus(ctx, tenantID, &argo.Status{
		AMS:          argo.AMS{MetricData: argo.AMSProject{Ingestion: true, MessagesArrived: 1500}},
		EngineConfig: true, LastCheck: "2026-11-21T09:30:00Z",
	})
	if err != nil {
		log.Fatal(err)
	}
	tenant, err := client.GetTenantStatus(ctx, tenantID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tenant.Info.Name, tenant.Status.EngineConfig, tenant.Status.AMS.MetricData.MessagesArrived)
	fmt.Println("all is well:", tenant.Status.Total)
	// Output:
	// acme true 1500
	// all is well: false
}

// The status could not be restored, since the server was gone by then. It is in the error, for a
// later try.
func ExampleStatusLostError() {
	server := argotest.NewServer()
	defer server.Close()
	tenantID := server.AddTenant(argotest.Tenant{
		Info: argotest.Info{Name: "acme"}, Status: &argotest.Status{EngineConfig: true, LastCheck: "today"},
	})
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey), tenantkit.WithRetry(tenantkit.NoRetry()))
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()
	ctx := context.Background()

	server.Fail("UpdateTenantStatus", argotest.Fault{Status: 500})
	err = client.KeepStatus(ctx, tenantID, func(ctx context.Context) error {
		_, err := client.ProvisionUser(ctx, tenantID, &argo.User{Name: "ada"})
		return err
	})
	var lost *argo.StatusLostError
	if errors.As(err, &lost) {
		fmt.Println("lost:", lost.Status.LastCheck)
		err = client.UpdateTenantStatus(ctx, lost.TenantID, &lost.Status)
	}
	fmt.Println("now:", err)
	// Output:
	// lost: today
	// now: <nil>
}

// The server tells times without a zone.
func ExampleTime_In() {
	client, tenantID, _, stop := fakeClient()
	defer stop()
	tenant, err := client.GetTenant(context.Background(), tenantID)
	if err != nil {
		log.Fatal(err)
	}
	created, err := tenant.Info.Created.In(time.FixedZone("CET", 3600)) // that of the server, as its operators tell
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tenant.Info.Created, "is", created.UTC())
	// Output: 2026-11-21 09:30:00 is 2026-11-21 08:30:00 +0000 UTC
}
