package autoid_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

// A million acknowledgements to a service that takes 5 ms for each call, one hand-written batch
// after the other, and with 1 and 4 requests at a time. Run it with -benchtime=1x.
func BenchmarkMillionAcknowledgements(b *testing.B) {
	const n = 1_000_000
	const size = 500
	server := autoidtest.NewServer(autoidtest.WithCountsOnly())
	defer server.Close()
	server.Fail("UpdateAssignmentStatus", autoidtest.Fault{Times: -1, Delay: 5 * time.Millisecond})
	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{APIKey: auth.StaticToken(autoidtest.DefaultAPIKey)}, tenantkit.WithHTTPClient(server.Client()))
	if err != nil {
		b.Fatal(err)
	}
	bulk := func(parallel int) func() error {
		return func() error {
			_, err := client.AcknowledgeAssignments(b.Context(), users(n), autoid.BulkOptions{BatchItems: size, Parallel: parallel})
			return err
		}
	}
	for _, contender := range []struct {
		name string
		run  func() error
	}{
		{"batches by hand", func() error {
			next := make([]autoid.AssignmentStatus, 0, size)
			for item := range users(n) {
				if next = append(next, item); len(next) == size {
					if err := client.UpdateAssignmentStatus(b.Context(), next); err != nil {
						return err
					}
					next = next[:0]
				}
			}
			return nil
		}},
		{"1 at a time", bulk(1)},
		{"4 at a time", bulk(4)},
	} {
		b.Run(contender.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				before := server.StatusesSet()
				peak := watchHeap(b.Context())
				if err := contender.run(); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(peak())/(1<<20), "peak-MiB")
				if got := server.StatusesSet() - before; got != n {
					b.Fatalf("%d statuses were set", got)
				}
			}
		})
	}
}

// watchHeap measures the heap of the program, the fake service included, until the returned
// function is called.
func watchHeap(ctx context.Context) (peak func() uint64) {
	var most atomic.Uint64
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			most.Store(max(most.Load(), memory.HeapAlloc))
			select {
			case <-ctx.Done():
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return func() uint64 {
		cancel()
		<-done
		return most.Load()
	}
}

// What a batch costs beside the calls.
func BenchmarkAcknowledge(b *testing.B) {
	items := slices.Collect(users(100_000))
	for _, parallel := range []int{1, 4} {
		b.Run(fmt.Sprint(parallel), func(b *testing.B) {
			client, err := autoid.NewClient(base, both, transport(roundTrip(accept)))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.AcknowledgeAssignments(b.Context(), slices.Values(items), autoid.BulkOptions{Parallel: parallel}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(items)), "ns/item")
		})
	}
}

func BenchmarkQuerySinks(b *testing.B) {
	sinks := make([]string, 100)
	for i := range sinks {
		sinks[i] = fmt.Sprintf(`{"id":"b72c15b7-7dcb-44ac-b1d3-%012d","name":"IIQ %[1]d","config":{"host":"iiq.example.org","port":8443},`+
			`"certifyTimestamp":"2026-11-19T11:01:19.937Z","autoRequestTimestamp":"2026-10-01T10:01:19.937Z"}`, i)
	}
	text := "[" + strings.Join(sinks, ",") + "]"
	client, err := autoid.NewClient(base, both, transport(roundTrip(func(req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(text)), ContentLength: -1, Request: req,
		}, nil
	})))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if sinks, err := client.QuerySinks(b.Context(), nil); err != nil || len(sinks) != 100 {
			b.Fatal(len(sinks), err)
		}
	}
}
