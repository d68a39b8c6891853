package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// demonstrate makes calls of two services, each trace under a span of its own, as a program has
// them for its jobs.
func demonstrate(ctx context.Context, tracers *sdktrace.TracerProvider, t *telemetry) error {
	jobs := tracers.Tracer("jobs")
	watched := []tenantkit.Option{
		tenantkit.WithTransport(t.middleware), tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: 20 * time.Millisecond}),
	}
	for _, job := range []struct {
		name string
		do   func(context.Context, ...tenantkit.Option) error
	}{{"onboard a tenant", onboard}, {"count projects", countProjects}} {
		ctx, span := jobs.Start(ctx, job.name)
		err := job.do(ctx, watched...)
		span.End()
		if err != nil {
			return fmt.Errorf("%s: %w", job.name, err)
		}
	}
	return nil
}

// onboard creates a tenant of which the server's answer is lost, and looks whether it is there,
// which takes two attempts.
func onboard(ctx context.Context, opts ...tenantkit.Option) error {
	server := argotest.NewServer()
	defer server.Close()
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey), opts...)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	server.Fail("CreateTenant", argotest.Fault{ResetAfter: true})
	server.Fail("ListTenants", argotest.Fault{Status: 503})

	_, err = client.CreateTenant(ctx, &argo.Tenant{Info: argo.Info{Name: "physics"}})
	if tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown {
		return fmt.Errorf("the answer was lost, and the call says: %w", err)
	}
	tenants, err := client.ListTenants(ctx)
	if err != nil {
		return err
	}
	if len(tenants) != 1 {
		return fmt.Errorf("there are %d tenants", len(tenants))
	}
	return nil
}

// countProjects reads a list of two pages.
func countProjects(ctx context.Context, opts ...tenantkit.Option) error {
	server := keboolatest.NewServer(keboolatest.WithPageSize(2))
	defer server.Close()
	for range 3 {
		server.AddProject(keboolatest.Project{})
	}
	client, err := keboola.NewClient(server.BaseURL(), auth.StaticToken(keboolatest.DefaultToken), opts...)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	n := 0
	for _, err := range client.AllProjects(ctx) {
		if err != nil {
			return err
		}
		n++
	}
	if n != 3 {
		return errors.New("a project is missing")
	}
	return nil
}
