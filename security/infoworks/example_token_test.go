package infoworks_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

const exampleUser = "admin@infoworks.io"

// fakeServer returns a fake server with one user, who has a password and a refresh token.
func fakeServer(opts ...infoworkstest.Option) *infoworkstest.Server {
	return infoworkstest.NewServer(append(opts, infoworkstest.WithUsers(infoworkstest.User{
		Email: exampleUser, Password: "just-an-example", RefreshToken: "refresh+token/of+admin",
	}))...)
}

// exampleClient returns a client of the server for its user, by refresh token. A program has a base
// URL, and a source of its token.
func exampleClient(server *infoworkstest.Server) *infoworks.Client {
	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{RefreshToken: auth.StaticToken(server.RefreshToken(exampleUser))})
	if err != nil {
		log.Fatal(err)
	}
	return client
}

// A token for another program, which is to have it for a quarter of an hour.
func ExampleClient_AccessToken() {
	server := fakeServer()
	defer server.Close()
	client := exampleClient(server)
	defer client.CloseIdleConnections()

	made, err := client.AccessToken(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	claims, err := infoworks.ParseClaims(made.Token)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(made.Token, claims.Email, claims.Expiry.Sub(claims.IssuedAt))
	// Output: [redacted] admin@infoworks.io 15m0s
}

// Whether the server takes a token that somebody sent. The client needs no credentials for that.
func ExampleClient_ValidateToken() {
	server := fakeServer()
	defer server.Close()
	made, err := exampleClient(server).AccessToken(context.Background())
	if err != nil {
		log.Fatal(err)
	}

	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()
	for _, token := range []tenantkit.Secret{made.Token, tenantkit.NewSecret("something-else")} {
		valid, err := client.ValidateToken(context.Background(), token)
		fmt.Println(valid, err)
	}
	// Output:
	// true <nil>
	// false <nil>
}

// The token of the client is purged when the program ends, rather than left to serve to its end.
func ExampleClient_RevokeAccessToken() {
	server := fakeServer()
	defer server.Close()
	client := exampleClient(server)
	defer client.CloseIdleConnections()
	ctx := context.Background()

	token, err := client.TokenSource().Token(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if err := client.RevokeAccessToken(ctx); err != nil {
		log.Fatal(err)
	}
	valid, err := client.ValidateToken(ctx, token.Value)
	fmt.Println(valid, err)
	// Output: false <nil>
}

// The refresh token is replaced. The program learns the new one from its user, who finds it in the
// web interface.
func ExampleClient_RegenerateRefreshToken() {
	server := fakeServer()
	defer server.Close()
	given := server.RefreshToken(exampleUser) // in a program: auth.File, so that it can be replaced while the program runs
	source := auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { return auth.Token{Value: tenantkit.NewSecret(given)}, nil })
	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{RefreshToken: source})
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()
	ctx := context.Background()

	if err := client.RegenerateRefreshToken(ctx); err != nil {
		log.Fatal(err)
	}
	_, err = client.AccessToken(ctx)
	fmt.Println("spent:", errors.Is(err, auth.ErrSpent))

	given = server.RefreshToken(exampleUser) // as the user reads it off
	_, err = client.AccessToken(ctx)
	fmt.Println("with the new one:", err)
	// Output:
	// spent: true
	// with the new one: <nil>
}

// Wrong credentials, which the server answers with 406.
func ExampleHelp() {
	server := fakeServer()
	defer server.Close()
	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{Username: exampleUser, Password: auth.StaticToken("a-wrong-one")})
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()

	_, err = client.Authenticate(context.Background())
	var refused *tenantkit.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.StatusCode, refused.Code, errors.Is(err, tenantkit.ErrUnauthenticated))
		fmt.Println(infoworks.Help(err))
	}
	// Output:
	// 406 IW10031 true
	// https://api.infoworks.io/v3/errors/IW10029
}
