// Worklytics-connect makes the data connections of a Worklytics tenant match a YAML file. README.md
// describes how to use it.
//
// It can be killed at any moment, and run again. The service has no list of connections, and is not
// known to reject a second one like the first. Hence a directory keeps the ID of each, and records
// which creation is about to begin. See worklytics.Client.Reconcile, which does the work.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the run after the current connection, the second ends it at once.
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "worklytics-connect:", err)
		os.Exit(1)
	}
}

// command is a parsed command line.
type command struct {
	file, state  string
	apply, known bool
	forget       []string
	adopt        map[string]string // IDs by name
	tokens       tokensFor
	options      []tenantkit.Option
}

func run(ctx context.Context, args []string, out io.Writer) error {
	c := command{adopt: make(map[string]string)}
	flags := flag.NewFlagSet("worklytics-connect", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&c.file, "file", "connections.yaml", "the `file` with the desired connections")
	flags.StringVar(&c.state, "state", "connections.state", "the `directory` that keeps the IDs of the connections")
	tokenFlags(flags, &c.tokens)
	flags.BoolVar(&c.apply, "apply", false, "carry out the plan instead of only showing it")
	flags.BoolVar(&c.known, "known", false, "reject integrations that the library does not know")
	flags.Func("adopt", "`name=id`: the connection of this name is the one on the service with this ID", func(text string) error {
		name, id, ok := strings.Cut(text, "=")
		if !ok || name == "" || id == "" {
			return errors.New("it must be name=id")
		}
		c.adopt[name] = id
		return nil
	})
	flags.Func("forget", "`name`: forget what is known of the connection of this name, so that it is created", func(name string) error {
		c.forget = append(c.forget, name)
		return nil
	})
	demo := flags.Bool("demo", false, "show all this with a fake service, in a directory that is removed afterwards")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *demo {
		return runDemo(ctx, out)
	}
	return c.run(ctx, out)
}

// run shows the plan, and carries it out if asked to.
func (c *command) run(ctx context.Context, out io.Writer) error {
	wanted, err := readConfig(c.file, c.known)
	if err != nil {
		return err
	}
	state := coord.Dir(c.state)
	options := append(slices.Clip(c.options), tenantkit.WithLocker(state))
	client, err := worklytics.NewClient(wanted.BaseURL, wanted.Tenant, c.tokens(wanted.host()), options...)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	p := &printer{out: out, wanted: wanted}

	plan, err := client.Reconcile(ctx, state, wanted.Connections, worklytics.ReconcileOptions{DryRun: true, Forget: c.forget, Adopt: c.adopt})
	if incomplete(plan, wanted) {
		return err
	}
	for _, name := range c.forget {
		p.print("Forgot %s.", name)
	}
	for _, name := range slices.Sorted(maps.Keys(c.adopt)) {
		p.print("Adopted connection %s as %s.", c.adopt[name], name)
	}
	p.printPlan(plan)
	last := plan
	if c.apply {
		last, err = client.Reconcile(ctx, state, wanted.Connections, worklytics.ReconcileOptions{})
		p.printResults(plan, last)
		if incomplete(last, wanted) || unfinished(last) {
			return err
		}
	}
	if bad := failures(last); bad > 0 {
		return fmt.Errorf("%d of %d connections need your attention, see above", bad, len(last.Connections))
	}
	return err
}

// incomplete reports whether the plan broke off: some connection could not be read.
func incomplete(changes worklytics.Changes, wanted *config) bool {
	return len(changes.Connections) < len(wanted.Connections) ||
		slices.ContainsFunc(changes.Connections, func(c worklytics.ConnectionChange) bool { return c.Action == "" })
}

// unfinished reports whether a run stopped before it came to all connections.
func unfinished(changes worklytics.Changes) bool {
	return slices.ContainsFunc(changes.Connections, func(c worklytics.ConnectionChange) bool {
		return c.Action != worklytics.ActionNone && !c.Done && c.Err == nil
	})
}

func failures(changes worklytics.Changes) (n int) {
	for _, c := range changes.Connections {
		if c.Err != nil {
			n++
		}
	}
	return n
}
