// A program that makes one call, to see what that costs before the call.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/go-retryablehttp"
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
	resp, err := retryablehttp.NewClient().Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(&answer)
}
