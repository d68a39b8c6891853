package worklyticstest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

// A program under test meets a service that creates a connection, and loses the answer.
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
