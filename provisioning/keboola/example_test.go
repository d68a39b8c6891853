package keboola_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

func ExampleClient_AllProjects() {
	server := keboolatest.NewServer(keboolatest.WithPageSize(2)) // in place of the real service
	defer server.Close()
	for _, pid := range []string{"sales", "stock", "staff"} {
		server.AddProject(keboolatest.Project{PID: pid})
	}

	client, err := keboola.NewClient(server.BaseURL(), auth.StaticToken(keboolatest.DefaultToken))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	for project, err := range client.AllProjects(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(project.PID, "made by", project.CreatedBy)
	}
	// Output:
	// sales made by kbc
	// stock made by kbc
	// staff made by kbc
}

// A program stores where it is in a list, ends, and goes on from there.
func ExampleClient_ListUsers() {
	server := keboolatest.NewServer(keboolatest.WithPageSize(2))
	defer server.Close()
	for _, name := range []string{"ada", "grace", "edsger"} {
		server.AddUser(keboolatest.User{Login: name + "@example.org"})
	}
	var stored string // in place of a file

	for run := 1; run <= 2; run++ {
		// Each run is a program of its own, with a client of its own.
		client, err := keboola.NewClient(server.BaseURL(), auth.StaticToken(keboolatest.DefaultToken))
		if err != nil {
			fmt.Println(err)
			return
		}
		page, err := client.ListUsers(context.Background(), &keboola.ListUsersOptions{Next: stored})
		client.CloseIdleConnections()
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, user := range page.Items {
			fmt.Printf("run %d: %s\n", run, user.Login)
		}
		stored = page.Next
	}
	fmt.Println("more to come:", stored != "")
	// Output:
	// run 1: ada@example.org
	// run 1: grace@example.org
	// run 2: edsger@example.org
	// more to come: false
}

// A lost answer must not cost a second project.
func ExampleClient_CreateProject() {
	server := keboolatest.NewServer()
	defer server.Close()
	server.Fail("CreateProject", keboolatest.Fault{ResetAfter: true}) // the project is made, the answer is lost
	ctx := context.Background()

	client, err := keboola.NewClient(server.BaseURL(), auth.StaticToken(keboolatest.DefaultToken))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	_, err = client.CreateProject(ctx, &keboola.NewProject{Name: "Sales", KeboolaToken: keboola.KeboolaTokenProduction})
	switch outcome := tenantkit.OutcomeOf(err); {
	case err == nil:
		fmt.Println("created")
	case outcome == tenantkit.OutcomeNotSent, outcome == tenantkit.OutcomeRejected:
		fmt.Println("nothing was created:", err)
	default:
		fmt.Println("the outcome is", outcome, "so look before trying again")
		for project, err := range client.AllProjects(ctx) {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println("found a project by", project.CreatedBy)
		}
	}

	_, err = client.CreateProject(ctx, &keboola.NewProject{Name: "Stock", KeboolaToken: keboola.KeboolaTokenProduction})
	var refused *tenantkit.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Outcome, "-", refused.Message)
	}
	// Output:
	// the outcome is unknown so look before trying again
	// found a project by kbc
	// rejected - Allowed projects count limit reached
}

func ExampleSSOClaims_LoginForm() {
	server := keboolatest.NewServer()
	defer server.Close()
	pid := server.AddProject(keboolatest.Project{PID: "sales"})

	client, err := keboola.NewClient(server.BaseURL(), auth.StaticToken(keboolatest.DefaultToken))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	claims, err := client.ProjectAccess(context.Background(), pid)
	if err != nil {
		fmt.Println(err)
		return
	}
	form, err := claims.LoginForm(keboola.GoodDataURLEU, "/#s=/gdc/projects/"+pid+"|projectDashboardPage")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("post to", form.Action)
	fmt.Println("provider", form.SSOProvider, "claims", form.EncryptedClaims)
	fmt.Println(len(form.Values()), "fields; for instance http.PostForm(form.Action, form.Values())")
	// Output:
	// post to https://keboola.eu.gooddata.com/gdc/account/customerlogin
	// provider keboola.com claims [redacted]
	// 3 fields; for instance http.PostForm(form.Action, form.Values())
}
