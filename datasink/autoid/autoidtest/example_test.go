package autoidtest_test

import (
	"context"
	"fmt"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

// A program under test meets a service that loses an answer; the test looks at what the service
// got. In a test, autoidtest.Start(t) closes the server at its end.
func Example() {
	server := autoidtest.NewServer()
	defer server.Close()
	server.AddAssignment("john.doe", "entitlement_1")
	server.Fail("UpdateAssignmentStatus", autoidtest.Fault{ResetAfter: true})

	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{APIKey: auth.StaticToken(autoidtest.DefaultAPIKey)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	err = client.UpdateAssignmentStatus(context.Background(), []autoid.AssignmentStatus{
		{User: "john.doe", Entitlements: []string{"entitlement_1"}, DatasinkStatus: autoid.Ack},
	})
	fmt.Println(err)
	fmt.Println(server.AssignmentStatus("john.doe", "entitlement_1"), "after", len(server.Requests()), "requests")
	fmt.Printf("%s\n", server.Requests()[0].Body)
	// Output:
	// <nil>
	// ack after 2 requests
	// {"assignments":[{"user":"john.doe","entitlements":["entitlement_1"],"datasink_status":"ack"}]}
}
