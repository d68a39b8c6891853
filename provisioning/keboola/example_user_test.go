package keboola_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
)

// A user is created, and is a member of a project for a while.
func ExampleClient_CreateUser() {
	client, stop := fakeClient()
	defer stop()
	ctx := context.Background()

	_, err := client.CreateUser(ctx, &keboola.NewUser{
		Login: "Grace@example.org", Password: tenantkit.NewSecret("seven characters or more"), FirstName: "Grace", LastName: "Hopper",
	})
	if err != nil {
		log.Fatal(err)
	}
	const login = "grace@example.org" // the service lower-cases it
	if err := client.AddUserToProject(ctx, "sales", login, keboola.RoleDashboardOnly); err != nil {
		log.Fatal(err)
	}
	if err := client.RemoveUserFromProject(ctx, "sales", login); err != nil {
		log.Fatal(err)
	}
	if err := client.DeleteUser(ctx, login, nil); err != nil {
		log.Fatal(err)
	}
	_, err = client.CreateUser(ctx, &keboola.NewUser{Login: login, Password: tenantkit.NewSecret("short"), FirstName: "Grace", LastName: "Hopper"})
	var invalid *tenantkit.ValidationError
	if errors.As(err, &invalid) {
		fmt.Println(invalid.Field, invalid.Reason)
	}
	// Output: user.password it has 5 characters, and needs 7
}

// Whether a login exists. Letter case does not count.
func ExampleClient_AllUsers() {
	client, stop := fakeClient()
	defer stop()

	found := false
	for user, err := range client.AllUsers(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		if strings.EqualFold(user.Login, "Ada@Example.org") {
			found = true
			break // which ends the reading of further pages
		}
	}
	fmt.Println(found)
	// Output: true
}

// A page of a program's own, from which a browser posts the form that signs its user on to
// GoodData.
func ExampleClient_UserSSO() {
	client, stop := fakeClient()
	defer stop()

	claims, err := client.UserSSO(context.Background(), "ada@example.org")
	if err != nil {
		log.Fatal(err)
	}
	form, err := claims.LoginForm(keboola.GoodDataURLUS, "/#s=/gdc/projects/sales|projectDashboardPage")
	if err != nil {
		log.Fatal(err)
	}
	// With html/template: <form method="post" action="{{.Action}}">, and a hidden field for
	// each of form.Values().
	fmt.Println(form.Action, form.TargetURL, form.EncryptedClaims)
	// Output: https://secure.gooddata.com/gdc/account/customerlogin /#s=/gdc/projects/sales|projectDashboardPage [redacted]
}

// Credentials for a program that reads a project. Each call makes a user more.
func ExampleClient_ProjectCredentials() {
	client, stop := fakeClient()
	defer stop()

	credentials, err := client.ProjectCredentials(context.Background(), "sales")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("login:", credentials.Login != "", "password:", credentials.Password)
	// Output: login: true password: [redacted]
}
