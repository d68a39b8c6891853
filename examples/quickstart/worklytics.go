package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

// worklyticsTour manages a data connection on a fake of Worklytics' Tenant API, with ID tokens that
// end on the way.
func worklyticsTour(ctx context.Context, p *printer) error {
	var passed atomic.Int64 // time by which the server's clock is ahead
	server := worklyticstest.NewServer(worklyticstest.WithClock(func() time.Time { return time.Now().Add(time.Duration(passed.Load())) }))
	defer server.Close()

	fetched := 0
	tokens := auth.Cache(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
		fetched++ // one fetch at a time
		return auth.Token{Value: tenantkit.NewSecret(server.GoogleToken("ci@acme.iam.gserviceaccount.com", 15*time.Minute))}, nil
	}))
	client, err := worklytics.NewClient(server.BaseURL(), worklyticstest.DefaultTenantID, tokens)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	p.title("Worklytics, a fake at %s", server.BaseURL())

	connection := &worklytics.DataConnection{
		IntegrationID: worklytics.IntegrationGitHub,
		Settings: worklytics.AWSProxy{
			Endpoint: "https://abcdefgh.lambda-url.us-east-1.on.aws/psoxy-github/", Region: "us-east-1", RoleARN: "arn:aws:iam::123456789012:role/PsoxyCaller",
		}.Settings(),
	}
	if err := connection.Validate(); err != nil {
		p.done("a setting that this integration needs is missing, reported before anything is sent:")
		p.note("%v", err)
	}
	connection.Settings[worklytics.SettingGitHubOrganization] = "acme"
	if err := connection.Validate(); err != nil {
		return err
	}
	created, err := client.CreateDataConnection(ctx, connection)
	if err != nil {
		return err
	}
	p.done("created connection %s to %s", created.ID, created.IntegrationID)

	passed.Store(int64(20 * time.Minute))
	_, err = client.ModifyDataConnection(ctx, created.ID, func(c *worklytics.DataConnection) error {
		c.Settings[worklytics.SettingGitHubOrganization] = "acme-labs"
		return nil
	})
	if err != nil {
		return err
	}
	p.done("changed it 20 minutes later: the token had expired, was renewed, and the call retried (%d tokens in all)", fetched)

	if err := client.DeleteDataConnection(ctx, created.ID); err != nil {
		return err
	}
	p.done("deleted connection %s", created.ID)
	return nil
}
