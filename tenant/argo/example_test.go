package argo_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

func Example() {
	server := argotest.NewServer() // in place of a real service
	defer server.Close()
	ctx := context.Background()

	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	created, err := client.CreateTenant(ctx, &argo.Tenant{Info: argo.Info{Name: "acme", Email: "it@acme.example"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	user, err := client.ProvisionUser(ctx, created.ID, &argo.User{Name: "ada", Roles: []argo.Role{argo.RoleAdmin}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the key of", user.Name, "is", user.APIKey)

	for tenant, err := range client.AllTenants(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(tenant.Info.Name, "has", len(tenant.Users), "user")
	}
	// Output:
	// the key of ada is [redacted]
	// acme has 1 user
}

func ExampleClient_KeepStatus() {
	server := argotest.NewServer()
	defer server.Close()
	ctx := context.Background()
	id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "acme"}})

	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	if err := client.UpdateTenantStatus(ctx, id, &argo.Status{EngineConfig: true, LastCheck: "today"}); err != nil {
		fmt.Println(err)
		return
	}

	err = client.KeepStatus(ctx, id, func(ctx context.Context) error {
		_, err := client.ProvisionUser(ctx, id, &argo.User{Name: "ada"})
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	now, err := client.GetTenantStatus(ctx, id)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("configured:", now.Status.EngineConfig, "last check:", now.Status.LastCheck)
	// Output: configured: true last check: today
}

func ExampleClient_CreateTenant_failures() {
	server := argotest.NewServer()
	defer server.Close()
	ctx := context.Background()
	server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "acme"}})

	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	// The name is taken.
	_, err = client.CreateTenant(ctx, &argo.Tenant{Info: argo.Info{Name: "acme"}})
	fmt.Println(errors.Is(err, tenantkit.ErrConflict), tenantkit.OutcomeOf(err))

	// The connection breaks after the server has done its work: the call is not repeated, since
	// that could make a second tenant.
	server.Fail("CreateTenant", argotest.Fault{ResetAfter: true})
	_, err = client.CreateTenant(ctx, &argo.Tenant{Info: argo.Info{Name: "beta"}})
	fmt.Println(tenantkit.OutcomeOf(err), "after", server.Applied("CreateTenant"), "creation")
	// Output:
	// true rejected
	// unknown after 1 creation
}
