//go:build !fewpeers

// A program that makes one call, to see what that costs before the call.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/anthropics/anthropic-sdk-go/v2"
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
	client := anthropic.NewClient()
	return client.Get(context.Background(), url, nil, &answer)
}
