package datasinktest_test

import (
	"context"
	"fmt"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink"
	"github.com/tenantkit/tenantkit/datasink/datasinktest"
)

// A program under test meets a service that loses an answer; the test looks at what the service got. In a test, datasinktest.Start(t)
// closes the server at its end.
func Example() {
	server := datasinktest.NewServer()
	defer server.Close()
	server.AddAssignment("john.doe", "entitlement_1")
	server.Fail("UpdateAssignmentStatus", datasinktest.Fault{ResetAfter: true})

	client, err := datasink.NewClient(server.BaseURL(), datasink.Credentials{APIKey: auth.StaticToken(datasinktest.DefaultAPIKey)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	err = client.UpdateAssignmentStatus(context.Background(), []datasink.AssignmentStatus{
		{User: "john.doe", Entitlements: []string{"entitlement_1"}, DatasinkStatus: datasink.Ack},
	})
	fmt.Println(err)
	fmt.Println(server.AssignmentStatus("john.doe", "entitlement_1"), "after", len(server.Requests()), "requests")
	fmt.Printf("%s\n", server.Requests()[0].Body)
	// Output:
	// <nil>
	// ack after 2 requests
	// {"assignments":[{"user":"john.doe","entitlements":["entitlement_1"],"datasink_status":"ack"}]}
}
