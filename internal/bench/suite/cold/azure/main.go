// A program that makes one call, to see what that costs before the call.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
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
	req, err := runtime.NewRequest(context.Background(), http.MethodGet, url)
	if err != nil {
		return err
	}
	resp, err := runtime.NewPipeline("cold", "v1.0.0", runtime.PipelineOptions{}, nil).Do(req)
	if err != nil {
		return err
	}
	return runtime.UnmarshalAsJSON(resp, &answer)
}
