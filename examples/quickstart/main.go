// Quickstart shows what tenantkit does, against fake servers that it starts itself:
//
//	go run ./examples/quickstart
//
// With ARGO_URL (ending in /api/v2) and ARGO_API_KEY (an administrator's key) it does the same with
// that ARGO service, in tenants that it makes and deletes itself; ARGO_CA_FILE names a PEM file
// with a private certificate authority. With -demo it takes fakes all the same.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	getenv, err := parse(os.Args[1:], os.Stderr, os.Getenv)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		os.Exit(2)
	}
	// Also of a terminal that is closed, and of a pipe that nobody reads any more: the tour
	// cleans up before it ends.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	if err := run(ctx, os.Stdout, getenv); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// parse reads the command line, and returns the environment for the tour. An error was told to the
// user.
func parse(args []string, errOut io.Writer, getenv func(string) string) (func(string) string, error) {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(errOut)
	demo := flags.Bool("demo", false, "use fakes only, whatever the environment says")
	flags.Usage = func() {
		_, _ = fmt.Fprint(errOut, "usage: quickstart [-demo]\n\nMakes a tour through fake servers, or through the ARGO service of the environment:\n"+
			"ARGO_URL, which ends in /api/v2, ARGO_API_KEY, and ARGO_CA_FILE for a private certificate authority.\n\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		err := fmt.Errorf("unexpected argument %q", flags.Arg(0))
		_, _ = fmt.Fprintln(errOut, err)
		flags.Usage()
		return nil, err
	}
	if *demo {
		return func(string) string { return "" }, nil
	}
	return getenv, nil
}

// run makes the tour, with the environment that getenv gives.
func run(ctx context.Context, out io.Writer, getenv func(string) string) error {
	p := &printer{out: out}
	p.line("tenantkit quickstart")
	if err := argoTour(ctx, p, getenv); err != nil {
		return err
	}
	if getenv("ARGO_URL") != "" {
		// The tour of a service of one's own ends here: the others are fakes.
		return nil
	}
	for _, tour := range []func(context.Context, *printer) error{keboolaTour, worklyticsTour, datasinkTour, infoworksTour} {
		if err := tour(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// printer tells what happens, for a person to read.
type printer struct{ out io.Writer }

func (p *printer) title(format string, args ...any) { p.line("\n"+format, args...) }
func (p *printer) done(format string, args ...any)  { p.line("  ✓ "+format, args...) }
func (p *printer) note(format string, args ...any)  { p.line("    "+format, args...) }

func (p *printer) line(format string, args ...any) {
	// There is nobody to tell that standard output is gone.
	_, _ = fmt.Fprintf(p.out, format+"\n", args...)
}
