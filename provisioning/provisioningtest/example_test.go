package provisioningtest_test

import (
	"fmt"
	"io"
	"net/http"

	"github.com/tenantkit/tenantkit/provisioning/provisioningtest"
)

func Example() {
	server := provisioningtest.NewServer(provisioningtest.WithPageSize(1))
	defer server.Close()
	server.AddProject(provisioningtest.Project{PID: "sales"})
	server.AddProject(provisioningtest.Project{PID: "stock"})
	server.Fail("ListProjects", provisioningtest.Fault{Status: 502})

	// The first attempt meets the fault, the second one succeeds.
	for range 2 {
		req, err := http.NewRequest(http.MethodGet, server.BaseURL()+"/projects", nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		req.Header.Set("X-StorageApi-Token", provisioningtest.DefaultToken)
		resp, err := server.Client().Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		fmt.Println(resp.Status, "with a next page:", resp.Header.Get("Link") != "")
	}
	// Output:
	// 502 Bad Gateway with a next page: false
	// 200 OK with a next page: true
}
