package infoworks

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// SAMLRedirectURL returns where a user's browser has to go to log in by SAML: an absolute URL of
// https or http. The server tells it as JSON or as a redirect, which is not followed; a reference
// that is not absolute is resolved against the URL of the call. Any other place, such as
// javascript:, is an error of [tenantkit.OutcomeApplied].
//
// It is asked before anybody is logged in, so a client without credentials may ask too. A client
// with credentials sends an access token, as Infoworks' description has it, and goes without one
// where the server refuses to make it, as it does for a password where users log in by SAML.
// It is retried like any read.
func (c *Client) SAMLRedirectURL(ctx context.Context, opts ...tenantkit.Option) (string, error) {
	c = c.orZero()
	var response struct {
		Location string `json:"Location,case:ignore"`
	}
	var target string
	call := rest.Call{
		Into: &response,
		Check: func() error {
			return errorIf(response.Location == "", "it has no Location")
		},
		CheckResponse: func(resp *http.Response) error {
			if location := resp.Header.Get("Location"); response.Location == "" {
				response.Location = location
			}
			var err error
			target, err = c.samlTarget(response.Location)
			return err
		},
	}
	if token := c.credentials[byAccessToken]; token != nil {
		call.Credential = &optionalCredential{credential: token}
	}
	if err := c.do(ctx, &samlRedirectURL, call, opts); err != nil {
		return "", err
	}
	return target, nil
}

// samlTarget returns where the reference leads that the server gave. A program hands it to a
// browser, which would run a script.
func (c *Client) samlTarget(location string) (string, error) {
	reference, err := url.Parse(location)
	if err != nil {
		return "", errors.New("its Location is not a URL")
	}
	target := c.rest.BaseURL().JoinPath(samlRedirectURL.Path).ResolveReference(reference)
	if target.Scheme != "https" && target.Scheme != "http" || target.Host == "" {
		return "", errors.New("its Location is not a URL of https or http with a host")
	}
	if reference.IsAbs() {
		return location, nil
	}
	return target.String(), nil
}

// optionalCredential is a credential for one call, which is made without it where there is no login
// that the server takes.
type optionalCredential struct {
	credential auth.Credential
	missing    error // why the call is made without
	rejected   bool  // the server wants a credential, or another one
}

func (o *optionalCredential) Authorize(ctx context.Context, req *http.Request) error {
	if o.missing == nil {
		err := o.credential.Authorize(ctx, req)
		if !errors.Is(err, tenantkit.ErrUnauthenticated) && !errors.Is(err, auth.ErrSpent) {
			return err
		}
		// Not tried again in this call: the server locks out users who fail too often.
		o.missing = err
	}
	if o.rejected {
		return o.missing
	}
	return nil
}

func (o *optionalCredential) Rejected(req *http.Request) {
	o.rejected = true
	if renewer, ok := o.credential.(auth.Renewer); ok && o.missing == nil {
		renewer.Rejected(req)
	}
}
