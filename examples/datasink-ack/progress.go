package main

import (
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/tenantkit/tenantkit/datasink/autoid"
)

// progress shows how a run goes: as a bar on a terminal, and as lines elsewhere.
type progress struct {
	out   io.Writer
	total int64
	every time.Duration            // between two lines
	bar   *progressbar.ProgressBar // nil for lines
	last  time.Time
	heap  uint64 // the largest one seen
}

func newProgress(out io.Writer, terminal bool, total int64, every time.Duration) *progress {
	p := &progress{out: out, total: total, every: every, last: time.Now()}
	if terminal {
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(out), progressbar.OptionFullWidth(), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetDescription("acknowledged"), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("decisions"), progressbar.OptionSetRenderBlankState(true),
		)
	}
	return p
}

// update is called whenever a request is answered.
func (p *progress) update(now autoid.BulkProgress) {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	p.heap = max(p.heap, memory.HeapAlloc)
	if p.bar != nil {
		// A bar that cannot be drawn is no reason to stop.
		_ = p.bar.Set64(now.Skipped + now.Done + now.Refused)
		return
	}
	if time.Since(p.last) >= p.every {
		p.last = time.Now()
		p.line(now)
	}
}

func (p *progress) line(now autoid.BulkProgress) {
	p.say("%d of %d: %d done before, %d done, %d refused, %d unknown; %.0f/s, %v",
		now.Skipped+now.Done+now.Refused, p.total, now.Skipped, now.Done, now.Refused, now.Unknown, now.Rate, now.Elapsed.Round(100*time.Millisecond))
}

func (p *progress) end(last autoid.BulkProgress) {
	if p.bar != nil {
		_ = p.bar.Exit()
		p.say("")
	}
	p.line(last)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	p.say("memory: the heap had %.1f MiB at most, and the program has %.1f MiB of the system", mebibytes(max(p.heap, memory.HeapAlloc)), mebibytes(memory.Sys))
}

func (p *progress) say(format string, args ...any) {
	// There is nobody to tell that standard output is gone.
	_, _ = fmt.Fprintf(p.out, format+"\n", args...)
}

func mebibytes(n uint64) float64 { return float64(n) / (1 << 20) }
