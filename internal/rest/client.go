package rest

import (
	"errors"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/internal/origin"
	"github.com/tenantkit/tenantkit/internal/redact"
	"github.com/tenantkit/tenantkit/internal/wire"
)

const (
	defaultTimeout          = 30 * time.Second
	defaultMaxResponseBytes = 64 << 20
	maxRedirects            = 5
)

// API describes how one service differs from the others.
type API struct {
	// Service is the name of the client package.
	Service string
	// Credentials are the service's credentials by the names that its operations use.
	// Operations of the user's own, see [Client.Call], take the one named "".
	Credentials map[string]auth.Credential
	// ReadError reads Code, Message, Details and RequestID from the body of an error response.
	// It may change all of the error. Secrets that the client knows are redacted afterwards.
	ReadError func(failed *tenantkit.Error, body []byte)
	// CredentialRejected reports whether an error response means that another credential might
	// do. If nil, status 401 does.
	CredentialRejected func(failed *tenantkit.Error) bool
}

// Client sends the operations of one service. It is safe for concurrent use.
type Client struct {
	api      API
	base     *url.URL
	settings tenantkit.Settings
	policy   tenantkit.RetryPolicy
	budget   *budget
	secrets  *redact.Redactor // for its whole life: a server may show a secret in the response to a later call
	encoder  wire.Replacer[tenantkit.Secret]
	onSecret wire.Options
	http     *http.Client
}

// New returns a client for the service at baseURL. Its errors are [tenantkit.ValidationError]s.
func New(api API, baseURL string, opts []tenantkit.Option) (*Client, error) {
	settings, err := apply(api.Service, "NewClient", tenantkit.Settings{}, opts)
	if err != nil {
		return nil, err
	}
	base, err := parseBase(baseURL, settings.InsecureHTTP)
	if err != nil {
		return nil, &tenantkit.ValidationError{Service: api.Service, Operation: "NewClient", Field: "baseURL", Reason: err.Error()}
	}
	if settings.HTTPClient == nil {
		settings.HTTPClient = &http.Client{Transport: tenantkit.NewTransport()}
	}
	if settings.Locker == nil {
		settings.Locker = coord.Local()
	}
	if settings.UserAgent == "" {
		settings.UserAgent = userAgent()
	}
	if settings.MaxResponseBytes == 0 {
		settings.MaxResponseBytes = defaultMaxResponseBytes
	}
	client, err := httpClient(api.Service, "NewClient", settings.HTTPClient, settings.Middleware)
	if err != nil {
		return nil, err
	}
	policy := settings.Retry.WithDefaults()
	secrets := new(redact.Redactor)
	return &Client{
		api: api, base: base, settings: settings, policy: policy, budget: newBudget(policy.Budget), http: client, secrets: secrets,
		encoder:  wire.NewReplacer(revealAndRemember(secrets)),
		onSecret: wire.Visit(func(s tenantkit.Secret) { secrets.Add(s) }),
	}, nil
}

// CloseIdleConnections closes the connections that wait for another call.
func (c *Client) CloseIdleConnections() {
	if c == nil {
		return
	}
	c.http.CloseIdleConnections()
	// A middleware need not pass that on.
	c.settings.HTTPClient.CloseIdleConnections()
}

// BaseURL returns the URL that the operations' paths stand under.
func (c *Client) BaseURL() *url.URL {
	base := *c.base
	return &base
}

// apply returns settings with the options on top.
func apply(service, operation string, settings tenantkit.Settings, opts []tenantkit.Option) (tenantkit.Settings, error) {
	for _, opt := range opts {
		if opt == nil {
			return settings, &tenantkit.ValidationError{Service: service, Operation: operation, Field: "opts", Reason: "an option is nil"}
		}
		if err := opt(&settings); err != nil {
			return settings, &tenantkit.ValidationError{Service: service, Operation: operation, Field: "opts", Reason: err.Error()}
		}
	}
	return settings, nil
}

const maxBaseURL = 4096

// badPort reports whether a port is out of range.
func badPort(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return port != "" && err != nil
}

func parseBase(text string, insecure bool) (*url.URL, error) {
	base, err := url.Parse(text)
	switch {
	case len(text) > maxBaseURL:
		return nil, errors.New("it is longer than 4096 bytes")
	case err != nil:
		// The error of url.Parse quotes the string, which may hold a password.
		return nil, errors.New("it is not a URL")
	case base.Scheme != "https" && base.Scheme != "http" || base.Host == "" || base.Hostname() == "":
		return nil, errors.New("it must be absolute, with the scheme https or http and a host")
	case badPort(base.Port()):
		return nil, errors.New("its port is none: they end at 65535")
	case !utf8.ValidString(base.Host):
		return nil, errors.New("its host is not valid UTF-8")
	case !utf8.ValidString(base.Path) || strings.ContainsFunc(base.Path, unicode.IsControl):
		return nil, errors.New("its path holds control characters, or is not valid UTF-8")
	case base.User != nil:
		return nil, errors.New("it must not hold a user or a password: credentials have a parameter of their own")
	case base.RawQuery != "" || base.ForceQuery || base.Fragment != "" || strings.Contains(text, "#"):
		return nil, errors.New("it must not hold a query or a fragment")
	case !insecure && !origin.Protected(base):
		return nil, errors.New("plain http to a host that is not loopback would show the credentials to the network: use https, or the option WithInsecureHTTP")
	}
	for segment := range strings.SplitSeq(base.Path, "/") {
		if segment == "." || segment == ".." {
			return nil, errors.New("its path must not hold the steps . and .. of a file system")
		}
	}
	base.Path = strings.TrimRight(base.Path, "/")
	base.RawPath = strings.TrimRight(base.RawPath, "/")
	return base, nil
}

// httpClient returns a copy of client with the middleware around its transport, and the redirect
// rules of this module.
func httpClient(service, operation string, client *http.Client, middleware []func(http.RoundTripper) http.RoundTripper) (*http.Client, error) {
	copied := *client
	if copied.Transport == nil {
		copied.Transport = http.DefaultTransport
	}
	for _, wrap := range middleware {
		if copied.Transport = wrap(copied.Transport); copied.Transport == nil {
			// net/http would take its own transport in that place.
			return nil, &tenantkit.ValidationError{Service: service, Operation: operation, Field: "opts", Reason: "WithTransport: the function returned nil"}
		}
	}
	copied.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if !followsRedirects(req.Context()) || len(via) > maxRedirects || !origin.Same(req.URL, via[0].URL) {
			return http.ErrUseLastResponse
		}
		if client.CheckRedirect != nil {
			return client.CheckRedirect(req, via)
		}
		return nil
	}
	return &copied, nil
}

// forCall returns the settings and the HTTP client of one call with options of its own.
func (c *Client) forCall(op *Operation, opts []tenantkit.Option) (tenantkit.Settings, *http.Client, error) {
	settings := c.settings
	// Zero while the options are applied, to tell the client's own time-out from one of the
	// call.
	settings.Timeout, settings.PerCall = 0, true
	settings, err := apply(op.Service, op.Name, settings, opts)
	if err != nil {
		return settings, nil, err
	}
	if settings.Timeout == 0 {
		settings.Timeout = c.timeout(op)
	}
	inner, middleware := settings.HTTPClient, settings.Middleware
	if inner == c.settings.HTTPClient {
		if len(middleware) == len(c.settings.Middleware) {
			return settings, c.http, nil
		}
		// The client's own middleware stays: made anew for each call it would lose what it
		// keeps between calls.
		inner, middleware = c.http, middleware[len(c.settings.Middleware):]
	}
	client, err := httpClient(op.Service, op.Name, inner, middleware)
	return settings, client, err
}

// timeout returns the time of an attempt under the client's own settings.
func (c *Client) timeout(op *Operation) time.Duration {
	switch own := c.settings.Timeout; {
	case own == 0:
		return max(defaultTimeout, op.Timeout)
	case own < 0:
		return own
	default:
		return max(own, op.Timeout)
	}
}

const modulePath = "github.com/tenantkit/tenantkit"

// userAgent returns the default User-Agent, with the version of this module in the program's build.
func userAgent() string {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range slices.Concat([]*debug.Module{&info.Main}, info.Deps) {
			if module.Path == modulePath && module.Version != "" && module.Version != "(devel)" {
				version = strings.TrimPrefix(module.Version, "v")
			}
		}
	}
	return "tenantkit/" + version + " (+" + runtime.Version() + ")"
}
