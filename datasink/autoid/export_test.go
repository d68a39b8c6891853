package autoid

import (
	"context"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

// Login returns the tokens of a client that logs in, for tests of the log-in alone.
func Login(baseURL, user string, password auth.TokenSource, opts ...tenantkit.Option) auth.TokenSource {
	client, err := NewClient(baseURL, Credentials{User: user, Password: password}, opts...)
	if err != nil {
		return auth.TokenSourceFunc(func(context.Context) (auth.Token, error) { return auth.Token{}, err })
	}
	return auth.Cache(&session{rest: client.rest, user: user, password: password})
}
