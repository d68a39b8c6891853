package worklyticstest_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

// A program under test meets a service that creates a connection, and loses the answer. In a test,
// worklyticstest.Start(t) closes the server at its end.
func Example() {
	server := worklyticstest.NewServer()
	defer server.Close()
	server.Fail("CreateDataConnection", worklyticstest.Fault{ResetAfter: true})

	tokens := auth.StaticToken(server.GoogleToken("ci@acme.iam.gserviceaccount.com", time.Hour))
	client, err := worklytics.NewClient(server.BaseURL(), worklyticstest.DefaultTenantID, tokens)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	_, err = client.CreateDataConnection(context.Background(), &worklytics.DataConnection{
		IntegrationID: worklytics.IntegrationAsana,
		Settings:      worklytics.GCPProxy{Endpoint: "https://psoxy-asana-abc.a.run.app/"}.Settings(),
	})
	fmt.Println("outcome:", tenantkit.OutcomeOf(err))
	fmt.Println(server.Applied("CreateDataConnection"), "created by", len(server.Requests()), "request")
	// Output:
	// outcome: unknown
	// 1 created by 1 request
}

// A connection is there from the start, and another program deletes it.
func ExampleServer_Add() {
	server := worklyticstest.NewServer()
	defer server.Close()
	id := server.Add(worklyticstest.DataConnection{
		IntegrationID: "asana-psoxy", Settings: map[string]any{"PROXY_DEPLOYMENT_KIND": "GCP", "PROXY_ENDPOINT": "https://psoxy.example/"},
	})
	tokens := auth.StaticToken(server.GoogleToken("ci@acme.iam.gserviceaccount.com", time.Hour))
	client, err := worklytics.NewClient(server.BaseURL(), worklyticstest.DefaultTenantID, tokens)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	connection, err := client.GetDataConnection(context.Background(), id)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(connection.Settings[worklytics.SettingEndpoint])

	server.Remove(id)
	_, err = client.GetDataConnection(context.Background(), id)
	fmt.Println(errors.Is(err, tenantkit.ErrNotFound))
	// Output:
	// https://psoxy.example/
	// true
}
