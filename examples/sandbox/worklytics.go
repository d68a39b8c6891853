package main

import (
	"context"
	"net"
	"time"

	"github.com/tenantkit/tenantkit/tenant/worklytics"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

// tokenLife is how long the printed tokens serve: a day, where the real services give an hour or
// less.
const tokenLife = 24 * time.Hour

func startWorklytics(_ context.Context, listener net.Listener) (*system, error) {
	server := worklyticstest.NewServer(worklyticstest.WithListener(listener))
	calendar := server.Add(worklyticstest.DataConnection{
		IntegrationID: "gcal-psoxy",
		Settings: map[string]any{
			"PROXY_DEPLOYMENT_KIND": "GCP",
			"PROXY_ENDPOINT":        "https://us-central1-acme.cloudfunctions.net/psoxy-gcal",
		},
	})
	server.Add(worklyticstest.DataConnection{
		IntegrationID: "github-psoxy",
		Settings: map[string]any{
			"PROXY_DEPLOYMENT_KIND": "AWS",
			"PROXY_ENDPOINT":        "https://abcdefgh.lambda-url.us-east-1.on.aws/psoxy-github/",
			"PROXY_AWS_REGION":      "us-east-1",
			"PROXY_AWS_ROLE_ARN":    "arn:aws:iam::123456789012:role/PsoxyCaller",
			"GITHUB_ORGANIZATION":   "acme",
		},
	})

	const (
		settings  = `"settings":{"PROXY_DEPLOYMENT_KIND":"GCP","PROXY_ENDPOINT":"https://us-central1-acme.cloudfunctions.net/psoxy-`
		created   = `{"integrationId":"gmail-psoxy",` + settings + `gmail"}}`
		incorrect = `{"integrationId":"github-psoxy","settings":{"PROXY_DEPLOYMENT_KIND":"AWS"}}`
	)
	updated := `{"id":` + calendar + `,"integrationId":"gcal-psoxy",` + settings + `gcal-2"}}`
	connections := server.BaseURL() + "/data-connections"
	token := server.GoogleToken("sandbox@acme.iam.gserviceaccount.com", tokenLife)
	tenant := "x-worklytics-tenant-id: " + worklyticstest.DefaultTenantID
	headers := []string{"Authorization: Bearer " + token, tenant}
	s := &system{
		id: "worklytics", name: "Worklytics", about: "data connections of a tenant; the service has no list of them",
		fake: server, baseURL: server.BaseURL(),
		credentials: []credential{{"ID token, for a day", token}},
		commands: []command{
			{title: "get a data connection", method: "GET", url: connections + "/" + calendar, headers: headers, status: 200},
			{title: "create a data connection", method: "POST", url: connections, headers: headers, body: created, status: 200},
			{title: "change a data connection", method: "PUT", url: connections + "/" + calendar, headers: headers, body: updated, status: 200},
			{title: "an error: settings are missing", method: "POST", url: connections, headers: headers, body: incorrect, status: 400},
			{title: "an error: there is no such data connection", method: "GET", url: connections + "/1", headers: headers, status: 404},
			{title: "an error: no token", method: "GET", url: connections + "/" + calendar, headers: []string{tenant}, status: 401},
		},
	}
	for _, op := range worklytics.Operations() {
		s.operation(op.Name, op.Class.String())
	}
	s.holds = func() holdings {
		var h holdings
		for _, c := range server.DataConnections() {
			h.Items = append(h.Items, item{"connection", c.IntegrationID, c.ID})
		}
		h.Counts = []count{{len(h.Items), "data connection", "data connections"}}
		return h
	}
	s.secrets = func() []string { return nil }
	return s, nil
}
