//go:build !fewpeers

package peer

import (
	"context"
	"net/http"

	"github.com/digitalocean/godo"
)

func byGodo(base string, client *http.Client) (do, error) {
	ocean, err := godo.New(client, godo.SetBaseURL(base), godo.SetRequestHeaders(map[string]string{"X-Api-Key": Key}))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, method, path string, body, into any) error {
		req, err := ocean.NewRequest(ctx, method, path, body)
		if err != nil {
			return err
		}
		_, err = ocean.Do(ctx, req, into)
		return err
	}, nil
}
