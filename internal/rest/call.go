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

// Call is what one call of an operation adds to it.
type Call struct {
	// Path holds the values of the path's placeholders, in order.
	Path []string
	// URL is where an earlier answer said that the next page is. It takes the place of Path and Query, and must be of the client's
	// origin. Empty means the operation's own.
	URL string
	// Query is a struct with url tags, as go-querystring takes it, or nil.
	Query any
	// Header is sent beside the headers of the pipeline.
	Header http.Header
	// Body is sent as JSON, with its secrets; nil means no body.
	Body any
	// Into is where the JSON of the answer goes; nil means that what it holds does not matter.
	Into any
	// Check looks at what came into Into, and returns an error where it is not what the operation promises.
	Check func() error
	// Element looks at each element of a streamed answer, of which it gets the address, and returns an error where it is not what the
	// operation promises.
	Element func(element any) error
	// Answered looks, after Check, at the answer whose body came into Into, and returns an error where it is not what the operation
	// promises. The body is read.
	Answered func(answer *http.Response) error
	// Credential takes the place of the operation's own.
	Credential auth.Credential
}

// call carries one call through its attempts.
type call struct {
	*Call
	client     *Client
	op         *Operation
	settings   tenantkit.Settings
	policy     tenantkit.RetryPolicy
	http       *http.Client
	credential auth.Credential
	url        *url.URL
	body       []byte
	started    time.Time
	delays     *backoff.ExponentialBackOff
	attempts   int
	borrowed   int               // repetitions taken out of the budget
	before     tenantkit.Outcome // of all attempts but the last
	renewed    bool              // the credential was renewed after a refusal
}

// newCall checks all input, so that nothing is sent that is wrong.
func (c *Client) newCall(ctx context.Context, op *Operation, what Call, opts []tenantkit.Option) (*call, error) {
	if c == nil {
		return nil, op.Invalid("client", "it was not made by NewClient")
	}
	if ctx == nil {
		return nil, op.Invalid("ctx", "it is nil")
	}
	made := &call{
		Call: &what, client: c, op: op, settings: c.settings, policy: c.policy, http: c.http,
		credential: what.Credential, started: time.Now(), before: tenantkit.OutcomeNotSent,
	}
	if len(opts) == 0 {
		made.settings.Timeout = c.timeout(op)
	} else {
		var err error
		if made.settings, made.http, err = c.forCall(op, opts); err != nil {
			return nil, err
		}
		made.policy = made.settings.Retry.WithDefaults()
	}
	if made.settings.Response != nil {
		*made.settings.Response = tenantkit.Response{}
	}
	if made.credential == nil {
		made.credential = c.api.Credentials[op.Credential]
	}
	var err error
	if what.URL != "" {
		if made.url, err = c.pageURL(what.URL); err != nil {
			return nil, op.Invalid("next", "%v", err)
		}
	} else if made.url, err = c.url(op, what.Path); err != nil {
		return nil, err
	}
	if what.Query != nil && what.URL == "" {
		values, err := query.Values(what.Query)
		if err != nil {
			return nil, op.Invalid("query", "%v", err)
		}
		for name := range values {
			for _, value := range values[name] {
				if reason := badQueryValue(value); reason != "" {
					return nil, op.Invalid(name, "%s", reason)
				}
			}
		}
		made.url.RawQuery = values.Encode()
	}
	if what.Body != nil {
		if made.body, err = tenantkit.Reveal(what.Body); err != nil {
			pointer, reason := wire.Field(err)
			field := strings.ReplaceAll(strings.TrimPrefix(pointer, "/"), "/", ".")
			return nil, op.Invalid(cmp.Or(field, "body"), "%v", reason)
		}
	}
	return made, nil
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
	if c.op.Method == http.MethodGet && c.op.Class != Read {
		// When a kept connection breaks before the answer, net/http sends a GET again by itself, unless its body cannot be had a
		// second time. An empty body does that, and is not seen on the wire: with the encoding given, net/http does not first
		// look for a while whether the body holds anything, only to announce it in chunks where it had no time to look.
		req.Body = io.NopCloser(strings.NewReader(""))
		req.TransferEncoding = []string{"identity"}
	}
	return req, nil
}

// sets tells whether a header of a request is of the pipeline or the caller, rather than of the credential.
func (c *call) sets(name string, values []string) bool {
	switch name {
	case "Accept", "Content-Type", "User-Agent":
		return true
	}
	return slices.Equal(values, c.settings.Header[name]) || slices.Equal(values, c.Header[name])
}

// header returns what an attempt sends beside its credential.
func (c *call) header() http.Header {
	header := make(http.Header, 5+len(c.settings.Header)+len(c.Header))
	for name, values := range c.settings.Header {
		header[name] = values
	}
	for name, values := range c.Header {
		header[name] = values
	}
	header["Accept"] = []string{"application/json"}
	header["User-Agent"] = []string{c.settings.UserAgent}
	if c.body != nil {
		header["Content-Type"] = []string{"application/json"}
	}
	return header
}

// wait returns how long to wait before another attempt, or why there is none.
func (c *call) wait(ctx context.Context, asked time.Duration, waitAsked bool) (time.Duration, error) {
	if c.attempts >= c.policy.MaxAttempts {
		// With a single attempt allowed, or all of them made, there is nothing to explain.
		return 0, errNoMoreAttempts
	}
	if c.delays == nil {
		c.delays = newDelays(c.policy)
	}
	wait := c.delays.NextBackOff()
	if waitAsked && asked > 0 {
		wait = asked
	}
	if c.policy.MaxElapsed >= 0 {
		if left := c.policy.MaxElapsed - time.Since(c.started); wait > left {
			return 0, notRepeated("a wait of %v does not fit into the %v that the retry policy allows (MaxElapsed)", wait, c.policy.MaxElapsed)
		}
	}
	if deadline, ok := ctx.Deadline(); ok {
		if left := time.Until(deadline); wait >= left {
			return 0, notRepeated("a wait of %v does not fit into the %v left of the context's deadline", wait, left)
		}
	}
	if !c.client.budget.take() {
		return 0, notRepeated("the retry budget of the client is spent, since its calls keep failing")
	}
	c.borrowed++
	return wait, nil
}

// sleep waits, and ends early with the context.
func sleep(ctx context.Context, wait time.Duration) error {
	if ctx.Err() != nil {
		// Of a wait of no time and an ended context, select takes either.
		return contextError(ctx)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return contextError(ctx)
	case <-timer.C:
		return nil
	}
}

// contextError returns why the context ended, its error and the cause where its owner gave one, or nil if it has not.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if err == nil || errors.Is(err, cause) {
		return err
	}
	return both(err, cause)
}
