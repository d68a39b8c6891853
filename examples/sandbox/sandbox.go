package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
)

// sandbox is the five fakes, and what happened to them.
type sandbox struct {
	systems []*system
	journal *journal

	mu    sync.Mutex // guards what follows
	vault vault
	armed []armed
}

// armed is a fault that waits for its request.
type armed struct {
	system    *system
	operation string
	kind      *faultKind
}

// starters start the systems, in the order in which they are shown.
var starters = []func(context.Context, net.Listener) (*system, error){startARGO, startWorklytics, startKeboola, startDatasink, startInfoworks}

// open starts all systems, on the ports from first on, or on free ones where first is 0.
func open(ctx context.Context, first int) (*sandbox, error) {
	box := &sandbox{journal: newJournal()}
	for i, start := range starters {
		port := 0
		if first > 0 {
			port = first + i
		}
		s, err := startOn(ctx, start, port)
		if err != nil {
			box.close()
			return nil, fmt.Errorf("fake %d of %d: %w", i+1, len(starters), err)
		}
		// What the start asked of the fake itself is nothing to show.
		s.fake.ForgetRequests()
		s.fake.OnRequest(func(r request) { box.record(s, r) })
		box.systems = append(box.systems, s)
		for _, c := range s.credentials {
			box.vault.learn(c.value)
		}
	}
	return box, nil
}

func startOn(ctx context.Context, start func(context.Context, net.Listener) (*system, error), port int) (*system, error) {
	listener, err := listen(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	return start(ctx, listener)
}

// close ends all fakes, and returns when nothing of them runs any more.
func (b *sandbox) close() {
	for _, s := range b.systems {
		s.fake.Close()
	}
}

// record takes a request that has ended into the journal, with its secrets hidden.
func (b *sandbox) record(s *system, r request) {
	s.fake.ForgetRequests()
	held := s.secrets()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.vault.learn(held...)
	b.vault.learn(carried(r)...)
	e := entry{
		System: s.name, Operation: r.Operation, Method: b.vault.text(r.Method), Target: b.vault.target(r.Path, r.RawQuery),
		Body: b.vault.body(r.Body), Status: r.Status,
	}
	if r.Fault != nil {
		e.Fault = b.disarm(s, r)
	}
	e.Outcome, e.Tone = outcome(r, s.reads[r.Operation])
	b.journal.add(e)
}

// arm makes the next request of an operation meet a fault.
func (b *sandbox) arm(s *system, operation string, kind *faultKind) {
	b.mu.Lock()
	b.armed = append(b.armed, armed{s, operation, kind})
	s.fake.Fail(operation, kind.fault)
	b.mu.Unlock()
	b.journal.touch()
}

// disarm drops the fault that has met the request, and returns its name. The caller holds b.mu.
func (b *sandbox) disarm(s *system, r request) string {
	for i, a := range b.armed {
		if a.system == s && a.operation == r.Operation && reflect.DeepEqual(a.kind.fault, *r.Fault) {
			b.armed = append(b.armed[:i:i], b.armed[i+1:]...)
			return a.kind.Name
		}
	}
	// It was dropped by recover while its request was under way.
	return "dropped meanwhile"
}

// recover drops all faults that wait.
func (b *sandbox) recover() {
	b.mu.Lock()
	for _, s := range b.systems {
		s.fake.Recover()
	}
	b.armed = nil
	b.mu.Unlock()
	b.journal.touch()
}

// introduce says where everything is. The credentials are those of fakes, and made up: this is the
// one place that shows them.
func (b *sandbox) introduce(out io.Writer, page string) error {
	var text strings.Builder
	text.WriteString("Five fake services, each with lines for a shell, and the status that they are answered with.\n" +
		"The credentials are made up, and good for nothing else.\n")
	for _, s := range b.systems {
		fmt.Fprintf(&text, "\n== %s: %s\n\n", s.name, s.about)
		table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
		fmt.Fprintf(table, "base URL\t%s\n", s.baseURL)
		for _, c := range s.credentials {
			fmt.Fprintf(table, "%s\t%s\n", c.name, c.value)
		}
		// A strings.Builder takes everything.
		_ = table.Flush()
		for _, c := range s.commands {
			fmt.Fprintf(&text, "\n# %s\n%s\n", c.comment(), c)
		}
	}
	fmt.Fprintf(&text, "\nWhat becomes of it all is on %s\nCtrl-C ends it.\n", page)
	_, err := io.WriteString(out, text.String())
	return err
}
