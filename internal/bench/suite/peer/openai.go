//go:build !fewpeers

package peer

import (
	"context"
	"net/http"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

func byOpenAI(base string, client *http.Client) (do, error) {
	caller := openai.NewClient(option.WithBaseURL(base), option.WithHTTPClient(client), option.WithHeader("X-Api-Key", Key))
	return func(ctx context.Context, method, path string, body, into any) error {
		return caller.Execute(ctx, method, path[1:], body, into)
	}, nil
}
