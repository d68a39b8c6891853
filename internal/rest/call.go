package rest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cenkalti/backoff/v4"
	"github.com/google/go-querystring/query"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// Call holds the arguments of one call of an operation.
type Call struct {
	// Path holds the values of the path's placeholders, in order.
	Path []string
	// URL is the URL of the next page from an earlier response. It replaces Path and Query, and
	// must have the client's origin. Empty means the operation's own.
	URL string
	// Query is a struct with url tags, as go-querystring takes it, or nil.
	Query any
	// Values is the query itself, instead of Query.
	Values url.Values
	// Header is sent in addition to the headers of the pipeline.
	Header http.Header
	// Body is sent as JSON, with its secrets; nil means no body.
	Body any
	// Into is what the JSON of the response is decoded into. If nil, its content does not
	// matter.
	Into any
	// Check returns an error if the value decoded into Into is not what the operation promises.
	Check func() error
	// Element gets the address of each element of a streamed response, and returns an error if
	// it is not what the operation promises.
	Element func(element any) error
	// CheckResponse is called after Check with the response, whose body is read, and returns an
	// error if it is not what the operation promises.
	CheckResponse func(response *http.Response) error
	// AnyCase says that the names in Into match in any case, as in version 1 of encoding/json.
	AnyCase bool
	// Pages says that the call reads a page of a list, so that WithMaxPages has an effect.
	Pages bool
	// Credential overrides the operation's own.
	Credential auth.Credential
}

// call carries one call through its attempts.
type call struct {
	*Call
	client            *Client
	op                *Operation
	settings          tenantkit.Settings
	policy            tenantkit.RetryPolicy
	http              *http.Client
	credential        auth.Credential
	url               *url.URL
	body              []byte
	started           time.Time
	delays            *backoff.ExponentialBackOff
	attempts          int
	retriesTaken      int               // from the budget
	priorOutcome      tenantkit.Outcome // of all attempts but the last
	credentialRenewed bool              // after a rejection
}

// newCall checks all input before anything is sent.
func (c *Client) newCall(ctx context.Context, op *Operation, params Call, opts []tenantkit.Option) (*call, error) {
	if c == nil {
		return nil, op.Invalid("client", "must be made by NewClient")
	}
	if ctx == nil {
		return nil, op.Invalid("ctx", "must not be nil")
	}
	call := &call{
		Call: &params, client: c, op: op, settings: c.settings, policy: c.policy, http: c.http,
		credential: params.Credential, started: time.Now(), priorOutcome: tenantkit.OutcomeNotSent,
	}
	if len(opts) == 0 {
		call.settings.Timeout = c.timeout(op)
	} else {
		var err error
		if call.settings, call.http, err = c.forCall(op, opts); err != nil {
			return nil, err
		}
		call.policy = call.settings.Retry.WithDefaults()
	}
	if call.settings.MaxPages != c.settings.MaxPages && !params.Pages {
		return nil, op.Invalid("opts", "WithMaxPages: %s reads no pages", op.Name)
	}
	if call.settings.Response != nil {
		*call.settings.Response = tenantkit.Response{}
	}
	if call.credential == nil {
		call.credential = c.api.Credentials[op.Credential]
	}
	var err error
	if params.URL != "" {
		if call.url, err = c.pageURL(params.URL); err != nil {
			return nil, op.Invalid("next", "%v", err)
		}
	} else if call.url, err = c.url(op, params.Path); err != nil {
		return nil, err
	}
	if params.URL == "" {
		if err := call.setQuery(); err != nil {
			return nil, err
		}
	}
	if params.Body != nil {
		if call.body, err = c.encode(op, params.Body); err != nil {
			return nil, err
		}
	}
	return call, nil
}

// CheckBody returns the error of a body that cannot be sent, for a call that reads before it
// writes.
func (c *Client) CheckBody(op *Operation, body any) error {
	if c == nil {
		return op.Invalid("client", "must be made by NewClient")
	}
	_, err := c.encode(op, body)
	return err
}

// encode returns the JSON of a body, with its secrets.
func (c *Client) encode(op *Operation, body any) ([]byte, error) {
	data, err := c.encoder.Marshal(body)
	if err != nil {
		pointer, reason := wire.Field(err)
		field := strings.ReplaceAll(strings.TrimPrefix(pointer, "/"), "/", ".")
		return nil, op.Invalid(cmp.Or(field, "body"), "%v", reason)
	}
	return data, nil
}

// setQuery puts the query into the URL.
func (c *call) setQuery() error {
	values := c.Values
	if c.Query != nil {
		var err error
		if values, err = query.Values(c.Query); err != nil {
			return c.op.Invalid("query", "%v", err)
		}
	}
	for name := range values {
		for _, value := range values[name] {
			if reason := badQueryValue(value); reason != "" {
				return c.op.Invalid(name, "%s", reason)
			}
		}
	}
	c.url.RawQuery = values.Encode()
	return nil
}

const (
	maxPathValue = 1024
	maxName      = 64 << 10 // in a query or a body: far above any
)

// badQueryValue says why a value cannot be in a query, or nothing.
func badQueryValue(value string) string {
	switch {
	case value == tenantkit.Redacted:
		return "it is a secret, which has no place in a URL"
	case value == "":
		return ""
	}
	return BadName(value)
}

// BadName says why a text in a query or a body cannot be the name of anything, or nothing.
func BadName(name string) string {
	switch {
	case name == "":
		return "it is empty"
	case len(name) > maxName:
		return "it is longer than 64 KiB"
	case !utf8.ValidString(name):
		return "it is not valid UTF-8"
	}
	return ""
}

// url returns the operation's URL with values in the place of its placeholders.
func (c *Client) url(op *Operation, values []string) (*url.URL, error) {
	u := *c.base
	if len(values) == 0 && !strings.Contains(op.Path, "{") {
		u.Path += op.Path
		if u.RawPath != "" {
			u.RawPath += op.Path
		}
		return &u, nil
	}
	var plain, escaped strings.Builder
	plain.WriteString(c.base.Path)
	escaped.WriteString(c.base.EscapedPath())
	rest := op.Path
	for {
		before, after, found := strings.Cut(rest, "{")
		plain.WriteString(before)
		escaped.WriteString(before)
		if !found {
			break
		}
		name, tail, _ := strings.Cut(after, "}")
		rest = tail
		if len(values) == 0 {
			return nil, op.Invalid(name, "it is missing")
		}
		value := values[0]
		values = values[1:]
		if reason := badPathValue(value); reason != "" {
			return nil, op.Invalid(name, "%s", reason)
		}
		plain.WriteString(value)
		escaped.WriteString(url.PathEscape(value))
	}
	u.Path, u.RawPath = plain.String(), escaped.String()
	return &u, nil
}

// badPathValue says why a value cannot be one segment of a path, or nothing.
func badPathValue(value string) string {
	switch {
	case value == "":
		return "it is empty"
	case value == "." || value == "..":
		return "it is a step in a path, not a name"
	case len(value) > maxPathValue:
		return "it is longer than 1024 bytes"
	case !utf8.ValidString(value):
		return "it is not valid UTF-8"
	case strings.Contains(value, "/"):
		return "it holds a slash"
	case strings.ContainsFunc(value, unicode.IsControl):
		return "it holds a control character"
	}
	return ""
}

// request builds the request of one attempt, without its credential.
func (c *call) request(ctx context.Context) (*http.Request, error) {
	var body io.Reader
	if c.body != nil {
		body = bytes.NewReader(c.body)
	}
	req, err := http.NewRequestWithContext(ctx, c.op.Method, "", body)
	if err != nil {
		return nil, err
	}
	req.URL, req.Host = c.url, c.url.Host
	req.Header = c.header()
	if c.op.Method == http.MethodGet && c.op.Class != tenantkit.Read {
		// When a kept connection breaks before the response, net/http retries a GET on its
		// own, unless its body cannot be read a second time. An empty body does that, and
		// is not seen on the wire: with the encoding given, net/http does not first look
		// for a while whether the body holds anything, only to announce it in chunks where
		// it had no time to look.
		req.Body = io.NopCloser(strings.NewReader(""))
		req.TransferEncoding = []string{"identity"}
	}
	return req, nil
}

// isOwnHeader reports whether a header of a request was set by the pipeline or the caller, rather
// than by the credential.
func (c *call) isOwnHeader(name string, values []string) bool {
	switch name {
	case "Accept", "Content-Type", "User-Agent":
		return true
	}
	return slices.Equal(values, c.settings.Header[name]) || slices.Equal(values, c.Header[name])
}

// header returns the headers of an attempt without its credential.
func (c *call) header() http.Header {
	header := make(http.Header, 5+len(c.settings.Header)+len(c.Header))
	for name, values := range c.settings.Header {
		header[name] = values
	}
	for name, values := range c.Header {
		header[name] = values
	}
	values := []string{"application/json", c.settings.UserAgent} // one allocation for all
	header["Accept"] = values[:1:1]
	header["User-Agent"] = values[1:]
	if c.body != nil {
		header["Content-Type"] = values[:1:1]
	}
	return header
}

// contextError returns why the context is done: its error, and the cause if its owner gave one. It
// returns nil if it is not done.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if err == nil || errors.Is(err, cause) {
		return err
	}
	return joinInline(err, cause)
}
