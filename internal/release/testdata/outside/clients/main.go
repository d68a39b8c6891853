// The program clients is one of a user: it calls each of the five systems once, with a fake in its
// place.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, call := range []func(context.Context) error{worklyticsCall, argoCall, keboolaCall, autoidCall, infoworksCall} {
		if err := call(ctx); err != nil {
			log.Fatal(err)
		}
	}
}

func worklyticsCall(ctx context.Context) error {
	server := worklyticstest.NewServer()
	defer server.Close()
	tokens := auth.StaticToken(server.GoogleToken("ci@acme.iam.gserviceaccount.com", time.Hour))
	client, err := worklytics.NewClient(server.BaseURL(), worklyticstest.DefaultTenantID, tokens)
	if err != nil {
		return err
	}
	connection, err := client.CreateDataConnection(ctx, &worklytics.DataConnection{
		IntegrationID: worklytics.IntegrationAsana,
		Settings:      worklytics.GCPProxy{Endpoint: "https://psoxy-asana-abc.a.run.app/"}.Settings(),
	})
	if err != nil {
		return err
	}
	fmt.Println("worklytics:", connection.IntegrationID)
	return nil
}

func argoCall(ctx context.Context) error {
	server := argotest.NewServer()
	defer server.Close()
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
	if err != nil {
		return err
	}
	created, err := client.CreateTenant(ctx, &argo.Tenant{Info: argo.Info{Name: "acme", Email: "it@acme.example"}})
	if err != nil {
		return err
	}
	user, err := client.ProvisionUser(ctx, created.ID, &argo.User{Name: "ada", Email: "ada@acme.example", Roles: []argo.Role{argo.RoleAdmin}})
	if err != nil {
		return err
	}
	agent, _, _ := strings.Cut(server.Requests()[0].Header.Get("User-Agent"), " ")
	fmt.Println("argo:", user.Name, user.APIKey, agent)
	return nil
}

func keboolaCall(ctx context.Context) error {
	server := keboolatest.NewServer()
	defer server.Close()
	client, err := keboola.NewClient(server.BaseURL(), auth.StaticToken(keboolatest.DefaultToken))
	if err != nil {
		return err
	}
	server.Fail("CreateProject", keboolatest.Fault{ResetAfter: true})
	_, err = client.CreateProject(ctx, &keboola.NewProject{Name: "Trial", KeboolaToken: keboola.KeboolaTokenDemo})
	if err == nil {
		return errors.New("a lost response must be an error")
	}
	fmt.Println("keboola:", tenantkit.OutcomeOf(err))
	return nil
}

func autoidCall(ctx context.Context) error {
	server := autoidtest.NewServer()
	defer server.Close()
	server.AddAssignment("john.doe", "entitlement_1")
	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{APIKey: auth.StaticToken(autoidtest.DefaultAPIKey)})
	if err != nil {
		return err
	}
	err = client.UpdateAssignmentStatus(ctx, []autoid.AssignmentStatus{
		{User: "john.doe", Entitlements: []string{"entitlement_1"}, DatasinkStatus: autoid.Ack},
	})
	if err != nil {
		return err
	}
	fmt.Println("autoid:", server.AssignmentStatus("john.doe", "entitlement_1"))
	return nil
}

func infoworksCall(ctx context.Context) error {
	server := infoworkstest.NewServer(infoworkstest.WithUsers(infoworkstest.User{Email: "admin@infoworks.io"}))
	defer server.Close()
	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{RefreshToken: auth.StaticToken(server.RefreshToken("admin@infoworks.io"))})
	if err != nil {
		return err
	}
	token, err := client.TokenSource().Token(ctx)
	if err != nil {
		return err
	}
	valid, err := client.ValidateToken(ctx, token.Value)
	if err != nil {
		return err
	}
	fmt.Println("infoworks:", token.Value, valid)
	return nil
}
