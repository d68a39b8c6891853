// A program that makes one call, to see what that costs before the call.
package main

import (
	"fmt"
	"os"

	"github.com/go-resty/resty/v2"
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
	_, err := resty.New().R().SetResult(&answer).Get(url)
	return err
}
