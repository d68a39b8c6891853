// Worklytics-connect brings the data connections of a Worklytics tenant to what a YAML file says. README.md tells how to use it.
//
// It can be killed at any moment, and run again. The service has no list of connections, and is not known to refuse a second one like
// the first; hence a state file keeps the ID of each, and says which creation is about to begin. A creation of which nobody knows the
// end is never repeated unasked.
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
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the run behind the connection in hand, the second ends it at once.
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "worklytics-connect:", err)
		os.Exit(1)
	}
}

// command is what the command line asks for.
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
	flags.StringVar(&c.file, "file", "connections.yaml", "the `file` that says which connections there shall be")
	flags.StringVar(&c.state, "state", "connections.state.json", "the `file` that keeps the IDs of the connections")
	tokenFlags(flags, &c.tokens)
	flags.BoolVar(&c.apply, "apply", false, "do what is planned, in place of showing it only")
	flags.BoolVar(&c.known, "known", false, "refuse integrations that the library does not know")
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

func (c *command) run(ctx context.Context, out io.Writer) error {
	wanted, err := readConfig(c.file, c.known)
	if err != nil {
		return err
	}
	client, err := worklytics.NewClient(wanted.BaseURL, wanted.Tenant, c.tokens(wanted.host()), c.options...)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	unlock, err := lock(c.state + ".lock")
	if err != nil {
		return err
	}
	defer unlock()
	known, err := readState(c.state, wanted)
	if err != nil {
		return err
	}
	s := &session{client: client, wanted: wanted, known: known, out: out}
	for _, name := range c.forget {
		if err := s.forget(name); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.adopt)) {
		if err := s.adopt(ctx, name, c.adopt[name]); err != nil {
			return err
		}
	}
	steps, err := s.plan(ctx)
	if err != nil {
		return err
	}
	s.show(steps)
	bad := count(steps, blocked)
	if c.apply {
		failed, err := s.apply(ctx, steps)
		if err != nil {
			return err
		}
		bad += failed
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d connections need your attention, see above", bad, len(steps))
	}
	return nil
}

// session is one run.
type session struct {
	client *worklytics.Client
	wanted *config
	known  *state
	out    io.Writer
}

func (s *session) say(format string, args ...any) {
	// There is nobody to tell that standard output is gone.
	_, _ = fmt.Fprintf(s.out, format+"\n", args...)
}

// forget makes a connection one that was never created, as far as this program knows.
func (s *session) forget(name string) error {
	entry, ok := s.known.Connections[name]
	if !ok {
		return fmt.Errorf("-forget %s: nothing is known of it", name)
	}
	delete(s.known.Connections, name)
	if err := s.known.save(); err != nil {
		return err
	}
	if entry.ID != "" {
		name += ", which had the ID " + entry.ID
	}
	s.say("Forgot %s.", name)
	return nil
}

// adopt takes a connection that is on the service for one of the file.
func (s *session) adopt(ctx context.Context, name, id string) error {
	wanted := s.wanted.find(name)
	if wanted == nil {
		return fmt.Errorf("-adopt %s: there is none of this name in the file", name)
	}
	for other, entry := range s.known.Connections {
		if entry.ID == id && other != name {
			return fmt.Errorf("-adopt %s: the ID %s is that of %s", name, id, other)
		}
	}
	if entry := s.known.Connections[name]; entry.ID != "" && entry.ID != id {
		return fmt.Errorf("-adopt %s: it has the ID %s already; give -forget first to replace that", name, entry.ID)
	}
	found, err := s.client.GetDataConnection(ctx, id)
	if err != nil {
		return fmt.Errorf("-adopt %s: %w", name, err)
	}
	if found.IntegrationID != wanted.IntegrationID {
		return fmt.Errorf("-adopt %s: connection %s is of %s, and the file says %s", name, id, found.IntegrationID, wanted.IntegrationID)
	}
	s.known.Connections[name] = entry{ID: found.ID}
	if err := s.known.save(); err != nil {
		return err
	}
	s.say("Adopted connection %s as %s.", id, name)
	return nil
}
