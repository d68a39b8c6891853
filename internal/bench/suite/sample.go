package main

import (
	"runtime"
	"slices"
	"time"
)

// A task is what one contender does for one piece of work.
type task struct {
	name string
	run  func() error
}

var started = time.Now()

// A sample is the median of what a contender took, per run. Its time is that of [clock].
type sample struct {
	name   string
	time   time.Duration
	spread float64 // between the quartiles of the rounds, as a share of the median
	allocs float64
	bytes  float64
}

// interleave runs the tasks in turn, each for a while in each round, so that whatever else the
// machine does meets all of them.
func interleave(rounds int, each time.Duration, tasks []task) ([]sample, error) {
	times := make([][]float64, len(tasks))
	allocs := make([][]float64, len(tasks))
	bytes := make([][]float64, len(tasks))
	for round := range rounds {
		for i := range tasks {
			at := (i + round) % len(tasks)
			run := tasks[at].run
			// The first run of a slot pays for what the collector took.
			runtime.GC()
			if err := run(); err != nil {
				return nil, &taskError{tasks[at].name, err}
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start, startClock := time.Now(), clock()
			n := 0
			for n == 0 || time.Since(start) < each {
				if err := run(); err != nil {
					return nil, &taskError{tasks[at].name, err}
				}
				n++
			}
			took := clock() - startClock
			runtime.ReadMemStats(&after)
			times[at] = append(times[at], float64(took)/float64(n))
			allocs[at] = append(allocs[at], float64(after.Mallocs-before.Mallocs)/float64(n))
			bytes[at] = append(bytes[at], float64(after.TotalAlloc-before.TotalAlloc)/float64(n))
		}
	}
	samples := make([]sample, len(tasks))
	for i, task := range tasks {
		samples[i] = sample{
			name: task.name, time: time.Duration(quantile(times[i], 0.5)), allocs: quantile(allocs[i], 0.5), bytes: quantile(bytes[i], 0.5),
			spread: (quantile(times[i], 0.75) - quantile(times[i], 0.25)) / quantile(times[i], 0.5),
		}
	}
	return samples, nil
}

type taskError struct {
	task string
	err  error
}

func (e *taskError) Error() string { return e.task + ": " + e.err.Error() }

func (e *taskError) Unwrap() error { return e.err }

// quantile returns the value below which the share q of the values lies.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (sorted[high]-sorted[low])*(at-float64(low))
}

func median(values []float64) float64 { return quantile(values, 0.5) }
