// Argo-onboard brings a tenant of an ARGO service, with its users, to what a JSON file says.
// README.md tells how to use it.
//
// It may be killed at any moment, and run again: it looks at what is there before it changes
// anything. The service itself would take the same user twice.
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

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
)

// The exit codes, beside 0 for a tenant that is as the file says.
const (
	exitFailed  = 1 // run it again: it goes on from what is there
	exitUsage   = 2 // the command line or the file is wrong; nothing was sent
	exitTwice   = 3 // a tenant or user is on the service twice, and a person has to look; nothing was changed
	exitChanges = 4 // with -plan: there is something to do
)

var (
	errUsage   = errors.New("the command line is wrong") // it was explained already
	errTwice   = errors.New("something is on the service twice, see above: delete the wrong one, and run again")
	errChanges = errors.New("there is something to do")
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the run behind the change in hand, the second ends it at once.
	context.AfterFunc(ctx, stop)
	os.Exit(exitCode(run(ctx, os.Args[1:], os.Stdout, os.Stderr), os.Stderr))
}

// exitCode tells an error, and what it means for a script.
func exitCode(err error, stderr io.Writer) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, errChanges):
		return exitChanges
	}
	// There is nobody to tell that standard error is gone.
	_, _ = fmt.Fprintln(stderr, "argo-onboard:", err)
	var invalid *tenantkit.ValidationError
	switch {
	case errors.Is(err, errFile), errors.As(err, &invalid):
		return exitUsage
	case errors.Is(err, errTwice):
		return exitTwice
	}
	return exitFailed
}

// command is what the command line asks for.
type command struct {
	file, state, url, ca  string
	key                   auth.TokenSource
	keys                  string
	plan, printKeys, demo bool
	options               []tenantkit.Option
	getenv                func(string) string
}

func parse(args []string, stderr io.Writer) (*command, error) {
	c := &command{getenv: os.Getenv}
	flags := flag.NewFlagSet("argo-onboard", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.file, "file", "tenant.json", "the `file` that says what the tenant and its users shall be")
	flags.StringVar(&c.url, "url", "", "`URL` of the service, ending in /api/v2")
	keyEnv := flags.String("key-env", "ARGO_API_KEY", "the environment `variable` that holds the administrator's key")
	keyFile := flags.String("key-file", "", "the `file` that holds the administrator's key, in place of -key-env")
	flags.StringVar(&c.ca, "ca-file", "", "a PEM `file` with the authority of the service's certificate, where it is a private one")
	flags.BoolVar(&c.plan, "plan", false, "show what is to be done, and do nothing: the exit code is 4 if there is something")
	flags.StringVar(&c.keys, "keys", "", "the `file`, of mode 0600, that the keys of the users are written to")
	flags.BoolVar(&c.printKeys, "print-keys", false, "print the keys of the users, for all to see who see the output")
	flags.StringVar(&c.state, "state", "", "the `file` that keeps the tenant's status while changes wipe it (default: that of -file with .state at its end)")
	flags.BoolVar(&c.demo, "demo", false, "show all this with a fake service, in a directory that is removed afterwards")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil, err
	} else if err != nil {
		return nil, errUsage
	}
	wrong := ""
	switch {
	case flags.NArg() > 0:
		wrong = fmt.Sprintf("unexpected argument %q", flags.Arg(0))
	case !c.demo && c.url == "":
		wrong = "-url is missing; -demo needs none"
	case c.plan && (c.keys != "" || c.printKeys):
		wrong = "-plan has no keys to give"
	}
	if wrong != "" {
		_, _ = fmt.Fprintf(stderr, "argo-onboard: %s; -h lists the flags\n", wrong)
		return nil, errUsage
	}
	c.key = auth.Env(*keyEnv)
	if *keyFile != "" {
		c.key = auth.File(*keyFile)
	}
	return c, nil
}

func run(ctx context.Context, args []string, out, stderr io.Writer) error {
	c, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if c.demo {
		return runDemo(ctx, out)
	}
	return c.run(ctx, out)
}

func (c *command) newClient() (*argo.Client, error) {
	options := c.options
	if c.ca != "" {
		pem, err := os.ReadFile(c.ca)
		if err != nil {
			return nil, fmt.Errorf("-ca-file: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("-ca-file: %s holds no certificate in PEM", c.ca)
		}
		transport := tenantkit.NewTransport()
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
		options = append(options, tenantkit.WithHTTPClient(&http.Client{Transport: transport}))
	}
	return argo.NewClient(c.url, c.key, options...)
}
