package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

// action is what is to be done with a connection.
type action string

const (
	create    action = "create"
	update    action = "update"
	unchanged action = "unchanged"
	blocked   action = "blocked" // a person has to look
)

// step is what is planned for one connection of the file.
type step struct {
	*wantedConnection
	action  action
	changes []change
	// target is what an update writes.
	target *worklytics.DataConnection
	// reason says why the step is blocked.
	reason string
}

// change is what happens to a setting: it is added (old is nil), removed (new is nil), or replaced.
type change struct {
	key      string
	old, new *string
}

func count(steps []step, action action) (n int) {
	for _, s := range steps {
		if s.action == action {
			n++
		}
	}
	return n
}

// plan compares the file with the service. It changes nothing.
func (s *session) plan(ctx context.Context) ([]step, error) {
	steps := make([]step, len(s.wanted.Connections))
	for i := range s.wanted.Connections {
		wanted := &s.wanted.Connections[i]
		step, err := s.compare(ctx, wanted)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", wanted.Name, err)
		}
		steps[i] = step
	}
	return steps, nil
}

func (s *session) compare(ctx context.Context, wanted *wantedConnection) (step, error) {
	planned := step{wantedConnection: wanted, action: blocked}
	entry, ok := s.known.Connections[wanted.Name]
	switch {
	case !ok:
		planned.action = create
		for _, key := range sortedKeys(wanted.Settings) {
			planned.changes = append(planned.changes, change{key: key, new: pointer(wanted.Settings[key])})
		}
		return planned, nil
	case entry.ID == "":
		planned.reason = s.unknownCreation(wanted, entry)
		return planned, nil
	}
	current, err := s.client.GetDataConnection(ctx, entry.ID)
	switch {
	case errors.Is(err, tenantkit.ErrNotFound):
		planned.reason = fmt.Sprintf("connection %s is gone from the service. If it was deleted on purpose, and shall be created again:\n-forget %s", entry.ID, wanted.Name)
		return planned, nil
	case err != nil:
		return planned, err
	case current.IntegrationID != wanted.IntegrationID:
		planned.reason = fmt.Sprintf("connection %s is of %s, and the file says %s. Give the new one another name.", entry.ID, current.IntegrationID, wanted.IntegrationID)
		return planned, nil
	}
	planned.target = current
	planned.changes = merge(current, wanted.Settings, entry.Settings)
	planned.action = update
	if len(planned.changes) == 0 {
		planned.action = unchanged
	}
	return planned, nil
}

// unknownCreation tells what is known of a creation that was cut off, and what to do.
func (s *session) unknownCreation(wanted *wantedConnection, e entry) string {
	return fmt.Sprintf("its creation was begun at %s, and cut off. The service may or may not have made it, and has no list to look that up;\n"+
		"a second creation could make a second connection. Give the service two minutes to finish, and look in the web app on %s\n"+
		"for a connection of %s with these settings.\n"+
		"If it is there:      -adopt %s=<its ID>\n"+
		"If it is not there:  -forget %s",
		e.Creating.Format("2006-01-02 15:04:05 MST"), s.known.Host, wanted.IntegrationID, wanted.Name, wanted.Name)
}

// merge brings the settings of current to what is wanted, and returns what that changes. Settings that are neither wanted nor once set
// by this program belong to others, and stay.
func merge(current *worklytics.DataConnection, wanted map[string]string, owned []string) (changes []change) {
	if current.Settings == nil {
		current.Settings = make(map[string]string)
	}
	keys := slices.Concat(owned, slices.Collect(maps.Keys(wanted)))
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		c := change{key: key}
		if text, ok := current.Settings[key]; ok {
			c.old = &text
		} else if other, ok := current.OtherSettings[key]; ok {
			// A service may well keep "true" as true.
			c.old = pointer(string(other))
		}
		if text, ok := wanted[key]; ok {
			c.new = &text
		}
		if c.old == c.new || c.old != nil && c.new != nil && *c.old == *c.new {
			continue
		}
		changes = append(changes, c)
		delete(current.Settings, key)
		delete(current.OtherSettings, key)
		if c.new != nil {
			current.Settings[key] = *c.new
		}
	}
	return changes
}

func pointer(text string) *string { return &text }

// shown are the settings whose values may be seen. Nobody knows what is in others.
var shown = []string{
	worklytics.SettingDeploymentKind, worklytics.SettingEndpoint, worklytics.SettingAWSRegion, worklytics.SettingAWSRoleARN,
	worklytics.SettingBucketName, worklytics.SettingBucket, worklytics.SettingParserID, worklytics.SettingGitHubOrganization,
	worklytics.SettingAdminToImpersonate, worklytics.SettingAtlassianOrganizationID, worklytics.SettingWorkspaceID, worklytics.SettingCloudID,
}

func display(key, value string) string {
	if !slices.Contains(shown, key) {
		return tenantkit.Redacted
	}
	return strconv.Quote(value)
}

// show prints the plan.
func (s *session) show(steps []step) {
	signs := map[action]string{create: "+", update: "~", unchanged: "=", blocked: "!"}
	for _, step := range steps {
		s.say("%s %s: %s (%s)", signs[step.action], step.Name, step.action, step.IntegrationID)
		for _, c := range step.changes {
			if c.old != nil {
				s.say("    - %s: %s", c.key, display(c.key, *c.old))
			}
			if c.new != nil {
				s.say("    + %s: %s", c.key, display(c.key, *c.new))
			}
		}
		s.indent(step.reason)
	}
	for _, name := range sortedKeys(s.known.Connections) {
		if s.wanted.find(name) == nil {
			s.say("  %s: left alone, since the file does not have it any more (ID %s)", name, s.known.Connections[name].ID)
		}
	}
	s.say("%d to create, %d to update, %d unchanged, %d blocked.", count(steps, create), count(steps, update), count(steps, unchanged), count(steps, blocked))
}
