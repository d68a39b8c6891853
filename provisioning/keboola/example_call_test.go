package keboola_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

// An endpoint that the client has no method for.
func ExampleClient_Call() {
	server := keboolatest.NewServer()
	defer server.Close()
	server.HandleFunc("GET /health/{component}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"component":%q,"status":"ok"}`, r.PathValue("component"))
	})
	client, err := keboola.NewClient(server.BaseURL(), auth.StaticToken(keboolatest.DefaultToken))
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()

	health := tenantkit.Operation{Name: "Health", Method: "GET", Path: "/health/{component}", Class: tenantkit.Read}
	var got struct{ Status string }
	params := tenantkit.CallParams{Path: map[string]string{"component": "gooddata"}}
	if err := client.Call(context.Background(), health, params, &got); err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.Status)
	// Output: ok
}

// A list with pages, page by page. The service links to the next page by the header Link.
func ExampleClient_CallPage() {
	server := keboolatest.NewServer()
	defer server.Close()
	server.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("page") == "" {
			w.Header().Set("Link", `</events?page=2>; rel="next"`)
			fmt.Fprint(w, `[{"id":"created"}]`)
			return
		}
		fmt.Fprint(w, `[{"id":"deleted"}]`)
	})
	client, err := keboola.NewClient(server.BaseURL(), auth.StaticToken(keboolatest.DefaultToken))
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()

	events := tenantkit.Operation{Name: "Events", Method: "GET", Path: "/events", Class: tenantkit.Read}
	var params tenantkit.CallParams
	for {
		var page []struct{ ID string }
		params.Next, err = client.CallPage(context.Background(), events, params, &page)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(page)
		if params.Next == "" {
			break
		}
	}
	// Output:
	// [{created}]
	// [{deleted}]
}
