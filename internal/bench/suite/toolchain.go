package main

import (
	"fmt"
	"go/version"
	"runtime"
)

// newest is the newest release of Go, the only one whose figures are published. Raise it when Go
// releases another.
const newest = "go1.27.4"

// current returns an error if a toolchain is older than the newest, or is not a plain release.
func current(toolchain string) error {
	switch {
	case !version.IsValid(toolchain):
		return fmt.Errorf("only figures of a release of Go are published, and this is %q: set GOTOOLCHAIN=%s and no GOEXPERIMENT", toolchain, newest)
	case version.Compare(toolchain, newest) < 0:
		return fmt.Errorf("only figures of the newest Go are published, and %s is older than %s: set GOTOOLCHAIN=%[2]s", toolchain, newest)
	}
	return nil
}

// heading returns the beginning of the report. Unless complete, it says that the figures are a
// trial.
func heading(toolchain string, rounds int, complete bool) string {
	const published = `# Results with %s

Made by ` + "`go run ./internal/bench/report -full`" + ` on %s/%s, GOMAXPROCS %d.
`
	const trial = `# Trial with %s

**Not for publication**: only a run with -full that measures everything is. Measured on %s/%s, GOMAXPROCS %d.
`
	const reading = `Calls are measured in %d rounds of each contender in turn, and figures are medians. Times of calls and streams are processor time, all
others wall time: compare the ratios. Allocations are exact, except for those of the garbage collector.

`
	first := trial
	if complete {
		first = published
	}
	return fmt.Sprintf(first+reading, toolchain, runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), rounds)
}
