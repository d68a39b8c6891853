package argo

import (
	"context"
	"fmt"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/rest"
)

const service = "argo"

// Client calls one ARGO service with one administrator's key. It is safe for concurrent use.
// [NewClient] makes one.
type Client struct{ rest *rest.Client }

// NewClient returns a client for the service at baseURL, which ends in /api/v2. Each attempt of a
// call asks for the key, so it may change while the program runs. Nothing is sent; the error is a
// [tenantkit.ValidationError].
func NewClient(baseURL string, apiKey auth.TokenSource, opts ...tenantkit.Option) (*Client, error) {
	if apiKey == nil {
		return nil, &tenantkit.ValidationError{Service: service, Operation: "NewClient", Field: "apiKey", Reason: "must not be nil"}
	}
	client, err := rest.New(rest.API{
		Service:     service,
		Credentials: map[string]auth.Credential{"": auth.APIKey("x-api-key", apiKey)},
		ReadError:   readError,
	}, baseURL, opts)
	if err != nil {
		return nil, err
	}
	return &Client{rest: client}, nil
}

// CloseIdleConnections closes the idle connections. The client can still be used.
func (c *Client) CloseIdleConnections() { c.conn().CloseIdleConnections() }

// Format writes "argo.Client" and the base URL, for every verb. A client may be printed at any
// time, also while calls are under way.
func (c *Client) Format(f fmt.State, verb rune) { c.conn().Format(f, verb) }

// Call calls any other endpoint of the service with the client's key, retries, limits and errors,
// and decodes the JSON response into the value that into points to. The service wraps results in an
// object with the members "status" and "data". If into is nil, the status alone is the result.
// Retry class: that of op, which must be set.
func (c *Client) Call(ctx context.Context, op tenantkit.Operation, params tenantkit.CallParams, into any, opts ...tenantkit.Option) error {
	err := c.conn().Call(ctx, withService(op), params, into, opts)
	noteWrite(ctx, op.Class, err)
	return err
}

// CallPage calls any other endpoint of the service that returns a list. It decodes the elements, in
// the member params.Items ("data"), into the slice that into points to, and returns the next page,
// or "" after the last. [tenantkit.Pages] iterates over all pages. Retry class: that of op, which
// must be set.
func (c *Client) CallPage(ctx context.Context, op tenantkit.Operation, params tenantkit.CallParams, into any, opts ...tenantkit.Option) (next string, err error) {
	return c.conn().CallPage(ctx, withService(op), params, into, opts)
}

// withService returns op with its default service, which a nil client does not know.
func withService(op tenantkit.Operation) tenantkit.Operation {
	if op.Service == "" {
		op.Service = service
	}
	return op
}

// conn returns nil for a client that was not made by NewClient, which every call then reports.
func (c *Client) conn() *rest.Client {
	if c == nil {
		return nil
	}
	return c.rest
}

// locked runs work under the lock of object, see [rest.Client.Locked]. The error of a lock that
// could not be acquired ends with hint.
func (c *Client) locked(ctx context.Context, op *rest.Operation, path, object []string, hint string, work func(held context.Context) error) error {
	acquired := false
	err := c.conn().Locked(ctx, op, path, object, func(held context.Context) error {
		acquired = true
		return work(held)
	})
	if failed, ok := err.(*tenantkit.Error); ok && !acquired {
		failed.Err = fmt.Errorf("%w (%s)", failed.Err, hint)
	}
	return err
}

// composed returns the error of a method that makes several calls. If a write took effect, or err
// does not come from a call, the outcome of the whole is unknown.
func (c *Client) composed(op *rest.Operation, path []string, err error, wrote bool) error {
	switch err.(type) {
	case nil:
		return nil
	case *tenantkit.Error, *tenantkit.ValidationError:
		outcome := tenantkit.OutcomeOf(err)
		if outcome == tenantkit.OutcomeUnknown || !wrote && outcome != tenantkit.OutcomeApplied {
			return err
		}
	}
	return c.rest.Error(op, path, tenantkit.OutcomeUnknown, err)
}
