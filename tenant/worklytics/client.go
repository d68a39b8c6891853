package worklytics

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/rest"
)

const (
	// DefaultHost is where tenants in production reside. The web app shows it in its address.
	DefaultHost = "intl.worklytics.co"

	// DefaultBaseURL has the path that Worklytics' Terraform module for AWS was corrected to.
	DefaultBaseURL = "https://" + DefaultHost + "/tenant"

	// LegacyBaseURL has the path of that module's first version, and of the module for GCP. Try
	// it if creating a data connection returns [tenantkit.ErrNotFound] under DefaultBaseURL.
	LegacyBaseURL = "https://" + DefaultHost + "/tenant-api"
)

// Audience is the audience that ID tokens of Google must have. Tokens of Amazon Cognito have an
// audience of their own.
const Audience = "https://app.worklytics.co"

// tenantHeader names the tenant in each request.
const tenantHeader = "X-Worklytics-Tenant-Id"

const service = "worklytics"

// Client calls the Tenant API for one tenant. It is safe for concurrent use, and made by
// [NewClient].
type Client struct {
	rest     *rest.Client
	tenantID string
}

// NewClient returns a client for the API at baseURL, which contains the path's prefix (see
// [DefaultBaseURL]). The tenantID is the unique ID of the tenant's service account, 21 digits. The
// tokens are ID tokens. Each attempt of a call asks for one, so use a source that keeps them until
// they expire, such as an [auth.Cache]. Nothing is sent. The error is a
// [tenantkit.ValidationError].
func NewClient(baseURL, tenantID string, tokens auth.TokenSource, opts ...tenantkit.Option) (*Client, error) {
	if len(tenantID) != 21 || strings.Trim(tenantID, "0123456789") != "" {
		return nil, newClient.Invalid("tenantID", "must be the 21 digits of the service account's unique ID, which the web app shows at /analytics/integrations/configuration")
	}
	if tokens == nil {
		return nil, newClient.Invalid("tokens", "must not be nil")
	}
	c := &Client{tenantID: tenantID}
	var err error
	c.rest, err = rest.New(rest.API{
		Service:     service,
		Credentials: map[string]auth.Credential{"": auth.Bearer(tokens)},
		ReadError:   readError,
	}, baseURL, withTenant(tenantID, opts))
	if err != nil {
		return nil, err
	}
	return c, nil
}

// withTenant returns options that name the tenant, whatever opts say.
func withTenant(tenantID string, opts []tenantkit.Option) []tenantkit.Option {
	return append(slices.Clip(opts), tenantkit.WithHeader(tenantHeader, tenantID))
}

// call returns what the calls of the client go through, and the options of one call. A nil
// *rest.Client returns an error for every call: the client was not made by [NewClient].
func (c *Client) call(opts []tenantkit.Option) (*rest.Client, []tenantkit.Option) {
	if c == nil {
		return nil, opts
	}
	if len(opts) > 0 {
		opts = withTenant(c.tenantID, opts)
	}
	return c.rest, opts
}

// CloseIdleConnections closes the connections that wait for another call. The client can still be
// used.
func (c *Client) CloseIdleConnections() {
	pipeline, _ := c.call(nil)
	pipeline.CloseIdleConnections()
}

// Format writes the name of the type and the base URL, for every verb. It may be called at any
// time, and shows no secret.
func (c *Client) Format(f fmt.State, verb rune) {
	pipeline, _ := c.call(nil)
	pipeline.Format(f, verb)
}

// Call calls an endpoint of the API that has no method of its own, and decodes the JSON of the
// response into the value that into points to. If into is nil, the response may contain anything.
// The class of op says when the call is retried.
func (c *Client) Call(ctx context.Context, op tenantkit.Operation, params tenantkit.CallParams, into any, opts ...tenantkit.Option) error {
	pipeline, opts := c.call(opts)
	return pipeline.Call(ctx, op, params, into, opts)
}

// CallPage calls an endpoint that returns one page of a list, decodes its elements into the slice
// that into points to, and returns the next page, "" after the last. [tenantkit.Pages] iterates
// over all of them.
func (c *Client) CallPage(ctx context.Context, op tenantkit.Operation, params tenantkit.CallParams, into any, opts ...tenantkit.Option) (next string, err error) {
	pipeline, opts := c.call(opts)
	return pipeline.CallPage(ctx, op, params, into, opts)
}
