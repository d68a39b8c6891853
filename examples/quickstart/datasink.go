package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

// datasinkTour acknowledges decisions on a fake of Autonomous Identity's data sink.
func datasinkTour(ctx context.Context, p *printer) error {
	server := autoidtest.NewServer(autoidtest.WithUnknownDecisionsRefused())
	defer server.Close()
	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{
		User:     autoidtest.DefaultUser,
		Password: auth.StaticToken(autoidtest.DefaultPassword),
		APIKey:   auth.StaticToken(autoidtest.DefaultAPIKey),
	})
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	p.title("Autonomous Identity data sink, a fake at %s", server.BaseURL())

	if _, err := client.EnsureSink(ctx, &autoid.Sink{ID: autoid.NewSinkID(), Name: "IIQ"}); err != nil {
		return err
	}
	p.done("logged in, and made sure that the sink is there")

	const decisions, unknown = 2000, 1234
	for i := range decisions {
		if i != unknown {
			server.AddAssignment(fmt.Sprint("user-", i), "entitlement")
		}
	}
	var refused []string
	result, err := client.AcknowledgeAssignments(ctx, func(yield func(autoid.AssignmentStatus) bool) {
		for i := range decisions {
			if !yield(autoid.AssignmentStatus{User: fmt.Sprint("user-", i), Entitlements: []string{"entitlement"}, DatasinkStatus: autoid.Ack}) {
				return
			}
		}
	}, autoid.BulkOptions{Refused: func(r autoid.BulkRefusal) {
		refused = append(refused, fmt.Sprint("decision ", r.Position))
	}})
	var incomplete *autoid.BulkError
	if err != nil && !errors.As(err, &incomplete) {
		return err
	}
	p.done("acknowledged %d of %d decisions in batches; the service refused %v, which was found by splitting its batch", result.Done, decisions, refused)
	return nil
}
