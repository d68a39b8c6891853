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
	"time"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

//go:embed connections.yaml
var sample string

// demo is a service, a file of connections, and a directory.
type demo struct {
	server *worklyticstest.Server
	out    io.Writer
	command
}

// runDemo shows runs against a fake service, as a user sees them.
func runDemo(ctx context.Context, out io.Writer) (err error) {
	directory, err := os.MkdirTemp("", "worklytics-connect-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	server := worklyticstest.NewServer()
	defer server.Close()
	d := &demo{server: server, out: out, command: command{
		file: filepath.Join(directory, "connections.yaml"), state: filepath.Join(directory, "connections.state"),
		tokens: always(auth.StaticToken(server.GoogleToken("ci@acme.iam.gserviceaccount.com", time.Hour))),
	}}
	text := "baseURL: " + server.BaseURL() + "\n" + sample
	moved := strings.ReplaceAll(text, "psoxy-github-abc", "psoxy-github-xyz")
	apply := func(c *command) { c.apply = true }
	for _, act := range []func() error{
		func() error { return d.write(text) },
		func() error { return d.run(ctx, "A plan, since nothing is there yet", func(*command) {}) },
		func() error { return d.run(ctx, "The plan, carried out", apply) },
		func() error { return d.run(ctx, "The same once more: nothing is left to do", apply) },
		func() error { return d.write(moved) },
		func() error { return d.run(ctx, "The file has another endpoint for two connections", apply) },
		func() error { return d.write(moved + jira) },
		func() error {
			server.Fail("CreateDataConnection", worklyticstest.Fault{ResetAfter: true})
			return failed(d.run(ctx, "One connection more, and the network breaks before the service answers", apply))
		},
		func() error { return failed(d.run(ctx, "What a further run says of it, and does not do", apply)) },
		func() error {
			all := server.DataConnections()
			adopt := map[string]string{"jira": all[len(all)-1].ID}
			return d.run(ctx, "A person has found it in the web app", func(c *command) { c.adopt = adopt })
		},
	} {
		if err := act(); err != nil {
			return err
		}
	}
	return nil
}

const jira = `
  - name: jira
    integration: jira-cloud-psoxy
    settings:
      PROXY_DEPLOYMENT_KIND: GCP
      PROXY_ENDPOINT: https://psoxy-jira-abc.a.run.app/
`

// failed returns an error where one is missing.
func failed(err error) error {
	if err == nil {
		return errors.New("the open creation was not reported")
	}
	return nil
}

func (d *demo) write(text string) error { return os.WriteFile(d.file, []byte(text), 0o600) }

// run runs the program under a title.
func (d *demo) run(ctx context.Context, title string, change func(*command)) error {
	c := d.command
	change(&c)
	_, _ = fmt.Fprintf(d.out, "\n# %s\n\n", title)
	err := c.run(ctx, d.out)
	if err != nil {
		_, _ = fmt.Fprintln(d.out, "worklytics-connect:", err)
	}
	return err
}
