package security

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// SAMLRedirectURL returns where a user's browser has to go to log in by SAML. The server tells it as JSON or as a redirect, which is
// not followed; a reference that is not absolute is resolved.
//
// It is asked before anybody is logged in, so a client without credentials may ask too; a client with credentials sends an access
// token, as Infoworks' description has it. Repeated on failure like any read.
func (c *Client) SAMLRedirectURL(ctx context.Context, opts ...tenantkit.Option) (string, error) {
	var answer struct {
		Location string `json:"Location,case:ignore"`
	}
	call := rest.Call{
		Into: &answer,
		Check: func() error {
			if answer.Location == "" {
				return errors.New("it has no Location")
			}
			return nil
		},
		Answered: func(resp *http.Response) error {
			if location := resp.Header.Get("Location"); answer.Location == "" {
				answer.Location = location
			}
			if _, err := url.Parse(answer.Location); err != nil {
				return errors.New("its Location is not a URL")
			}
			return nil
		},
	}
	call.Credential = c.credentials[byAccessToken]
	if err := c.do(ctx, samlRedirectURL, call, opts); err != nil {
		return "", err
	}
	reference, err := url.Parse(answer.Location)
	if err != nil || reference.IsAbs() {
		return answer.Location, err
	}
	return c.rest.BaseURL().ResolveReference(reference).String(), nil
}
