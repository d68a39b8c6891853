package main

import (
	"context"
	"net"
	"strings"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

func startInfoworks(ctx context.Context, listener net.Listener) (_ *system, err error) {
	const (
		admin    = "ada@aurora.example"
		password = "ada-infoworks-password"
	)
	server := infoworkstest.NewServer(
		infoworkstest.WithListener(listener),
		infoworkstest.WithTokenLife(tokenLife),
		infoworkstest.WithUsers(
			infoworkstest.User{Email: admin, Name: "Ada Lovelace", Roles: []string{"Admin"}, Password: password},
			infoworkstest.User{Email: "grace@aurora.example", Name: "Grace Hopper", Roles: []string{"Data Analyst"}, Password: "grace-infoworks-password"},
		),
		infoworkstest.WithDirectory(infoworkstest.DirectoryUser{Email: "alan@aurora.example", Login: "alan"}),
	)
	defer func() {
		if err != nil {
			server.Close()
		}
	}()
	server.Allow(admin, "domain", "read", "sales")
	refresh := server.RefreshToken(admin)
	token, err := accessToken(ctx, server.BaseURL(), refresh)
	if err != nil {
		return nil, err
	}

	base := server.BaseURL()
	byToken, byRefreshToken := []string{"Authorization: Bearer " + token}, []string{"Authorization: Basic " + refresh}
	sync := `{"search_on":"email","search_list":["alan@aurora.example","nobody@aurora.example"]}`
	s := &system{
		id: "infoworks", name: "Infoworks", about: "tokens, authorisation, and users from a directory",
		fake: server, baseURL: base,
		credentials: []credential{{"password of " + admin, password}, {"refresh token", refresh}, {"access token, for a day", token}},
		commands: []command{
			{title: "list the users", method: "GET", url: base + "/admin/users", headers: byToken, status: 200},
			{title: "create an access token", method: "GET", url: base + "/security/token/access", headers: byRefreshToken, status: 200},
			{title: "log in by password", method: "GET", url: base + "/security/authenticate", user: admin + ":" + password, status: 200},
			{title: "validate an access token", method: "GET", url: base + "/security/token/validate", headers: byToken, status: 200},
			{title: "create a user from the directory", method: "POST", url: base + "/security/bulk-ldap-sync", headers: byRefreshToken, body: sync, status: 200},
			{title: "get a user of the directory", method: "POST", url: base + "/security/get/user/data", headers: byToken, body: `{"userIds":["alan"],"searchAttribute":"login"}`, status: 200},
			{title: "ask whether a user may do something", method: "POST", url: base + "/security/authorise/user", headers: byToken, body: `{"entityType":"domain","action":"read","entityId":"sales"}`, status: 200},
			{title: "an error: a wrong password", method: "GET", url: base + "/security/authenticate", user: admin + ":wrong-password", status: 406},
		},
	}
	for _, op := range infoworks.Operations() {
		s.operation(op.Name, op.Class.String())
	}
	// The fake has this list beside what the client knows.
	s.operation("ListUsers", "read")
	s.holds = func() holdings {
		users := server.Users()
		h := holdings{Counts: []count{
			{len(users), "user", "users"}, {server.AccessTokenCount(), "access token", "access tokens"}, {len(users), "refresh token", "refresh tokens"},
		}}
		for _, u := range users {
			h.Items = append(h.Items, item{"user", u.Email, strings.Join(u.Roles, ", ")})
		}
		return h
	}
	s.secrets = func() []string {
		var held []string
		for _, u := range server.Users() {
			held = append(held, u.Password, u.RefreshToken)
		}
		return held
	}
	return s, nil
}

// accessToken has one made, as the client of a user would.
func accessToken(ctx context.Context, baseURL string, refresh string) (string, error) {
	client, err := infoworks.NewClient(baseURL, infoworks.Credentials{RefreshToken: auth.StaticToken(refresh)})
	if err != nil {
		return "", err
	}
	defer client.CloseIdleConnections()
	made, err := client.AccessToken(ctx)
	if err != nil {
		return "", err
	}
	return made.Token.Reveal(), nil
}
