// A program that makes one call, to see what that costs before the call.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
)

func main() {
	if len(os.Args) < 2 {
		return
	}
	if err := get(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func get(url string) error {
	client, err := argo.NewClient(url, auth.StaticToken("key"))
	if err != nil {
		return err
	}
	_, err = client.GetTenant(context.Background(), "id")
	return err
}
