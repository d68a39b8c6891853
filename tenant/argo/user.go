package argo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// Role is what a user may do. The server takes any text; the constants are those that its
// documentation names.
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
	// Extra holds fields of the server that this package does not know. They are sent back, and
	// printed and logged as they are.
	Extra map[string]json.RawMessage
}

func (u User) hasID() bool { return u.ID != "" }

// ListUsers returns the users of a tenant with their keys, nil when there are none. An unknown
// tenant is [tenantkit.ErrNotFound]. Retry class: read.
func (c *Client) ListUsers(ctx context.Context, tenantID string, opts ...tenantkit.Option) ([]User, error) {
	return do[[]User](ctx, c, &listUsers, rest.Call{Path: []string{tenantID}}, nil, opts)
}

// GetUser returns a user of a tenant with its key. An unknown tenant or user is
// [tenantkit.ErrNotFound]. Retry class: read.
func (c *Client) GetUser(ctx context.Context, tenantID, userID string, opts ...tenantkit.Option) (*User, error) {
	return one[User](ctx, c, &getUser, rest.Call{Path: []string{tenantID, userID}}, opts)
}

// FindUser returns a user of any tenant with its key (users:byID). An unknown one is
// [tenantkit.ErrNotFound]. Restricted administrators may call it too. Retry class: read.
func (c *Client) FindUser(ctx context.Context, userID string, opts ...tenantkit.Option) (*User, error) {
	return one[User](ctx, c, &findUser, rest.Call{Path: []string{userID}}, opts)
}

// CreateUser adds a user to a tenant. The response has neither the user's key nor a promise that
// the user was kept; [Client.ProvisionUser] returns the key and checks. A user with a key causes a
// [tenantkit.ValidationError], since the server would make another; ID is not sent. It wipes the
// tenant's status.
//
// Retry class: write. It waits for other changes of the tenant's users under the client's locker.
// After [tenantkit.OutcomeUnknown], [Client.EnsureUser] looks for the name before it creates the
// user again: names are not unique.
func (c *Client) CreateUser(ctx context.Context, tenantID string, user *User, opts ...tenantkit.Option) (created *Created, err error) {
	if err := user.checkNew(); err != nil {
		return nil, err
	}
	err = c.changeUsers(ctx, &createUser, []string{tenantID}, func(held context.Context) error {
		created, err = c.addUser(held, tenantID, user, opts)
		return err
	})
	return created, err
}

// checkNew returns an error if the user cannot be created.
func (u *User) checkNew() error {
	op := &createUser
	switch {
	case u == nil:
		return op.Invalid("user", "must not be nil")
	case u.Name == "":
		return op.Invalid("name", "must not be empty")
	case !u.APIKey.IsZero():
		return op.Invalid("api_key", "must be empty: the server makes the key of a new user; set another with UpdateUser afterwards")
	}
	return nil
}

// addUser is CreateUser for a caller that has the tenant's lock.
func (c *Client) addUser(held context.Context, tenantID string, user *User, opts []tenantkit.Option) (*Created, error) {
	return create(held, c, &createUser, rest.Call{Path: []string{tenantID}, Body: user.body()}, opts)
}

const (
	// provisionAttempts is how often ProvisionUser creates a user that the server loses.
	provisionAttempts = 3
	// provisionWait is the time before ProvisionUser reads a second time: a read may come
	// before a write that was accepted.
	provisionWait = 500 * time.Millisecond
)

// ProvisionUser adds a user to a tenant like [Client.CreateUser], and reads it back with its key.
// If the server does not have it, it waits half a second and reads again. A user that is gone then
// was lost to a change by a program without this locker, and is created again, at most twice. If in
// the end it cannot be sure that there is exactly one, the error has [tenantkit.OutcomeUnknown] and
// names all IDs. A change that another program began before the read and ends after it may still
// lose the user.
//
// If the user was created but could not be read back, the error has [tenantkit.OutcomeApplied], and
// the user is returned with it, without its key: go on with [Client.GetUser].
func (c *Client) ProvisionUser(ctx context.Context, tenantID string, user *User, opts ...tenantkit.Option) (kept *User, err error) {
	if err := user.checkNew(); err != nil {
		return nil, err
	}
	err = c.changeUsers(ctx, &provisionUser, []string{tenantID}, func(held context.Context) error {
		kept, err = c.provision(held, &provisionUser, tenantID, user, opts)
		return err
	})
	return kept, err
}

// provision is ProvisionUser for a caller that has the tenant's lock.
func (c *Client) provision(held context.Context, op *rest.Operation, tenantID string, user *User, opts []tenantkit.Option) (*User, error) {
	var ids []string // of all that it created
	for range provisionAttempts {
		created, err := c.addUser(held, tenantID, user, opts)
		if err != nil {
			if len(ids) > 0 {
				err = c.unsure(op, tenantID, ids, err)
			}
			return nil, err
		}
		ids = append(ids, created.ID)
		kept, err := c.readBack(held, tenantID, created.ID, opts)
		switch {
		case err == nil && len(ids) > 1:
			return c.onlyUser(held, op, tenantID, ids, kept, opts)
		case err == nil:
			return kept, nil
		case !isUnknown(err) && len(ids) > 1:
			return nil, c.unsure(op, tenantID, ids, err)
		case !isUnknown(err):
			made := *user
			made.ID = created.ID
			return &made, c.rest.Error(op, []string{tenantID}, tenantkit.OutcomeApplied,
				fmt.Errorf("user %s was created, but could not be read back: %w", created.ID, err))
		}
	}
	return nil, c.unsure(op, tenantID, ids, fmt.Errorf("%w: changes of the tenant by other programs lost it each time", tenantkit.ErrConflict))
}

// readBack returns a new user, and waits and reads again if the server does not have it.
func (c *Client) readBack(held context.Context, tenantID, userID string, opts []tenantkit.Option) (*User, error) {
	user, err := c.GetUser(held, tenantID, userID, opts...)
	if !isUnknown(err) {
		return user, err
	}
	timer := time.NewTimer(provisionWait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-held.Done():
	}
	return c.GetUser(held, tenantID, userID, opts...)
}

// onlyUser returns kept if none of the users that were created before it is there again.
func (c *Client) onlyUser(held context.Context, op *rest.Operation, tenantID string, ids []string, kept *User, opts []tenantkit.Option) (*User, error) {
	users, err := c.ListUsers(held, tenantID, opts...)
	found := 0
	for _, user := range users {
		if slices.Contains(ids, user.ID) {
			found++
		}
	}
	if err == nil && found == 1 {
		return kept, nil
	}
	if err == nil {
		err = fmt.Errorf("%d of them are there", found)
	}
	return nil, c.unsure(op, tenantID, ids, err)
}

// unsure returns the error of a user that was created several times, where it is not known how many
// are there.
func (c *Client) unsure(op *rest.Operation, tenantID string, ids []string, err error) error {
	return c.rest.Error(op, []string{tenantID}, tenantkit.OutcomeUnknown,
		fmt.Errorf("the user was created %d times, with the IDs %s: %w", len(ids), strings.Join(ids, ", "), err))
}

// EnsureUser returns the user named user.Name of a tenant with its key, and creates it from user if
// there is none. An existing user is returned as it is, but one without a key gets one. It can be
// called again after any error: it looks before it creates, and after a lost response it looks once
// more. If there are two users of the name already, the error contains a [DuplicateError].
//
// Retry class: read, then write. It waits for other changes of the tenant's users under the
// client's locker. It wipes the tenant's status if it changes something.
func (c *Client) EnsureUser(ctx context.Context, tenantID string, user *User, opts ...tenantkit.Option) (ensured *User, err error) {
	if err := user.checkNew(); err != nil {
		return nil, err
	}
	if err := c.conn().CheckBody(&createUser, user.body()); err != nil {
		return nil, err
	}
	err = c.changeUsers(ctx, &ensureUser, []string{tenantID}, func(held context.Context) error {
		ensured, err = c.findOrAddUser(held, tenantID, user, opts)
		return err
	})
	return ensured, err
}

// findOrAddUser is EnsureUser for a caller that has the tenant's lock.
func (c *Client) findOrAddUser(held context.Context, tenantID string, user *User, opts []tenantkit.Option) (*User, error) {
	find := func() (*User, error) { return c.userNamed(held, tenantID, user.Name, opts) }
	found, err := ensure(find, func() (*User, error) { return c.provision(held, &ensureUser, tenantID, user, opts) })
	if err == nil && found.APIKey.IsZero() {
		found.APIKey, err = c.renewKey(held, tenantID, found.ID, opts)
	}
	return found, err
}

// userNamed returns the user of the name, or nil if there is none.
func (c *Client) userNamed(held context.Context, tenantID, name string, opts []tenantkit.Option) (*User, error) {
	users, err := c.ListUsers(held, tenantID, opts...)
	if err != nil {
		return nil, err
	}
	users = slices.DeleteFunc(users, func(user User) bool { return user.Name != name })
	switch len(users) {
	case 0:
		return nil, nil
	case 1:
		return &users[0], nil
	}
	return nil, c.duplicate(&ensureUser, []string{tenantID}, "user "+name, idsOf(users))
}

func idsOf(users []User) []string {
	ids := make([]string, len(users))
	for i, user := range users {
		ids[i] = user.ID
	}
	return ids
}

// UpdateUser updates the user identified by user.ID. Only fields that are set (name, email, roles,
// key) are changed, so a field cannot be cleared. If the key is taken, the error is
// [tenantkit.ErrConflict]. It wipes the tenant's status.
//
// Retry class: idempotent write. It waits for other changes of the tenant's users under the
// client's locker.
func (c *Client) UpdateUser(ctx context.Context, tenantID string, user *User, opts ...tenantkit.Option) error {
	op := &updateUser
	if user == nil {
		return op.Invalid("user", "must not be nil")
	}
	if user.Name == "" && user.Email == "" && user.APIKey.IsZero() && len(user.Roles) == 0 && len(user.Extra) == 0 {
		return op.Invalid("user", "must set a field: the update would change nothing, and wipe the tenant's status")
	}
	path := []string{tenantID, user.ID}
	return c.changeUsers(ctx, op, path, func(held context.Context) error {
		return c.write(held, op, rest.Call{Path: path, Body: user.body()}, opts)
	})
}

// DeleteUser deletes a user of a tenant. If it does not exist, the error is
// [tenantkit.ErrNotFound]. It wipes the tenant's status.
//
// Retry class: idempotent write; a user who is gone after a lost response counts as deleted. It
// waits for other changes of the tenant's users under the client's locker.
func (c *Client) DeleteUser(ctx context.Context, tenantID, userID string, opts ...tenantkit.Option) error {
	path := []string{tenantID, userID}
	return c.changeUsers(ctx, &deleteUser, path, func(held context.Context) error {
		return c.write(held, &deleteUser, rest.Call{Path: path}, opts)
	})
}

// RenewAPIKey gives a user a new key, which it returns. The old key no longer works. It wipes the
// tenant's status.
//
// Retry class: write. It waits for other changes of the tenant's users under the client's locker.
// After [tenantkit.OutcomeUnknown] or [tenantkit.OutcomeApplied], [Client.GetUser] returns the key.
func (c *Client) RenewAPIKey(ctx context.Context, tenantID, userID string, opts ...tenantkit.Option) (key tenantkit.Secret, err error) {
	err = c.changeUsers(ctx, &renewAPIKey, []string{tenantID, userID}, func(held context.Context) error {
		key, err = c.renewKey(held, tenantID, userID, opts)
		return err
	})
	return key, err
}

// renewKey is RenewAPIKey for a caller that has the tenant's lock.
func (c *Client) renewKey(held context.Context, tenantID, userID string, opts []tenantkit.Option) (tenantkit.Secret, error) {
	response, err := do(held, c, &renewAPIKey, rest.Call{Path: []string{tenantID, userID}}, renewed.check, opts)
	return response.APIKey, err
}

type renewed struct {
	APIKey tenantkit.Secret `json:"api_key"`
}

func (r renewed) check() error {
	if r.APIKey.IsZero() {
		return errors.New("it has no api_key")
	}
	return nil
}

// changeUsers runs change while no other change of the users of the tenant path[0] runs: the server
// reads, changes and writes the whole tenant, and loses one of two such changes at the same time.
func (c *Client) changeUsers(ctx context.Context, op *rest.Operation, path []string, change func(held context.Context) error) error {
	return c.locked(ctx, op, path, []string{"tenant", path[0]},
		"the function given to ModifyTenant must not change the tenant or its users by other calls: they wait for it", change)
}

// body returns the user without what the server sets.
func (u *User) body() *User {
	sent := *u
	sent.ID = ""
	return &sent
}
