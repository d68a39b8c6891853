//go:build !fewpeers

// A program that makes one call, to see what that costs before the call.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/google/go-github/v93/github"
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
	client, err := github.NewClient()
	if err != nil {
		return err
	}
	req, err := client.NewRequest(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	_, err = client.Do(req, &answer)
	return err
}
