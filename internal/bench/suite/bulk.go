package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/internal/bench/suite/payload"
	"github.com/tenantkit/tenantkit/internal/bench/suite/peer"
)

const (
	batchItems  = 500
	oneByOne    = 1000 // items that are sent one by one: a million would take more than an hour
	serviceWait = 5 * time.Millisecond
)

// bulkWork measures the acknowledgement of assignments at a service that takes 5 ms a call.
func bulkWork(ctx context.Context, r *report) error {
	sizes := []int{20_000, 200_000}
	if r.full {
		sizes = []int{10_000, 100_000, 1_000_000}
	}
	var set atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			http.Error(w, "the body cannot be read", http.StatusBadRequest)
			return
		}
		time.Sleep(serviceWait)
		set.Add(int64(payload.CountStatuses(body)))
		// A client that went away is the client's matter.
		_, _ = io.WriteString(w, "ok")
	}))
	defer server.Close()
	client, err := autoid.NewClient(server.URL, autoid.Credentials{APIKey: auth.StaticToken(peer.Key)}, tenantkit.WithHTTPClient(server.Client()))
	if err != nil {
		return err
	}
	ours := func(n, parallel int) func() error {
		return func() error {
			result, err := client.AcknowledgeAssignments(ctx, assignments(n), autoid.BulkOptions{BatchItems: batchItems, Parallel: parallel})
			if err != nil {
				return err
			}
			return counted(int(result.Done), n)
		}
	}
	details := table{
		title: "Acknowledgements, 5 ms a call", head: []string{"items", "contender", "time", "x serial batches", "peak heap, service included"},
		note: fmt.Sprintf("Batches are of %d. The time of one call per item is that of %d items, multiplied.", batchItems, oneByOne),
	}
	var share, first, last float64
	for _, n := range sizes {
		var serial time.Duration
		for _, task := range []struct {
			name  string
			items int
			run   func() error
		}{
			{"batches by hand, serial", n, func() error { return batchesByHand(ctx, server, n, batchItems) }},
			{"one call per item, by hand", oneByOne, func() error { return batchesByHand(ctx, server, oneByOne, 1) }},
			{"tenantkit, 1 in flight", n, ours(n, 1)},
			{"tenantkit, 4 in flight", n, ours(n, 4)},
		} {
			set.Store(0)
			start := time.Now()
			peak, err := peakHeap(task.run)
			took := time.Since(start) * time.Duration(n/task.items)
			if err != nil {
				return &taskError{task.name, err}
			}
			if err := counted(int(set.Load()), task.items); err != nil {
				return &taskError{task.name + ", as the service counts", err}
			}
			if serial == 0 {
				serial = took
			}
			if task.name == "tenantkit, 4 in flight" {
				share, last = float64(took)/float64(serial), float64(peak)
				if first == 0 {
					first = last
				}
			}
			details.add(n, task.name, took.Round(time.Millisecond), ratio(took, serial), mebibytes(float64(peak)))
		}
	}
	r.tables = append(r.tables, details)
	most := sizes[len(sizes)-1]
	// What the collector leaves lying differs by as much from run to run.
	r.check(fmt.Sprintf("%d acknowledgements", most), "memory constant; 0.5 x serial batches' time with 4 in flight",
		fmt.Sprintf("%s at the peak, %s for %d; %.2f x the time", mebibytes(last), mebibytes(first), sizes[0], share), share <= 0.5 && last <= first+8<<20)
	return nil
}

func assignments(n int) iter.Seq[autoid.AssignmentStatus] {
	return func(yield func(autoid.AssignmentStatus) bool) {
		for i := range n {
			if !yield(autoid.AssignmentStatus{User: fmt.Sprintf("user-%d", i), Entitlements: []string{"CN=Payroll"}, DatasinkStatus: autoid.Ack}) {
				return
			}
		}
	}
}

func batchesByHand(ctx context.Context, server *httptest.Server, n, size int) error {
	batch := make([]autoid.AssignmentStatus, 0, size)
	send := func() error {
		body, err := json.Marshal(map[string]any{"assignments": batch})
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+payload.StatusPath, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Api-Key", peer.Key)
		resp, err := server.Client().Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("the service answers %s", resp.Status)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	for item := range assignments(n) {
		if batch = append(batch, item); len(batch) == size {
			if err := send(); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if len(batch) > 0 {
		return send()
	}
	return nil
}
