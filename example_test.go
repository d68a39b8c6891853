package tenantkit_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// What the failure of a call tells: whether something was sent, what kind of refusal it was, and what became of the write.
func Example() {
	server := argotest.NewServer()
	defer server.Close()
	ctx := context.Background()

	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	_, err = client.GetTenant(ctx, "")
	var invalid *tenantkit.ValidationError
	fmt.Println("nothing was sent:", errors.As(err, &invalid))

	_, err = client.GetTenant(ctx, "6f1dd9a3-6b0e-4ae2-8a73-ab9c3fe2a0b1")
	fmt.Println("not found:", errors.Is(err, tenantkit.ErrNotFound))

	server.Fail("CreateTenant", argotest.Fault{ResetAfter: true})
	_, err = client.CreateTenant(ctx, &argo.Tenant{Info: argo.Info{Name: "physics"}})
	if tenantkit.OutcomeOf(err) == tenantkit.OutcomeUnknown {
		fmt.Println("look before you repeat:", len(server.Tenants()), "tenant is there")
	}
	// Output:
	// nothing was sent: true
	// not found: true
	// look before you repeat: 1 tenant is there
}

// An option is good for a client, or for a single call.
func ExampleWithResponse() {
	server := argotest.NewServer()
	defer server.Close()
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey), tenantkit.WithUserAgent("inventory/1.0"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	var response tenantkit.Response
	if _, err := client.ListTenants(context.Background(), tenantkit.WithResponse(&response)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.StatusCode, server.Requests()[0].Header.Get("User-Agent"))
	// Output: 200 inventory/1.0
}

func ExampleSecret() {
	key := tenantkit.Secret("a-key-that-nobody-should-see")
	fmt.Println(key)
	fmt.Printf("%q %x\n", key, key)
	fmt.Println(len(string(key)), "characters")
	// Output:
	// [redacted]
	// "[redacted]" [redacted]
	// 28 characters
}
