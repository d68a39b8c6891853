package securitytest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security"
	"github.com/tenantkit/tenantkit/security/securitytest"
)

// A program under test meets a server that is busy once, and then a wrong password.
func Example() {
	server := securitytest.NewServer(securitytest.WithUsers(securitytest.User{Email: "admin@infoworks.io", Password: "secret"}))
	defer server.Close()
	ctx := context.Background()

	for _, password := range []tenantkit.Secret{"secret", "wrong"} {
		server.Fail("Authenticate", securitytest.Fault{Status: 503, RetryAfter: "0"})
		client, err := security.NewClient(server.BaseURL(), security.Credentials{Username: "admin@infoworks.io", Password: auth.StaticToken(password)})
		if err != nil {
			fmt.Println(err)
			return
		}
		made, err := client.Authenticate(ctx)
		if err == nil {
			fmt.Println("token:", made.Token)
		}
		fmt.Println("wrong password:", errors.Is(err, tenantkit.ErrUnauthenticated))
		client.CloseIdleConnections()
	}
	fmt.Println(len(server.Requests()), "requests")
	// Output:
	// token: [redacted]
	// wrong password: false
	// wrong password: true
	// 4 requests
}
