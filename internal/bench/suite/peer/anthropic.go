//go:build !fewpeers

package peer

import (
	"context"
	"net/http"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
)

func byAnthropic(base string, client *http.Client) (do, error) {
	caller := anthropic.NewClient(option.WithBaseURL(base), option.WithHTTPClient(client), option.WithAPIKey(Key))
	return func(ctx context.Context, method, path string, body, into any) error {
		return caller.Execute(ctx, method, path[1:], body, into)
	}, nil
}
