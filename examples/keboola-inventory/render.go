package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/tenantkit/tenantkit/provisioning/keboola"
)

func formats() []string { return []string{"table", "json", "csv"} }

// render writes the inventory in one of the formats.
func render(format string, inv *inventory, out io.Writer) error {
	switch format {
	case "json":
		return renderJSON(inv, out)
	case "csv":
		return renderCSV(inv, out)
	default:
		return renderTable(inv, out)
	}
}

func renderJSON(inv *inventory, out io.Writer) error {
	// Empty lists, not null.
	whole := inventory{Projects: append([]keboola.Project{}, inv.Projects...), Users: append([]keboola.User{}, inv.Users...)}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(whole)
}

func renderCSV(inv *inventory, out io.Writer) error {
	w := csv.NewWriter(out)
	rows := [][]string{{"kind", "pid_or_login", "uid", "created_on", "created_by", "created_by_id", "expires_on"}}
	for _, p := range inv.Projects {
		rows = append(rows, []string{"project", p.PID, "", date(p.CreatedOn), string(p.CreatedBy), string(p.CreatedByID), date(p.ExpiresOn)})
	}
	for _, u := range inv.Users {
		rows = append(rows, []string{"user", u.Login, u.UID, date(u.CreatedOn), string(u.CreatedBy), string(u.CreatedByID), ""})
	}
	return w.WriteAll(rows)
}

func renderTable(inv *inventory, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	// A tabwriter keeps its first error for Flush.
	row := func(cells ...string) {
		for i := range cells {
			cells[i] = cmp.Or(printable(cells[i]), "-")
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	row("PROJECT", "CREATED", "BY", "EXPIRES")
	for _, p := range inv.Projects {
		row(p.PID, date(p.CreatedOn), string(p.CreatedBy), date(p.ExpiresOn))
	}
	fmt.Fprintln(w)
	row("USER", "CREATED", "BY", "UID")
	for _, u := range inv.Users {
		row(u.Login, date(u.CreatedOn), string(u.CreatedBy), u.UID)
	}
	fmt.Fprintf(w, "\n%d projects, %d users\n", len(inv.Projects), len(inv.Users))
	return w.Flush()
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// printable leaves out what a terminal would obey rather than show.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
}
