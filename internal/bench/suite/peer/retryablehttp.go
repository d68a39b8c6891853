package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/hashicorp/go-retryablehttp"
)

// byRetryable is the call by hand with a transport that repeats. go-retryablehttp decodes nothing
// itself.
func byRetryable(base string, client *http.Client) (do, error) {
	repeating := retryablehttp.NewClient()
	repeating.HTTPClient = client
	repeating.Logger = nil
	return func(ctx context.Context, method, path string, body, into any) error {
		var text any
		if body != nil {
			encoded, err := json.Marshal(body)
			if err != nil {
				return err
			}
			text = encoded
		}
		req, err := retryablehttp.NewRequestWithContext(ctx, method, base+path, text)
		if err != nil {
			return err
		}
		req.Header.Set("Accept", "application/json")
		req.Header.Set("User-Agent", "go-retryablehttp")
		req.Header.Set("X-Api-Key", Key)
		if body != nil {
			req.Header.Set("Content-Type", "application/json")
		}
		resp, err := repeating.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s %s: %s", method, path, resp.Status)
		}
		return json.Unmarshal(answer, into)
	}, nil
}
