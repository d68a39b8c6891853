package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
)

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
