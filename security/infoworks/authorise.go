package infoworks

import (
	"context"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// Authorisation asks whether the user of the client may do something to an entity. Which types and
// actions there are is not public.
type Authorisation struct {
	// EntityType, Action and EntityID are sent as they are, those that are not empty; one must
	// be given.
	EntityType string `json:"entityType,omitzero"`
	Action     string `json:"action,omitzero"`
	EntityID   string `json:"entityId,omitzero"`
}

// AuthorisationResult is the answer to an [Authorisation].
type AuthorisationResult struct {
	// IsAuthorised says whether the user may.
	IsAuthorised bool
	// DelegationToken is what to do it with. It is empty where the server gave none.
	DelegationToken tenantkit.Secret
	// Message is the server's own word.
	Message string
}

// AuthoriseUser asks whether the user may do something, and gets a token to do it with. A user who
// may not is no error: see IsAuthorised. It is retried like any write, since it makes a
// token.
func (c *Client) AuthoriseUser(ctx context.Context, authorisation *Authorisation, opts ...tenantkit.Option) (*AuthorisationResult, error) {
	c = c.orZero()
	op := &authoriseUser
	if authorisation == nil {
		return nil, op.Invalid("authorisation", "it is nil")
	}
	if *authorisation == (Authorisation{}) {
		return nil, op.Invalid("authorisation", "it is empty")
	}
	if reason := rest.BadName(authorisation.EntityID); authorisation.EntityID != "" && reason != "" {
		return nil, op.Invalid("authorisation.EntityID", "%s", reason)
	}
	type result struct {
		DelegationToken tenantkit.Secret `json:"delegation_token"`
		IsAuthorised    *flag            `json:"is_authorised"`
	}
	response, err := do(ctx, c, &authoriseUser, rest.Call{Body: authorisation}, func(r *result) error {
		return errorIf(r.IsAuthorised == nil, "it does not say is_authorised")
	}, opts)
	if err != nil {
		return nil, err
	}
	return &AuthorisationResult{
		IsAuthorised:    bool(*response.Result.IsAuthorised),
		DelegationToken: response.Result.DelegationToken,
		Message:         string(response.Message),
	}, nil
}
