package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit"
)

// creationTimeout bounds a creation, which does not end with the run's context.
const creationTimeout = 2 * time.Minute

// apply does what is planned, and returns how many connections it failed for. An error ends the run.
func (s *session) apply(ctx context.Context, steps []step) (failed int, err error) {
	for i := range steps {
		if err := ctx.Err(); err != nil {
			return failed, fmt.Errorf("stopped before %s: %w", steps[i].Name, err)
		}
		var refused error
		switch step := &steps[i]; step.action {
		case create:
			refused, err = s.create(ctx, step)
		case update:
			refused, err = s.update(ctx, step)
		case unchanged:
			err = s.own(step.Name, sortedKeys(step.Settings))
		}
		if err != nil {
			return failed, fmt.Errorf("%s: %w", steps[i].Name, err)
		}
		if refused != nil {
			failed++
			s.say("! %s: failed", steps[i].Name)
			s.indent(refused.Error())
		}
	}
	return failed, nil
}

// create creates a connection. That it is about to do so is in the file before, and its end afterwards; what is missing after a kill is
// the end.
func (s *session) create(ctx context.Context, step *step) (refused, err error) {
	begun := entry{Creating: time.Now().UTC().Truncate(time.Second)}
	if err := s.known.set(step.Name, begun); err != nil {
		return nil, err
	}
	// To be interrupted here would leave it open whether the connection was made.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), creationTimeout)
	defer cancel()
	created, refused := s.client.CreateDataConnection(ctx, &step.DataConnection)
	if refused == nil {
		if err := s.known.set(step.Name, entry{ID: created.ID, Settings: sortedKeys(step.Settings)}); err != nil {
			return nil, fmt.Errorf("it was created with the ID %s, and %w; run with -adopt %s=%s", created.ID, err, step.Name, created.ID)
		}
		s.say("+ %s: created, ID %s", step.Name, created.ID)
		return nil, nil
	}
	switch tenantkit.OutcomeOf(refused) {
	case tenantkit.OutcomeNotSent, tenantkit.OutcomeRejected:
		delete(s.known.Connections, step.Name)
		return refused, s.known.save()
	}
	return fmt.Errorf("%w\n%s", refused, s.unknownCreation(step.wantedConnection, begun)), nil
}

// update writes a connection. To do so twice does no harm, so a kill leaves nothing open.
func (s *session) update(ctx context.Context, step *step) (refused, err error) {
	// Settings count as set by this program before they are, lest a kill leave some that nobody removes.
	mine := slices.Concat(s.known.Connections[step.Name].Settings, sortedKeys(step.Settings))
	slices.Sort(mine)
	if err := s.own(step.Name, slices.Compact(mine)); err != nil {
		return nil, err
	}
	if _, refused := s.client.UpdateDataConnection(ctx, step.target); refused != nil {
		return refused, nil
	}
	s.say("~ %s: updated", step.Name)
	return nil, s.own(step.Name, sortedKeys(step.Settings))
}

// own keeps which settings of a connection this program has set.
func (s *session) own(name string, keys []string) error {
	e := s.known.Connections[name]
	if slices.Equal(e.Settings, keys) {
		return nil
	}
	e.Settings = keys
	return s.known.set(name, e)
}

// indent prints the lines of a text under the line of a connection.
func (s *session) indent(text string) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		s.say("    %s", line)
	}
}
