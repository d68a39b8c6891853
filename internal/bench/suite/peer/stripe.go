//go:build !fewpeers

package peer

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/stripe/stripe-go/v86"
)

// byStripe uses the raw calls of Stripe's SDK, which leave the decoding to the caller: its others
// would scan each answer twice for a type that is not Stripe's own.
func byStripe(base string, client *http.Client) (do, error) {
	backend, ok := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: &base, HTTPClient: client, LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull}, EnableTelemetry: stripe.Bool(false),
	}).(stripe.RawRequestBackend)
	if !ok {
		return nil, errors.New("stripe: the backend takes no raw requests")
	}
	return func(ctx context.Context, method, path string, body, into any) error {
		content := ""
		if body != nil {
			text, err := json.Marshal(body)
			if err != nil {
				return err
			}
			content = string(text)
		}
		params := &stripe.RawParams{Params: stripe.Params{Context: ctx, Headers: http.Header{"X-Api-Key": {Key}}}}
		resp, err := backend.RawRequest(method, "/v1"+path, Key, content, params)
		if err != nil {
			return err
		}
		return json.Unmarshal(resp.RawJSON, into)
	}, nil
}
