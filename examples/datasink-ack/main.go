// Datasink-ack tells Autonomous Identity which access decisions were applied. It reads the
// decisions from a file, and can be stopped or killed at any moment, and run again: it then does
// the rest. README.md tells how to use it.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	stop := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		// The first signal ends the run behind the requests on their way, the second one
		// does not wait for them.
		<-signals
		close(stop)
		<-signals
		cancel()
	}()
	if err := run(ctx, stop, os.Args[1:], os.Stdout, term.IsTerminal(int(os.Stdout.Fd()))); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "datasink-ack:", err)
		os.Exit(1)
	}
}

// command is what the command line asks for.
type command struct {
	url, ca, tenant string
	key             auth.TokenSource
	file            file
	checkpoint      string
	refused         string
	bulk            autoid.BulkOptions
	client          *http.Client // nil: one of our own
}

func run(ctx context.Context, stop <-chan struct{}, args []string, out io.Writer, terminal bool) error {
	var c command
	flags := flag.NewFlagSet("datasink-ack", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&c.url, "url", "", "the base `URL` of the deployment, without /api")
	variable := flags.String("key-env", "AUTOID_API_KEY", "the environment `variable` that holds the API key")
	keyFile := flags.String("key-file", "", "the `file` that holds the API key, in place of -key-env")
	flags.StringVar(&c.tenant, "tenant", "", "the tenant `ID`, where the deployment has several")
	flags.StringVar(&c.ca, "ca-file", "", "a PEM `file` with the authority of the deployment's certificate")
	flags.StringVar(&c.file.path, "in", "", "the `file` of decisions, ending in .jsonl or .csv")
	flags.StringVar((*string)(&c.file.status), "status", string(autoid.Ack), "the `status` of decisions that come without one: ack or nack")
	flags.StringVar(&c.checkpoint, "checkpoint", "", "the `file` that keeps what is done (default: that of -in with .checkpoint at its end)")
	flags.StringVar(&c.refused, "refused", "", "the `file` that refused decisions are added to (default: that of -in with .refused at its end)")
	flags.IntVar(&c.bulk.BatchItems, "batch", 0, "the `number` of decisions in a request (default 500)")
	flags.IntVar(&c.bulk.Parallel, "parallel", 0, "the `number` of requests at a time (default 4)")
	flags.DurationVar(&c.bulk.CheckpointEvery, "every", time.Second, "the `time` between two saves of the checkpoint, and between two lines of progress")
	demo := flags.Bool("demo", false, "acknowledge made-up decisions, with a fake of the service that takes 5 ms for a request")
	number := flags.Int("n", 1_000_000, "the `number` of decisions of -demo")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	c.key = auth.Env(*variable)
	if *keyFile != "" {
		c.key = auth.File(*keyFile)
	}
	if *demo {
		return runDemo(ctx, stop, &c, *number, out, terminal)
	}
	if c.url == "" || c.file.path == "" {
		return errors.New("-url and -in are needed, or -demo; -h tells more")
	}
	return c.run(ctx, stop, out, terminal)
}

func (c *command) run(ctx context.Context, stop <-chan struct{}, out io.Writer, terminal bool) error {
	client, err := c.newClient()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	if c.checkpoint == "" {
		c.checkpoint = c.file.path + ".checkpoint"
	}
	if c.refused == "" {
		c.refused = c.file.path + ".refused"
	}
	// Before anything is sent, so that a bad line is found before half of the file is done.
	total, err := c.file.count(stop)
	if err != nil {
		return err
	}
	refusals := &refusals{path: c.refused}
	defer refusals.close()
	shown := newProgress(out, terminal, total, c.bulk.CheckpointEvery)

	var readErr error
	decisions := func(yield func(autoid.AssignmentStatus) bool) { readErr = c.file.each(stop, yield) }
	options := c.bulk
	options.Checkpoint = autoid.FileCheckpoint(c.checkpoint)
	options.Progress = shown.update
	options.Refused = refusals.add
	result, err := client.AcknowledgeAssignments(ctx, decisions, options)
	shown.end(result.BulkProgress)
	if refusals.err != nil {
		return fmt.Errorf("%w: delete %s and run again, to see the refused decisions", refusals.err, c.checkpoint)
	}
	left := max(0, total-result.State.Done-result.State.Refused)
	var ended *autoid.BulkError
	switch {
	case readErr != nil:
		return readErr
	case stopped(stop) && (err == nil && left > 0 || errors.Is(err, autoid.ErrOtherItems)):
		// Where it stopped among what is done already, the library took the file for
		// another one.
		return fmt.Errorf("stopped: %d decisions are left; run again to do them", left)
	case errors.Is(err, autoid.ErrOtherItems):
		return fmt.Errorf("%w; delete %s to begin anew, or name another one", err, c.checkpoint)
	case left > 0 && errors.As(err, &ended):
		return fmt.Errorf("%w; run again to do the rest", err)
	case errors.As(err, &ended) && ended.Stopped:
		return err
	case result.State.Refused > 0:
		return fmt.Errorf("%d decisions were refused; they are in %s; delete %s to send all decisions again", result.State.Refused, c.refused, c.checkpoint)
	}
	return err
}

func stopped(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

func (c *command) newClient() (*autoid.Client, error) {
	var options []tenantkit.Option
	if c.tenant != "" {
		options = append(options, autoid.WithTenantID(c.tenant))
	}
	if c.ca != "" {
		pem, err := os.ReadFile(c.ca)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", c.ca)
		}
		transport := tenantkit.NewTransport()
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
		c.client = &http.Client{Transport: transport}
	}
	if c.client != nil {
		options = append(options, tenantkit.WithHTTPClient(c.client))
	}
	return autoid.NewClient(c.url, autoid.Credentials{APIKey: c.key}, options...)
}
