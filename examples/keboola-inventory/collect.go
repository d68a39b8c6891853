package main

import (
	"context"
	"fmt"

	"github.com/tenantkit/tenantkit/provisioning/keboola"
)

// inventory is what an account holds.
type inventory struct {
	Projects []keboola.Project `json:"projects"`
	Users    []keboola.User    `json:"users"`
}

// The lists of an account, in the order in which they are read.
const (
	listProjects = "projects"
	listUsers    = "users"
	listEnd      = "end"
)

// page is one page of a list, and where the reading goes on after it.
type page struct {
	List     string            `json:"list"`
	Next     string            `json:"next"`
	Projects []keboola.Project `json:"projects,omitempty"`
	Users    []keboola.User    `json:"users,omitempty"`
}

// collect reads the pages that the journal does not have yet.
func collect(ctx context.Context, client *keboola.Client, j *journal, show func(*inventory)) error {
	for j.list != listEnd {
		show(&j.inventory)
		p, err := read(ctx, client, j.list, j.next)
		if err != nil {
			return err
		}
		if p.Next != "" && j.seen[p.List+" "+p.Next] {
			return fmt.Errorf("the %s turn in a circle: a page names one that was read before", p.List)
		}
		if err := j.add(p); err != nil {
			return err
		}
	}
	show(&j.inventory)
	return nil
}

// read returns the page of a list that next leads to.
func read(ctx context.Context, client *keboola.Client, list, next string) (*page, error) {
	if list == listProjects {
		got, err := client.ListProjects(ctx, &keboola.ListProjectsOptions{Next: next})
		if err != nil {
			return nil, err
		}
		return &page{List: list, Next: got.Next, Projects: got.Items}, nil
	}
	got, err := client.ListUsers(ctx, &keboola.ListUsersOptions{Next: next})
	if err != nil {
		return nil, err
	}
	return &page{List: list, Next: got.Next, Users: got.Items}, nil
}
