//go:build !fewpeers

// A program that makes one call, to see what that costs before the call.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/stripe/stripe-go/v86"
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
	var answer any
	resp, err := stripe.RawRequest(http.MethodGet, url, "", nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(resp.RawJSON, &answer)
}
