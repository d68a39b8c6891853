package argo

import (
	"slices"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/keylock"
	"github.com/tenantkit/tenantkit/internal/rest"
)

const service = "argo"

// Client calls one ARGO service with one administrator's key. It is safe for concurrent use, and made by [NewClient].
type Client struct {
	rest *rest.Client
	// users serializes what changes users, statuses serializes KeepStatus; both by tenant.
	users, statuses keylock.Locks
}

// NewClient returns a client for the service at baseURL, which ends in /api/v2. The key is asked for at each attempt of a call, so
// it may change while the program runs. Nothing is sent; the error is a [tenantkit.ValidationError].
func NewClient(baseURL string, apiKey auth.TokenSource, opts ...tenantkit.Option) (*Client, error) {
	if apiKey == nil {
		return nil, &tenantkit.ValidationError{Operation: "NewClient", Field: "apiKey", Reason: "it is nil"}
	}
	client, err := rest.New(rest.API{
		Service:     service,
		Credentials: map[string]auth.Credential{"": auth.APIKey("x-api-key", apiKey)},
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
