package main

import (
	"context"
	"net"
	"time"

	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

func startKeboola(_ context.Context, listener net.Listener) (*system, error) {
	const (
		pid   = "aurora0warehouse0pid00000000001"
		login = "ada@aurora.example"
	)
	// The real quotas, of two and one, are used up too soon for a day of trying.
	server := keboolatest.NewServer(keboolatest.WithListener(listener), keboolatest.WithQuotas(50, 50))
	server.AddUser(keboolatest.User{Login: login, Password: "ada-gooddata-password", FirstName: "Ada", LastName: "Lovelace"})
	server.AddUser(keboolatest.User{Login: "grace@aurora.example", Password: "grace-gooddata-password", FirstName: "Grace", LastName: "Hopper"})
	server.AddProject(keboolatest.Project{PID: pid, Name: "Aurora warehouse", Members: map[string]string{login: "admin"}})
	server.AddProject(keboolatest.Project{Name: "Aurora trial", Token: "keboola_demo", ExpiresOn: time.Now().AddDate(0, 0, 30)})

	const (
		project = `{"name":"Borealis warehouse","keboolaToken":"demo"}`
		user    = `{"login":"alan@aurora.example","password":"alan-gooddata-password","firstName":"Alan","lastName":"Turing"}`
	)
	base := server.BaseURL()
	token := []string{"X-StorageApi-Token: " + keboolatest.DefaultToken}
	s := &system{
		id: "keboola", name: "Keboola", about: "GoodData projects, users and their access, by the Provisioning API",
		fake: server, baseURL: base,
		credentials: []credential{{"Storage API token", keboolatest.DefaultToken}},
		commands: []command{
			{title: "list the projects", method: "GET", url: base + "/projects", headers: token, status: 200},
			{title: "list the users", method: "GET", url: base + "/users", headers: token, status: 200},
			{title: "create a project", method: "POST", url: base + "/projects", headers: token, body: project, status: 201},
			{title: "get a project", method: "GET", url: base + "/projects/" + pid, headers: token, status: 200},
			{title: "create a user", method: "POST", url: base + "/users", headers: token, body: user, status: 201, again: 422},
			{title: "give a user access to a project", method: "POST", url: base + "/projects/" + pid + "/users/grace@aurora.example", headers: token, body: `{"role":"editor"}`, status: 204},
			{title: "an error: there is no such project", method: "GET", url: base + "/projects/nothing", headers: token, status: 404},
		},
	}
	for _, op := range keboola.Operations() {
		s.operation(op.Name, op.Class.String())
	}
	s.holds = func() holdings {
		projects, users := server.Projects(), server.Users()
		h := holdings{Counts: []count{{len(projects), "project", "projects"}, {len(users), "user", "users"}, {len(server.Tokens()), "token", "tokens"}}}
		for _, p := range projects {
			h.Items = append(h.Items, item{"project", p.Name, p.PID})
		}
		for _, u := range users {
			h.Items = append(h.Items, item{"user", u.Login, u.FirstName + " " + u.LastName})
		}
		return h
	}
	s.secrets = func() []string {
		held := server.Tokens()
		for _, u := range server.Users() {
			held = append(held, u.Password)
		}
		for _, p := range server.Projects() {
			// The other two are names of Keboola's own tokens.
			if p.Token != "keboola_demo" && p.Token != "keboola_production" {
				held = append(held, p.Token)
			}
		}
		return held
	}
	return s, nil
}
