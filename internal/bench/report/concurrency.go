package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/bench/payload"
	"github.com/tenantkit/tenantkit/internal/bench/peer"
)

// concurrencyWork measures many goroutines on one client.
func concurrencyWork(ctx context.Context, r *report) error {
	details := table{
		title: "Goroutines on one client, one tenant with users by loopback",
		head:  []string{"goroutines", "contender", "calls a second", "x floor", "connections", "waits for locks, per call", "of that tenantkit's own"},
		note:  "The floor's transport keeps as many connections as there are goroutines; ours is the one that clients have by default, with 128 at most.",
	}
	defer runtime.SetMutexProfileFraction(runtime.SetMutexProfileFraction(1))
	floor, ours := peer.All()[0], peer.All()[1]
	worst := 1e9
	own := 0.0
	for _, goroutines := range []int{1, 8, 64, 512} {
		rates := make([][]float64, 2)
		var connections [2]int64
		var locks [2]waits
		for round := range r.rounds/2 + 1 {
			for i := range 2 {
				at := (i + round) % 2
				contender, transport := floor, &http.Transport{MaxIdleConns: goroutines, MaxIdleConnsPerHost: goroutines}
				if at == 1 {
					contender, transport = ours, tenantkit.NewTransport()
				}
				server := newCounter(payload.Handler)
				calls, err := contender.Open(server.URL, transport)
				if err != nil {
					return &taskError{contender.Name, err}
				}
				before, profileBefore := contention(), profiled()
				rate, err := flood(ctx, goroutines, 3*r.slot, calls.Tenant)
				if err != nil {
					return &taskError{contender.Name, err}
				}
				after, profileAfter := contention(), profiled()
				transport.CloseIdleConnections()
				server.Close()
				rates[at] = append(rates[at], rate)
				connections[at] = max(connections[at], server.opened.Load())
				perCall := (after.all - before.all) / (rate * (3 * r.slot).Seconds())
				locks[at].all += perCall
				if cycles := profileAfter.all - profileBefore.all; cycles > 0 {
					locks[at].own += perCall * (profileAfter.own - profileBefore.own) / cycles
				}
			}
		}
		rounds := float64(r.rounds/2 + 1)
		for i, name := range []string{floor.Name, ours.Name} {
			details.add(goroutines, name, count(median(rates[i])), fmt.Sprintf("%.2f", median(rates[i])/median(rates[0])), connections[i],
				time.Duration(locks[i].all/rounds*1e9).Round(10*time.Nanosecond), time.Duration(locks[i].own/rounds*1e9).Round(time.Nanosecond))
		}
		worst = min(worst, median(rates[1])/median(rates[0]))
		own = max(own, locks[1].own/rounds)
	}
	r.tables = append(r.tables, details)
	r.check("1 to 512 goroutines on one client", "throughput of the floor, no lock of ours in the way",
		fmt.Sprintf("%.2f x the floor's at the least; %v per call in locks of ours", worst, time.Duration(own*1e9).Round(time.Nanosecond)), worst >= 0.9 && own < 1e-6)
	return nil
}

// flood calls from many goroutines for a while, and returns how many calls were made in a second.
func flood(ctx context.Context, goroutines int, limit time.Duration, call func(context.Context) (any, error)) (float64, error) {
	var all sync.WaitGroup
	counts, errs := make([]int, goroutines), make([]error, goroutines)
	start := time.Now()
	for i := range goroutines {
		all.Go(func() {
			for time.Since(start) < limit && errs[i] == nil {
				_, errs[i] = call(ctx)
				counts[i]++
			}
		})
	}
	all.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / time.Since(start).Seconds(), errors.Join(errs...)
}

// waits are seconds that goroutines waited for locks: for all, and for those that code of this module held.
type waits struct{ all, own float64 }

// contention reads the time of all waits, and by the mutex profile the share of those for locks of this module.
func contention() waits {
	read := []metrics.Sample{{Name: "/sync/mutex/wait/total:seconds"}}
	metrics.Read(read)
	return waits{all: read[0].Value.Float64()}
}

// profiled returns the cycles in the mutex profile: all of them, and those of locks that code of this module held.
func profiled() waits {
	records := make([]runtime.BlockProfileRecord, 1024)
	for {
		n, ok := runtime.MutexProfile(records)
		if ok {
			records = records[:n]
			break
		}
		records = make([]runtime.BlockProfileRecord, 2*n)
	}
	var w waits
	for _, record := range records {
		w.all += float64(record.Cycles)
		if strings.HasPrefix(holder(record.Stack()), "github.com/tenantkit/tenantkit") {
			w.own += float64(record.Cycles)
		}
	}
	return w
}

// holder returns the function that held the lock: the first on the stack that is no part of the locks themselves. Locks inside the
// runtime, of its memory and timers, have no holder.
func holder(stack []uintptr) string {
	frames := runtime.CallersFrames(stack)
	for {
		frame, more := frames.Next()
		switch {
		case strings.HasPrefix(frame.Function, "runtime."):
			return ""
		case !strings.HasPrefix(frame.Function, "sync.") && !strings.HasPrefix(frame.Function, "internal/sync."):
			return frame.Function
		case !more:
			return ""
		}
	}
}
