package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

// keboolaTour provisions GoodData projects and users on a fake of Keboola's service.
func keboolaTour(ctx context.Context, p *printer) error {
	server := keboolatest.NewServer(keboolatest.WithPageSize(2))
	defer server.Close()
	client, err := keboola.NewClient(server.BaseURL(), auth.StaticToken(keboolatest.DefaultToken))
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	p.title("Keboola GoodData provisioning, a fake at %s", server.BaseURL())

	project, err := client.CreateProject(ctx, &keboola.NewProject{Name: "Sales", KeboolaToken: keboola.KeboolaTokenProduction})
	if err != nil {
		return err
	}
	p.done("created project %s under Keboola's production token", project.PID)

	const login = "ada@example.org"
	if _, err := client.CreateUser(ctx, &keboola.NewUser{Login: login, Password: tenantkit.NewSecret("long enough"), FirstName: "Ada", LastName: "Lovelace"}); err != nil {
		return err
	}
	if err := client.AddUserToProject(ctx, project.PID, login, keboola.RoleEditor); err != nil {
		return err
	}
	p.done("created user %s, and added it as %s", login, keboola.RoleEditor)

	_, err = client.CreateProject(ctx, &keboola.NewProject{Name: "Stock", KeboolaToken: keboola.KeboolaTokenProduction})
	if err == nil {
		return errors.New("a second project under the production token: expected a refusal, since there is one in the quota")
	}
	p.done("a quota that is used up (outcome %s):", tenantkit.OutcomeOf(err))
	p.note("%v", err)

	// The answer is lost after the project was made: repeating the call would spend quota
	// twice.
	server.Fail("CreateProject", keboolatest.Fault{ResetAfter: true})
	_, err = client.CreateProject(ctx, &keboola.NewProject{Name: "Trial", KeboolaToken: keboola.KeboolaTokenDemo})
	if tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown {
		return fmt.Errorf("a lost answer: expected an unknown outcome, got %w", err)
	}
	p.done("a lost answer (outcome %s), which is not repeated, since it could spend quota twice:", tenantkit.OutcomeOf(err))
	p.note("%v", err)

	for i := range 4 {
		server.AddUser(keboolatest.User{Login: fmt.Sprintf("user-%d@example.org", i)})
	}
	users := 0
	for _, err := range client.AllUsers(ctx) {
		if err != nil {
			return err
		}
		users++
	}
	p.done("read all %d users, over pages of two", users)

	// First the list, then the deletions, which would move the pages that are still to be read.
	// The project whose creation was not answered is in the list.
	var made []string
	for found, err := range client.AllProjects(ctx) {
		if err != nil {
			return err
		}
		made = append(made, found.PID)
	}
	for _, pid := range made {
		if err := client.DeleteProject(ctx, pid, nil); err != nil {
			return err
		}
		p.done("deleted project %s", pid)
	}
	return nil
}
