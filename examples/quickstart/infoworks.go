package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

// infoworksTour uses the tokens of a fake Infoworks.
func infoworksTour(ctx context.Context, p *printer) error {
	const user = "admin@infoworks.io"
	server := infoworkstest.NewServer(
		infoworkstest.WithUsers(infoworkstest.User{Email: user, Password: "not a real password"}),
		infoworkstest.WithDirectory(infoworkstest.DirectoryUser{Email: "analyst@infoworks.io"}),
	)
	defer server.Close()
	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{
		Username: user, Password: auth.StaticToken("not a real password"), RefreshToken: auth.StaticToken(server.RefreshToken(user)),
	})
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	p.title("Infoworks security, a fake at %s", server.BaseURL())

	token, err := client.TokenSource().Token(ctx)
	if err != nil {
		return err
	}
	claims, err := infoworks.ParseClaims(token.Value)
	if err != nil {
		return err
	}
	p.done("got a token of %s for %v; it prints as %v", claims.Email, claims.Expiry.Sub(claims.IssuedAt), token.Value)

	if err := client.RevokeAccessToken(ctx); err != nil {
		return err
	}
	valid, err := client.ValidateToken(ctx, token.Value)
	if err != nil {
		return err
	}
	p.done("revoked it: the server takes it no more (valid: %t)", valid)

	synced, err := client.BulkLDAPSync(ctx, &infoworks.LDAPSync{
		SearchOn: infoworks.SearchOnEmail, SearchList: []string{"analyst@infoworks.io", "nobody@infoworks.io"},
	})
	if err != nil {
		return err
	}
	p.done("synced the directory: %d added; an error can be made of those who failed:", len(synced.Added))
	p.note("%v", synced.Err())

	other, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{Username: user, Password: auth.StaticToken("wrong")})
	if err != nil {
		return err
	}
	defer other.CloseIdleConnections()
	_, err = other.Authenticate(ctx)
	if !errors.Is(err, tenantkit.ErrUnauthenticated) {
		return fmt.Errorf("a wrong password: expected a refusal, got %w", err)
	}
	p.done("a wrong password, which the server answers with 406 (errors.Is ErrUnauthenticated):")
	p.note("%v", err)
	return nil
}
