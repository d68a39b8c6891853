package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

//go:embed tenant.json
var sample string

// runDemo shows runs against a fake service, as a user sees them.
func runDemo(ctx context.Context, out io.Writer) (err error) {
	directory, err := os.MkdirTemp("", "argo-onboard-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	server := argotest.NewServer()
	defer server.Close()
	file, keys := filepath.Join(directory, "tenant.json"), filepath.Join(directory, "keys.json")
	write := func(text string) error { return os.WriteFile(file, []byte(text), 0o600) }
	show := func(title string, plan bool) error {
		c := command{
			file: file, keys: keys, plan: plan, url: server.BaseURL(), key: auth.StaticToken(argotest.DefaultKey),
			getenv: func(string) string { return "not a real password" },
		}
		_, _ = fmt.Fprintf(out, "\n# %s\n\n", title)
		err := c.run(ctx, out)
		_, _ = fmt.Fprintf(out, "exit code %d\n", exitCode(err, out))
		return err
	}
	grown := strings.Replace(sample, `"users": [`, `"users": [
    {"name": "Emmy Noether", "email": "emmy@physics.example.org", "roles": ["viewer"]},`, 1)

	if err := write(sample); err != nil {
		return err
	}
	if err := show("The plan, on a service that is empty", true); !errors.Is(err, errChanges) {
		return fmt.Errorf("the plan: %w", err)
	}
	if err := show("The plan, carried out", false); err != nil {
		return err
	}
	if err := show("The same once more: nothing is left to do", false); err != nil {
		return err
	}

	// Meanwhile the engine reports.
	engine, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
	if err != nil {
		return err
	}
	defer engine.CloseIdleConnections()
	if err := engine.UpdateTenantStatus(ctx, server.Tenants()[0].ID, &argo.Status{EngineConfig: true, LastCheck: "2026-01-02T03:04:05Z"}); err != nil {
		return err
	}
	if err := write(grown); err != nil {
		return err
	}
	server.Fail("CreateUser", argotest.Fault{ResetAfter: true})
	if err := show("One user more, and the network breaks before the service answers", false); tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown {
		return fmt.Errorf("the lost answer: %w", err)
	}
	if err := show("The next run finds her there", false); err != nil {
		return err
	}
	tenant := server.Tenants()[0]
	_, err = fmt.Fprintf(out, "\nThe service has %d users of %s, and still the status of its engine: %s.\n", len(tenant.Users), tenant.Info.Name, tenant.Status.LastCheck)
	return err
}
