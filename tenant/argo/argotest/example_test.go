package argotest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

func Example() {
	server := argotest.NewServer()
	defer server.Close()
	id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "physics"}})
	server.Fail("CreateUser", argotest.Fault{Status: 503, RetryAfter: "1"})

	// The first attempt meets the fault, the second one succeeds.
	for range 2 {
		url := server.BaseURL() + "/admin/tenants/" + id + "/users"
		req, err := http.NewRequest("POST", url, strings.NewReader(`{"name":"ada"}`))
		if err != nil {
			fmt.Println(err)
			return
		}
		req.Header.Set("x-api-key", argotest.DefaultKey)
		req.Header.Set("Accept", "application/json")
		resp, err := server.Client().Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		fmt.Println(resp.Status)
	}

	fmt.Println(server.Users(id)[0].Name, "was created by", server.Applied("CreateUser"), "of", len(server.Requests()), "requests")
	// Output:
	// 503 Service Unavailable
	// 201 Created
	// ada was created by 1 of 2 requests
}
