package argo_test

import (
	"context"
	"fmt"
	"log"

	"github.com/tenantkit/tenantkit/tenant/argo"
)

// A user is created, and comes back with the key that the server made.
func ExampleClient_ProvisionUser() {
	client, tenantID, _, stop := fakeClient()
	defer stop()

	user, err := client.ProvisionUser(context.Background(), tenantID, &argo.User{
		Name: "grace", Email: "grace@acme.example", Roles: []argo.Role{argo.RoleAdminUI},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Name, user.Roles, user.APIKey)
	fmt.Println("a key of", len(user.APIKey.Reveal()), "characters, to be stored where secrets are")
	// Output:
	// grace [admin_ui] [redacted]
	// a key of 64 characters, to be stored where secrets are
}

// A user is created without a look at what became of it: whoever calls the service with its key
// reads that later.
func ExampleClient_CreateUser() {
	client, tenantID, _, stop := fakeClient()
	defer stop()
	ctx := context.Background()

	created, err := client.CreateUser(ctx, tenantID, &argo.User{Name: "grace"})
	if err != nil {
		log.Fatal(err)
	}
	user, err := client.GetUser(ctx, tenantID, created.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Name, user.APIKey)
	// Output: grace [redacted]
}

// What is set is changed, and the rest stays.
func ExampleClient_UpdateUser() {
	client, tenantID, userID, stop := fakeClient()
	defer stop()
	ctx := context.Background()

	if err := client.UpdateUser(ctx, tenantID, &argo.User{ID: userID, Roles: []argo.Role{argo.RoleAdmin}}); err != nil {
		log.Fatal(err)
	}
	user, err := client.GetUser(ctx, tenantID, userID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Name, user.Email, user.Roles)
	// Output: ada ada@acme.example [admin]
}

// A key that has become known to others is replaced; the old one is void at once.
func ExampleClient_RenewAPIKey() {
	client, tenantID, userID, stop := fakeClient()
	defer stop()
	ctx := context.Background()

	before, err := client.FindUser(ctx, userID) // which needs no tenant
	if err != nil {
		log.Fatal(err)
	}
	key, err := client.RenewAPIKey(ctx, tenantID, userID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key, "differs:", key != before.APIKey)
	// Output: [redacted] differs: true
}

// Names are not unique, so look at all users before one is deleted by its ID.
func ExampleClient_DeleteUser() {
	client, tenantID, _, stop := fakeClient()
	defer stop()
	ctx := context.Background()

	users, err := client.ListUsers(ctx, tenantID)
	if err != nil {
		log.Fatal(err)
	}
	for _, user := range users {
		if user.Email != "ada@acme.example" {
			continue
		}
		if err := client.DeleteUser(ctx, tenantID, user.ID); err != nil {
			log.Fatal(err)
		}
		fmt.Println(user.Name, "is deleted")
	}
	// Output: ada is deleted
}
