package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// runMain, in the environment, makes the test program run the quickstart in place of the tests.
const runMain = "QUICKSTART_TEST_RUNS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

func TestTourWithFakes(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), &out, func(string) string { return "" }); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"created tenant", "provisioned user ada", "409 Conflict", "404 Not Found", "must not be empty", "deleted tenant",
		"created project", "422 Unprocessable Entity", "outcome unknown", "read all 5 users", "deleted project",
		"settings.GITHUB_ORGANIZATION", "2 tokens in all", "acknowledged 1999 of 2000", "[decision 1234]",
		"valid: false", "1 added", "406 Not Acceptable"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output does not say %q:\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "not a real password") {
		t.Errorf("the output shows a password:\n%s", &out)
	}
}

// ownServer returns a server as a user may have it, with a private authority and a tenant of
// others, and its environment.
func ownServer(t *testing.T) (*argotest.Server, func(string) string) {
	server := argotest.Start(t, argotest.WithTLS())
	server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "of others"}})
	conn, err := tls.Dial("tcp", strings.TrimPrefix(server.URL(), "https://"), &tls.Config{RootCAs: server.CertPool()})
	if err != nil {
		t.Fatal(err)
	}
	certificate := conn.ConnectionState().PeerCertificates[0].Raw
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ARGO_URL", server.BaseURL())
	t.Setenv("ARGO_API_KEY", argotest.DefaultKey)
	t.Setenv("ARGO_CA_FILE", file)
	return server, os.Getenv
}

func TestTourOfAServer(t *testing.T) {
	server, getenv := ownServer(t)
	var out bytes.Buffer
	if err := run(t.Context(), &out, getenv); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), server.BaseURL()) || !strings.Contains(out.String(), "and 1 that the quickstart did not make") {
		t.Errorf("the output does not tell of the server and the tenant of others:\n%s", &out)
	}
	onlyOthersLeft(t, server)
}

func TestInterruptedTourCleansUp(t *testing.T) {
	for _, at := range []string{"created tenant", "provisioned user ada", "set the status", "renewed a user's key"} {
		t.Run(at, func(t *testing.T) {
			server, getenv := ownServer(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := run(ctx, writerFunc(func(p []byte) (int, error) {
				if bytes.Contains(p, []byte(at)) {
					cancel()
				}
				return len(p), nil
			}), getenv)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want the end of the context", err)
			}
			onlyOthersLeft(t, server)
		})
	}
}

// TestInterruptDoesNotCutACreationShort interrupts while creations are on their way: a server goes
// on with what it has begun, also after the clean-up of a program that does not wait for it.
func TestInterruptDoesNotCutACreationShort(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"alpha", "beta", "taken"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := argotest.Start(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var creations []string
			client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey), tenantkit.WithTransport(
				func(next http.RoundTripper) http.RoundTripper {
					return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
						if op, _ := tenantkit.OperationFromContext(req.Context()); op.Name == "CreateTenant" {
							creations = append(creations, op.Name)
							if len(creations) == map[string]int{"alpha": 1, "beta": 2, "taken": 3}[name] {
								cancel()
							}
							if req.Context().Err() != nil {
								t.Error("the creation is cut short")
							}
						}
						return next.RoundTrip(req)
					})
				}))
			if err != nil {
				t.Fatal(err)
			}
			defer client.CloseIdleConnections()
			tour := argoSteps{printer: &printer{out: io.Discard}, client: client, prefix: "quickstart-"}
			if err := tour.run(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want the end of the context", err)
			}
			if err := tour.cleanUp(t.Context()); err != nil || len(server.Tenants()) != 0 {
				t.Errorf("left behind: %+v, error %v", server.Tenants(), err)
			}
		})
	}
}

// TestLostAnswerCleansUp loses the answer of a creation, so that the tour does not learn the id of
// what it made.
func TestLostAnswerCleansUp(t *testing.T) {
	server, getenv := ownServer(t)
	server.Fail("CreateTenant", argotest.Fault{ResetAfter: true})
	if err := run(t.Context(), io.Discard, getenv); err == nil {
		t.Error("no error")
	}
	if server.Applied("CreateTenant") != 1 {
		t.Error("the creation was not applied")
	}
	onlyOthersLeft(t, server)
}

func TestBadEnvironment(t *testing.T) {
	t.Parallel()
	for name, environment := range map[string]map[string]string{
		"no such file":       {"ARGO_URL": "https://argo.example.org/api/v2", "ARGO_CA_FILE": "/no/such/file"},
		"file without a PEM": {"ARGO_URL": "https://argo.example.org/api/v2", "ARGO_CA_FILE": "main.go"},
		"plain http":         {"ARGO_URL": "http://argo.example.org/api/v2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := run(t.Context(), io.Discard, func(name string) string { return environment[name] }); err == nil {
				t.Error("no error")
			}
		})
	}
}

func onlyOthersLeft(t *testing.T, server *argotest.Server) {
	t.Helper()
	if left := server.Tenants(); len(left) != 1 || left[0].Info.Name != "of others" {
		t.Errorf("left behind: %+v", left)
	}
}

type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A command line that asks for help, or is mistyped, must not begin to work on a service.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	environment := func(string) string { return "set" }
	for name, test := range map[string]struct {
		args         []string
		wrong, fakes bool
	}{
		"nothing":  {},
		"demo":     {args: []string{"-demo"}, fakes: true},
		"help":     {args: []string{"-h"}, wrong: true},
		"argument": {args: []string{"demo"}, wrong: true},
		"flag":     {args: []string{"-x"}, wrong: true},
	} {
		var said bytes.Buffer
		getenv, err := parse(test.args, &said, environment)
		if (err != nil) != test.wrong || (said.Len() > 0) != test.wrong || test.wrong != strings.Contains(said.String(), "ARGO_API_KEY") {
			t.Errorf("%s: %v, said %q", name, err, &said)
		}
		if err == nil && (getenv("ARGO_URL") == "") != test.fakes {
			t.Errorf("%s: the environment has %q", name, getenv("ARGO_URL"))
		}
	}
}
