package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// A report is all that was measured.
type report struct {
	rounds int
	slot   time.Duration
	full   bool
	checks []check
	tables []table
	bars   []bars
}

// A check is a figure to reach, and what was reached.
type check struct {
	work, target, measured string
	reached                bool
}

func (r *report) check(work, target, measured string, reached bool) {
	r.checks = append(r.checks, check{work, target, measured, reached})
}

// A table is the detail of one piece of work.
type table struct {
	title, note string
	head        []string
	rows        [][]string
}

func (t *table) add(cells ...any) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = fmt.Sprint(cell)
	}
	t.rows = append(t.rows, row)
}

// write writes the report in Markdown.
func (r *report) write(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| work | to reach | measured | reached |\n| --- | --- | --- | --- |\n")
	for _, c := range r.checks {
		reached := "yes"
		if !c.reached {
			reached = "no"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", c.work, c.target, c.measured, reached)
	}
	for _, t := range r.tables {
		fmt.Fprintf(&b, "\n## %s\n\n", t.title)
		if t.note != "" {
			fmt.Fprintf(&b, "%s\n\n", t.note)
		}
		fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(t.head, " | "), strings.Repeat(" --- |", len(t.head)))
		for _, row := range t.rows {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
