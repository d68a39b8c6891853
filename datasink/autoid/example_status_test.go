package autoid_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"slices"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

// The decisions on a rule and on a role, and what is told of a mistake before anything is sent.
func ExampleClient_UpdateRuleStatus() {
	client, stop := fakeClient()
	defer stop()
	ctx := context.Background()

	err := client.UpdateRuleStatus(ctx, []autoid.RuleStatus{
		{Entitlement: "entitlement_1", Justification: []string{"0B_COST_CENTER_OP_TS5"}, DatasinkStatus: autoid.Ack},
	})
	if err != nil {
		log.Fatal(err)
	}
	err = client.UpdateRoleStatus(ctx, []autoid.RoleStatus{
		{RoleID: "3a0c1f2e-5b7d-4e8f-9a01-23456789abcd", Status: autoid.RoleActive, DatasinkStatus: autoid.Ack},
	})
	if err != nil {
		log.Fatal(err)
	}

	err = client.UpdateRuleStatus(ctx, []autoid.RuleStatus{{Entitlement: "entitlement_1", DatasinkStatus: autoid.Ack}})
	var invalid *tenantkit.ValidationError
	fmt.Println("nothing was sent:", errors.As(err, &invalid))
	// Output: nothing was sent: true
}

// A run that a failing service stops. Its state is kept, as JSON, and the next run does the rest.
func ExampleClient_AcknowledgeRoles_resume() {
	server := autoidtest.NewServer()
	defer server.Close()
	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{APIKey: auth.StaticToken(autoidtest.DefaultAPIKey)},
		tenantkit.WithRetry(tenantkit.NoRetry()))
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()
	var roles []autoid.RoleStatus
	for i := range 100 {
		id := fmt.Sprintf("3a0c1f2e-5b7d-4e8f-9a01-%012d", i)
		roles = append(roles, autoid.RoleStatus{RoleID: id, Status: autoid.RoleActive, DatasinkStatus: autoid.Ack})
	}

	// The fourth request and all after it fail.
	server.Fail("UpdateRoleStatus", autoidtest.Fault{Times: 3}, autoidtest.Fault{Times: -1, Status: 503, RetryAfter: "60"})
	options := autoid.BulkOptions{BatchItems: 10, Parallel: 1, MaxFailed: 2}
	result, err := client.AcknowledgeRoles(context.Background(), slices.Values(roles), options)
	fmt.Println(result.Done, "done;", errors.Is(err, tenantkit.ErrUnavailable), result.OpenItems[0].From, "is open")
	stored, err := json.Marshal(result.State)
	if err != nil {
		log.Fatal(err)
	}

	server.Recover()
	if err := json.Unmarshal(stored, &options.Resume); err != nil {
		log.Fatal(err)
	}
	result, err = client.AcknowledgeRoles(context.Background(), slices.Values(roles), options)
	fmt.Println(result.Skipped, "skipped,", result.Done, "done;", err)
	// Output:
	// 30 done; true 30 is open
	// 30 skipped, 70 done; <nil>
}

// Rules in batches, with the counts as they go.
func ExampleClient_AcknowledgeRules() {
	client, stop := fakeClient()
	defer stop()

	rules := func(yield func(autoid.RuleStatus) bool) {
		for i := range 1500 {
			rule := autoid.RuleStatus{Entitlement: fmt.Sprint("entitlement_", i), Justification: []string{"0B_COST_CENTER_OP_TS5"}, DatasinkStatus: autoid.Ack}
			if !yield(rule) {
				return
			}
		}
	}
	result, err := client.AcknowledgeRules(context.Background(), rules, autoid.BulkOptions{
		Parallel: 1, Progress: func(p autoid.BulkProgress) { fmt.Println(p.Done, "done") },
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Done, "of", result.Read)
	// Output:
	// 500 done
	// 1000 done
	// 1500 done
	// 1500 of 1500
}
