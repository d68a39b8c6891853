//go:build !fewpeers

package peer

import (
	"context"
	"net/http"

	"github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/anthropics/anthropic-sdk-go/v2/option"
)

func byAnthropic(base string, client *http.Client) (do, error) {
	caller := anthropic.NewClient(option.WithBaseURL(base), option.WithHTTPClient(client), option.WithHeader("X-Api-Key", Key))
	return func(ctx context.Context, method, path string, body, into any) error {
		return caller.Execute(ctx, method, path[1:], body, into)
	}, nil
}
