// Package autoid works with the data sinks of ForgeRock, now Ping, Autonomous Identity.
//
// Autonomous Identity decides who may have which entitlement. A data sink is a consumer of these
// decisions: a connector that applies them in other systems, and acknowledges each. This package
// manages sinks with their configuration, timestamps and logs, and sets the status of decisions,
// from one call to millions.
//
//	credentials := autoid.Credentials{
//		User:     "admin@example.com",
//		Password: auth.Env("AUTOID_PASSWORD"),
//		APIKey:   auth.Env("AUTOID_API_KEY"),
//	}
//	client, err := autoid.NewClient(baseURL, credentials)
//	err = client.UpdateAssignmentStatus(ctx, []autoid.AssignmentStatus{
//		{User: "john.doe", Entitlements: []string{"entitlement_1"}, DatasinkStatus: autoid.Ack},
//	})
//
// A call that fails returns a [*tenantkit.Error], and input that cannot be sent a
// [*tenantkit.ValidationError]. [errors.Is] with [tenantkit.ErrNotFound] and its siblings tells the
// kind of a refusal, [tenantkit.OutcomeOf] what became of a write, and [tenantkit.RetryPolicy] what
// is repeated.
//
// # Long runs
//
// [Client.AcknowledgeAssignments], [Client.AcknowledgeRules] and [Client.AcknowledgeRoles] take a
// sequence of any length. They send batches, several at a time, find the items that the service
// refuses, and tell at the end, or when they are stopped, what is done. With a [FileCheckpoint], a
// run goes on where it was killed:
//
//	result, err := client.AcknowledgeAssignments(ctx, decisions, autoid.BulkOptions{
//		Checkpoint: autoid.FileCheckpoint("decisions.checkpoint"),
//		Progress:   func(p autoid.BulkProgress) { log.Printf("%d done", p.Done) },
//	})
//
// # What to know of the service
//
//   - Each operation takes one of two credentials: see [Credentials].
//   - The names of timestamps come in two spellings, and logs in two shapes. Both are read.
//   - No form of refusals is documented. What the service says is in the error's Message where it
//     can be found, and in its Body.
//   - A write is accepted when its status is 2xx, whatever its body, unless that is an HTML page.
//
// The documentation is the chapter "Data Sink" of the Autonomous Identity API guide, on
// docs.pingidentity.com. Package autoidtest is a fake of the service.
package autoid
