package auth

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/origin"
)

// Transport returns a RoundTripper that puts the credential on each request, for calls that this
// module has no client for. A nil base means [http.DefaultTransport].
//
// The credential stays where the caller sent it: a redirect to another scheme, host or port is
// refused with an error, and so is plain http to a host that is not loopback. If the credential was
// rejected, which 401 says ([WithRejected] changes that), a request whose body can be sent again
// (none, or with GetBody) is retried once, if the credential then differs.
//
// A request that was not sent, since there was no credential, or since others would have seen it,
// fails with an error of [tenantkit.OutcomeNotSent] (see [tenantkit.OutcomeOf]), whatever became of
// the calls that were to get the credential.
func Transport(credential Credential, base http.RoundTripper, opts ...TransportOption) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	t := &transport{
		credential: credential,
		base:       base,
		rejected:   func(resp *http.Response) bool { return resp.StatusCode == http.StatusUnauthorized },
	}
	for _, opt := range opts {
		if opt == nil {
			t.invalid = invalid("Transport", "opts", "an option is nil")
			continue
		}
		opt(t)
	}
	return t
}

// TransportOption changes the behavior of [Transport].
type TransportOption func(*transport)

// WithRejected sets which responses mean that the service rejected the credential. Without it,
// those with status 401 do. The function must not read the body. Infoworks rejects a bearer token
// with 406:
//
//	auth.WithRejected(func(resp *http.Response) bool { return resp.StatusCode == 401 || resp.StatusCode == 406 })
func WithRejected(rejected func(*http.Response) bool) TransportOption {
	return func(t *transport) {
		if rejected == nil {
			t.invalid = invalid("Transport", "rejected", "must not be nil")
		}
		t.rejected = rejected
	}
}

type transport struct {
	credential Credential
	base       http.RoundTripper
	rejected   func(*http.Response) bool
	invalid    error // every request fails with it
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.check(req); err != nil {
		return nil, unsent(req, err)
	}
	// A RoundTripper must leave the caller's request as it is.
	sent := req.Clone(req.Context())
	if err := t.credential.Authorize(req.Context(), sent); err != nil {
		return nil, unsent(req, err)
	}
	resp, err := t.send(sent)
	renewer, ok := t.credential.(Renewer)
	if err != nil || !ok || !canResend(req) || !t.rejected(resp) {
		return resp, err
	}
	renewer.Rejected(sent)
	again := req.Clone(req.Context())
	if err := t.credential.Authorize(req.Context(), again); err != nil || sameCredential(sent, again) {
		// The refusal in hand is the better answer than an error of the renewal.
		return resp, nil
	}
	if req.GetBody != nil {
		if again.Body, err = req.GetBody(); err != nil {
			return resp, nil
		}
	}
	// The connection can serve the repetition once the refusal is read, which must not take for
	// ever. A failure to read it costs just that connection.
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	_ = resp.Body.Close()
	return t.send(again)
}

// canResend reports whether the request has no body, or one that can be had again.
func canResend(req *http.Request) bool {
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

// send makes sure that the answer tells to what it is one: with that, a request that follows a
// redirect is known as such.
func (t *transport) send(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(req)
	if err == nil && resp.Request == nil {
		resp.Request = req
	}
	return resp, err
}

// Format writes the name of the constructor, for every verb, and may be called at any time.
func (t *transport) Format(f fmt.State, _ rune) { writeName(f, "auth.Transport") }

// CloseIdleConnections passes the call of [http.Client.CloseIdleConnections] on.
func (t *transport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

// check refuses a request that must not be sent.
func (t *transport) check(req *http.Request) error {
	if t.invalid != nil {
		return t.invalid
	}
	if t.credential == nil {
		return errors.New("auth.Transport: there is no credential")
	}
	if req == nil || req.URL == nil {
		return errors.New("auth.Transport: the request has no URL")
	}
	if !origin.Protected(req.URL) {
		return fmt.Errorf("auth.Transport: the credential is not sent by %s to %s: use https", req.URL.Scheme, req.URL.Host)
	}
	if first := firstOf(req); !origin.Same(first.URL, req.URL) {
		return fmt.Errorf("auth.Transport: a redirect leads from %s to %s, where the credential must not go", origin.Of(first.URL), origin.Of(req.URL))
	}
	return nil
}

// firstOf returns the request that redirects have led to req from, or req itself.
func firstOf(req *http.Request) *http.Request {
	for req != nil && req.Response != nil && req.Response.Request != nil {
		req = req.Response.Request
	}
	return req
}

// unsent closes the body of a request that is not sent, and returns the error that says so.
func unsent(req *http.Request, err error) error {
	err = errors.Join(err, closeBody(req))
	if firstOf(req) != req {
		// What was sent before the redirect may have been applied.
		return &unsentError{err, tenantkit.OutcomeUnknown}
	}
	return &unsentError{err, tenantkit.OutcomeNotSent}
}

// unsentError is why a request was not sent, with the outcome of that request in place of what
// became of the calls for its credential.
type unsentError struct {
	err     error
	outcome tenantkit.Outcome
}

func (e *unsentError) Error() string              { return e.err.Error() }
func (e *unsentError) Unwrap() error              { return e.err }
func (e *unsentError) Outcome() tenantkit.Outcome { return e.outcome }

// sameCredential tells whether no header differs: the renewal brought nothing new.
func sameCredential(a, b *http.Request) bool {
	for name, values := range b.Header {
		if strings.Join(a.Header[name], "\n") != strings.Join(values, "\n") {
			return false
		}
	}
	return true
}

func closeBody(req *http.Request) error {
	if req == nil || req.Body == nil {
		return nil
	}
	return req.Body.Close()
}
