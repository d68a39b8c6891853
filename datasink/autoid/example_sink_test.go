package autoid_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

const exampleSink = "eaa19702-3806-4ee7-9466-91f0968699d9"

// fakeClient returns a client of a fake service, on which there is one sink. A program has a base
// URL, and sources of its credentials.
func fakeClient() (*autoid.Client, func()) {
	server := autoidtest.NewServer()
	server.AddSinks(autoidtest.Sink{ID: exampleSink, Name: "IIQ", Config: json.RawMessage(`{"host":"iiq.example.com","port":8443}`)})
	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{
		Tokens: auth.StaticToken(autoidtest.DefaultToken), APIKey: auth.StaticToken(autoidtest.DefaultAPIKey),
	})
	if err != nil {
		log.Fatal(err)
	}
	return client, func() {
		client.CloseIdleConnections()
		server.Close()
	}
}

// An endpoint that the client has no method for.
func ExampleClient_Call() {
	server := autoidtest.NewServer()
	defer server.Close()
	server.HandleFunc("GET /api/version", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"version":"2022.11.12"}`)
	})
	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{APIKey: auth.StaticToken(autoidtest.DefaultAPIKey)})
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()

	var got struct{ Version string }
	version := tenantkit.Operation{Name: "Version", Method: "GET", Path: "/api/version", Class: tenantkit.Read}
	if err := client.Call(context.Background(), version, tenantkit.CallParams{}, &got); err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.Version)
	// Output: 2022.11.12
}

// A list that the deployment returns in pages.
func ExampleClient_CallPage() {
	server := autoidtest.NewServer()
	defer server.Close()
	server.HandleFunc("GET /api/jobs", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("page") == "" {
			w.Header().Set("Link", `</api/jobs?page=2>; rel="next"`)
			fmt.Fprint(w, `[{"name":"analytics"}]`)
			return
		}
		fmt.Fprint(w, `[{"name":"publish"}]`)
	})
	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{APIKey: auth.StaticToken(autoidtest.DefaultAPIKey)})
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()

	type job struct{ Name string }
	jobs := tenantkit.Operation{Name: "Jobs", Method: "GET", Path: "/api/jobs", Class: tenantkit.Read}
	for j, err := range tenantkit.Pages[job](context.Background(), client.CallPage, jobs, tenantkit.CallParams{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(j.Name)
	}
	// Output:
	// analytics
	// publish
}

// A new sink. The client logs in for it.
func ExampleClient_CreateSink() {
	server := autoidtest.NewServer()
	defer server.Close()
	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{
		User: autoidtest.DefaultUser, Password: auth.StaticToken(autoidtest.DefaultPassword),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()

	for _, name := range []string{"IIQ", "SailPoint"} {
		sink := &autoid.Sink{ID: autoid.NewSinkID(), Name: name}
		if err := client.CreateSink(context.Background(), sink); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(len(server.Sinks()), "sinks after", server.Applied("Login"), "log-in")
	// Output: 2 sinks after 1 log-in
}

// A sink is made once, however often the program runs.
func ExampleClient_EnsureSink() {
	client, stop := fakeClient()
	defer stop()
	ctx := context.Background()

	sink := &autoid.Sink{ID: exampleSink, Name: "IIQ"}
	ensured, err := client.EnsureSink(ctx, sink)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the sink is there:", ensured.Name)
	sink.Name = "another"
	_, err = client.EnsureSink(ctx, sink)
	fmt.Println("its id is taken:", errors.Is(err, tenantkit.ErrConflict))
	// Output:
	// the sink is there: IIQ
	// its id is taken: true
}

// A sink is read, changed, and sent as a whole.
func ExampleClient_UpdateSink() {
	client, stop := fakeClient()
	defer stop()
	ctx := context.Background()

	sinks, err := client.QuerySinks(ctx, &autoid.SinkFilter{ID: exampleSink})
	if err != nil {
		log.Fatal(err)
	}
	var config struct {
		Host string `json:"host"`
		Port int    `json:"port"`
	}
	if err := sinks[0].DecodeConfig(&config); err != nil {
		log.Fatal(err)
	}
	config.Port = 443
	if err := sinks[0].SetConfig(config); err != nil {
		log.Fatal(err)
	}
	if err := client.UpdateSink(ctx, &sinks[0]); err != nil {
		log.Fatal(err)
	}
	for sink, err := range client.AllSinks(ctx, nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(sink.Name, string(sink.Config))
	}
	// Output: IIQ {"host":"iiq.example.com","port":443}
}

// A sink that is gone already is no failure of what was asked for.
func ExampleClient_DeleteSink() {
	client, stop := fakeClient()
	defer stop()

	for range 2 {
		err := client.DeleteSink(context.Background(), exampleSink)
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

// What a connector did, and when it did so, are kept with its sink.
func ExampleClient_UpdateLogs() {
	client, stop := fakeClient()
	defer stop()
	ctx := context.Background()

	type entry struct {
		Level   string `json:"level"`
		Message string `json:"message"`
	}
	err := client.UpdateLogs(ctx, exampleSink, map[string]any{"logs": []entry{{"info", "12 accounts provisioned"}}})
	if err != nil {
		log.Fatal(err)
	}
	err = client.UpdateTimestamps(ctx, exampleSink, autoid.Timestamps{AutoRequest: time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)})
	if err != nil {
		log.Fatal(err)
	}
	sinks, err := client.QueryLogs(ctx, &autoid.LogFilter{Name: "IIQ"})
	if err != nil {
		log.Fatal(err)
	}
	entries, ok := sinks[0].LogEntries()
	fmt.Printf("%t %s\n", ok, entries)
	// Output: true [{"level":"info","message":"12 accounts provisioned"}]
}
