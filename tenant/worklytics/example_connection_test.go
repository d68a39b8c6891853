package worklytics_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

// asana is a connection to make examples of.
func asana() *worklytics.DataConnection {
	return &worklytics.DataConnection{
		IntegrationID: worklytics.IntegrationAsana,
		Settings:      worklytics.GCPProxy{Endpoint: "https://psoxy-asana-abc.a.run.app/"}.Settings(),
	}
}

// What is missing is told before anything is sent.
func ExampleClient_CreateDataConnection() {
	client, stop := fakeClient()
	defer stop()

	_, err := client.CreateDataConnection(context.Background(), &worklytics.DataConnection{
		IntegrationID: worklytics.IntegrationAsana,
		Settings:      worklytics.AWSProxy{Endpoint: "https://abcdefgh.lambda-url.us-east-1.on.aws/"}.Settings(),
	})
	var invalid *worklytics.InvalidConnectionError
	if errors.As(err, &invalid) {
		for _, problem := range invalid.Problems {
			fmt.Println(problem.Field, problem.Reason)
		}
	}
	fmt.Println(tenantkit.OutcomeOf(err))
	// Output:
	// settings.PROXY_AWS_REGION it is missing, and needed for a proxy in AWS
	// settings.PROXY_AWS_ROLE_ARN it is missing, and needed for a proxy in AWS
	// not sent
}

// The API has no list: a program keeps the IDs of its connections.
func ExampleClient_GetDataConnection() {
	client, stop := fakeClient()
	defer stop()
	ctx := context.Background()
	created, err := client.CreateDataConnection(ctx, asana())
	if err != nil {
		log.Fatal(err)
	}

	connection, err := client.GetDataConnection(ctx, created.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(connection.IntegrationID, connection.Settings[worklytics.SettingDeploymentKind])
	_, err = client.GetDataConnection(ctx, "1")
	fmt.Println("unknown:", errors.Is(err, tenantkit.ErrNotFound))
	// Output:
	// asana-psoxy GCP
	// unknown: true
}

// An update replaces the whole connection: read it, change it, and send all of it.
func ExampleClient_UpdateDataConnection() {
	client, stop := fakeClient()
	defer stop()
	ctx := context.Background()
	created, err := client.CreateDataConnection(ctx, asana())
	if err != nil {
		log.Fatal(err)
	}

	connection, err := client.GetDataConnection(ctx, created.ID)
	if err != nil {
		log.Fatal(err)
	}
	connection.Settings[worklytics.SettingEndpoint] = "https://psoxy-asana-xyz.a.run.app/"
	if err := connection.Validate(); err != nil {
		log.Fatal(err)
	}
	updated, err := client.UpdateDataConnection(ctx, connection)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(updated.Settings[worklytics.SettingEndpoint])
	// Output: https://psoxy-asana-xyz.a.run.app/
}

// A connection that is gone already is no failure of what was asked for.
func ExampleClient_DeleteDataConnection() {
	client, stop := fakeClient()
	defer stop()
	ctx := context.Background()
	created, err := client.CreateDataConnection(ctx, asana())
	if err != nil {
		log.Fatal(err)
	}

	for range 2 {
		err := client.DeleteDataConnection(ctx, created.ID)
		switch {
		case err == nil:
			fmt.Println("deleted")
		case errors.Is(err, tenantkit.ErrNotFound):
			fmt.Println("it was gone")
		default:
			log.Fatal(err)
		}
	}
	// Output:
	// deleted
	// it was gone
}

// Settings that hold for a proxy, and those of the integration beside them.
func ExampleAWSProxy_Settings() {
	settings := worklytics.AWSProxy{
		Region: "us-east-1", RoleARN: "arn:aws:iam::123456789012:role/PsoxyCaller", Bucket: "psoxy-hris-sanitized",
	}.Settings()
	settings[worklytics.SettingParserID] = "EMPLOYEE_SNAPSHOT"
	connection := &worklytics.DataConnection{IntegrationID: worklytics.IntegrationHRISImport, Settings: settings}
	fmt.Println(len(settings), "settings:", connection.Validate())
	// Output: 5 settings: <nil>
}

// A tenant whose API has the other path. A program has DefaultBaseURL and LegacyBaseURL for the
// two.
func ExampleNewClient_legacyBaseURL() {
	server := worklyticstest.NewServer(worklyticstest.WithLegacyPrefix())
	defer server.Close()
	tokens := auth.StaticToken(server.GoogleToken("ci@acme.iam.gserviceaccount.com", time.Hour))

	for _, baseURL := range []string{server.URL() + "/tenant", server.LegacyBaseURL()} {
		client, err := worklytics.NewClient(baseURL, worklyticstest.DefaultTenantID, tokens)
		if err != nil {
			log.Fatal(err)
		}
		_, err = client.CreateDataConnection(context.Background(), asana())
		fmt.Println("not found:", errors.Is(err, tenantkit.ErrNotFound))
		client.CloseIdleConnections()
	}
	// Output:
	// not found: true
	// not found: false
}
