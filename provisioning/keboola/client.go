package keboola

import (
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

// Client calls the service for one Keboola project. It is safe for concurrent use, and made by [NewClient].
type Client struct {
	rest *rest.Client
}

// NewClient returns a client for the service at baseURL: one of the BaseURL constants, or what [DiscoverBaseURL] returns. The Storage
// API token is asked for at each attempt of a call, so it may change while the program runs. Nothing is sent; the error is a
// [tenantkit.ValidationError].
func NewClient(baseURL string, storageToken auth.TokenSource, opts ...tenantkit.Option) (*Client, error) {
	if storageToken == nil {
		return nil, &tenantkit.ValidationError{Operation: "NewClient", Field: "storageToken", Reason: "it is nil"}
	}
	client, err := rest.New(rest.API{
		Service:     service,
		Credentials: map[string]auth.Credential{"": auth.APIKey("X-StorageApi-Token", storageToken)},
		ReadError:   readRefusal,
	}, baseURL, opts)
	if err != nil {
		return nil, err
	}
	return &Client{rest: client}, nil
}

// CloseIdleConnections closes the connections that wait for another call. The client can still be used.
func (c *Client) CloseIdleConnections() { c.pipeline().CloseIdleConnections() }

// pipeline is nil for a client that was not made by NewClient; calls then say so.
func (c *Client) pipeline() *rest.Client {
	if c == nil {
		return nil
	}
	return c.rest
}
