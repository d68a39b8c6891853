package infoworkstest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

// A program is tested with a token that the server takes no more, long before its end.
func Example() {
	const email = "admin@infoworks.io"
	server := infoworkstest.NewServer(
		infoworkstest.WithUsers(infoworkstest.User{Email: email}),
		infoworkstest.WithDirectory(infoworkstest.DirectoryUser{Login: "ada", Email: "ada@example.org"}),
	) // in a test, Start(t, …), which closes itself
	defer server.Close()
	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{RefreshToken: auth.StaticToken(server.RefreshToken(email))})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	for range 2 {
		users, err := client.UserData(context.Background(), &infoworks.UserQuery{UserIDs: []string{"ada"}, SearchAttribute: "uid"})
		fmt.Println(len(users), "user found, error:", err)
		server.Blacklist(email)
	}
	for _, request := range server.Requests() {
		fmt.Println(request.Operation, request.Status)
	}
	// Output:
	// 1 user found, error: <nil>
	// 1 user found, error: <nil>
	// AccessToken 200
	// UserData 200
	// UserData 401
	// ValidateToken 200
	// AccessToken 200
	// UserData 200
}

// A server that fails until it is told to recover.
func ExampleServer_fail() {
	const email = "admin@infoworks.io"
	server := infoworkstest.NewServer(infoworkstest.WithUsers(infoworkstest.User{Email: email, Password: "secret"}))
	defer server.Close()
	server.Fail("Authenticate", infoworkstest.Fault{Times: -1, Status: 500})
	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{Username: email, Password: auth.StaticToken("secret")},
		tenantkit.WithRetry(tenantkit.NoRetry()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	_, err = client.TokenSource().Token(context.Background())
	fmt.Println("while it fails:", errors.Is(err, tenantkit.ErrUnavailable))
	server.Recover()
	_, err = client.TokenSource().Token(context.Background())
	fmt.Println("after that:", err, server.Applied("Authenticate"))
	// Output:
	// while it fails: true
	// after that: <nil> 1
}
