package keboola

import (
	"context"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// A ProjectLogin is the login of a user that the service created for a project.
type ProjectLogin struct {
	// Login and Password are what the user logs in to GoodData with.
	Login    string           `json:"login"`
	Password tenantkit.Secret `json:"password"`
}

// ProjectCredentials makes a user, adds it to the project, and returns its credentials: another
// user each time.
//
// Although sent by GET it is a write: repeated only when it surely was not applied. After an error
// of another outcome the project may have one user more.
func (c *Client) ProjectCredentials(ctx context.Context, pid string, opts ...tenantkit.Option) (*ProjectLogin, error) {
	credentials := new(ProjectLogin)
	err := c.client().Do(ctx, &projectCredentials, rest.Call{Path: []string{pid}, Into: credentials, Check: func() error {
		return errorIf(credentials.Login == "" || credentials.Password.IsZero(), "it lacks login or password")
	}}, opts)
	if err != nil {
		return nil, err
	}
	return credentials, nil
}

// ProjectAccess gives access to a project by single sign-on, and returns the claims for it. The
// service revokes the access after 24 hours. It fails for a project that was made some seconds ago;
// ten of them are mostly enough.
//
// Although sent by GET it is a write, since it gives access: repeated only when it surely was not
// applied.
func (c *Client) ProjectAccess(ctx context.Context, pid string, opts ...tenantkit.Option) (*SSOClaims, error) {
	return c.claims(ctx, &projectAccess, pid, opts)
}

// UserSSO returns the claims with which a user signs on to GoodData. They serve for a day. It is
// retried like any read.
func (c *Client) UserSSO(ctx context.Context, login string, opts ...tenantkit.Option) (*SSOClaims, error) {
	return c.claims(ctx, &userSSO, login, opts)
}

// claims calls an operation that answers with claims for what name stands for in its path.
func (c *Client) claims(ctx context.Context, operation *rest.Operation, name string, opts []tenantkit.Option) (*SSOClaims, error) {
	var response struct {
		SSOClaims
		// The key as the API's description writes it, surely by mistake: GoodData takes the
		// claims under the other.
		Enrypted tenantkit.Secret `json:"enryptedClaims"`
	}
	err := c.client().Do(ctx, operation, rest.Call{Path: []string{name}, Into: &response, Check: func() error {
		if response.EncryptedClaims.IsZero() {
			response.EncryptedClaims = response.Enrypted
		}
		return errorIf(response.EncryptedClaims.IsZero() || response.SSOProvider == "", "it lacks encryptedClaims or ssoProvider")
	}}, opts)
	if err != nil {
		return nil, err
	}
	return &response.SSOClaims, nil
}
