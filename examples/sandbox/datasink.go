package main

import (
	"context"
	"encoding/json"
	"net"

	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

func startDatasink(_ context.Context, listener net.Listener) (*system, error) {
	server := autoidtest.NewServer(autoidtest.WithListener(listener))
	server.AddSinks(
		autoidtest.Sink{ID: "aurora-ldap", Name: "Aurora LDAP", Config: json.RawMessage(`{"host":"ldap.aurora.example"}`), CertifyTimestamp: "2026-01-02T03:04:05.000Z"},
		autoidtest.Sink{ID: "aurora-tickets", Name: "Aurora tickets"},
	)
	server.AddAssignment("ada", "payroll-read")
	server.AddAssignment("grace", "payroll-write")
	server.AddRole("auditors", "active")

	const (
		created      = `{"id":"borealis-ldap","name":"Borealis LDAP","config":{"host":"ldap.borealis.example"}}`
		acknowledged = `{"assignments":[{"user":"ada","entitlements":["payroll-read"],"datasink_status":"ack"}]}`
		login        = `{"username":"` + autoidtest.DefaultUser + `","password":"` + autoidtest.DefaultPassword + `"}`
		unknown      = `{"id":"nobody","name":"Nobody"}`
	)
	sinks := server.BaseURL() + "/api/datasink/"
	bearer, key := []string{"Authorization: Bearer " + autoidtest.DefaultToken}, []string{"X-API-KEY: " + autoidtest.DefaultAPIKey}
	s := &system{
		id: "datasink", name: "Autonomous Identity", about: "data sinks, and the acknowledgement of decisions",
		fake: server, baseURL: server.BaseURL(),
		credentials: []credential{
			{"bearer token", autoidtest.DefaultToken}, {"API key", autoidtest.DefaultAPIKey},
			{"password", autoidtest.DefaultPassword},
		},
		commands: []command{
			{title: "list the sinks", method: "POST", url: sinks + "query", headers: key, body: `{}`, status: 200},
			{title: "create a sink", method: "POST", url: sinks + "create", headers: bearer, body: created, status: 200, again: 409},
			{title: "get a sink", method: "POST", url: sinks + "query", headers: key, body: `{"id":"aurora-ldap"}`, status: 200},
			{title: "acknowledge a decision", method: "POST", url: sinks + "update/status/assignments", headers: key, body: acknowledged, status: 200},
			{title: "log in for a token", method: "POST", url: server.BaseURL() + "/api/authentication/login", body: login, status: 200},
			{title: "an error: there is no such sink", method: "POST", url: sinks + "update", headers: bearer, body: unknown, status: 404},
			{title: "an error: the wrong kind of credential", method: "POST", url: sinks + "query", headers: bearer, body: `{}`, status: 401},
		},
	}
	for _, op := range autoid.Operations() {
		s.operation(op.Name, op.Class.String())
	}
	s.holds = func() holdings {
		ack, nack := server.DecisionCounts()
		kept := server.Sinks()
		h := holdings{Counts: []count{
			{len(kept), "sink", "sinks"}, {ack, "decision acknowledged", "decisions acknowledged"}, {nack, "decision open", "decisions open"},
			{server.TokenCount(), "token", "tokens"},
		}}
		for _, sink := range kept {
			h.Items = append(h.Items, item{"sink", sink.Name, sink.ID})
		}
		return h
	}
	s.secrets = func() []string { return nil }
	return s, nil
}
