package worklytics_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

// An endpoint that the package has no method for goes through the same pipeline.
func ExampleClient_Call() {
	client, server := fakeClientAndServer()
	defer server.Close()
	defer client.CloseIdleConnections()
	server.HandleFunc("GET /data-connections/{id}/health", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"connection":%q,"tenant":%q}`, r.PathValue("id"), r.Header.Get("X-Worklytics-Tenant-Id"))
	})

	health := tenantkit.Operation{Name: "GetHealth", Method: http.MethodGet, Path: "/data-connections/{id}/health", Class: tenantkit.Read}
	var got struct{ Connection, Tenant string }
	params := tenantkit.CallParams{Path: map[string]string{"id": "4818059952914432"}}
	if err := client.Call(context.Background(), health, params, &got); err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.Connection, got.Tenant == worklyticstest.DefaultTenantID)
	// Output: 4818059952914432 true
}

// A list of another endpoint, page by page.
func ExampleClient_CallPage() {
	client, server := fakeClientAndServer()
	defer server.Close()
	server.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("page") == "" {
			w.Header().Set("Link", `</tenant/events?page=2>; rel="next"`)
			fmt.Fprint(w, `{"events":["created","updated"]}`)
			return
		}
		fmt.Fprint(w, `{"events":["deleted"]}`)
	})
	ctx := context.Background()

	events := tenantkit.Operation{Name: "ListEvents", Method: http.MethodGet, Path: "/events", Class: tenantkit.Read}
	params := tenantkit.CallParams{Items: "events"}
	var page []string
	next, err := client.CallPage(ctx, events, params, &page)
	fmt.Println(page, next != "", err)
	for event, err := range tenantkit.Pages[string](ctx, client.CallPage, events, params) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(*event)
	}
	// Output:
	// [created updated] true <nil>
	// created
	// updated
	// deleted
}

// A client can be printed at any time. It shows no secret.
func ExampleClient_Format() {
	client, err := worklytics.NewClient(worklytics.DefaultBaseURL, worklyticstest.DefaultTenantID, auth.StaticToken("secret"))
	fmt.Println(client, err)
	// Output: worklytics.Client(https://intl.worklytics.co/tenant) <nil>
}

// The connections are as desired after each run, and the store keeps their IDs.
func ExampleClient_Reconcile() {
	client, server := fakeClientAndServer()
	defer server.Close()
	ctx := context.Background()
	store := coord.Memory() // of coord.Dir or a database, in a program

	desired := []worklytics.DesiredConnection{{
		Name: "asana", IntegrationID: worklytics.IntegrationAsana,
		Settings: worklytics.GCPProxy{Endpoint: "https://psoxy-asana-abc.a.run.app/"}.Settings(),
	}}
	run := func(options worklytics.ReconcileOptions) {
		changes, err := client.Reconcile(ctx, store, desired, options)
		if err != nil {
			log.Fatal(err)
		}
		for _, c := range changes.Connections {
			fmt.Println(c.Name, c.Action, c.ID, c.Done)
		}
	}
	run(worklytics.ReconcileOptions{DryRun: true})
	run(worklytics.ReconcileOptions{})
	desired[0].Settings[worklytics.SettingEndpoint] = "https://psoxy-asana-xyz.a.run.app/"
	run(worklytics.ReconcileOptions{})
	run(worklytics.ReconcileOptions{})
	// Output:
	// asana create  false
	// asana create 4818059952914432 true
	// asana update 4818059952914432 true
	// asana unchanged 4818059952914432 false
}

func fakeClientAndServer() (*worklytics.Client, *worklyticstest.Server) {
	server := worklyticstest.NewServer()
	tokens := auth.StaticToken(server.GoogleToken("ci@acme.iam.gserviceaccount.com", time.Hour))
	client, err := worklytics.NewClient(server.BaseURL(), worklyticstest.DefaultTenantID, tokens)
	if err != nil {
		log.Fatal(err)
	}
	return client, server
}
