package argo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/keylock"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// Role is what a user may do. The server takes any text; the constants are those that its documentation names.
type Role string

// The roles of the documentation.
const (
	RoleAdmin   Role = "admin"
	RoleAdminUI Role = "admin_ui"
	RoleViewer  Role = "viewer"
)

// User is a user of a tenant.
type User struct {
	// ID is made by the server. It is not sent in bodies.
	ID string
	// Name is needed for a new user. It need not be unique, and neither need Email.
	Name  string
	Email string
	// APIKey is the key that the user calls the service with. It is unique in the service.
	APIKey tenantkit.Secret
	// Roles say what the user may do; there may be none.
	Roles []Role
	// Extra holds fields of the server that this package does not know. They are sent back, and printed and logged as they are.
	Extra map[string]json.RawMessage
}

func (u User) hasID() bool { return u.ID != "" }

// ListUsers returns the users of a tenant with their keys, nil when there are none. An unknown tenant is [tenantkit.ErrNotFound].
// Repeated on failure like any read.
func (c *Client) ListUsers(ctx context.Context, tenantID string, opts ...tenantkit.Option) ([]User, error) {
	return do[[]User](ctx, c, listUsers, rest.Call{Path: []string{tenantID}}, nil, opts)
}

// GetUser returns a user of a tenant with its key. An unknown tenant or user is [tenantkit.ErrNotFound]. Repeated on failure like
// any read.
func (c *Client) GetUser(ctx context.Context, tenantID, userID string, opts ...tenantkit.Option) (*User, error) {
	return one[User](ctx, c, &getUser, rest.Call{Path: []string{tenantID, userID}}, opts)
}

// FindUser returns a user of any tenant with its key (users:byID). An unknown one is [tenantkit.ErrNotFound]. Restricted
// administrators may call it too. Repeated on failure like any read.
func (c *Client) FindUser(ctx context.Context, userID string, opts ...tenantkit.Option) (*User, error) {
	return one[User](ctx, c, &findUser, rest.Call{Path: []string{userID}}, opts)
}

// CreateUser adds a user to a tenant. The answer has neither the user's key nor a promise that the user was kept, which
// [Client.ProvisionUser] sees to. A user with a key is refused with a [tenantkit.ValidationError], since the server would make
// another; ID is not sent. It wipes the tenant's status.
//
// It waits for other changes of the tenant's users by this client. Like any write, it is repeated only when it surely was not
// applied. After [tenantkit.OutcomeUnknown], look at [Client.ListUsers] before you create the user again: names are not unique.
func (c *Client) CreateUser(ctx context.Context, tenantID string, user *User, opts ...tenantkit.Option) (*Created, error) {
	var answer *Created
	err := c.changeUsers(ctx, &createUser, []string{tenantID}, func() (err error) {
		answer, err = c.addUser(ctx, tenantID, user, opts)
		return err
	})
	return answer, err
}

// addUser is CreateUser for a caller that has the tenant's lock.
func (c *Client) addUser(ctx context.Context, tenantID string, user *User, opts []tenantkit.Option) (*Created, error) {
	op := &createUser
	if user == nil {
		return nil, op.Invalid("user", "it is nil")
	}
	if user.Name == "" {
		return nil, op.Invalid("name", "it is empty")
	}
	if user.APIKey != "" {
		return nil, op.Invalid("api_key", "it is set, but the server makes the key of a new user; set it with UpdateUser afterwards")
	}
	return create(ctx, c, &createUser, rest.Call{Path: []string{tenantID}, Body: user.body()}, opts)
}

// provisionAttempts is how often ProvisionUser creates a user that the server loses.
const provisionAttempts = 3

// ProvisionUser adds a user to a tenant like [Client.CreateUser], and reads it back with its key: one that the server has lost, to a
// change by another program at the same time, is created again, twice at the most. A change that the other program began before and
// ends after the reading may still lose it.
//
// When the user was created but could not be read back, the error has [tenantkit.OutcomeApplied], and the user comes with it,
// without its key: go on with [Client.GetUser].
func (c *Client) ProvisionUser(ctx context.Context, tenantID string, user *User, opts ...tenantkit.Option) (*User, error) {
	var kept *User
	err := c.changeUsers(ctx, &provisionUser, []string{tenantID}, func() error {
		for range provisionAttempts {
			answer, err := c.addUser(ctx, tenantID, user, opts)
			if err != nil {
				return err
			}
			kept, err = c.GetUser(ctx, tenantID, answer.ID, opts...)
			if err == nil {
				return nil
			}
			if !isUnknown(err) {
				made := *user
				made.ID = answer.ID
				kept = &made
				return c.rest.Error(&provisionUser, []string{tenantID}, tenantkit.OutcomeApplied,
					fmt.Errorf("user %s was created, but could not be read back: %w", answer.ID, err))
			}
		}
		return c.rest.Error(&provisionUser, []string{tenantID}, tenantkit.OutcomeRejected,
			fmt.Errorf("%w: the server accepted the user %d times, and lost it each time to changes of the tenant by other programs", tenantkit.ErrConflict, provisionAttempts))
	})
	return kept, err
}

// UpdateUser changes what user has set of the user of user.ID: name, email, roles, key. What is empty stays as it is, so nothing can
// be emptied. A key that is taken is [tenantkit.ErrConflict]. It wipes the tenant's status.
//
// It waits for other changes of the tenant's users by this client. Repeated on failure like any idempotent write.
func (c *Client) UpdateUser(ctx context.Context, tenantID string, user *User, opts ...tenantkit.Option) error {
	op := &updateUser
	if user == nil {
		return op.Invalid("user", "it is nil")
	}
	if user.Name == "" && user.Email == "" && user.APIKey == "" && len(user.Roles) == 0 && len(user.Extra) == 0 {
		return op.Invalid("user", "nothing of it is set: the update would change nothing, and wipe the tenant's status")
	}
	path := []string{tenantID, user.ID}
	return c.changeUsers(ctx, op, path, func() error {
		return c.write(ctx, &updateUser, rest.Call{Path: path, Body: user.body()}, opts)
	})
}

// DeleteUser deletes a user of a tenant. An unknown one is [tenantkit.ErrNotFound]. It wipes the tenant's status.
//
// It waits for other changes of the tenant's users by this client. Repeated on failure like any idempotent write; a user who is gone
// after an attempt without an answer counts as deleted.
func (c *Client) DeleteUser(ctx context.Context, tenantID, userID string, opts ...tenantkit.Option) error {
	path := []string{tenantID, userID}
	return c.changeUsers(ctx, &deleteUser, path, func() error {
		return c.write(ctx, &deleteUser, rest.Call{Path: path}, opts)
	})
}

// RenewAPIKey gives a user a new key, which it returns; the old one is void. It wipes the tenant's status.
//
// It waits for other changes of the tenant's users by this client. Like any write, it is repeated only when it surely was not
// applied. After [tenantkit.OutcomeUnknown] or [tenantkit.OutcomeApplied], [Client.GetUser] tells the key.
func (c *Client) RenewAPIKey(ctx context.Context, tenantID, userID string, opts ...tenantkit.Option) (tenantkit.Secret, error) {
	var key tenantkit.Secret
	path := []string{tenantID, userID}
	err := c.changeUsers(ctx, &renewAPIKey, path, func() error {
		answer, err := do(ctx, c, &renewAPIKey, rest.Call{Path: path}, renewed.check, opts)
		key = answer.APIKey
		return err
	})
	return key, err
}

type renewed struct {
	APIKey tenantkit.Secret `json:"api_key"`
}

func (r renewed) check() error {
	if r.APIKey == "" {
		return errors.New("it has no api_key")
	}
	return nil
}

// changeUsers runs change while no other change of the users of the tenant path[0] by this client runs: the server reads, changes and
// writes the whole tenant, and loses one of two such changes at the same time.
func (c *Client) changeUsers(ctx context.Context, op *rest.Operation, path []string, change func() error) error {
	if c == nil {
		return op.Invalid("client", "it was not made by NewClient")
	}
	unlock, err := c.lock(ctx, &c.users, op, path)
	if err != nil {
		return err
	}
	defer unlock()
	return change()
}

// lock waits for the lock of the tenant path[0], and tells the end of the context as a call that was not sent, with what it waited for.
func (c *Client) lock(ctx context.Context, locks *keylock.Locks, op *rest.Operation, path []string) (func(), error) {
	switch {
	case c.pipeline() == nil:
		return nil, op.Invalid("client", "it was not made by NewClient")
	case ctx == nil:
		return nil, op.Invalid("ctx", "it is nil")
	}
	unlock, err := locks.Lock(ctx, path[0])
	if err != nil {
		what, hint := "change", "the function given to ModifyTenant must not change the tenant or its users by other calls: they wait for it"
		if locks == &c.statuses {
			what, hint = "KeepStatus", "the function given to it must make its calls with the context that it gets, or they wait for it"
		}
		return nil, c.rest.Error(op, path, tenantkit.OutcomeNotSent, fmt.Errorf("waiting for another %s of tenant %s by this client (%s): %w", what, path[0], hint, err))
	}
	return unlock, nil
}

// body returns the user without what the server sets.
func (u *User) body() *User {
	sent := *u
	sent.ID = ""
	return &sent
}
