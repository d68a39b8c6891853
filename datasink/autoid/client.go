package autoid

import (
	"context"
	"errors"
	"fmt"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// service is the name in errors, logs and metrics.
const service = "autoid"

// Credentials are those that the API takes: a bearer token and an API key. The documentation asks
// for the token to create, update and delete sinks, and for the key everywhere else. If the client
// has only one of them, it is sent everywhere, which other chapters of the documentation allow; an
// error response with status 401 then says which one the documentation asks for.
type Credentials struct {
	// APIKey is sent as X-API-KEY.
	APIKey auth.TokenSource
	// User and Password log an administrator in. The client logs in when it first needs a
	// token, renews the token shortly before it expires (12 hours after it was issued, by
	// default), and logs in again if it cannot be renewed or was rejected.
	User     string
	Password auth.TokenSource
	// Tokens returns bearer tokens of an administrator, instead of User and Password.
	Tokens auth.TokenSource
}

// check returns why the credentials cannot be used.
func (c *Credentials) check() error {
	login := c.User != "" || c.Password != nil
	field, reason := "credentials", ""
	switch {
	case !login && c.Tokens == nil && c.APIKey == nil:
		reason = "must have an API key, tokens, or a user and a password"
	case login && c.Tokens != nil:
		field, reason = "credentials.Tokens", "must be nil if there is a user"
	case login && c.Password == nil:
		field, reason = "credentials.Password", "must not be nil if there is a user"
	case login:
		field, reason = "credentials.User", rest.BadName(c.User)
	}
	if reason == "" {
		return nil
	}
	return &tenantkit.ValidationError{Service: service, Operation: "NewClient", Field: field, Reason: reason}
}

// Client calls one deployment of Autonomous Identity. It is safe for concurrent use, and made by
// [NewClient].
type Client struct{ rest *rest.Client }

// NewClient returns a client for the deployment at baseURL, without /api:
// https://autoid-ui.example.com. The credentials are asked for at each attempt of a call, so they
// may change while the program runs. Nothing is sent; the error is a [tenantkit.ValidationError].
//
// A fresh deployment has a self-signed certificate: give its authority with
// [tenantkit.WithHTTPClient].
func NewClient(baseURL string, credentials Credentials, opts ...tenantkit.Option) (*Client, error) {
	if err := credentials.check(); err != nil {
		return nil, err
	}
	login := &session{user: credentials.User, password: credentials.Password}
	if credentials.Password != nil {
		credentials.Tokens = auth.Cache(login)
	}
	sent := map[string]auth.Credential{}
	if credentials.Tokens != nil {
		sent[bearer] = auth.Bearer(credentials.Tokens)
	}
	if credentials.APIKey != nil {
		sent[apiKey] = auth.APIKey("X-API-KEY", credentials.APIKey)
	}
	only := "" // the credential that is sent instead of the other
	switch {
	case credentials.APIKey == nil:
		only, sent[apiKey] = bearer, sent[bearer]
	case credentials.Tokens == nil:
		only, sent[bearer] = apiKey, sent[apiKey]
	}
	sent[byDefault] = sent[apiKey]
	client, err := rest.New(rest.API{
		Service:     service,
		Credentials: sent,
		ReadError: func(failed *tenantkit.Error, body []byte) {
			readError(failed, body)
			explainCredential(failed, only)
		},
	}, baseURL, opts)
	if err != nil {
		return nil, err
	}
	login.rest = client
	return &Client{rest: client}, nil
}

// WithTenantID sends the header X-TENANT-ID, for deployments that serve several tenants. It is an
// option for [NewClient].
func WithTenantID(id string) tenantkit.Option {
	if id == "" {
		return func(*tenantkit.Settings) error { return errors.New("WithTenantID: the id is empty") }
	}
	return tenantkit.WithHeader("X-TENANT-ID", id)
}

// Call calls any other endpoint of the deployment, by the same rules as the methods of the client.
// It sends the API key, or a token if the client has no key. The JSON of the response is decoded
// into the value that into points to; if into is nil, the body is ignored.
func (c *Client) Call(ctx context.Context, op tenantkit.Operation, params tenantkit.CallParams, into any, opts ...tenantkit.Option) error {
	return c.client().Call(ctx, op, params, into, opts)
}

// CallPage fetches one page of a list from any other endpoint of the deployment, like
// [Client.Call], and decodes its elements into the slice that into points to. It returns the next
// page for CallParams.Next, "" after the last. [tenantkit.Pages] iterates over all pages.
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

func (c *Client) do(ctx context.Context, op *rest.Operation, call rest.Call, opts []tenantkit.Option) error {
	return c.client().Do(ctx, op, call, opts)
}
