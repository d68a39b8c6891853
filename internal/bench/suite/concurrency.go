package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/bench/suite/payload"
	"github.com/tenantkit/tenantkit/internal/bench/suite/peer"
)

// concurrencyWork measures many goroutines on one client.
func concurrencyWork(ctx context.Context, r *report) error {
	details := table{
		title: "Goroutines on one client, one tenant with users by loopback",
		head:  []string{"goroutines", "contender", "calls a second", "x floor", "connections", "waits for locks, per call", "of that tenantkit's own"},
		note:  "Calls by hand use the default transport of our clients, with at most 128 connections, or a transport with a connection for each goroutine. The floor is the best of the four.",
	}
	defer runtime.SetMutexProfileFraction(runtime.SetMutexProfileFraction(1))
	hands, ours := peer.All()[:peer.Hands], peer.All()[peer.Hands]
	worst, own := math.Inf(1), 0.0
	for _, goroutines := range []int{1, 8, 64, 512} {
		contenders := []*crowd{{name: ours.Name, open: ours.Open, transport: tenantkit.NewTransport}}
		for _, hand := range hands {
			contenders = append(contenders, &crowd{name: hand.Name, open: hand.Open, transport: tenantkit.NewTransport},
				&crowd{name: hand.Name + ", a connection each", open: hand.Open, transport: func() *http.Transport {
					return &http.Transport{MaxIdleConns: goroutines, MaxIdleConnsPerHost: goroutines}
				}})
		}
		for round := range r.rounds/2 + 1 {
			for i := range contenders {
				c := contenders[(i+round)%len(contenders)]
				if err := c.measure(ctx, goroutines, 3*r.slot); err != nil {
					return &taskError{c.name, err}
				}
			}
		}
		floor := 0.0
		for _, c := range contenders[1:] {
			floor = max(floor, median(c.rates))
		}
		for _, c := range contenders {
			details.add(goroutines, c.name, count(median(c.rates)), fmt.Sprintf("%.2f", median(c.rates)/floor), c.connections,
				seconds(median(c.all)).Round(10*time.Nanosecond), seconds(median(c.own)).Round(time.Nanosecond))
		}
		worst = min(worst, median(contenders[0].rates)/floor)
		own = max(own, median(contenders[0].own))
	}
	r.tables = append(r.tables, details)
	r.check("1 to 512 goroutines on one client", "throughput of the floor, no lock of ours in the way",
		fmt.Sprintf("%.2f x the floor's at least; %v per call in locks of ours", worst, seconds(own).Round(time.Nanosecond)), worst >= 0.9 && own < 1e-6)
	return nil
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// A crowd is many goroutines on one client.
type crowd struct {
	name        string
	open        func(string, http.RoundTripper) (peer.Calls, error)
	transport   func() *http.Transport
	rates       []float64 // calls a second, in each round
	all, own    []float64 // seconds of waiting per call, for all locks and for those of tenantkit
	connections int64     // at most
}

// measure makes one round, with a server of its own.
func (c *crowd) measure(ctx context.Context, goroutines int, limit time.Duration) error {
	server := newCounter(payload.Handler)
	defer server.Close()
	transport := c.transport()
	defer transport.CloseIdleConnections()
	calls, err := c.open(server.URL, transport)
	if err != nil {
		return err
	}
	before, profileBefore := contention(), profiled()
	n, took, err := flood(ctx, goroutines, limit, calls.Tenant)
	if err != nil {
		return err
	}
	after, profileAfter := contention(), profiled()
	perCall := (after - before) / float64(n)
	own := 0.0
	if cycles := profileAfter.all - profileBefore.all; cycles > 0 {
		own = perCall * (profileAfter.own - profileBefore.own) / cycles
	}
	c.rates = append(c.rates, float64(n)/took.Seconds())
	c.all, c.own = append(c.all, perCall), append(c.own, own)
	c.connections = max(c.connections, server.opened.Load())
	return nil
}

// flood calls from many goroutines for a while, and returns how many calls were made, and how long
// all took.
func flood(ctx context.Context, goroutines int, limit time.Duration, call func(context.Context) (any, error)) (int, time.Duration, error) {
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
	return total, time.Since(start), errors.Join(errs...)
}

// contention returns the seconds that goroutines of the program waited for locks.
func contention() float64 {
	read := []metrics.Sample{{Name: "/sync/mutex/wait/total:seconds"}}
	metrics.Read(read)
	return read[0].Value.Float64()
}

// waits are cycles that goroutines waited for locks: for all in the mutex profile, and for those
// that code of this module held.
type waits struct{ all, own float64 }

// profiled returns the cycles in the mutex profile: all of them, and those of locks that code of
// this module held.
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

// holder returns the function that held the lock: the first on the stack that is no part of the
// locks themselves. Locks inside the runtime, of its memory and timers, have no holder.
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
