package infoworks_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

func Example() {
	server := infoworkstest.NewServer(infoworkstest.WithUsers(infoworkstest.User{
		ID: "6RkfybTRQQByEey3v", Email: "admin@infoworks.io", Password: "secret",
	}))
	defer server.Close()
	ctx := context.Background()

	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{
		Username: "admin@infoworks.io", Password: auth.StaticToken("secret"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	made, err := client.Authenticate(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	claims, err := infoworks.ParseClaims(made.Token)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("token %v of user %s (%s), good for %v\n", made.Token, made.UserID, claims.Email, claims.Expiry.Sub(claims.IssuedAt))

	// Output:
	// token [redacted] of user 6RkfybTRQQByEey3v (admin@infoworks.io), good for 15m0s
}

// Any other call of Infoworks goes through an HTTP client with the credential of this one. This one
// lists all users.
func ExampleClient_TokenSource() {
	server := infoworkstest.NewServer(infoworkstest.WithUsers(
		infoworkstest.User{Email: "admin@infoworks.io", RefreshToken: "refresh+token/of+admin"},
		infoworkstest.User{Email: "analyst@infoworks.io"},
		infoworkstest.User{Email: "modeller@infoworks.io"},
	))
	defer server.Close()

	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{RefreshToken: auth.StaticToken("refresh+token/of+admin")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	infoworks := &http.Client{Transport: auth.Transport(auth.Bearer(client.TokenSource()), tenantkit.NewTransport())}
	defer infoworks.CloseIdleConnections()

	type page struct {
		Result []struct {
			Profile struct {
				Email string `json:"email"`
			} `json:"profile"`
			// A list shows the refresh tokens of all users. A Secret keeps them out of
			// logs.
			RefreshToken tenantkit.Secret `json:"refresh_token"`
		} `json:"result"`
		Links struct {
			Next string `json:"next"`
		} `json:"links"`
	}
	get := func(at *url.URL) (read page, err error) {
		resp, err := infoworks.Get(at.String())
		if err != nil {
			return page{}, err
		}
		defer func() { err = errors.Join(err, resp.Body.Close()) }()
		if resp.StatusCode != http.StatusOK {
			return page{}, fmt.Errorf("list users: %s", resp.Status)
		}
		return read, json.NewDecoder(resp.Body).Decode(&read)
	}

	first, err := url.Parse(server.BaseURL() + "/admin/users?limit=2&offset=0")
	for at := first; err == nil; {
		var users page
		users, err = get(at)
		if len(users.Result) == 0 {
			// The last page is the empty one: it has a next link like the others.
			break
		}
		for _, user := range users.Result {
			fmt.Println(user.Profile.Email, user.RefreshToken)
		}
		// The next link is a path from the root, or a whole URL: of this server, if the
		// token is to go there.
		at, err = at.Parse(users.Links.Next)
		if err == nil && (at.Scheme != first.Scheme || at.Host != first.Host) {
			err = fmt.Errorf("the next page is on another server: %s", at.Host)
		}
	}
	if err != nil {
		fmt.Println(err)
	}

	// Output:
	// admin@infoworks.io [redacted]
	// analyst@infoworks.io [redacted]
	// modeller@infoworks.io [redacted]
}

// A server whose certificate comes from a private authority.
func ExampleNewClient_privateCA() {
	server := infoworkstest.NewServer(infoworkstest.WithTLS(), infoworkstest.WithUsers(infoworkstest.User{
		Email: "admin@infoworks.io", RefreshToken: "refresh+token/of+admin",
	}))
	defer server.Close()

	// With a file: pool := x509.NewCertPool(), and pool.AppendCertsFromPEM(data) of what
	// os.ReadFile gives.
	pool := server.CertPool()
	transport := tenantkit.NewTransport()
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{RefreshToken: auth.StaticToken("refresh+token/of+admin")},
		tenantkit.WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	_, err = client.AccessToken(context.Background())
	fmt.Println("with the authority:", err)

	strange, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{RefreshToken: auth.StaticToken("refresh+token/of+admin")},
		tenantkit.WithRetry(tenantkit.NoRetry()))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = strange.AccessToken(context.Background())
	var untrusted *tls.CertificateVerificationError
	fmt.Println("without it:", errors.As(err, &untrusted), tenantkit.OutcomeOf(err))

	// Output:
	// with the authority: <nil>
	// without it: true not sent
}

// Users whom the directory does not give are a result, or an error, as the caller likes.
func ExampleLDAPSyncResult_Err() {
	server := infoworkstest.NewServer(
		infoworkstest.WithUsers(infoworkstest.User{Email: "admin@infoworks.io", Password: "secret"}),
		infoworkstest.WithDirectory(
			infoworkstest.DirectoryUser{Email: "modeller@infoworks.io", Login: "mo"},
			infoworkstest.DirectoryUser{Email: "prodops@infoworks.io", Login: "po", Error: "No valid role found for the User."},
		),
	)
	defer server.Close()
	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{Username: "admin@infoworks.io", Password: auth.StaticToken("secret")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	result, err := client.BulkLDAPSync(context.Background(), &infoworks.LDAPSync{
		SearchOn: infoworks.SearchOnEmail, SearchList: []string{"modeller@infoworks.io", "prodops@infoworks.io"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, user := range result.Added {
		fmt.Println("added", user.Email)
	}
	fmt.Println(result.Err())

	// Output:
	// added modeller@infoworks.io
	// infoworks: BulkLDAPSync: failed for one user: prodops@infoworks.io: No valid role found for the User.
}
