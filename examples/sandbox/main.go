// Sandbox serves the fakes of all five systems on loopback, with curl lines to try them from any
// language, and a web page that shows what becomes of them. See README.md.
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}
}

// errUsage is a command line that was explained already.
var errUsage = errors.New("the command line is wrong")

// options are what the command line says.
type options struct {
	addr  string
	ports int
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.addr, "addr", "127.0.0.1:0", "loopback `address` of the web page; port 0 stands for a free one")
	flags.IntVar(&o.ports, "ports", 0, "first of the five `ports` in a row for the fakes; 0 stands for free ones")
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
	case o.ports < 0 || o.ports > 65535-len(starters)+1:
		wrong = fmt.Sprintf("-ports %d: the five ports have to be between 1 and 65535", o.ports)
	}
	if wrong != "" {
		fmt.Fprintln(stderr, wrong)
		flags.Usage()
		return o, errUsage
	}
	return o, nil
}

// run serves until ctx ends, which is no error.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	page, err := listen(ctx, o.addr)
	if err != nil {
		return fmt.Errorf("the web page: %w", err)
	}
	// Serving closes it first; this is for the ways out before that.
	defer page.Close()
	box, err := open(ctx, o.ports)
	if err != nil {
		return err
	}
	defer box.close()
	if err := box.introduce(stdout, "http://"+page.Addr().String()+"/"); err != nil {
		return err
	}
	if err := serve(ctx, page, newPage(box)); err != nil {
		return fmt.Errorf("the web page: %w", err)
	}
	return nil
}
