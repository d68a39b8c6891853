package autoid_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

const exampleSink = "eaa19702-3806-4ee7-9466-91f0968699d9"

// fakeClient returns a client of a fake service, on which there is one sink. A program has a base URL, and sources of its credentials.
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

// One source of tokens for the data sink's client, and for any other call of the deployment.
func ExampleLogin() {
	server := autoidtest.NewServer()
	defer server.Close()

	tokens := autoid.Login(server.BaseURL(), autoidtest.DefaultUser, auth.StaticToken(autoidtest.DefaultPassword))
	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{Tokens: tokens, APIKey: auth.StaticToken(autoidtest.DefaultAPIKey)})
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()
	for _, name := range []string{"IIQ", "SailPoint"} {
		if err := client.CreateSink(context.Background(), &autoid.Sink{ID: autoid.NewSinkID(), Name: name}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(server.Applied("CreateSink"), "sinks created after", server.Applied("Login"), "log-in")

	token, err := tokens.Token(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Value, "serves for", time.Until(token.Expiry).Round(time.Hour))
	// Output:
	// 2 sinks created after 1 log-in
	// [redacted] serves for 12h0m0s
}

// A sink is made once, however often the program runs.
func ExampleClient_EnsureSink() {
	client, stop := fakeClient()
	defer stop()
	ctx := context.Background()

	sink := &autoid.Sink{ID: exampleSink, Name: "IIQ"}
	fmt.Println("the sink is there:", client.EnsureSink(ctx, sink))
	sink.Name = "another"
	fmt.Println("its id is taken:", errors.Is(client.EnsureSink(ctx, sink), tenantkit.ErrConflict))
	// Output:
	// the sink is there: <nil>
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
	for sink, err := range client.AllSinks(ctx) {
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
