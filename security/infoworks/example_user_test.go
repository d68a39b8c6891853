package infoworks_test

import (
	"context"
	"fmt"
	"log"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

// Where a browser has to go to log in, asked before anybody is logged in.
func ExampleClient_SAMLRedirectURL() {
	server := fakeServer(infoworkstest.WithSAML("https://idp.example.org/sso?app=infoworks"))
	defer server.Close()
	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()

	location, err := client.SAMLRedirectURL(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(location) // in a handler: http.Redirect(w, req, location, http.StatusFound)
	// Output: https://idp.example.org/sso?app=infoworks
}

// A user may do something, and gets a token to do it with; what the user may not do is no error.
func ExampleClient_AuthoriseUser() {
	server := fakeServer()
	defer server.Close()
	server.Allow(exampleUser, "pipeline", "read", "p-17")
	client := exampleClient(server)
	defer client.CloseIdleConnections()

	for _, action := range []string{"read", "delete"} {
		result, err := client.AuthoriseUser(context.Background(), &infoworks.Authorisation{EntityType: "pipeline", Action: action, EntityID: "p-17"})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(action, result.IsAuthorised, result.DelegationToken)
	}
	// Output:
	// read true [redacted]
	// delete false
}

// What a directory has of a user is its own affair: an entry is text, or JSON in a text, or JSON.
func ExampleUserEntry_Decode() {
	server := fakeServer(infoworkstest.WithDirectory(infoworkstest.DirectoryUser{Email: "ada@example.org", Login: "ada"}))
	defer server.Close()
	client := exampleClient(server)
	defer client.CloseIdleConnections()

	entries, err := client.UserData(context.Background(), &infoworks.UserQuery{UserIDs: []string{"ada", "nobody"}, SearchAttribute: "uid"})
	if err != nil {
		log.Fatal(err)
	}
	for _, entry := range entries {
		var user struct {
			Email string `json:"email"`
		}
		if err := entry.Decode(&user); err != nil {
			log.Fatal(err)
		}
		fmt.Println(user.Email)
	}
	// Output: ada@example.org
}

// Users of the directory come into Infoworks, and those who are there stay as they are.
func ExampleClient_BulkLDAPSync() {
	server := fakeServer(infoworkstest.WithDirectory(
		infoworkstest.DirectoryUser{Email: "ada@example.org", Login: "ada"}, infoworkstest.DirectoryUser{Email: exampleUser, Login: "admin"},
	))
	defer server.Close()
	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{Username: exampleUser, Password: auth.StaticToken("just-an-example")})
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()

	leave := false
	result, err := client.BulkLDAPSync(context.Background(), &infoworks.LDAPSync{
		SearchOn: infoworks.SearchOnEmail, SearchList: []string{"ada@example.org", exampleUser}, ShouldUpdate: &leave,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.NewUsersCount, "new,", result.ExistingUserCount, "existing,", len(result.Updated), "updated:", result.Err())
	// Output: 1 new, 1 existing, 0 updated: <nil>
}
