package infoworks_test

import (
	"context"
	"fmt"
	"log"
	"net/url"

	"github.com/tenantkit/tenantkit"
)

// listUsers is an endpoint of Infoworks that the client has no method for.
var listUsers = tenantkit.Operation{Name: "ListUsers", Method: "GET", Path: "/admin/users", Class: tenantkit.Read}

type user struct {
	Profile struct{ Name, Email string }
}

// One part of the list of users.
func ExampleClient_Call() {
	server := fakeServer()
	defer server.Close()
	client := exampleClient(server)
	defer client.CloseIdleConnections()

	var got struct{ Result []user }
	params := tenantkit.CallParams{Query: url.Values{"limit": {"10"}, "offset": {"0"}}}
	if err := client.Call(context.Background(), listUsers, params, &got); err != nil {
		log.Fatal(err)
	}
	for _, u := range got.Result {
		fmt.Println(u.Profile.Email)
	}
	// Output: admin@infoworks.io
}

// All users. Infoworks links to the next page in the response.
func ExampleClient_CallPage() {
	server := fakeServer()
	defer server.Close()
	client := exampleClient(server)
	defer client.CloseIdleConnections()

	params := tenantkit.CallParams{Query: url.Values{"limit": {"1"}}, Items: "result", NextMember: "links.next"}
	for u, err := range tenantkit.Pages[user](context.Background(), client.CallPage, listUsers, params) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(u.Profile.Email)
	}
	// Output: admin@infoworks.io
}
