package rest

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/excerpt"
	"github.com/tenantkit/tenantkit/internal/redact"
)

// This file says which secrets a client knows, and what it shows of a response's header.

// revealAndRemember returns the string of a secret that is sent in a body.
func revealAndRemember(known *redact.Redactor) func(tenantkit.Secret) (string, error) {
	return func(s tenantkit.Secret) (string, error) {
		known.Add(s)
		if text := s.Reveal(); text != tenantkit.Redacted {
			return text, nil
		}
		return "", tenantkit.ErrRedacted
	}
}

// pinCredential remembers what the credential put on req.
func (c *call) pinCredential(req *http.Request) {
	for name, values := range req.Header {
		if c.isOwnHeader(name, values) {
			continue
		}
		for _, value := range values {
			if known := c.client.secrets; !known.Pinned(value) {
				known.Pin(value, credentialSecrets(value)...)
			}
		}
	}
}

// credentialSecrets returns the secrets in the value of a credential's header: the value without
// its scheme, and a password that is in it.
func credentialSecrets(value string) []tenantkit.Secret {
	scheme, token, _ := strings.Cut(value, " ")
	switch strings.ToLower(scheme) {
	case "bearer", "basic":
		value = token
	}
	secrets := []tenantkit.Secret{tenantkit.NewSecret(value)}
	if pair, err := base64.StdEncoding.DecodeString(value); err == nil {
		if _, password, ok := strings.Cut(string(pair), ":"); ok {
			secrets = append(secrets, tenantkit.NewSecret(password))
		}
	}
	return secrets
}

// requestIDHeaders are where services put their name for an exchange. It is not a secret, even if
// the caller chose it.
var requestIDHeaders = []string{"X-Request-Id", "Request-Id", "X-Amzn-Requestid", "X-Correlation-Id"}

func requestID(header http.Header) string {
	for _, name := range requestIDHeaders {
		if id := header.Get(name); id != "" {
			return id
		}
	}
	return ""
}

// shownHeaders are the headers of a response that errors and [tenantkit.Response] show, in addition
// to request IDs and rate limits.
var shownHeaders = []string{"Allow", "Content-Length", "Content-Type", "Date", "Location", "Retry-After", "Server", "Www-Authenticate"}

// publicHeader returns the headers of a response that may be shown.
func (c *Client) publicHeader(header http.Header) http.Header {
	public := make(http.Header)
	for name, values := range header {
		rateLimit := strings.HasPrefix(name, "X-Ratelimit") || strings.HasPrefix(name, "Ratelimit")
		if !rateLimit && !slices.Contains(shownHeaders, name) && !slices.Contains(requestIDHeaders, name) {
			continue
		}
		for _, value := range values {
			switch name {
			case "Www-Authenticate":
				value, _, _ = strings.Cut(value, " ") // the scheme
			case "Location":
				value = originOf(value)
			}
			public[name] = append(public[name], excerpt.Of(c.secrets.Field(value), maxFieldBytes))
		}
	}
	return public
}
