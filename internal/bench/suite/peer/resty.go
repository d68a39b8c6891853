package peer

import (
	"context"
	"fmt"
	"net/http"

	"github.com/go-resty/resty/v2"
)

func byResty(base string, client *http.Client) (do, error) {
	resting := resty.NewWithClient(client).SetBaseURL(base).SetHeader("Accept", "application/json").SetHeader("X-Api-Key", Key)
	return func(ctx context.Context, method, path string, body, into any) error {
		req := resting.R().SetContext(ctx).SetResult(into)
		if body != nil {
			req.SetBody(body)
		}
		resp, err := req.Execute(method, path)
		if err != nil {
			return err
		}
		if resp.StatusCode() != http.StatusOK {
			return fmt.Errorf("%s %s: %s", method, path, resp.Status())
		}
		return nil
	}, nil
}
