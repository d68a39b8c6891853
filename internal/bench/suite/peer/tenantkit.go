package peer

import (
	"context"
	"net/http"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/internal/bench/suite/payload"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/tenant/argo"
)

func tenantkitCalls(base string, transport http.RoundTripper) (Calls, error) {
	client := tenantkit.WithHTTPClient(&http.Client{Transport: transport})
	key := auth.StaticToken(Key)
	tenants, err := argo.NewClient(base+"/api/v2", key, client)
	if err != nil {
		return Calls{}, err
	}
	projects, err := keboola.NewClient(base, key, client)
	if err != nil {
		return Calls{}, err
	}
	sinks, err := autoid.NewClient(base, autoid.Credentials{APIKey: key}, client)
	if err != nil {
		return Calls{}, err
	}
	return Calls{
		Tenant: func(ctx context.Context) (any, error) { return tenants.GetTenant(ctx, payload.TenantID) },
		Tenants: func(ctx context.Context) (any, error) {
			list, err := tenants.ListTenants(ctx)
			return &list, err
		},
		Projects: func(ctx context.Context) (any, error) { return projects.ListProjects(ctx, nil) },
		Sinks: func(ctx context.Context) (any, error) {
			list, err := sinks.QuerySinks(ctx, nil)
			return &list, err
		},
	}, nil
}
