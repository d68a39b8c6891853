// Argo-onboard brings a tenant of an ARGO service, with its users, to what a JSON file says. README.md tells how to use it.
//
// It may be killed at any moment, and run again: it looks at what is there before it changes anything. The service itself would take
// the same user twice.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

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
	switch {
	case errors.Is(err, errFile):
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

// session is one run.
type session struct {
	client *argo.Client
	wanted *wanted
	state  string
	out    io.Writer
}

func (s *session) say(format string, args ...any) {
	// There is nobody to tell that standard output is gone.
	_, _ = fmt.Fprintf(s.out, format+"\n", args...)
}

func (c *command) run(ctx context.Context, out io.Writer) error {
	wanted, err := readFile(c.file, c.getenv)
	if err != nil {
		return err
	}
	client, err := c.newClient()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	s := &session{client: client, wanted: wanted, state: c.state, out: out}
	if s.state == "" {
		s.state = c.file + ".state"
	}
	if !c.plan {
		unlock, err := lock(ctx, s.state)
		if err != nil {
			return err
		}
		defer unlock()
	}
	p, err := s.look(ctx)
	if err != nil {
		return err
	}
	s.show(p)
	switch todo := p.tenant == nil || len(p.steps) > 0; {
	case len(p.twice) > 0:
		return errTwice
	case todo && c.plan:
		return errChanges
	case c.plan:
		return nil
	case todo:
		if p, err = s.bring(ctx, p); err != nil {
			return fmt.Errorf("%w\nrun it again, in a minute: it looks first, and goes on from what is there", err)
		}
	}
	if err := s.forgetStatus(); err != nil {
		return err
	}
	return c.handKeys(s, p.tenant.Users)
}

// lock keeps another run with the same file out, in this or another process.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	release, err := auth.FileStore(path).Lock(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("another run with this file is at work: wait for its end (where there is no flock, as on Windows, two minutes more if it was killed: %s.lock)", path)
	}
	if err != nil {
		return nil, err
	}
	// What is in the lock's file does not matter, and so not how it is closed.
	return func() { _ = release() }, nil
}

// bring does what is planned, and returns what is there afterwards.
func (s *session) bring(ctx context.Context, p *plan) (*plan, error) {
	// An interrupt does not cut a request short: the service would go on with it, and the next run could look too early.
	uncut := context.WithoutCancel(ctx)
	if p.tenant == nil {
		var tenant argo.Tenant
		s.wanted.change(&tenant)
		created, err := s.client.CreateTenant(uncut, &tenant)
		if err != nil {
			return nil, err
		}
		s.say("  created the tenant, id %s", created.ID)
		p.tenant = &argo.Tenant{ID: created.ID}
	}
	err := s.client.KeepStatus(uncut, p.tenant.ID, func(uncut context.Context) error {
		if err := s.saveStatus(uncut, p.tenant.ID); err != nil {
			return err
		}
		for _, step := range p.steps {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("stopped before «%s»: %w", step.text, err)
			}
			if err := step.do(uncut, s.client, p.tenant.ID); err != nil {
				return err
			}
			s.say("  done: %s", step.text)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	// Another program may have undone some of it: the server loses one of two changes at the same time.
	p, err = s.look(ctx)
	if err != nil {
		return nil, err
	}
	if p.tenant == nil || len(p.steps) > 0 || len(p.twice) > 0 {
		s.show(p)
		return nil, errors.New("another program changed the tenant at the same time: the above is left to do")
	}
	return p, nil
}

// handKeys hands out the keys of the file's users: of all, since a run that was killed cannot have told those that it made.
func (c *command) handKeys(s *session, there []argo.User) error {
	var users []argo.User
	for _, user := range there {
		for _, wanted := range s.wanted.Users {
			if wanted.is(user) {
				users = append(users, user)
			}
		}
	}
	if c.printKeys {
		for _, user := range users {
			s.say("%s %s", user.Email, string(user.APIKey))
		}
	}
	if c.keys == "" {
		return nil
	}
	data, err := tenantkit.Reveal(users)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, data, "", "  "); err != nil {
		return err
	}
	if err := writePrivately(c.keys, text.Bytes()); err != nil {
		return err
	}
	s.say("  wrote the keys of %d users to %s", len(users), c.keys)
	return nil
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
