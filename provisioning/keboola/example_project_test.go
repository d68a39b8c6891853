package keboola_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

// fakeClient returns a client of a fake service, on which there is the project "sales" and the user
// ada@example.org. A program has a base URL, and a source of its Storage API token.
func fakeClient() (*keboola.Client, func()) {
	server := keboolatest.NewServer()
	server.AddProject(keboolatest.Project{PID: "sales", Name: "Sales"})
	server.AddUser(keboolatest.User{Login: "ada@example.org"})
	client, err := keboola.NewClient(server.BaseURL(), auth.StaticToken(keboolatest.DefaultToken))
	if err != nil {
		log.Fatal(err)
	}
	return client, func() {
		client.CloseIdleConnections()
		server.Close()
	}
}

// A project with its first user.
func Example() {
	client, stop := fakeClient()
	defer stop()
	ctx := context.Background()

	project, err := client.CreateProject(ctx, &keboola.NewProject{Name: "Stock", KeboolaToken: keboola.KeboolaTokenDemo})
	if err != nil {
		log.Fatal(err)
	}
	if err := client.AddUserToProject(ctx, project.PID, "ada@example.org", keboola.RoleEditor); err != nil {
		log.Fatal(err)
	}
	for project, err := range client.AllProjects(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("made by", project.CreatedBy, "and ends:", !project.ExpiresOn.IsZero())
	}
	// Output:
	// made by kbc and ends: false
	// made by kbc and ends: true
}

// The stack of a program is asked for the URL of its service.
func ExampleDiscoverBaseURL() {
	server := keboolatest.NewServer()
	defer server.Close()
	ctx := context.Background()

	// In a program, the URL of the stack's user interface: https://connection.keboola.com.
	baseURL, err := keboola.DiscoverBaseURL(ctx, server.ConnectionURL())
	if err != nil {
		log.Fatal(err)
	}
	client, err := keboola.NewClient(baseURL, auth.StaticToken(keboolatest.DefaultToken))
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()
	page, err := client.ListProjects(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Items), "projects; all of them:", page.Next == "")
	// Output: 0 projects; all of them: true
}

// A project with a service user, whose password is told only here. The user is not in the project
// until it is added.
func ExampleClient_CreateProjectWithUser() {
	client, stop := fakeClient()
	defer stop()
	ctx := context.Background()

	created, err := client.CreateProjectWithUser(ctx, &keboola.NewProject{
		Name: "Stock", CustomToken: tenantkit.NewSecret("authorization-token-of-your-own"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("password:", created.Password, "to be stored where secrets are")
	if err := client.AddUserToProject(ctx, created.PID, created.Login, keboola.RoleAdmin); err != nil {
		log.Fatal(err)
	}

	// When it is not needed any more, both go together.
	err = client.DeleteProject(ctx, created.PID, &keboola.DeleteProjectOptions{User: true})
	fmt.Println("deleted:", err == nil)
	// Output:
	// password: [redacted] to be stored where secrets are
	// deleted: true
}

// One project, with the token that it was made under.
func ExampleClient_GetProject() {
	client, stop := fakeClient()
	defer stop()

	project, err := client.GetProject(context.Background(), "sales")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(project.PID, project.KeboolaToken())
	_, err = client.GetProject(context.Background(), "no-such-project")
	fmt.Println("unknown:", errors.Is(err, tenantkit.ErrNotFound))
	// Output:
	// sales production
	// unknown: true
}

// A project that is gone already is no failure of what was asked for.
func ExampleClient_DeleteProject() {
	client, stop := fakeClient()
	defer stop()

	for range 2 {
		err := client.DeleteProject(context.Background(), "sales", nil)
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
