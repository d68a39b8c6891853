package autoid

import (
	"context"
	"errors"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// service is the name in errors, logs and metrics.
const service = "autoid"

// Credentials are the two that the API takes. The documentation asks for a bearer token to create, update and delete sinks, and
// for an API key everywhere else. When one is nil, the other is sent in its place, which other chapters of the API allow; a
// refusal with status 401 then says which one the documentation asks for.
type Credentials struct {
	// Tokens gives the bearer tokens of an administrator: see [Login].
	Tokens auth.TokenSource
	// APIKey gives the key that goes into X-API-KEY.
	APIKey auth.TokenSource
}

// Client calls one deployment of Autonomous Identity. It is safe for concurrent use, and made by [NewClient].
type Client struct{ rest *rest.Client }

// NewClient returns a client for the deployment at baseURL, without /api: https://autoid-ui.example.com. The credentials are asked
// for at each attempt of a call, so they may change while the program runs. Nothing is sent; the error is a
// [tenantkit.ValidationError].
//
// A fresh deployment has a self-signed certificate: give its authority with [tenantkit.WithHTTPClient].
func NewClient(baseURL string, credentials Credentials, opts ...tenantkit.Option) (*Client, error) {
	sent := map[string]auth.Credential{}
	if credentials.Tokens != nil {
		sent[bearer] = auth.Bearer(credentials.Tokens)
	}
	if credentials.APIKey != nil {
		sent[apiKey] = auth.APIKey("X-API-KEY", credentials.APIKey)
	}
	only := "" // the credential that is sent in the place of the other
	switch {
	case len(sent) == 0:
		return nil, &tenantkit.ValidationError{Operation: "NewClient", Field: "credentials", Reason: "both are nil"}
	case credentials.APIKey == nil:
		only, sent[apiKey] = bearer, sent[bearer]
	case credentials.Tokens == nil:
		only, sent[bearer] = apiKey, sent[apiKey]
	}
	client, err := rest.New(rest.API{
		Service:     service,
		Credentials: sent,
		ReadError: func(refusal *tenantkit.Error, body []byte) {
			readRefusal(refusal, body)
			explainCredential(refusal, only)
		},
	}, baseURL, opts)
	if err != nil {
		return nil, err
	}
	return &Client{rest: client}, nil
}

// WithTenantID sends the header X-TENANT-ID, for deployments that serve several tenants. Give it to [NewClient] and [Login].
func WithTenantID(id string) tenantkit.Option {
	if id == "" {
		return func(*tenantkit.Settings) error { return errors.New("WithTenantID: the id is empty") }
	}
	return tenantkit.WithHeader("X-TENANT-ID", id)
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

func (c *Client) do(ctx context.Context, op *rest.Operation, call rest.Call, opts []tenantkit.Option) error {
	return c.pipeline().Do(ctx, op, call, opts)
}
