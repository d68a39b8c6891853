// Keboola-inventory lists all GoodData projects and users of a Keboola account. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr, isTerminal(os.Stderr))
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "keboola-inventory:", err)
		os.Exit(1)
	}
}

func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// errUsage is a command line that was explained already.
var errUsage = errors.New("the command line is wrong")

// options are what the command line says.
type options struct {
	url, connection, tokenEnv, tokenFile, format, out, state string
	demo                                                     bool
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("keboola-inventory", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.url, "url", keboola.BaseURLUS, "`URL` of the provisioning service")
	flags.StringVar(&o.connection, "connection", "", "`URL` of the Keboola Connection that is asked for the service, in place of -url")
	flags.StringVar(&o.tokenEnv, "token-env", "KBC_STORAGE_TOKEN", "`name` of the environment variable with the Storage API token")
	flags.StringVar(&o.tokenFile, "token-file", "", "`file` with the Storage API token, in place of -token-env")
	flags.StringVar(&o.format, "format", "table", "what to write: "+strings.Join(formats(), ", "))
	flags.StringVar(&o.out, "out", "", "`file` to write to, in place of standard output")
	flags.StringVar(&o.state, "state", "", "`file` that keeps what was read, so that an interrupted run can go on from there; one run at a time")
	flags.BoolVar(&o.demo, "demo", false, "read a made-up account from a server in this program")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, errUsage
	}
	wrong := ""
	switch {
	case flags.NArg() > 0:
		wrong = fmt.Sprintf("%q is no flag", flags.Arg(0))
	case !slices.Contains(formats(), o.format):
		wrong = fmt.Sprintf("-format %q is none of %s", o.format, strings.Join(formats(), ", "))
	}
	if wrong != "" {
		fmt.Fprintln(stderr, wrong)
		flags.Usage()
		return o, errUsage
	}
	return o, nil
}

// run does what the command line says. Progress is shown where stderr is a terminal.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, terminal bool) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	account, client, closeAccount, err := open(ctx, o, terminal)
	if err != nil {
		return err
	}
	defer closeAccount()
	defer client.CloseIdleConnections()

	j, err := openJournal(ctx, o.state, account)
	if err != nil {
		return err
	}
	progress := &progress{out: stderr, on: terminal}
	err = collect(ctx, client, j, progress.show)
	progress.clear()
	if err == nil {
		err = write(o, &j.inventory, stdout)
	}
	if err != nil {
		err = errors.Join(err, j.close())
		if o.state != "" {
			err = fmt.Errorf("%w\nrun it again to go on from here, or delete %s to start anew", err, o.state)
		}
		return err
	}
	return j.remove()
}

// open returns a client, and what names the account that it reads.
func open(ctx context.Context, o options, terminal bool) (account string, client *keboola.Client, closeAccount func(), err error) {
	if o.demo {
		server := startDemo(terminal)
		client, err = keboola.NewClient(server.BaseURL(), auth.StaticToken(keboolatest.DefaultToken))
		return "demo", client, server.Close, err
	}
	account = o.url
	if o.connection != "" {
		if account, err = keboola.DiscoverBaseURL(ctx, o.connection); err != nil {
			return "", nil, nil, err
		}
	}
	token := auth.Env(o.tokenEnv)
	if o.tokenFile != "" {
		token = auth.File(o.tokenFile)
	}
	client, err = keboola.NewClient(account, token)
	return account, client, func() {}, err
}

// write renders the inventory to where the command line says; to a file, all or nothing.
func write(o options, inv *inventory, stdout io.Writer) (err error) {
	if o.out == "" {
		return render(o.format, inv, stdout)
	}
	part := o.out + ".part"
	file, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = render(o.format, inv, file)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return os.Rename(part, o.out)
}

// progress is one line that is written over again and again.
type progress struct {
	out io.Writer
	on  bool
}

func (p *progress) show(inv *inventory) {
	if p.on {
		fmt.Fprintf(p.out, "\rread %d projects, %d users", len(inv.Projects), len(inv.Users))
	}
}

func (p *progress) clear() {
	if p.on {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
