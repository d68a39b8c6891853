package worklytics

import (
	"net/http"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/keylock"
	"github.com/tenantkit/tenantkit/internal/rest"
)

const (
	// DefaultHost is where tenants in production reside. The web app shows it in its address.
	DefaultHost = "intl.worklytics.co"

	// DefaultBaseURL has the path that Worklytics' Terraform module for AWS was corrected to.
	DefaultBaseURL = "https://" + DefaultHost + "/tenant"

	// LegacyBaseURL has the path of that module's first version, and of the module for GCP. Try it where creating a data connection
	// meets [tenantkit.ErrNotFound] under DefaultBaseURL.
	LegacyBaseURL = "https://" + DefaultHost + "/tenant-api"
)

// Audience is what Google's ID tokens must be made for. Tokens of Amazon Cognito have an audience of their own.
const Audience = "https://app.worklytics.co"

// tenantHeader names the tenant in each request.
const tenantHeader = "X-Worklytics-Tenant-Id"

const service = "worklytics"

// Client calls the Tenant API for one tenant. It is safe for concurrent use, and made by [NewClient].
type Client struct {
	rest   *rest.Client
	tenant http.Header
	// connections are locked by their IDs while they are modified.
	connections keylock.Locks
}

// NewClient returns a client for the API at baseURL, which holds the path's prefix (see [DefaultBaseURL]). The tenantID is the unique
// ID of the tenant's service account, 21 digits. The tokens are ID tokens; they are asked for at each attempt of a call, so give a
// source that keeps them until they expire, such as an [auth.Cache]. Nothing is sent; the error is a [tenantkit.ValidationError].
func NewClient(baseURL, tenantID string, tokens auth.TokenSource, opts ...tenantkit.Option) (*Client, error) {
	if len(tenantID) != 21 || strings.Trim(tenantID, "0123456789") != "" {
		return nil, &tenantkit.ValidationError{Operation: "NewClient", Field: "tenantID",
			Reason: "it must be the 21 digits of the service account's unique ID, which the web app shows at /analytics/integrations/configuration"}
	}
	if tokens == nil {
		return nil, &tenantkit.ValidationError{Operation: "NewClient", Field: "tokens", Reason: "it is nil"}
	}
	client, err := rest.New(rest.API{
		Service:     service,
		Credentials: map[string]auth.Credential{"": auth.Bearer(tokens)},
		ReadError:   readRefusal,
	}, baseURL, opts)
	if err != nil {
		return nil, err
	}
	return &Client{rest: client, tenant: http.Header{tenantHeader: {tenantID}}}, nil
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
