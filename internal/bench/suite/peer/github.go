//go:build !fewpeers

package peer

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/go-github/v93/github"
)

func byGitHub(base string, client *http.Client) (do, error) {
	url := base + "/"
	hub, err := github.NewClient(github.WithHTTPClient(client), github.WithURLs(&url, &url))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, method, path string, body, into any) error {
		req, err := hub.NewRequest(ctx, method, strings.TrimPrefix(path, "/"), body)
		if err != nil {
			return err
		}
		req.Header.Set("X-Api-Key", Key)
		_, err = hub.Do(req, into)
		return err
	}, nil
}
