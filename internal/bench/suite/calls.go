package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/tenantkit/tenantkit/internal/bench/suite/payload"
	"github.com/tenantkit/tenantkit/internal/bench/suite/peer"
)

// callsWork measures single calls of all contenders, in memory and over loopback.
func callsWork(ctx context.Context, r *report) error {
	server := httptest.NewServer(payload.Handler)
	defer server.Close()
	for _, work := range []struct {
		title, target string
		chart         string // the title in the chart, empty where it is not drawn
		transport     http.RoundTripper
		call          func(peer.Calls) func(context.Context) (any, error)
		reached       func(floor, ours sample, peers []sample) (bool, string)
	}{
		{"One ARGO tenant with users, in memory", "the floor's time, 8 allocations more; time at or below every peer", "One tenant with users", payload.Memory{},
			func(c peer.Calls) func(context.Context) (any, error) { return c.Tenant }, objectReached},
		{"One ARGO tenant with users, loopback", "", "", server.Client().Transport,
			func(c peer.Calls) func(context.Context) (any, error) { return c.Tenant }, nil},
		{"100 ARGO tenants, in memory", "0.75 x the floor's time, 0.9 x its allocations; time at or below every peer", "A list of 100 tenants", payload.Memory{},
			func(c peer.Calls) func(context.Context) (any, error) { return c.Tenants }, listReached},
		{"100 ARGO tenants, loopback", "0.75 x the floor's time, 0.9 x its allocations; time at or below every peer", "", server.Client().Transport,
			func(c peer.Calls) func(context.Context) (any, error) { return c.Tenants }, listReached},
		{"A Keboola page of 100 projects, in memory", "0.75 x the floor's time, 0.9 x its allocations; time at or below every peer", "", payload.Memory{},
			func(c peer.Calls) func(context.Context) (any, error) { return c.Projects }, listReached},
		{"100 data sinks, in memory", "0.75 x the floor's time, 0.9 x its allocations; time at or below every peer", "", payload.Memory{},
			func(c peer.Calls) func(context.Context) (any, error) { return c.Sinks }, listReached},
	} {
		var tasks []task
		for _, contender := range peer.All() {
			calls, err := contender.Open(server.URL, work.transport)
			if err != nil {
				return fmt.Errorf("%s: %w", contender.Name, err)
			}
			call := work.call(calls)
			tasks = append(tasks, task{contender.Name, func() error {
				_, err := call(ctx)
				return err
			}})
		}
		samples, err := interleave(r.rounds, r.slot, tasks)
		if err != nil {
			return fmt.Errorf("%s: %w", work.title, err)
		}
		floor, ours := better(samples[:peer.Hands]), samples[peer.Hands]
		table := table{title: work.title, note: floorNote, head: []string{"contender", "time", "x floor", "spread", "allocations", "x floor", "bytes"}}
		for _, s := range samples {
			table.add(s.name, s.time.Round(100*time.Nanosecond), ratio(s.time, floor.time), percent(s.spread), count(s.allocs), fmt.Sprintf("%.2f", s.allocs/floor.allocs), count(s.bytes))
		}
		r.tables = append(r.tables, table)
		if work.chart != "" {
			r.bars = append(r.bars, bars{work.chart, samples})
		}
		if work.reached != nil {
			ok, measured := work.reached(floor, ours, samples[peer.Hands+1:])
			r.check(work.title, work.target, measured, ok)
		}
	}
	return nil
}

const floorNote = "The floor is the better of the two calls by hand, for each figure."

// better returns the floor: the lower of each figure of the samples.
func better(samples []sample) sample {
	floor := samples[0]
	for _, s := range samples[1:] {
		floor.time, floor.allocs, floor.bytes = min(floor.time, s.time), min(floor.allocs, s.allocs), min(floor.bytes, s.bytes)
	}
	return floor
}

func objectReached(floor, ours sample, peers []sample) (bool, string) {
	best := fastest(peers)
	return ours.allocs <= floor.allocs+8.5 && ours.time <= floor.time && ours.time <= best.time,
		fmt.Sprintf("%s x the time, %+.0f allocations; %s x the fastest peer (%s)",
			ratio(ours.time, floor.time), ours.allocs-floor.allocs, ratio(ours.time, best.time), best.name)
}

func listReached(floor, ours sample, peers []sample) (bool, string) {
	best := fastest(peers)
	return float64(ours.time) <= 0.75*float64(floor.time) && ours.allocs <= 0.9*floor.allocs && ours.time <= best.time,
		fmt.Sprintf("%s x the time, %.2f x the allocations; %s x the fastest peer (%s)",
			ratio(ours.time, floor.time), ours.allocs/floor.allocs, ratio(ours.time, best.time), best.name)
}

func fastest(peers []sample) sample {
	return slices.MinFunc(peers, func(a, b sample) int { return cmp.Compare(a.time, b.time) })
}

func ratio(a, b time.Duration) string { return fmt.Sprintf("%.2f", float64(a)/float64(b)) }

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

func count(n float64) string { return fmt.Sprintf("%.0f", n) }
