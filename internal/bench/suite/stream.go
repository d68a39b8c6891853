package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/bench/suite/payload"
	"github.com/tenantkit/tenantkit/internal/bench/suite/peer"
	"github.com/tenantkit/tenantkit/tenant/argo"
)

// streaming answers each request with n tenants.
type streaming int

func (n streaming) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}},
		Body: payload.TenantStream(int(n)), ContentLength: -1, Request: req,
	}, nil
}

const streamBase = "http://127.0.0.1"

// streamWork measures the reading of long lists.
func streamWork(ctx context.Context, r *report) error {
	details := table{title: "Tenants in one answer, read one by one", head: []string{"tenants", "contender", "peak heap", "time", "x ReadAll's heap", "x ReadAll's time"}}
	for _, n := range []int{1_000, 10_000, 100_000} {
		tasks := []task{
			{"by hand (ReadAll)", func() error { return readAllTenants(ctx, n) }},
			{"by hand (json.Decoder tokens)", func() error { return tokenTenants(ctx, n) }},
			{"tenantkit AllTenants", func() error { return ourTenants(ctx, n) }},
		}
		rounds := 3
		if n < 100_000 {
			rounds = 9
		}
		heaps, times := make([][]float64, len(tasks)), make([][]float64, len(tasks))
		for round := range rounds {
			for i := range tasks {
				at := (i + round) % len(tasks)
				start := clock()
				peak, err := peakHeap(tasks[at].run)
				if err != nil {
					return &taskError{tasks[at].name, err}
				}
				times[at] = append(times[at], float64(clock()-start))
				heaps[at] = append(heaps[at], float64(peak))
			}
		}
		for i, task := range tasks {
			details.add(n, task.name, mebibytes(median(heaps[i])), time.Duration(median(times[i])).Round(time.Millisecond),
				fmt.Sprintf("%.3f", median(heaps[i])/median(heaps[0])), fmt.Sprintf("%.2f", median(times[i])/median(times[0])))
		}
		if n == 100_000 {
			heap, took, tokens := median(heaps[2])/median(heaps[0]), median(times[2])/median(times[0]), median(times[2])/median(times[1])
			r.check("100 000 tenants streamed", "1/80 of ReadAll's peak heap, 0.6 x the time of the token loop",
				fmt.Sprintf("1/%.0f of the heap; %.2f x ReadAll's time, %.2f x the token loop's", 1/heap, took, tokens), heap <= 1.0/80 && tokens <= 0.6)
		}
	}
	r.tables = append(r.tables, details)
	return nil
}

func mebibytes(n float64) string { return fmt.Sprintf("%.1f MiB", n/(1<<20)) }

func open(ctx context.Context, n int) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, streamBase+payload.TenantsPath, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Api-Key", peer.Key)
	resp, err := (&http.Client{Transport: streaming(n)}).Do(req)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

func readAllTenants(ctx context.Context, n int) error {
	body, err := open(ctx, n)
	if err != nil {
		return err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	var answer payload.Tenants
	if err := json.Unmarshal(text, &answer); err != nil {
		return err
	}
	return counted(len(answer.Data), n)
}

func tokenTenants(ctx context.Context, n int) error {
	body, err := open(ctx, n)
	if err != nil {
		return err
	}
	defer body.Close()
	decoder := json.NewDecoder(body)
	for {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		if token == "data" {
			break
		}
	}
	if _, err := decoder.Token(); err != nil {
		return err
	}
	got := 0
	for decoder.More() {
		var tenant payload.Tenant
		if err := decoder.Decode(&tenant); err != nil {
			return err
		}
		got++
	}
	if _, err := io.Copy(io.Discard, body); err != nil {
		return err
	}
	return counted(got, n)
}

func ourTenants(ctx context.Context, n int) error {
	client, err := argo.NewClient(streamBase+"/api/v2", auth.StaticToken(peer.Key), tenantkit.WithHTTPClient(&http.Client{Transport: streaming(n)}))
	if err != nil {
		return err
	}
	got := 0
	for _, err := range client.AllTenants(ctx) {
		if err != nil {
			return err
		}
		got++
	}
	return counted(got, n)
}

func counted(got, want int) error {
	if got != want {
		return fmt.Errorf("%d in place of %d", got, want)
	}
	return nil
}
