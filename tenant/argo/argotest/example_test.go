package argotest_test

import (
	"context"
	"fmt"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// A program under test meets a server that is busy at first. In a test, argotest.Start(t) closes
// the server at its end.
func Example() {
	server := argotest.NewServer()
	defer server.Close()
	id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "physics"}})
	server.Fail("CreateUser", argotest.Fault{Status: 503, RetryAfter: "0"})

	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	if _, err := client.CreateUser(context.Background(), id, &argo.User{Name: "ada"}); err != nil {
		fmt.Println(err)
		return
	}

	fmt.Println(server.Users(id)[0].Name, "was created by", server.Applied("CreateUser"), "of", len(server.Requests()), "requests")
	for _, request := range server.Requests() {
		fmt.Println(request.Operation, request.Status, string(request.Body))
	}
	// Output:
	// ada was created by 1 of 2 requests
	// CreateUser 503 {"name":"ada"}
	// CreateUser 201 {"name":"ada"}
}

// A fault that applies the request and loses the answer: what a program does then decides over a
// second tenant.
func ExampleServer_fail() {
	server := argotest.NewServer()
	defer server.Close()
	server.Fail("CreateTenant", argotest.Fault{ResetAfter: true})

	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	_, err = client.CreateTenant(context.Background(), &argo.Tenant{Info: argo.Info{Name: "physics"}})
	fmt.Println("the program is told:", tenantkit.OutcomeOf(err))
	fmt.Println("the server has:", server.Tenants()[0].Info.Name)
	// Output:
	// the program is told: unknown
	// the server has: physics
}
