package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// killVariable, in the environment, makes the test program run the command, and kill itself at a
// request: "3 before", "3 after".
const killVariable = "ARGO_ONBOARD_TEST_KILL"

func TestMain(m *testing.M) {
	if moment := os.Getenv(killVariable); moment != "" {
		os.Exit(runAndDie(moment))
	}
	goleak.VerifyTestMain(m)
}

// runAndDie runs the command until it is killed.
func runAndDie(moment string) int {
	number, when, _ := strings.Cut(moment, " ")
	last, err := strconv.Atoi(number)
	if err != nil {
		panic(err)
	}
	c, err := parse(os.Args[1:], os.Stderr)
	if err != nil {
		panic(err)
	}
	n := 0
	c.options = []tenantkit.Option{tenantkit.WithTransport(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			n++
			if n == last && when == "before" {
				die()
			}
			resp, err := next.RoundTrip(req)
			if n == last {
				die()
			}
			return resp, err
		})
	})}
	return exitCode(c.run(context.Background(), os.Stdout), os.Stderr)
}

// die ends the process as a power failure does: nothing that was deferred runs.
func die() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// moments are the number of requests of a run of each kind, and whether one is handled before the
// end.
func moments(t *testing.T, test func(t *testing.T, existing bool, request int)) {
	for _, existing := range []bool{false, true} {
		whole := newSetup(t, existing)
		whole.must(t)
		n := len(whole.server.Requests())
		for request := 1; request <= n; request++ {
			test(t, existing, request)
		}
	}
}

// Killed at any request, before or after the service applied it, and run again, it ends as a run in
// peace does.
func TestKilledAtEachRequest(t *testing.T) {
	t.Parallel()
	moments(t, func(t *testing.T, existing bool, request int) {
		for _, when := range []string{"before", "after"} {
			t.Run(fmt.Sprintf("existing %t, %s request %d", existing, when, request), func(t *testing.T) {
				t.Parallel()
				s := newSetup(t, existing)
				s.kill(t, fmt.Sprint(request, " ", when))
				s.must(t)
				s.isDone(t)
			})
		}
	})
}

// kill runs the command in a process of its own that is killed.
func (s *setup) kill(t *testing.T, moment string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, self, "-url", s.server.BaseURL(), "-file", s.file, "-keys", s.keys, "-key-env", "ARGO_ONBOARD_TEST_KEY")
	var out bytes.Buffer
	child.Stdout, child.Stderr = &out, &out
	child.Env = append(os.Environ(), killVariable+"="+moment, "ARGO_ONBOARD_TEST_KEY="+argotest.DefaultKey, passwordVariable+"="+password)
	if err := child.Run(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("it was not killed: %v\n%s", err, &out)
	}
}

// Whatever request meets a fault, once or from there on, a further run ends as a run in peace does.
func TestFaultAtEachRequest(t *testing.T) {
	t.Parallel()
	faults := map[string]argotest.Fault{
		"refused":            {Status: 403},
		"unavailable":        {Status: 503},
		"unavailable, done":  {Status: 503, Applied: true},
		"reset before":       {ResetBefore: true},
		"reset after":        {ResetAfter: true},
		"half an answer":     {Truncate: true},
		"no answer in a 200": {Empty: true},
		"down":               {Times: -1, ResetBefore: true},
		"down, and writes":   {Times: -1, ResetAfter: true},
	}
	moments(t, func(t *testing.T, existing bool, request int) {
		for name, fault := range faults {
			t.Run(fmt.Sprintf("existing %t, request %d, %s", existing, request, name), func(t *testing.T) {
				t.Parallel()
				s := newSetup(t, existing)
				if request > 1 {
					s.server.Fail("", argotest.Fault{Times: request - 1})
				}
				s.server.Fail("", fault)
				err := s.command().run(t.Context(), io.Discard)
				if fault.Times < 0 && err == nil {
					t.Error("no error, although the service was down")
				}
				s.server.Recover()
				s.must(t)
				s.isDone(t)
			})
		}
	})
}
