package auth

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/header"
)

// Credential puts a secret on a request. It must be safe for concurrent use. Its error means that
// the request must not be sent.
type Credential interface {
	// Authorize sets the headers of req. It may wait, such as for a token, until ctx ends.
	Authorize(ctx context.Context, req *http.Request) error
}

// Renewer is a Credential that drops what it put on a request if the service rejects it, so that
// the next Authorize uses another token. The credentials of this package are Renewers. They call
// Invalidate of a token source that is an [Invalidator].
type Renewer interface {
	Credential
	// Rejected takes note that the service rejected the credential on req. It sends nothing.
	Rejected(req *http.Request)
}

// APIKey puts the token into the header of the given name, as it is.
func APIKey(header string, key TokenSource) Credential {
	return &credential{source: key, header: header, encode: plain, decode: plain}
}

// Bearer puts the token into Authorization: Bearer.
func Bearer(token TokenSource) Credential {
	return &credential{source: token, header: "Authorization", scheme: "Bearer ", encode: plain, decode: plain}
}

// RawBasic puts the token into Authorization: Basic as it is, without base64: what Infoworks wants
// of a refresh token.
func RawBasic(token TokenSource) Credential {
	return &credential{source: token, header: "Authorization", scheme: "Basic ", encode: plain, decode: plain}
}

// Basic puts user and password into Authorization: Basic, as RFC 7617 says. A user with a colon in
// it makes every call fail, since the password could not be told from it.
func Basic(user string, password TokenSource) Credential {
	return &credential{
		source: password, header: "Authorization", scheme: "Basic ",
		encode: func(password string) (string, error) {
			if strings.Contains(user, ":") {
				return "", invalid("Authorize", "user", "it holds a colon, which a server takes for the beginning of the password")
			}
			return base64.StdEncoding.EncodeToString([]byte(user + ":" + password)), nil
		},
		decode: func(text string) (string, error) {
			pair, err := base64.StdEncoding.DecodeString(text)
			return strings.TrimPrefix(string(pair), user+":"), err
		},
	}
}

func plain(text string) (string, error) { return text, nil }

// credential is a token in a header, behind a scheme.
type credential struct {
	source         TokenSource
	header, scheme string
	encode, decode func(string) (string, error)
}

func (c *credential) Authorize(ctx context.Context, req *http.Request) error {
	if c.source == nil {
		return invalid("Authorize", "token", "the source must not be nil")
	}
	if reason := header.BadName(c.header); reason != "" {
		return invalid("Authorize", "header", "it cannot be the name of a header: %s", reason)
	}
	if req == nil {
		return invalid("Authorize", "req", "must not be nil")
	}
	if err := checkContext("Authorize", ctx); err != nil {
		return err
	}
	token, err := c.source.Token(ctx)
	if err != nil {
		return fmt.Errorf("no credential: %w", err)
	}
	value := token.Value.Reveal()
	if err := check(value); err != nil {
		return err
	}
	text, err := c.encode(value)
	if err != nil {
		return err
	}
	if req.Header == nil {
		req.Header = make(http.Header)
	}
	req.Header.Set(c.header, c.scheme+text)
	return nil
}

// Format writes the name of the interface, for every verb, and may be called at any time.
func (c *credential) Format(f fmt.State, _ rune) { writeName(f, "auth.Credential") }

func (c *credential) Rejected(req *http.Request) {
	source, ok := c.source.(Invalidator)
	if !ok || req == nil {
		return
	}
	text := strings.TrimPrefix(req.Header.Get(c.header), c.scheme)
	// What does not decode was not put there by this credential, so the source has nothing to
	// drop.
	if value, err := c.decode(text); err == nil {
		source.Invalidate(tenantkit.NewSecret(value))
	}
}

// check refuses a token that cannot stand in a header, without showing it.
func check(value string) error {
	switch {
	case value == "":
		return invalid("Authorize", "token", "the credential is empty")
	case value == tenantkit.Redacted:
		return invalid("Authorize", "token", "the credential is the text %s: its true text was lost where it was stored", tenantkit.Redacted)
	case len(value) > maxTokenBytes:
		return invalid("Authorize", "token", "the credential is longer than %d bytes", maxTokenBytes)
	}
	for _, c := range []byte(value) {
		if c < ' ' || c == 0x7f {
			return invalid("Authorize", "token", "the credential holds a control character, perhaps a line break at its end")
		}
	}
	return nil
}
