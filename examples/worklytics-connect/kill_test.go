package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

// child is the command in a process of its own.
type child struct {
	*exec.Cmd
	out   bytes.Buffer
	ended chan error
}

// start starts the command, which applies the file. It is killed at the end of the test, should it
// still run.
func (s *setup) start() *child {
	s.t.Helper()
	return s.startWith([]string{"WORKLYTICS_TOKEN=" + s.token()})
}

func (s *setup) startWith(env []string, args ...string) *child {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	c := &child{ended: make(chan error, 1), Cmd: exec.Command(self, append(args, "-file", s.file, "-state", s.state, "-apply")...)}
	c.Stdout, c.Stderr = &c.out, &c.out
	c.Env = append(append(os.Environ(), childVariable+"=1"), env...)
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Process.Kill() })
	go func() { c.ended <- c.Wait() }()
	return c
}

// kill kills the process, as a power failure would, and waits for its end.
func (c *child) kill(t *testing.T) {
	t.Helper()
	if err := c.Process.Kill(); err != nil && err != os.ErrProcessDone {
		t.Fatal(err)
	}
	<-c.ended
}

// gate stands before the service. It can hold one creation up, and knows when all that was sent is
// done.
type gate struct {
	*httptest.Server
	service string
	hold    int // which creation; 0 for none
	applied bool
	held    chan struct{}

	mu    sync.Mutex
	seen  int
	conns map[net.Conn]bool
	quiet *sync.Cond
}

// newGate puts a gate before the service of the setup.
func (s *setup) newGate(hold int, applied bool) *gate {
	g := &gate{service: s.server.URL(), hold: hold, applied: applied, held: make(chan struct{}), conns: make(map[net.Conn]bool)}
	g.quiet = sync.NewCond(&g.mu)
	g.Server = httptest.NewUnstartedServer(g)
	g.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.conns[conn] = true
		if state == http.StateClosed {
			delete(g.conns, conn)
			g.quiet.Broadcast()
		}
	}
	g.Start()
	s.t.Cleanup(g.Close)
	s.baseURL = g.URL + "/tenant"
	return g
}

// wait waits until all is done that a process sent before it was killed: its end does not take back
// what is on the way.
func (g *gate) wait(t *testing.T) {
	t.Helper()
	// Connections are taken up in their order, so that those of the process are known when this
	// one is.
	resp, err := http.Get(g.URL + "/quiet")
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.conns) > 0 {
		g.quiet.Wait()
	}
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/quiet" {
		w.Header().Set("Connection", "close")
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	forward := func() *http.Response {
		req, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, g.service+r.URL.EscapedPath(), bytes.NewReader(body))
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		req.Header = r.Header.Clone()
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		return resp
	}
	if r.Method == http.MethodPost {
		g.mu.Lock()
		g.seen++
		held := g.seen == g.hold
		g.mu.Unlock()
		if held {
			if g.applied {
				_ = forward().Body.Close()
			}
			close(g.held)
			<-r.Context().Done()
			return
		}
	}
	resp := forward()
	defer resp.Body.Close()
	w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

// Killed while a creation is under way, the command does not repeat it, and says what is unknown.
func TestKilledDuringACreation(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "c"}
	for hold := 1; hold <= len(names); hold++ {
		for _, applied := range []bool{false, true} {
			t.Run(fmt.Sprintf("creation %d, applied %t", hold, applied), func(t *testing.T) {
				t.Parallel()
				s := newSetup(t)
				g := s.newGate(hold, applied)
				lines := []string{}
				for _, name := range names {
					lines = append(lines, name+" github-enterprise-psoxy GITHUB_ORGANIZATION: "+name)
				}
				s.write(lines...)
				run := s.start()
				select {
				case <-g.held:
				case err := <-run.ended:
					t.Fatalf("it ended: %v\n%s", err, &run.out)
				}
				run.kill(t)
				open := names[hold-1]
				if e := s.entries()[open]; e.ID != "" || e.Creating.IsZero() {
					t.Errorf("the state has %v", e)
				}
				out, err := s.try(apply)
				if err == nil || !strings.Contains(err.Error(), "1 of 3 connections need your attention") {
					t.Errorf("got %v", err)
				}
				contains(t, out, "! "+open+": blocked", "-adopt "+open+"=<its ID>", "-forget "+open)
				made := s.made()
				if _, there := made[open]; there != applied || len(made) != 2+len(made[open]) {
					t.Errorf("made: %v", made)
				}
				s.settle(open)
				s.finished(names)
			})
		}
	}
}

// made returns the IDs of the connections of each organization on the service.
func (s *setup) made() map[string][]string {
	ids := make(map[string][]string)
	for _, connection := range s.server.DataConnections() {
		name, _ := connection.Settings["GITHUB_ORGANIZATION"].(string)
		ids[name] = append(ids[name], connection.ID)
	}
	return ids
}

// settle does what a person does for an open creation.
func (s *setup) settle(name string) {
	s.t.Helper()
	change := func(c *command) { c.forget = []string{name} }
	if ids := s.made()[name]; len(ids) > 0 {
		change = func(c *command) { c.adopt = map[string]string{name: ids[0]} }
	}
	out, err := s.try(change)
	if err != nil && !strings.Contains(err.Error(), "need your attention") {
		s.t.Fatalf("%v\n%s", err, out)
	}
}

// finished checks that a run more leaves each connection on the service once, and in the state with
// its ID.
func (s *setup) finished(names []string) {
	s.t.Helper()
	s.must(apply)
	contains(s.t, s.must(apply), fmt.Sprintf("0 to create, 0 to update, %d unchanged, 0 blocked.", len(names)))
	made, entries := s.made(), s.entries()
	if len(made) != len(names) || len(entries) != len(names) {
		s.t.Errorf("%d on the service, %d in the state, want %d", len(made), len(entries), len(names))
	}
	for _, name := range names {
		if ids := made[name]; len(ids) != 1 || entries[name].ID != ids[0] {
			s.t.Errorf("%s: %v on the service, %v in the state", name, ids, entries[name])
		}
	}
}

// Killed again and again, at any moment, it never makes a connection twice, never loses one, and
// always leaves a state to go on from.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	g := s.newGate(0, false)
	var names, lines []string
	add := func() {
		name := fmt.Sprintf("n%d", len(names))
		names = append(names, name)
		lines = append(lines, name+" github-enterprise-psoxy GITHUB_ORGANIZATION: "+name)
	}
	// One run in peace, to know how long it takes.
	for range 3 {
		add()
	}
	s.write(lines...)
	began := time.Now()
	run := s.start()
	if err := <-run.ended; err != nil {
		t.Fatalf("%v\n%s", err, &run.out)
	}
	whole := min(time.Since(began), 200*time.Millisecond)

	kills, open := 0, 0
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	for range 30 {
		add()
		// Every other time there is something to update, too.
		if len(names)%2 == 0 {
			lines[0] = fmt.Sprintf("n0 github-enterprise-psoxy GITHUB_ORGANIZATION: n0, NEW: 'v%d'", len(names))
		}
		s.write(lines...)
		// The service takes its time, before it creates or after.
		s.server.Recover()
		s.server.Fail("CreateDataConnection", worklyticstest.Fault{Rate: 0.5, Delay: whole / 4}, worklyticstest.Fault{Rate: 1, Delay: whole / 4, Applied: true})
		run := s.start()
		select {
		case <-run.ended:
		case <-time.After(time.Duration(random.Int64N(int64(whole * 3 / 2)))):
			run.kill(t)
			kills++
		}
		s.server.Recover()
		g.wait(t)
		for name, e := range s.entries() {
			if e.ID == "" {
				open++
				s.settle(name)
			}
		}
		for name, ids := range s.made() {
			if len(ids) > 1 {
				t.Fatalf("%s was made %d times", name, len(ids))
			}
		}
	}
	t.Logf("%d kills, %d creations left open, a run takes %v", kills, open, whole)
	if kills == 0 {
		t.Error("no run was killed")
	}
	s.server.Recover()
	s.finished(names)
}

// While a run is at work, another one waits. The lock of a killed run is free.
func TestTwoRuns(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	g := s.newGate(1, false)
	s.write("a github-enterprise-psoxy GITHUB_ORGANIZATION: a")
	run := s.start()
	select {
	case <-g.held:
	case err := <-run.ended:
		t.Fatalf("it ended: %v\n%s", err, &run.out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	c := s.command
	c.apply = true
	if err := c.run(ctx, io.Discard); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "waiting for the lock") {
		t.Errorf("got %v", err)
	}
	run.kill(t)
	s.settle("a")
	s.finished([]string{"a"})
}
