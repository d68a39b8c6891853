package keboola

import (
	"context"
	"iter"
	"time"
	"unicode/utf8"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// User is a GoodData user of the Keboola project.
type User struct {
	// Login names the user. The service lower-cases it.
	Login string `json:"login"`
	// UID is the user's id in GoodData.
	UID string `json:"uid"`
	// CreatedOn is when the user was made.
	CreatedOn time.Time `json:"createdOn,omitzero"`
	// CreatedBy and CreatedByID are as in [Project].
	CreatedBy   Text `json:"createdBy,omitzero"`
	CreatedByID Text `json:"createdById,omitzero"`
}

func (u *User) check() error {
	return errorIf(u.Login == "", "it has no login")
}

// ListUsersOptions says which page to list.
type ListUsersOptions struct {
	// Next is what an earlier page gave as its Next; empty means the first page.
	Next string
}

// ListUsers returns one page of the users, like [Client.ListProjects] does of the projects.
// It is retried like any read.
func (c *Client) ListUsers(ctx context.Context, options *ListUsersOptions, opts ...tenantkit.Option) (*tenantkit.Page[User], error) {
	var next string
	if options != nil {
		next = options.Next
	}
	return pager(c, &listUsers, (*User).check).Page(ctx, next, opts)
}

// AllUsers iterates over all users, like [Client.AllProjects] does over the projects. It is
// retried like any read.
func (c *Client) AllUsers(ctx context.Context, opts ...tenantkit.Option) iter.Seq2[*User, error] {
	return pager(c, &listUsers, (*User).check).All(ctx, opts)
}

// MinPasswordLength is the number of characters that a password must have.
const MinPasswordLength = 7

// NewUser describes a user to create. All fields are needed but the last two.
type NewUser struct {
	// Login names the user, mostly by an e-mail address. The service lower-cases it.
	Login string `json:"login"`
	// Password has [MinPasswordLength] characters or more.
	Password tenantkit.Secret `json:"password"`
	// FirstName and LastName are the user's own.
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	// Email is the user's address where it is not the login.
	Email string `json:"email,omitempty"`
	// SSOProvider lets the user sign on through a provider other than Keboola's. It is not
	// documented, but sent by Keboola's own component for the management of GoodData users.
	SSOProvider string `json:"ssoProvider,omitempty"`
}

func (u *NewUser) validate(op *rest.Operation) error {
	if u == nil {
		return op.Invalid("user", "it is nil")
	}
	for _, required := range []struct{ name, value string }{
		{"login", u.Login}, {"firstName", u.FirstName}, {"lastName", u.LastName},
	} {
		if blank(required.value) {
			return op.Invalid("user."+required.name, "it is empty")
		}
	}
	if reason := rest.BadName(u.Login); reason != "" {
		return op.Invalid("user.login", "%s", reason)
	}
	if n := utf8.RuneCountInString(u.Password.Reveal()); n < MinPasswordLength {
		return op.Invalid("user.password", "it has %d characters, and needs %d", n, MinPasswordLength)
	}
	return nil
}

// CreatedUser is what the service tells of a user that it created.
type CreatedUser struct {
	// UID is the user's id in GoodData. Calls of this package name users by their login.
	UID string `json:"uid"`
}

// CreateUser creates a user. What the service finds wrong with it is [tenantkit.ErrBadRequest]; a
// login that exists in another GoodData domain is refused too.
//
// Like any write, it is repeated only when it surely was not applied. After
// [tenantkit.OutcomeUnknown], look for the login in [Client.AllUsers].
func (c *Client) CreateUser(ctx context.Context, user *NewUser, opts ...tenantkit.Option) (*CreatedUser, error) {
	op := &createUser
	if err := user.validate(op); err != nil {
		return nil, err
	}
	created := new(CreatedUser)
	err := c.client().Do(ctx, op, rest.Call{Body: user, Into: created, Check: func() error {
		return errorIf(created.UID == "", "it has no uid")
	}}, opts)
	if err != nil {
		return nil, err
	}
	return created, nil
}

// DeleteUserOptions says how a user is deleted.
type DeleteUserOptions struct {
	// IgnoreGoodDataErrors deletes the user from Keboola's records although GoodData fails to
	// delete it.
	IgnoreGoodDataErrors bool `url:"ignoreGoodDataErrors,omitempty"`
}

// DeleteUser deletes a user. Nil options mean that errors of GoodData count. It is retried
// like any idempotent write; a user that is gone when a lost answer made the client repeat counts
// as deleted.
func (c *Client) DeleteUser(ctx context.Context, login string, options *DeleteUserOptions, opts ...tenantkit.Option) error {
	return c.client().Do(ctx, &deleteUser, rest.Call{Path: []string{login}, Query: options}, opts)
}
