package worklytics_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

// fakeClient returns a client of a fake service. A program has worklytics.DefaultBaseURL, the ID of
// its tenant, and a token source.
func fakeClient() (*worklytics.Client, func()) {
	client, server := fakeClientAndServer()
	return client, server.Close
}

func Example() {
	client, stop := fakeClient()
	defer stop()
	ctx := context.Background()

	connection := &worklytics.DataConnection{
		IntegrationID: "gcal-psoxy",
		Settings: worklytics.AWSProxy{
			Endpoint: "https://abcdefgh.lambda-url.us-east-1.on.aws/",
			Region:   "us-east-1",
			RoleARN:  "arn:aws:iam::123456789012:role/PsoxyCaller",
		}.Settings(),
	}
	connection.Settings[worklytics.SettingAdminToImpersonate] = "admin@acme.example"
	created, err := client.CreateDataConnection(ctx, connection)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(created.ID, created.IntegrationID)
	// Output: 4818059952914432 gcal-psoxy
}

// A part is changed, and the rest stays as it is, also what this package does not know.
func ExampleClient_ModifyDataConnection() {
	client, stop := fakeClient()
	defer stop()
	ctx := context.Background()
	created, err := client.CreateDataConnection(ctx, &worklytics.DataConnection{
		IntegrationID: worklytics.IntegrationAsana,
		Settings:      worklytics.GCPProxy{Endpoint: "https://psoxy-asana-abc.a.run.app/"}.Settings(),
	})
	if err != nil {
		log.Fatal(err)
	}

	modified, err := client.ModifyDataConnection(ctx, created.ID, func(c *worklytics.DataConnection) error {
		c.Settings[worklytics.SettingEndpoint] = "https://psoxy-asana-xyz.a.run.app/"
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(modified.Settings[worklytics.SettingEndpoint])
	// Output: https://psoxy-asana-xyz.a.run.app/
}

// All that is wrong is told at once.
func ExampleDataConnection_Validate() {
	connection := &worklytics.DataConnection{
		IntegrationID: worklytics.IntegrationGitHub,
		Settings: map[string]string{
			"PROXY_DEPLOYMENT_KIND": "AWS",
			"PROXY_ENDPOINT":        "https://abcdefgh.lambda-url.us-east-1.on.aws/",
			"PROXY_AWS_REGION":      "eu-west-1",
			"github_organization":   "acme",
		},
	}
	var invalid *worklytics.InvalidConnectionError
	if errors.As(connection.Validate(), &invalid) {
		for _, problem := range invalid.Problems {
			fmt.Println(problem.Field + ": " + problem.Reason)
		}
	}
	// Output:
	// settings.PROXY_AWS_ROLE_ARN: it is missing, and needed for a proxy in AWS
	// settings.github_organization: it is misspelled: the key is GITHUB_ORGANIZATION, and letter case counts
	// settings.PROXY_ENDPOINT: its host is in us-east-1, which contradicts PROXY_AWS_REGION, which is eu-west-1
}

func ExampleIntegrations() {
	for _, integration := range worklytics.Integrations() {
		if integration.Shape == worklytics.ShapeAsyncAPI {
			fmt.Println(integration.Title, integration.RequiredSettings(worklytics.DeploymentGCP))
		}
	}
	// Output:
	// ChatGPT Enterprise [PROXY_DEPLOYMENT_KIND PROXY_ENDPOINT PROXY_BUCKET_NAME WORKSPACE_ID]
	// Slack Analytics [PROXY_DEPLOYMENT_KIND PROXY_ENDPOINT PROXY_BUCKET_NAME]
}

func ExampleConnectURL() {
	link, err := worklytics.ConnectURL(worklytics.DefaultHost, &worklytics.DataConnection{
		IntegrationID: worklytics.IntegrationAsana,
		Settings:      worklytics.GCPProxy{Endpoint: "https://psoxy-asana-abc.a.run.app/"}.Settings(),
	})
	fmt.Println(link, err)
	// Output: https://intl.worklytics.co/analytics/connect/asana-psoxy/settings?PROXY_DEPLOYMENT_KIND=GCP&PROXY_ENDPOINT=https%3A%2F%2Fpsoxy-asana-abc.a.run.app%2F <nil>
}

// patch sends updates with the method PATCH.
type patch struct{ http.RoundTripper }

func (p patch) RoundTrip(req *http.Request) (*http.Response, error) {
	if op, _ := tenantkit.OperationFromContext(req.Context()); op.Name == "UpdateDataConnection" {
		req = req.Clone(req.Context())
		req.Method = http.MethodPatch
	}
	return p.RoundTripper.RoundTrip(req)
}

// The method of an update is not published. Should the service want another than PUT, a middleware
// can change it.
func ExampleClient_UpdateDataConnection_otherMethod() {
	server := worklyticstest.NewServer()
	defer server.Close()
	client, err := worklytics.NewClient(server.BaseURL(), worklyticstest.DefaultTenantID, auth.StaticToken("x"),
		tenantkit.WithTransport(func(next http.RoundTripper) http.RoundTripper { return patch{next} }))
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.UpdateDataConnection(context.Background(), &worklytics.DataConnection{
		ID: "4818059952914432", NumericID: true, IntegrationID: worklytics.IntegrationAsana,
		Settings: worklytics.GCPProxy{Endpoint: "https://psoxy-asana-abc.a.run.app/"}.Settings(),
	})
	fmt.Println(server.Requests()[0].Method, errors.Is(err, tenantkit.ErrNotFound)) // The fake knows PUT only.
	// Output: PATCH true
}

// The calls of the package as data, for a table or a check of what a program may do.
func ExampleOperations() {
	for _, operation := range worklytics.Operations() {
		fmt.Println(operation.Name, operation.Method, operation.Path, "-", operation.Class)
	}
	// Output:
	// CreateDataConnection POST /data-connections - write
	// GetDataConnection GET /data-connections/{id} - read
	// UpdateDataConnection PUT /data-connections/{id} - idempotent write
	// DeleteDataConnection DELETE /data-connections/{id} - idempotent write
}
