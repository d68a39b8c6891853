package infoworks

import (
	"context"
	"strings"
	"unicode"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// Credentials are a user's, as far as the program has them. With both, the refresh token is used first: it works also where users log
// in by SAML.
//
// Without any, a client can call [Client.SAMLRedirectURL], and check the tokens of others with [Client.ValidateToken].
type Credentials struct {
	// Username and Password log the user in; each needs the other.
	Username string
	Password auth.TokenSource
	// RefreshToken gives the user's refresh token, as the web interface shows it under My Profile > Settings.
	RefreshToken auth.TokenSource
	// Store remembers whether RefreshToken is spent, for all programs that share it; without RefreshToken it holds the token itself.
	Store auth.TokenStore
	// ServiceID is sent when the user logs in by password, to say in which way; nil is not sent. What the numbers mean is told by
	// the deployment.
	ServiceID *int
	// RegenerateWith and SyncWith say what [Client.RegenerateRefreshToken] and [Client.BulkLDAPSync] authenticate with. Infoworks
	// documents the scheme, Basic, and not the secret. The zero value means the refresh token for the former and the password for
	// the latter, or the other one where the client has just that.
	RegenerateWith, SyncWith BasicCredential
}

// BasicCredential is what goes into Authorization: Basic.
type BasicCredential string

const (
	// PasswordCredential is the user name and the password, in base64.
	PasswordCredential BasicCredential = byPassword
	// RefreshTokenCredential is the refresh token as it is.
	RefreshTokenCredential BasicCredential = byRefreshToken
)

func (c *Credentials) check() error {
	field, reason := "", ""
	switch {
	case c.Password != nil && c.Username == "":
		field, reason = "Username", "it is empty, and there is a password"
	case c.Password == nil && c.Username != "":
		field, reason = "Password", "it is nil, and there is a user name"
	case strings.Contains(c.Username, ":"):
		field, reason = "Username", "it holds a colon, which a server takes for the beginning of the password"
	case rest.BadName(c.Username) != "" && c.Username != "", strings.ContainsFunc(c.Username, unicode.IsControl):
		field, reason = "Username", "it holds a control character, is not valid UTF-8, or is longer than 64 KiB"
	case c.ServiceID != nil && *c.ServiceID < 0:
		field, reason = "ServiceID", "it is negative"
	case !c.RegenerateWith.known():
		field, reason = "RegenerateWith", "it is neither PasswordCredential nor RefreshTokenCredential"
	case !c.SyncWith.known():
		field, reason = "SyncWith", "it is neither PasswordCredential nor RefreshTokenCredential"
	default:
		return nil
	}
	return &tenantkit.ValidationError{Operation: "NewClient", Field: "credentials." + field, Reason: reason}
}

func (b BasicCredential) known() bool {
	return b == "" || b == PasswordCredential || b == RefreshTokenCredential
}

// Client calls one Infoworks server for one user. It is safe for concurrent use, and made by [NewClient].
type Client struct {
	rest        *rest.Client
	credentials map[string]auth.Credential // those that the client has
	tokens      *accessTokens              // nil without credentials
	refresh     *refreshTokens             // nil without a refresh token
	serviceID   *int

	regenerateWith, syncWith BasicCredential
}

// service is the name in errors, logs and metrics.
const service = "infoworks"

// NewClient returns a client for the server at baseURL, which ends in /v3. The credentials are asked for when a call needs them, so
// they may change while the program runs. Nothing is sent; the error is a [tenantkit.ValidationError].
func NewClient(baseURL string, credentials Credentials, opts ...tenantkit.Option) (*Client, error) {
	if err := credentials.check(); err != nil {
		return nil, err
	}
	c := &Client{
		credentials:    make(map[string]auth.Credential),
		serviceID:      credentials.ServiceID,
		regenerateWith: credentials.RegenerateWith, syncWith: credentials.SyncWith,
	}
	if credentials.Password != nil {
		c.credentials[byPassword] = auth.Basic(credentials.Username, credentials.Password)
	}
	if credentials.RefreshToken != nil || credentials.Store != nil {
		c.refresh = newRefreshTokens(c, credentials.RefreshToken, credentials.Store)
		c.credentials[byRefreshToken] = auth.RawBasic(auth.TokenSourceFunc(c.refresh.refreshToken))
	}
	if len(c.credentials) > 0 {
		c.tokens = newAccessTokens(c)
		c.credentials[byAccessToken] = auth.Bearer(c.tokens)
	}
	var err error
	c.rest, err = rest.New(rest.API{
		Service: service, Credentials: c.credentials, ReadError: readRefusal, CredentialRejected: credentialRefused,
	}, baseURL, opts)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// CloseIdleConnections closes the connections that wait for another call. The client can still be used.
func (c *Client) CloseIdleConnections() { c.made().rest.CloseIdleConnections() }

// made returns the client, and in the place of nil one that was not made by [NewClient]: its calls say so.
func (c *Client) made() *Client {
	if c == nil {
		return new(Client)
	}
	return c
}

// do calls an operation, unless the client lacks the credential for it.
func (c *Client) do(ctx context.Context, operation *rest.Operation, call rest.Call, opts []tenantkit.Option) error {
	op := operation
	if c.rest == nil {
		return op.Invalid("client", "it was not made by NewClient")
	}
	if op.Credential != "" && call.Credential == nil && c.credentials[op.Credential] == nil {
		return c.lacks(operation, op.Credential)
	}
	if op.Credential == byAccessToken && call.Credential == nil {
		given := &givenToken{TokenSource: c.tokens}
		call.Credential = auth.Bearer(given)
		err := c.rest.Do(ctx, op, call, opts)
		return c.tokens.explain(given.last, err)
	}
	return c.rest.Do(ctx, op, call, opts)
}

func (c *Client) lacks(operation *rest.Operation, credential string) error {
	return operation.Invalid("credentials", "the client was made without what it needs for this: %s", credential)
}

// choose returns the credential of an operation that leaves the choice to the caller.
func (c *Client) choose(operation *rest.Operation, chosen, usual BasicCredential) (auth.Credential, error) {
	name := string(chosen)
	if name == "" {
		name = string(usual)
		if c.credentials[name] == nil {
			for _, other := range []string{byPassword, byRefreshToken} {
				if c.credentials[other] != nil {
					name = other
				}
			}
		}
	}
	if c.credentials[name] == nil {
		return nil, c.lacks(operation, name)
	}
	return c.credentials[name], nil
}
