package autoid_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

// The credentials come from wherever they are kept; here from a fake of the service.
func Example() {
	server := autoidtest.NewServer()
	defer server.Close()
	ctx := context.Background()

	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{
		User: autoidtest.DefaultUser, Password: auth.StaticToken(autoidtest.DefaultPassword),
		APIKey: auth.StaticToken(autoidtest.DefaultAPIKey),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	sink := &autoid.Sink{ID: "eaa19702-3806-4ee7-9466-91f0968699d9", Name: "IIQ"}
	if err := sink.SetConfig(map[string]any{"host": "iiq.example.com", "port": 8443}); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := client.EnsureSink(ctx, sink); err != nil {
		fmt.Println(err)
		return
	}
	err = client.UpdateAssignmentStatus(ctx, []autoid.AssignmentStatus{
		{User: "john.doe", Entitlements: []string{"entitlement_1"}, DatasinkStatus: autoid.Ack},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = client.UpdateTimestamps(ctx, sink.ID, autoid.Timestamps{Certify: time.Date(2021, 11, 19, 10, 1, 19, 937e6, time.UTC)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for sink, err := range client.AllSinks(ctx, nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(sink.Name, string(sink.Config), sink.Timestamps.Certify)
	}
	fmt.Println(server.AssignmentStatus("john.doe", "entitlement_1"))
	// Output:
	// IIQ {"host":"iiq.example.com","port":8443} 2021-11-19 10:01:19.937 +0000 UTC
	// ack
}

// Sinks that certified something in a span of time.
func ExampleClient_QuerySinks() {
	server := autoidtest.NewServer()
	defer server.Close()
	server.AddSinks(
		autoidtest.Sink{ID: "1", Name: "IIQ", CertifyTimestamp: "2021-11-19T11:01:19.937Z"},
		autoidtest.Sink{ID: "2", Name: "IIQ", CertifyTimestamp: "2021-11-21T11:01:19.937Z"},
	)
	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{APIKey: auth.StaticToken(autoidtest.DefaultAPIKey)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	since := time.Date(2021, 11, 19, 0, 0, 0, 0, time.UTC)
	sinks, err := client.QuerySinks(context.Background(), &autoid.SinkFilter{
		Name:    "IIQ",
		Certify: autoid.Threshold{Lower: autoid.GT(since), Upper: autoid.LTE(since.AddDate(0, 0, 1))},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, sink := range sinks {
		fmt.Println(sink.ID)
	}
	// Output: 1
}

// A long run that goes on where it was stopped, and names what the service refuses.
func ExampleClient_AcknowledgeAssignments() {
	server := autoidtest.NewServer(autoidtest.WithUnknownDecisionsRefused())
	defer server.Close()
	for i := range 1000 {
		if i != 77 {
			server.AddAssignment(fmt.Sprint("user-", i), "entitlement_1")
		}
	}
	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{APIKey: auth.StaticToken(autoidtest.DefaultAPIKey)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	directory, err := os.MkdirTemp("", "datasink")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(directory)

	decisions := func(yield func(autoid.AssignmentStatus) bool) {
		for i := range 1000 {
			decision := autoid.AssignmentStatus{User: fmt.Sprint("user-", i), Entitlements: []string{"entitlement_1"}, DatasinkStatus: autoid.Ack}
			if !yield(decision) {
				return
			}
		}
	}
	options := autoid.BulkOptions{
		BatchItems: 100,
		Checkpoint: autoid.FileCheckpoint(filepath.Join(directory, "decisions.checkpoint")),
		Refused: func(r autoid.BulkRefusal) {
			fmt.Println("refused:", r.Item.(autoid.AssignmentStatus).User)
		},
	}
	result, err := client.AcknowledgeAssignments(context.Background(), decisions, options)
	var failed *autoid.BulkError
	fmt.Println(result.Done, "done;", errors.As(err, &failed))

	// Another run over the same decisions has nothing to do.
	result, err = client.AcknowledgeAssignments(context.Background(), decisions, options)
	fmt.Println(result.Skipped, "skipped;", err)
	// Output:
	// refused: user-77
	// 999 done; true
	// 1000 skipped; <nil>
}
