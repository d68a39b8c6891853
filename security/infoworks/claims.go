package infoworks

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// Claims is what an access token says of itself. Nothing of it is verified: it serves to explain
// and to plan, never to trust.
type Claims struct {
	// Email is the user's.
	Email string
	// Scope is what the token is for, as JSON, and nil where it does not say. Action is its
	// member action ("refresh_token").
	Scope  json.RawMessage
	Action string
	// ID is the token's own (claim jti).
	ID string
	// IssuedAt and Expiry are zero where the token does not tell them. They are 15 minutes
	// apart unless the deployment says otherwise.
	IssuedAt, Expiry time.Time
}

// ParseClaims reads an access token, whose subject is JSON in a text. It fails for any other text;
// the error does not hold the token.
func ParseClaims(token tenantkit.Secret) (Claims, error) {
	read, err := auth.ParseClaims(token)
	if err != nil {
		return Claims{}, err
	}
	claims := Claims{IssuedAt: read.IssuedAt, Expiry: read.Expiry}
	claims.ID, _ = read.All["jti"].(string)
	var subject struct {
		Email wire.Text       `json:"email"`
		Scope json.RawMessage `json:"scope"`
	}
	if err := wire.Unmarshal([]byte(read.Subject), &subject); err != nil {
		return Claims{}, errors.New("the subject of the token is not JSON, as Infoworks has it")
	}
	claims.Email, claims.Scope = string(subject.Email), subject.Scope
	var scope struct {
		Action wire.Text `json:"action"`
	}
	// A scope of another shape has no action.
	if wire.Unmarshal(subject.Scope, &scope) == nil {
		claims.Action = string(scope.Action)
	}
	return claims, nil
}

// String names the user and the token's end.
func (c Claims) String() string {
	if c.Expiry.IsZero() {
		return c.Email
	}
	return fmt.Sprintf("%s until %s", c.Email, c.Expiry.UTC().Format(time.RFC3339))
}
