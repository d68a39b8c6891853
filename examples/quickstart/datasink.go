package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink"
	"github.com/tenantkit/tenantkit/datasink/datasinktest"
)

// datasinkTour acknowledges decisions on a fake of Autonomous Identity's data sink.
func datasinkTour(ctx context.Context, p *printer) error {
	server := datasinktest.NewServer(datasinktest.WithUnknownDecisionsRefused())
	defer server.Close()
	client, err := datasink.NewClient(server.BaseURL(), datasink.Credentials{
		Tokens: datasink.Login(server.BaseURL(), datasinktest.DefaultUser, auth.StaticToken(datasinktest.DefaultPassword)),
		APIKey: auth.StaticToken(datasinktest.DefaultAPIKey),
	})
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	p.title("Autonomous Identity data sink, a fake at %s", server.BaseURL())

	if err := client.EnsureSink(ctx, &datasink.Sink{ID: datasink.NewSinkID(), Name: "IIQ"}); err != nil {
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
	result, err := client.AcknowledgeAssignments(ctx, func(yield func(datasink.AssignmentStatus) bool) {
		for i := range decisions {
			if !yield(datasink.AssignmentStatus{User: fmt.Sprint("user-", i), Entitlements: []string{"entitlement"}, DatasinkStatus: datasink.Ack}) {
				return
			}
		}
	}, datasink.BulkOptions{Refused: func(r datasink.BulkRefusal) {
		refused = append(refused, fmt.Sprint("decision ", r.Position))
	}})
	var incomplete *datasink.BulkError
	if err != nil && !errors.As(err, &incomplete) {
		return err
	}
	p.done("acknowledged %d of %d decisions in batches; the service refused %v, which was found by splitting its batch", result.Done, decisions, refused)
	return nil
}
