// Package argotest is a fake ARGO Web API for tests of programs that administer its tenants.
//
// It behaves as the real server, version 1.14.2, does with the roles that it ships with: stateful,
// its surprises included. A PUT of a tenant replaces all of it, every change of a user wipes the
// status of its tenant, answers to refused requests repeat the request's headers with the key in
// them, and [WithLostUserChanges] even loses users.
//
//	server := argotest.Start(t)
//	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
//
// A [Server] records what is sent to it (its method Requests), and fails when it is asked to (its
// method Fail).
//
// Not covered: the other resources of ARGO, and the limit of the request's size, which is 64 MiB
// here and answered with 413.
package argotest
