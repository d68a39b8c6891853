package keboola

import (
	"context"
	"fmt"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// The service in Keboola's public stacks.
const (
	BaseURLUS = "https://gooddata-provisioning.keboola.com"
	BaseURLEU = "https://gooddata-provisioning.eu-central-1.keboola.com"
	BaseURLAU = "https://gooddata-provisioning.ap-southeast-2.keboola.com"
)

const service = "keboola"

// Client calls the service for one Keboola project. It is safe for concurrent use, and made by
// [NewClient].
type Client struct {
	rest *rest.Client
}

// NewClient returns a client for the service at baseURL: one of the BaseURL constants, or what
// [DiscoverBaseURL] returns. The Storage API token is asked for at each attempt of a call, so it
// may change while the program runs. Nothing is sent; the error is a [tenantkit.ValidationError].
func NewClient(baseURL string, storageToken auth.TokenSource, opts ...tenantkit.Option) (*Client, error) {
	if storageToken == nil {
		return nil, &tenantkit.ValidationError{Service: service, Operation: "NewClient", Field: "storageToken", Reason: "must not be nil"}
	}
	client, err := rest.New(rest.API{
		Service:     service,
		Credentials: map[string]auth.Credential{"": auth.APIKey("X-StorageApi-Token", storageToken)},
		ReadError:   readError,
	}, baseURL, opts)
	if err != nil {
		return nil, err
	}
	return &Client{rest: client}, nil
}

// Call calls any other endpoint of the service, by the same rules as the methods of the client. The
// JSON of the response is decoded into the value that into points to; if into is nil, the body is
// ignored.
func (c *Client) Call(ctx context.Context, op tenantkit.Operation, params tenantkit.CallParams, into any, opts ...tenantkit.Option) error {
	return c.client().Call(ctx, op, params, into, opts)
}

// CallPage fetches one page of a list from any other endpoint of the service, and decodes its
// elements into the slice that into points to. It returns the next page for CallParams.Next, ""
// after the last. [tenantkit.Pages] iterates over all pages.
func (c *Client) CallPage(ctx context.Context, op tenantkit.Operation, params tenantkit.CallParams, into any, opts ...tenantkit.Option) (next string, err error) {
	return c.client().CallPage(ctx, op, params, into, opts)
}

// CloseIdleConnections closes the connections that wait for another call. The client can still be
// used.
func (c *Client) CloseIdleConnections() { c.client().CloseIdleConnections() }

// Format prints the base URL, and no credential, for every verb. It may be called while calls run.
func (c *Client) Format(f fmt.State, verb rune) { c.client().Format(f, verb) }

// client returns the pipeline, nil for a nil client: its methods return an error then.
func (c *Client) client() *rest.Client {
	if c == nil {
		return nil
	}
	return c.rest
}
