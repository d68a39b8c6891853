package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
)

// session is one run.
type session struct {
	desired *argo.Tenant
	out     io.Writer
}

func (s *session) say(format string, args ...any) {
	// There is nobody to tell that standard output is gone.
	_, _ = fmt.Fprintf(s.out, format+"\n", args...)
}

func (c *command) run(ctx context.Context, out io.Writer) error {
	desired, err := readFile(c.file, c.getenv)
	if err != nil {
		return err
	}
	client, err := c.newClient()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	s, state := &session{desired, out}, c.state
	if state == "" {
		state = c.file + ".state"
	}
	if !c.plan {
		unlock, err := lock(ctx, state)
		if err != nil {
			return err
		}
		defer unlock()
	}
	// An interrupt does not cut a request short: the service would go on with it, and the next
	// run could look too early.
	changes, err := client.Reconcile(context.WithoutCancel(ctx), desired, argo.ReconcileOptions{
		DryRun:  c.plan,
		Store:   stateFile(state),
		Planned: s.show,
		Before:  func(argo.Change) error { return ctx.Err() },
		After:   func(change argo.Change) { s.say("  done: %s", change) },
	})
	var twice *argo.DuplicateError
	switch {
	case errors.As(err, &twice):
		s.say("! twice: %s, as %s", twice.Object, strings.Join(twice.IDs, " and "))
		return errTwice
	case err != nil && !c.plan && tenantkit.OutcomeOf(err) == tenantkit.OutcomeUnknown:
		return fmt.Errorf("%w\nrun it again, in a minute: it looks first, and goes on from what is there", err)
	case err != nil:
		return err
	case c.plan && len(changes.Changes) > 0:
		return errChanges
	case c.plan:
		return nil
	}
	return c.handKeys(s, changes)
}

// show shows the plan.
func (s *session) show(plan argo.Changes) error {
	for _, change := range plan.Changes {
		mark := "~"
		if change.Action == "create" {
			mark = "+"
		}
		s.say("%s %s", mark, change)
	}
	if len(plan.Others) > 0 {
		others := make([]string, len(plan.Others))
		for i, user := range plan.Others {
			others[i] = fmt.Sprintf("%q", user.Email)
		}
		s.say("  not in the file, and left alone: %s", strings.Join(others, ", "))
	}
	if len(plan.Changes) == 0 {
		s.say("  tenant %s and its %d users are as the file says", s.desired.Info.Name, len(s.desired.Users))
	}
	return nil
}

// lock keeps another run with the same file out, in this or another process.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
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

// handKeys hands out the keys of the file's users: of all, since a run that was killed cannot have
// told those that it made.
func (c *command) handKeys(s *session, changes argo.Changes) error {
	users := slices.DeleteFunc(slices.Clone(changes.Tenant.Users), func(user argo.User) bool {
		return slices.ContainsFunc(changes.Others, func(other argo.User) bool { return other.ID == user.ID })
	})
	if c.printKeys {
		for _, user := range users {
			s.say("%s %s", user.Email, user.APIKey.Reveal())
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
