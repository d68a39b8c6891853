package argo_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// It can be called any number of times, also after a lost response: there is one tenant in the end.
func ExampleClient_EnsureTenant() {
	server := argotest.NewServer()
	defer server.Close()
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()

	server.Fail("CreateTenant", argotest.Fault{ResetAfter: true})
	for range 2 {
		tenant, err := client.EnsureTenant(context.Background(), &argo.Tenant{
			Info: argo.Info{Name: "acme", Email: "it@acme.example"},
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(tenant.Info.Name, tenant.Info.Email)
	}
	fmt.Println("tenants:", len(server.Tenants()))
	// Output:
	// acme it@acme.example
	// acme it@acme.example
	// tenants: 1
}

// The user comes back with its key, whether it was there or not.
func ExampleClient_EnsureUser() {
	client, tenantID, _, stop := fakeClient()
	defer stop()

	for _, name := range []string{"ada", "grace", "grace"} {
		user, err := client.EnsureUser(context.Background(), tenantID, &argo.User{
			Name: name, Roles: []argo.Role{argo.RoleAdmin},
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(user.Name, user.Roles, user.APIKey)
	}
	// Output:
	// ada [viewer] [redacted]
	// grace [admin] [redacted]
	// grace [admin] [redacted]
}

// First the plan, then the changes, then nothing is left to do.
func ExampleClient_Reconcile() {
	client, _, _, stop := fakeClient()
	defer stop()

	desired := &argo.Tenant{
		Info: argo.Info{Name: "acme", Website: "https://acme.example"},
		Users: []argo.User{
			{Name: "ada", Email: "ada@acme.example", Roles: []argo.Role{argo.RoleAdmin}},
			{Name: "grace", Email: "grace@acme.example", Roles: []argo.Role{argo.RoleViewer}},
		},
	}
	// A program keeps a status that is not yet restored where it outlives it: coord.Dir(path).
	store := coord.Memory()
	for _, dryRun := range []bool{true, false, false} {
		changes, err := client.Reconcile(context.Background(), desired, argo.ReconcileOptions{DryRun: dryRun, Store: store})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("dry run %t, %d changes, %d users\n", dryRun, len(changes.Changes), len(changes.Tenant.Users))
		for _, change := range changes.Changes {
			fmt.Println(" ", change)
		}
	}
	// Output:
	// dry run true, 3 changes, 1 users
	//   tenant acme: update website
	//   user ada@acme.example: update roles
	//   user grace@acme.example: create as viewer
	// dry run false, 3 changes, 2 users
	//   tenant acme: update website
	//   user ada@acme.example: update roles
	//   user grace@acme.example: create as viewer
	// dry run false, 0 changes, 2 users
}

// reportsServer returns a client of a fake that also serves the reports of a tenant.
func reportsServer() (*argo.Client, func()) {
	server := argotest.NewServer()
	server.HandleFunc("GET /reports", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, `{"status": {"message": "Success", "code": "200"}, "data": [
			{"id": "eba61a9e-22e9-4521-9e47-ecaa4a494364", "info": {"name": "Critical"}},
			{"id": "5b63f6b2-5a3c-4f4e-9a0a-6e6d2a5d1e0b", "info": {"name": "OPS"}}]}`)
	})
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
	if err != nil {
		log.Fatal(err)
	}
	return client, func() {
		client.CloseIdleConnections()
		server.Close()
	}
}

type report struct {
	ID   string
	Info struct{ Name string }
}

// Another resource of the service, with the retries and errors of every call.
func ExampleClient_Call() {
	client, stop := reportsServer()
	defer stop()

	reports := tenantkit.Operation{Name: "ListReports", Method: http.MethodGet, Path: "/reports", Class: tenantkit.Read}
	var response struct{ Data []report }
	if err := client.Call(context.Background(), reports, tenantkit.CallParams{}, &response); err != nil {
		log.Fatal(err)
	}
	for _, report := range response.Data {
		fmt.Println(report.Info.Name)
	}
	// Output:
	// Critical
	// OPS
}

// The elements of a list that the service has in "data".
func ExampleClient_CallPage() {
	client, stop := reportsServer()
	defer stop()

	reports := tenantkit.Operation{Name: "ListReports", Method: http.MethodGet, Path: "/reports", Class: tenantkit.Read}
	var page []report
	next, err := client.CallPage(context.Background(), reports, tenantkit.CallParams{Items: "data"}, &page)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d reports, next page %q\n", len(page), next)

	// Pages reads all pages, if there are several.
	for report, err := range tenantkit.Pages[report](context.Background(), client.CallPage, reports, tenantkit.CallParams{Items: "data"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(report.Info.Name)
	}
	// Output:
	// 2 reports, next page ""
	// Critical
	// OPS
}

// A client can be printed and logged at any time.
func ExampleClient_Format() {
	client, err := argo.NewClient("https://argo.example.org/api/v2", auth.StaticToken("secret"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%+v\n", client)
	client.CloseIdleConnections()
	// Output: argo.Client(https://argo.example.org/api/v2)
}
