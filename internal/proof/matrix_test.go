package proof

import (
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/fake"
)

// TestFaultMatrix makes every call of every client meet every fault, once and always, by a clock of
// its own: how often the server applied it, what the caller is told, and how long it takes are what
// they must be, and no secret is shown anywhere.
func TestFaultMatrix(t *testing.T) {
	t.Parallel()
	var cells, applied, failed atomic.Int64
	t.Run("cells", func(t *testing.T) {
		for _, s := range services {
			for name, of := range callsOf(s) {
				t.Run(s.name+"/"+name, func(t *testing.T) {
					t.Parallel()
					bodiless := name == of && answersWithoutBody(t, s, name)
					for _, f := range faults() {
						for when, always := range map[string]bool{"once": false, "always": true} {
							t.Run(f.name+"/"+when, func(t *testing.T) {
								c := cell{s, name, s.operation(of), f, always, bodiless}
								a, err := c.run(t)
								cells.Add(1)
								applied.Add(int64(a))
								if err != nil {
									failed.Add(1)
								}
							})
						}
					}
				})
			}
		}
	})
	t.Logf("%d cells: %d requests applied, %d calls ended with an error; applied twice: 0, told wrongly: 0 where this test passes",
		cells.Load(), applied.Load(), failed.Load())
}

// answersWithoutBody tells whether the good answer of a call is without a body.
func answersWithoutBody(t *testing.T, s service, name string) (bodiless bool) {
	stand := s.start(serverOptions{call: name})
	defer stand.server.Close()
	synctest.Test(t, func(t *testing.T) {
		var response tenantkit.Response
		client := stand.connect(t, stand.wired())
		defer client.close()
		if _, err := client.call(name)(t.Context(), tenantkit.WithResponse(&response)); err != nil {
			t.Error(err)
		}
		bodiless = response.StatusCode == http.StatusNoContent || response.Header.Get("Content-Length") == "0"
	})
	return bodiless
}

// cell is one call under one fault.
type cell struct {
	service  service
	call     string
	op       operation
	fault    fault
	always   bool
	bodiless bool
}

func (c cell) run(t *testing.T) (applied int, err error) {
	stand := c.service.start(serverOptions{call: c.call})
	defer stand.server.Close()
	if c.fault.network == nil && c.fault.echo == 0 && c.fault.name != "none" {
		inject := c.fault.inject
		if c.always {
			inject.Times = -1
		}
		stand.server.Fail(c.op.Name, inject)
	}
	synctest.Test(t, func(t *testing.T) {
		base, parseErr := url.Parse(stand.baseURL)
		if parseErr != nil {
			t.Fatal(parseErr)
		}
		var shown evidence
		w := &wire{next: stand.server.RoundTripper(), operation: c.op.Name, fault: c.fault, always: c.always, base: base}
		client := stand.connect(t, tenantkit.WithHTTPClient(&http.Client{Transport: w}), tenantkit.WithLogger(shown.logger(c.always)),
			tenantkit.WithMaxResponseBytes(1<<20))
		defer client.close()
		var response tenantkit.Response
		began := time.Now()
		var opts []tenantkit.Option
		if c.call == c.op.Name {
			opts = append(opts, tenantkit.WithResponse(&response))
		}
		result, callErr := client.call(c.call)(t.Context(), opts...)
		took := time.Since(began)
		synctest.Wait()
		applied, err = stand.server.Applied(c.op.Name), callErr

		c.checkTruth(t, applied, err, stand.server.Requests())
		if c.call == c.op.Name && c.fault.echo == 0 && c.fault.network != errEcho {
			c.checkVerdict(t, w.attempts(), applied, err, response, took)
		}
		if len(w.other) > 0 {
			t.Errorf("requests left the origin: %q", w.other)
		}
		if c.call == "SAMLRedirectURL" && c.fault.echo == http.StatusFound {
			// Where the server says to go is what the caller asked for.
			result = nil
		}
		shown.show(result, response)
		if c.always {
			// Its credentials were used by then, in whatever way.
			shown.show(client.value)
		}
		if err != nil {
			shown.show(err)
		}
		shown.check(t, w, stand.secrets, result)
	})
	return applied, err
}

// checkTruth compares what the caller is told with what the server did.
func (c cell) checkTruth(t *testing.T, applied int, err error, requests []fake.Request) {
	t.Helper()
	outcome := tenantkit.OutcomeOf(err)
	t.Logf("applied %d times, told as %v: %v", applied, outcome, err)
	if applied > 1 && (c.op.Class == tenantkit.Write || c.op.Class == tenantkit.Never) {
		t.Errorf("applied %d times", applied)
	}
	if c.op.Class == tenantkit.Read || c.fault.echo != 0 {
		// Reads have no effect, and an answer of an echo is a lie.
		return
	}
	arrived := 0
	for _, request := range requests {
		if request.Operation == c.op.Name {
			arrived++
		}
	}
	switch {
	case err == nil && applied == 0:
		t.Error("a call that was not applied succeeded")
	case err != nil && outcome == tenantkit.OutcomeApplied && applied == 0:
		t.Errorf("told as applied, and was not: %v", err)
	case err != nil && outcome == tenantkit.OutcomeRejected && applied > 0:
		t.Errorf("told as rejected, and was applied: %v", err)
	case err != nil && outcome == tenantkit.OutcomeNotSent && arrived > 0:
		t.Errorf("told as not sent, and arrived: %v", err)
	}
}

// checkVerdict compares what came of a call with what must come of it.
func (c cell) checkVerdict(t *testing.T, attempts, applied int, err error, response tenantkit.Response, took time.Duration) {
	t.Helper()
	want := judge(c.service, c.op, c.fault, c.always, c.bodiless)
	if (err == nil) != want.succeeds || attempts != want.attempts || response.Attempts != want.attempts {
		t.Errorf("%d attempts (told as %d) and error %v, want %d and success %t", attempts, response.Attempts, err, want.attempts, want.succeeds)
	}
	if applied != want.applied {
		t.Errorf("applied %d times, want %d", applied, want.applied)
	}
	if took < want.least || took > want.most {
		t.Errorf("it took %v, want %v to %v", took, want.least, want.most)
	}
	if err == nil {
		return
	}
	var failed *tenantkit.Error
	if !errors.As(err, &failed) {
		t.Fatalf("the error is %T", err)
	}
	if failed.Outcome != want.outcome || failed.Attempts != want.attempts || failed.Operation != c.op.Name || failed.ReadOnly != (c.op.Class == tenantkit.Read) {
		t.Errorf("outcome %v after %d attempts of %s, want %v after %d", failed.Outcome, failed.Attempts, failed.Operation, want.outcome, want.attempts)
	}
	if c.fault.is != nil && want.sentinel == c.fault.sentinel() && !errors.Is(err, c.fault.is) {
		t.Errorf("the error is not %v: %v", c.fault.is, err)
	}
	for _, sentinel := range sentinels {
		if is := want.sentinel; errors.Is(err, sentinel) != (sentinel == is) {
			t.Errorf("the error is %v: %t", sentinel, sentinel != is)
		}
	}
	if asked := failed.RetryAfter; c.fault.wait > 0 && !c.fault.waitTooLong && asked != c.fault.wait {
		t.Errorf("the error tells a wait of %v, want %v", asked, c.fault.wait)
	}
}
