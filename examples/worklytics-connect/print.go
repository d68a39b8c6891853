package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

// printer prints plans and results.
type printer struct {
	out    io.Writer
	wanted *config
}

func (p *printer) print(format string, args ...any) {
	// Nobody can be informed if standard output is gone.
	_, _ = fmt.Fprintf(p.out, format+"\n", args...)
}

// indent prints the lines of a text under the line of a connection.
func (p *printer) indent(text string) {
	for line := range strings.Lines(text) {
		p.print("    %s", strings.TrimSuffix(line, "\n"))
	}
}

func (p *printer) printPlan(plan worklytics.Changes) {
	signs := map[worklytics.Action]string{
		worklytics.ActionCreate: "+", worklytics.ActionUpdate: "~", worklytics.ActionNone: "=", worklytics.ActionBlock: "!",
	}
	counts := make(map[worklytics.Action]int)
	for i, c := range plan.Connections {
		counts[c.Action]++
		p.print("%s %s: %s (%s)", signs[c.Action], c.Name, c.Action, p.wanted.Connections[i].IntegrationID)
		for _, s := range c.Settings {
			if s.Old != nil {
				p.print("    - %s: %s", s.Key, display(s.Key, *s.Old))
			}
			if s.New != nil {
				p.print("    + %s: %s", s.Key, display(s.Key, *s.New))
			}
		}
		p.printFailure(c)
	}
	for _, name := range slices.Sorted(maps.Keys(plan.Others)) {
		p.print("  %s: left alone, since the file does not have it any more (ID %s)", name, plan.Others[name])
	}
	p.print("%d to create, %d to update, %d unchanged, %d blocked.",
		counts[worklytics.ActionCreate], counts[worklytics.ActionUpdate], counts[worklytics.ActionNone], counts[worklytics.ActionBlock])
}

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

// printResults prints how the plan was carried out.
func (p *printer) printResults(plan, results worklytics.Changes) {
	for i, c := range results.Connections {
		switch {
		case c.Done && c.Action == worklytics.ActionCreate:
			p.print("+ %s: created, ID %s", c.Name, c.ID)
		case c.Done:
			p.print("~ %s: updated", c.Name)
		}
		if c.Err != nil && plan.Connections[i].Err == nil {
			p.print("! %s: failed", c.Name)
			p.printFailure(c)
		}
	}
}

// printFailure prints why a connection is blocked or failed, and what to do.
func (p *printer) printFailure(c worklytics.ConnectionChange) {
	if c.Err == nil {
		return
	}
	p.indent(c.Err.Error())
	switch {
	case errors.Is(c.Err, worklytics.ErrCreationInterrupted):
		p.indent("The service has no list to look that up, and a second creation could make a second connection.\n" +
			"Give the service two minutes to finish, and look in the web app on " + p.wanted.host() + ".\n" +
			"If it is there:      -adopt " + c.Name + "=<its ID>\n" +
			"If it is not there:  -forget " + c.Name)
	case c.Done && c.Action == worklytics.ActionCreate:
		p.indent("Run with -adopt " + c.Name + "=" + c.ID)
	case c.Action == worklytics.ActionBlock && errors.Is(c.Err, tenantkit.ErrNotFound):
		p.indent("If it was deleted on purpose, and shall be created again:\n-forget " + c.Name)
	}
}
