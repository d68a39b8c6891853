package main

import (
	"runtime"
	"runtime/metrics"
	"time"
)

const liveAndUncollected = "/memory/classes/heap/objects:bytes"

// peakHeap runs work and returns by how many bytes at most the heap grew meanwhile, garbage that is
// not yet collected included.
func peakHeap(work func() error) (uint64, error) {
	runtime.GC()
	runtime.GC()
	before := heap()
	stop, peak := make(chan struct{}), make(chan uint64)
	go func() {
		most := before
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			most = max(most, heap())
			select {
			case <-stop:
				peak <- most
				return
			case <-tick.C:
			}
		}
	}()
	err := work()
	close(stop)
	return <-peak - before, err
}

func heap() uint64 {
	read := []metrics.Sample{{Name: liveAndUncollected}}
	metrics.Read(read)
	return read[0].Value.Uint64()
}
