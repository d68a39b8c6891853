package keboolatest_test

import (
	"context"
	"fmt"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

// A program under test reads a list of two pages, of which the second one fails at first. In a
// test, keboolatest.Start(t) closes the server at its end.
func Example() {
	server := keboolatest.NewServer(keboolatest.WithPageSize(1))
	defer server.Close()
	server.AddProject(keboolatest.Project{PID: "sales"})
	server.AddProject(keboolatest.Project{PID: "stock"})
	server.Fail("ListProjects", keboolatest.Fault{}, keboolatest.Fault{Status: 502})

	client, err := keboola.NewClient(server.BaseURL(), auth.StaticToken(keboolatest.DefaultToken),
		tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: 1})) // a nanosecond, since tests should not wait
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
		fmt.Println(project.PID)
	}
	for _, request := range server.Requests() {
		fmt.Println(request.Operation, request.Status, request.RawQuery != "")
	}
	// Output:
	// sales
	// stock
	// ListProjects 200 false
	// ListProjects 502 true
	// ListProjects 200 true
}

// Maintenance, which stands in the way of every call.
func ExampleServer_StartMaintenance() {
	server := keboolatest.NewServer()
	defer server.Close()
	client, err := keboola.NewClient(server.BaseURL(), auth.StaticToken(keboolatest.DefaultToken), tenantkit.WithRetry(tenantkit.NoRetry()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	server.StartMaintenance("Maintenance until 6 o'clock", "3600")
	_, err = client.ListUsers(context.Background(), nil)
	fmt.Println(tenantkit.OutcomeOf(err))

	server.EndMaintenance()
	_, err = client.ListUsers(context.Background(), nil)
	fmt.Println(err)
	// Output:
	// rejected
	// <nil>
}
