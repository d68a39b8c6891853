package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit/internal/bench/suite/peer"
)

func TestQuantile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		values []float64
		q      float64
		want   float64
	}{
		{"none", nil, 0.5, 0},
		{"one", []float64{3}, 0.25, 3},
		{"odd, unsorted", []float64{9, 1, 5}, 0.5, 5},
		{"even", []float64{4, 1, 2, 3}, 0.5, 2.5},
		{"most", []float64{4, 1, 2, 3}, 1, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := quantile(test.values, test.q); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

var kept []byte

// Not parallel: it counts the allocations of the whole program.
func TestInterleave(t *testing.T) {
	samples, err := interleave(3, time.Millisecond, []task{
		{"none", func() error { return nil }},
		{"one", func() error { kept = make([]byte, 4096); return nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	if samples[0].allocs > 0.1 || samples[1].allocs < 1 || samples[1].allocs > 1.5 || samples[1].bytes < 4096 {
		t.Errorf("got %+v", samples)
	}
	failure := errors.New("broken")
	if _, err := interleave(1, time.Millisecond, []task{{"broken", func() error { return failure }}}); !errors.Is(err, failure) {
		t.Errorf("got the error %v", err)
	}
}

func TestBetter(t *testing.T) {
	t.Parallel()
	got := better([]sample{{time: 3, allocs: 10, bytes: 200}, {time: 4, allocs: 9, bytes: 100}})
	if got.time != 3 || got.allocs != 9 || got.bytes != 100 {
		t.Errorf("got %+v, want the lower of each figure", got)
	}
}

func TestCurrent(t *testing.T) {
	t.Parallel()
	for toolchain, want := range map[string]bool{
		newest: true, "go1.99.0": true,
		"go1.26.8": false, "go1.27.3": false, "go1.27rc1": false, newest + " X:nojsonv2": false, "devel go1.28-1234567": false,
	} {
		if err := current(toolchain); (err == nil) != want {
			t.Errorf("%s: got the error %v, want accepted: %t", toolchain, err, want)
		}
	}
}

func TestHeading(t *testing.T) {
	t.Parallel()
	const mark = "Not for publication"
	if got := heading("go1.27.4", 15, true); !strings.HasPrefix(got, "# Results with go1.27.4\n") || strings.Contains(got, mark) {
		t.Errorf("a complete run is headed\n%s", got)
	}
	if got := heading("go1.27.4", 15, false); !strings.HasPrefix(got, "# Trial with go1.27.4\n") || !strings.Contains(got, mark) {
		t.Errorf("a trial is headed\n%s", got)
	}
}

func TestContenders(t *testing.T) {
	t.Parallel()
	all := peer.All()
	for _, hand := range all[:peer.Hands] {
		if hand.Module != "" {
			t.Errorf("%s is among the contenders by hand", hand.Name)
		}
	}
	if got := all[peer.Hands].Name; got != "tenantkit" {
		t.Errorf("got %s after the contenders by hand", got)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	r := &report{}
	r.check("work", "2", "3", false)
	details := table{title: "Work", note: "A note.", head: []string{"contender", "time"}}
	details.add("ours", time.Second)
	r.tables = append(r.tables, details)
	var got strings.Builder
	if err := r.write(&got); err != nil {
		t.Fatal(err)
	}
	want := "| work | to reach | measured | reached |\n| --- | --- | --- | --- |\n| work | 2 | 3 | no |\n" +
		"\n## Work\n\nA note.\n\n| contender | time |\n| --- | --- |\n| ours | 1s |\n"
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestChart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "chart.svg")
	work := bars{"Some work", []sample{{name: "slow hand", time: 125}, {name: "floor", time: 100}, {name: "ours", time: 50}, {name: "theirs", time: 175}}}
	if err := drawChart(path, []bars{work, work}); err != nil {
		t.Fatal(err)
	}
	drawn, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"<svg", ">Some work<", ">ours<", ">1.25<", ">1.00<", ">0.50<", ">1.75<", "tenantkit takes 0.50 times", "prefers-color-scheme: dark", "fill:var(--ours)"} {
		if !strings.Contains(string(drawn), text) {
			t.Errorf("%q is not in it", text)
		}
	}
	if rest := colors.FindAllString(string(drawn[bytes.Index(drawn, []byte("</style>")):]), -1); rest != nil {
		t.Errorf("the colors %q are the same on dark pages", rest)
	}
}

var colors = regexp.MustCompile(`#[0-9A-Fa-f]{6}`)
