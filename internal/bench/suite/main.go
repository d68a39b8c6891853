// Suite measures tenantkit against calls by hand and other SDKs, all in one run, and writes what it
// found as Markdown.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit/internal/bench/suite/peer"
)

// works are the pieces of work, in the order in which they are measured.
var works = []struct {
	name string
	run  func(context.Context, *report) error
}{
	{"calls", callsWork},
	{"stream", streamWork},
	{"pages", pagesWork},
	{"bulk", bulkWork},
	{"tokens", tokensWork},
	{"connections", connectionsWork},
	{"concurrency", concurrencyWork},
	{"cold", coldWork},
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var names []string
	for _, work := range works {
		names = append(names, work.name)
	}
	rounds := flag.Int("rounds", 15, "rounds of the calls, interleaved")
	slot := flag.Duration("slot", 60*time.Millisecond, "time of a contender in a round")
	full := flag.Bool("full", false, "1000 pages and a million acknowledgements, instead of a fifth: figures to publish, which need "+newest+" or later")
	only := flag.String("only", strings.Join(names, ","), "what to measure")
	svg := flag.String("svg", "", "file for a chart of the calls; empty draws none")
	from := flag.String("from", ".", "folder that the file is relative to")
	flag.Parse()
	selected := strings.Split(*only, ",")
	for _, name := range selected {
		if !slices.Contains(names, name) {
			return fmt.Errorf("-only: there is no %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	if *rounds < 1 || *slot <= 0 {
		return fmt.Errorf("-rounds and -slot must be positive")
	}
	if *full {
		if err := current(runtime.Version()); err != nil {
			return fmt.Errorf("-full: %w", err)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r := &report{rounds: *rounds, slot: *slot, full: *full}
	for _, work := range works {
		if !slices.Contains(selected, work.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s …\n", work.name)
		if err := work.run(ctx, r); err != nil {
			return fmt.Errorf("%s: %w", work.name, err)
		}
	}
	if *svg != "" {
		path := *svg
		if !filepath.IsAbs(path) {
			path = filepath.Join(*from, path)
		}
		if err := drawChart(path, r.bars); err != nil {
			return err
		}
	}
	everything := len(selected) == len(works) && peer.Complete
	head := heading(runtime.Version(), r.rounds, *full && everything)
	if _, err := os.Stdout.WriteString(head); err != nil {
		return err
	}
	return r.write(os.Stdout)
}
