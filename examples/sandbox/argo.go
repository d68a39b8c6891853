package main

import (
	"context"
	"net"
	"strings"

	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

func startARGO(_ context.Context, listener net.Listener) (*system, error) {
	const tenantID = "6ac7d684-1f8e-4a02-a502-720e8f11e50b"
	server := argotest.NewServer(argotest.WithListener(listener))
	server.AddTenant(argotest.Tenant{
		ID:       tenantID,
		Info:     argotest.Info{Name: "Aurora", Email: "ops@aurora.example", Website: "https://aurora.example"},
		DBConf:   []argotest.DBConf{{Store: "ar", Server: "db.aurora.example", Port: 27017, Database: "ar", Username: "ar", Password: "aurora-db-password"}},
		Topology: argotest.Topology{Type: "GOCDB", Feed: "https://gocdb.aurora.example"},
		Users: []argotest.User{
			{Name: "ada", Email: "ada@aurora.example", Roles: []string{"admin"}},
			{Name: "grace", Email: "grace@aurora.example", Roles: []string{"viewer"}},
		},
		Status: &argotest.Status{EngineConfig: true},
	})
	server.AddTenant(argotest.Tenant{
		Info:  argotest.Info{Name: "Borealis", Email: "ops@borealis.example"},
		Users: []argotest.User{{Name: "alan", Email: "alan@borealis.example", Roles: []string{"admin"}}},
	})

	tenants, key := server.BaseURL()+"/admin/tenants", []string{"x-api-key: " + argotest.DefaultKey, "Accept: application/json"}
	created := `{"info":{"name":"Cassini","email":"ops@cassini.example"},"topology":{"type":"GOCDB","feed":"https://gocdb.cassini.example"}}`
	user := `{"name":"linus","email":"linus@aurora.example","roles":["viewer"]}`
	s := &system{
		id: "argo", name: "ARGO", about: "tenants of a monitoring service, their users and engine status",
		fake: server, baseURL: server.BaseURL(),
		credentials: []credential{{"API key", argotest.DefaultKey}},
		commands: []command{
			{title: "list the tenants", method: "GET", url: tenants, headers: key, status: 200},
			{title: "create a tenant", method: "POST", url: tenants, headers: key, body: created, status: 201, again: 409},
			{title: "get a tenant", method: "GET", url: tenants + "/" + tenantID, headers: key, status: 200},
			{title: "add a user, which wipes the status of the tenant", method: "POST", url: tenants + "/" + tenantID + "/users", headers: key, body: user, status: 201},
			{title: "an error: there is no such tenant", method: "GET", url: tenants + "/nobody", headers: key, status: 404},
			{title: "an error: a wrong key, which the answer repeats", method: "GET", url: tenants, headers: []string{"x-api-key: wrong-key", "Accept: application/json"}, status: 401},
		},
	}
	for _, op := range argo.Operations() {
		s.operation(op.Name, op.Class.String())
	}
	s.holds = func() holdings {
		var h holdings
		users, statuses := 0, 0
		for _, t := range server.Tenants() {
			users += len(t.Users)
			detail := "no status"
			if t.Status != nil {
				statuses++
				detail = "with a status"
			}
			h.Items = append(h.Items, item{"tenant", t.Info.Name, detail})
			for _, u := range t.Users {
				h.Items = append(h.Items, item{"user", u.Name, "of " + t.Info.Name + ", " + strings.Join(u.Roles, ", ")})
			}
		}
		h.Counts = []count{{len(server.Tenants()), "tenant", "tenants"}, {users, "user", "users"}, {statuses, "status", "statuses"}}
		return h
	}
	s.secrets = func() []string {
		var held []string
		for _, t := range server.Tenants() {
			for _, db := range t.DBConf {
				held = append(held, db.Password)
			}
			for _, u := range t.Users {
				held = append(held, u.APIKey)
			}
		}
		return held
	}
	return s, nil
}
