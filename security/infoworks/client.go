package infoworks

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// Credentials are a user's, as far as the program has them. With both, the refresh token is used
// first: it works also where users log in by SAML.
//
// Without any, a client can call [Client.SAMLRedirectURL], and check the tokens of others with
// [Client.ValidateToken].
type Credentials struct {
	// Username and Password log the user in; each needs the other.
	Username string
	Password auth.TokenSource
	// RefreshToken gives the user's refresh token, as the web interface shows it under My
	// Profile > Settings.
	RefreshToken auth.TokenSource
	// Store remembers whether RefreshToken is spent, for all programs that share it; without
	// RefreshToken it holds the token itself.
	Store auth.TokenStore
	// ServiceID is sent when the user logs in by password, to say in which way; nil is not
	// sent. What the numbers mean is told by the deployment.
	ServiceID *int
	// RegenerateWith and SyncWith say what [Client.RegenerateRefreshToken] and
	// [Client.BulkLDAPSync] authenticate with. Infoworks documents the scheme, Basic, and not
	// the secret. The zero value means the refresh token for the former and the password for
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
	return &tenantkit.ValidationError{Service: service, Operation: "NewClient", Field: "credentials." + field, Reason: reason}
}

func (b BasicCredential) known() bool {
	return b == "" || b == PasswordCredential || b == RefreshTokenCredential
}

// Client calls one Infoworks server for one user. It is safe for concurrent use, and made by
// [NewClient].
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

// NewClient returns a client for the server at baseURL, which ends in /v3. The credentials are
// asked for when a call needs them, so they may change while the program runs. Nothing is sent; the
// error is a [tenantkit.ValidationError].
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
	c.credentials[byDefault] = auth.Bearer(c.TokenSource())
	var err error
	c.rest, err = rest.New(rest.API{
		Service: service, Credentials: c.credentials, ReadError: readError, CredentialRejected: credentialRejected,
	}, baseURL, opts)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Call calls any other endpoint of the server with the user's access token, by the same rules as
// the methods of the client. The JSON of the response is decoded into the value that into points
// to; if into is nil, the body is ignored.
func (c *Client) Call(ctx context.Context, op tenantkit.Operation, params tenantkit.CallParams, into any, opts ...tenantkit.Option) error {
	return c.orZero().rest.Call(ctx, op, params, into, opts)
}

// CallPage fetches one page of a list from any other endpoint of the server, and decodes its
// elements into the slice that into points to. It returns the next page for CallParams.Next, ""
// after the last. Infoworks links to it in the member "links.next" of the response.
// [tenantkit.Pages] iterates over all pages.
func (c *Client) CallPage(ctx context.Context, op tenantkit.Operation, params tenantkit.CallParams, into any, opts ...tenantkit.Option) (next string, err error) {
	return c.orZero().rest.CallPage(ctx, op, params, into, opts)
}

// CloseIdleConnections closes the connections that wait for another call. The client can still be
// used.
func (c *Client) CloseIdleConnections() { c.orZero().rest.CloseIdleConnections() }

// Format prints the base URL, and no credential, for every verb. It may be called while calls run.
func (c *Client) Format(f fmt.State, verb rune) { c.orZero().rest.Format(f, verb) }

// orZero returns the client, or one that was not made by [NewClient] if it is nil: its calls return
// an error.
func (c *Client) orZero() *Client {
	if c == nil {
		return new(Client)
	}
	return c
}

// do calls an operation, unless the client lacks the credential for it.
func (c *Client) do(ctx context.Context, op *rest.Operation, call rest.Call, opts []tenantkit.Option) error {
	if c.rest == nil {
		return op.Invalid("client", "must be made by NewClient")
	}
	if op.Credential != byNone && call.Credential == nil && c.credentials[op.Credential] == nil {
		return c.lacks(op, op.Credential)
	}
	if op.Credential == byAccessToken && call.Credential == nil {
		given := &givenToken{TokenSource: c.tokens}
		call.Credential = auth.Bearer(given)
		err := c.rest.Do(ctx, op, call, opts)
		return c.tokens.annotate(given.last, err)
	}
	return c.rest.Do(ctx, op, call, opts)
}

func (c *Client) lacks(operation *rest.Operation, credential string) error {
	return operation.Invalid("credentials", "the client was made without what it needs for this: %s", credential)
}

// choose returns the chosen credential, or the first of the usual ones that the client has.
func (c *Client) choose(op *rest.Operation, chosen BasicCredential, usual ...string) (auth.Credential, error) {
	if chosen != "" {
		usual = []string{string(chosen)}
	}
	for _, name := range usual {
		if credential := c.credentials[name]; credential != nil {
			return credential, nil
		}
	}
	return nil, c.lacks(op, usual[0])
}
