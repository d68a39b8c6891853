package argo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// Tenant is a customer of the service.
type Tenant struct {
	// ID is made by the server. It is not sent in bodies.
	ID string
	// Info says who the tenant is. Its Name is unique in the service.
	Info Info
	// DBConf are the databases that hold the tenant's data.
	DBConf []DBConf
	// Topology says where the tenant's sites and services are read from.
	Topology Topology
	// Users are the tenant's users with their keys. The server leaves them out for restricted
	// administrators.
	Users []User
	// Extra holds fields of the server that this package does not know. They are sent back, and
	// printed and logged as they are.
	Extra map[string]json.RawMessage
}

// Info says who a tenant is.
type Info struct {
	// Name is unique in the service, and needed.
	Name string
	// Email, Description, Image and Website are for people: the server takes any text. Image
	// and Website are addresses.
	Email       string
	Description string
	Image       string
	Website     string
	// Created and Updated are set by the server. They are not sent.
	Created Time
	Updated Time
	// Extra holds fields of the server that this package does not know. They are sent back, and
	// printed and logged as they are.
	Extra map[string]json.RawMessage
}

// DBConf is a database of a tenant.
type DBConf struct {
	// Store says what the database is for: "ar", "status".
	Store string
	// Server and Port say where the database is, and Database is its name there.
	Server   string
	Port     int
	Database string
	// Username and Password are what the service logs in to it with.
	Username string
	Password tenantkit.Secret
	// Extra holds fields of the server that this package does not know. They are sent back, and
	// printed and logged as they are.
	Extra map[string]json.RawMessage
}

// Topology says where a tenant's sites and services are read from.
type Topology struct {
	// Type is the kind of the source ("GOCDB"), and Feed its address. Both are empty where none
	// is set.
	Type string
	Feed string
	// Extra holds fields of the server that this package does not know. They are sent back, and
	// printed and logged as they are.
	Extra map[string]json.RawMessage
}

// Time is a timestamp in the server's format, "2006-01-02 15:04:05". It carries no time zone.
type Time string

// In returns the time, for a server whose clock is set to zone. An empty or differently written
// text is an error.
func (t Time) In(zone *time.Location) (time.Time, error) {
	if zone == nil {
		return time.Time{}, errors.New("argo: the server's time zone is nil")
	}
	parsed, err := time.ParseInLocation(time.DateTime, string(t), zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("argo: %q is not a time of the server (%s)", string(t), time.DateTime)
	}
	return parsed, nil
}

// Created identifies something that the server created.
type Created struct {
	// ID is the ID of the new tenant or user.
	ID string
	// Self is its URL.
	Self string
}

// created is Created as it is sent.
type created struct {
	ID    string `json:"id"`
	Links struct {
		Self string `json:"self"`
	} `json:"links"`
}

func (c created) check() error {
	if c.ID == "" {
		return errors.New("it has no id")
	}
	return nil
}

// ListTenants returns all tenants, nil when there are none. For many, [Client.AllTenants] takes
// less memory.
//
// An administrator of the restricted role sees only ID, Info and Topology; one of the UI role sees
// only tenants that have a user with the role admin_ui, and of their users only those. Retry class:
// read.
func (c *Client) ListTenants(ctx context.Context, opts ...tenantkit.Option) ([]Tenant, error) {
	return do[[]Tenant](ctx, c, &listTenants, rest.Call{}, nil, opts)
}

// AllTenants returns all tenants like [Client.ListTenants], each as it arrives. Nothing is sent
// before the first iteration, and a second one asks the server again. An error is the last thing
// that it yields. Retry class: read, up to the first tenant; the time-out of an attempt limits each
// wait for the server, not the work of the loop.
func (c *Client) AllTenants(ctx context.Context, opts ...tenantkit.Option) iter.Seq2[*Tenant, error] {
	return rest.Stream[Tenant](ctx, c.conn(), &listTenants, rest.Call{Element: func(element any) error {
		if !element.(*Tenant).hasID() {
			return errors.New("a tenant has no id")
		}
		return nil
	}}, "data", opts)
}

// GetTenant returns one tenant. An unknown one is [tenantkit.ErrNotFound]. Retry class: read.
func (c *Client) GetTenant(ctx context.Context, tenantID string, opts ...tenantkit.Option) (*Tenant, error) {
	return one[Tenant](ctx, c, &getTenant, rest.Call{Path: []string{tenantID}}, opts)
}

// CreateTenant creates a tenant. ID, Created, Updated and the IDs of users are not sent, since the
// server sets them. The server makes the key of a user without one. If the name or a key is taken,
// the error is [tenantkit.ErrConflict].
//
// Retry class: write. It waits until no other CreateTenant, EnsureTenant or Reconcile with the same
// name runs under the client's locker, since the server may take a name twice at the same time.
// After [tenantkit.OutcomeUnknown], [Client.EnsureTenant] looks for the name before it creates the
// tenant again.
func (c *Client) CreateTenant(ctx context.Context, tenant *Tenant, opts ...tenantkit.Option) (created *Created, err error) {
	if err := tenant.check(&createTenant); err != nil {
		return nil, err
	}
	err = c.lockName(ctx, &createTenant, tenant.Info.Name, func(held context.Context) error {
		created, err = c.addTenant(held, tenant, opts)
		return err
	})
	return created, err
}

// addTenant is CreateTenant for a caller that has the lock of the name.
func (c *Client) addTenant(held context.Context, tenant *Tenant, opts []tenantkit.Option) (*Created, error) {
	return create(held, c, &createTenant, rest.Call{Body: tenant.body()}, opts)
}

// lockName runs work while nobody else creates a tenant of the name.
func (c *Client) lockName(ctx context.Context, op *rest.Operation, name string, work func(held context.Context) error) error {
	return c.locked(ctx, op, nil, []string{"tenant named", name}, "another call creates a tenant of this name", work)
}

// EnsureTenant returns the tenant named tenant.Info.Name, and creates it from tenant if there is
// none. An existing tenant is returned as it is; [Client.Reconcile] also changes it. It can be
// called again after any error: it looks before it creates, and after a lost response it looks once
// more. It never creates a second tenant. If there are two already, the error contains a
// [DuplicateError].
//
// Retry class: read, then write. It waits like [Client.CreateTenant].
func (c *Client) EnsureTenant(ctx context.Context, tenant *Tenant, opts ...tenantkit.Option) (ensured *Tenant, err error) {
	if err := tenant.check(&createTenant); err != nil {
		return nil, err
	}
	if err := c.conn().CheckBody(&createTenant, tenant.body()); err != nil {
		return nil, err
	}
	err = c.lockName(ctx, &ensureTenant, tenant.Info.Name, func(held context.Context) error {
		ensured, err = c.ensureTenant(held, &ensureTenant, tenant, opts)
		return err
	})
	return ensured, err
}

// ensureTenant is EnsureTenant for a caller that has the lock of the name.
func (c *Client) ensureTenant(held context.Context, op *rest.Operation, tenant *Tenant, opts []tenantkit.Option) (*Tenant, error) {
	find := func() (*Tenant, error) { return c.tenantNamed(held, op, tenant.Info.Name, opts) }
	return ensure(find, func() (*Tenant, error) {
		created, err := c.addTenant(held, tenant, opts)
		if err != nil {
			return nil, err
		}
		found, err := c.GetTenant(held, created.ID, opts...)
		if err != nil {
			err = fmt.Errorf("tenant %s was created, but could not be read back: %w", created.ID, err)
			return nil, c.rest.Error(op, nil, tenantkit.OutcomeApplied, err)
		}
		return found, nil
	})
}

// ensure finds an object or creates it. It looks again after a creation whose effect is unknown,
// and after a conflict, since another program may have created it meanwhile.
func ensure[T any](find, create func() (*T, error)) (*T, error) {
	found, err := find()
	if err != nil || found != nil {
		return found, rest.AsNotSent(err)
	}
	created, failed := create()
	outcome := tenantkit.OutcomeOf(failed)
	if failed == nil || outcome == tenantkit.OutcomeNotSent || outcome == tenantkit.OutcomeRejected && !errors.Is(failed, tenantkit.ErrConflict) {
		return created, failed
	}
	if found, err = find(); err != nil || found == nil {
		return created, failed
	}
	return found, nil
}

// tenantNamed returns the tenant of the name, or nil if there is none.
func (c *Client) tenantNamed(ctx context.Context, op *rest.Operation, name string, opts []tenantkit.Option) (*Tenant, error) {
	var ids []string
	for tenant, err := range c.AllTenants(ctx, opts...) {
		if err != nil {
			return nil, err
		}
		if tenant.Info.Name == name {
			ids = append(ids, tenant.ID)
		}
	}
	switch len(ids) {
	case 0:
		return nil, nil
	case 1:
		// The list may lack its users: a restricted administrator must not take them for
		// missing.
		return c.GetTenant(ctx, ids[0], opts...)
	}
	return nil, c.duplicate(op, nil, "tenant "+name, ids)
}

// DuplicateError reports that there are several tenants or users where one is wanted. A person has
// to delete the wrong ones. The [tenantkit.Error] that contains it has [tenantkit.OutcomeNotSent]:
// nothing was changed. It matches [tenantkit.ErrConflict].
type DuplicateError struct {
	// Object names what there is several times: "tenant acme".
	Object string
	// IDs are the IDs of all of them.
	IDs []string
}

// Error names the object and the IDs.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("there are %d of %s, with the IDs %s", len(e.IDs), e.Object, strings.Join(e.IDs, " and "))
}

// Is reports whether target is [tenantkit.ErrConflict].
func (e *DuplicateError) Is(target error) bool { return target == tenantkit.ErrConflict }

func (c *Client) duplicate(op *rest.Operation, path []string, object string, ids []string) error {
	return c.rest.Error(op, path, tenantkit.OutcomeNotSent, &DuplicateError{Object: object, IDs: ids})
}

func create(ctx context.Context, c *Client, op *rest.Operation, call rest.Call, opts []tenantkit.Option) (*Created, error) {
	response, err := do(ctx, c, op, call, created.check, opts)
	if err != nil {
		return nil, err
	}
	return &Created{ID: response.ID, Self: response.Links.Self}, nil
}

// UpdateTenant replaces the tenant identified by tenant.ID. It is dangerous: any field left unset
// is lost, including email, databases, topology, and users with their keys. A user whose key
// differs from before becomes a new user. The tenant's status is wiped ([Client.KeepStatus]
// restores it). [Client.ModifyTenant] changes a part and leaves the rest.
//
// A user without a key causes a [tenantkit.ValidationError], since the server would store it
// without one. If the name or a key is taken, the error is [tenantkit.ErrConflict].
//
// Retry class: idempotent write. It waits for other changes of the tenant's users under the
// client's locker.
func (c *Client) UpdateTenant(ctx context.Context, tenant *Tenant, opts ...tenantkit.Option) error {
	if tenant == nil {
		return updateTenant.Invalid("tenant", "must not be nil")
	}
	return c.changeUsers(ctx, &updateTenant, []string{tenant.ID}, func(held context.Context) error {
		return c.replaceTenant(held, tenant, opts)
	})
}

// replaceTenant is UpdateTenant for a caller that has the tenant's lock.
func (c *Client) replaceTenant(held context.Context, tenant *Tenant, opts []tenantkit.Option) error {
	if err := tenant.check(&updateTenant); err != nil {
		return err
	}
	for i, user := range tenant.Users {
		if user.APIKey.IsZero() {
			return updateTenant.Invalid(fmt.Sprintf("users.%d.api_key", i), "must not be empty: an update makes no keys, and would leave user %q "+
				"without one; keep the key that was read, make one with RenewAPIKey if there is none, or add a new user with ProvisionUser", user.Name)
		}
	}
	return c.write(held, &updateTenant, rest.Call{Path: []string{tenant.ID}, Body: tenant.body()}, opts)
}

// ModifyTenant reads the tenant, calls change with it, and writes it back as a whole, unless change
// returns an error or changes nothing. It returns the tenant as written; the server sets Updated,
// and the IDs of users whose keys changed, afterwards. Users keep their keys unless change sets
// others. To add a user, use [Client.ProvisionUser], since an update makes no keys.
//
// It waits for other changes of the tenant's users under the client's locker, and they wait for it.
// Calling a method that changes the same tenant or its users from within change deadlocks until the
// context is done. What programs without this locker change in between is lost, and so is what the
// administrator may not see of the tenant. The tenant's status is wiped ([Client.KeepStatus]
// restores it: call ModifyTenant within it, not the other way round).
//
// Retry class: read, then idempotent write; change is called once. An error of change is in a
// [tenantkit.Error] with [tenantkit.OutcomeNotSent].
func (c *Client) ModifyTenant(ctx context.Context, tenantID string, change func(*Tenant) error, opts ...tenantkit.Option) (modified *Tenant, err error) {
	if change == nil {
		return nil, modifyTenant.Invalid("change", "must not be nil")
	}
	path := []string{tenantID}
	err = c.changeUsers(ctx, &modifyTenant, path, func(held context.Context) error {
		tenant, err := c.GetTenant(held, tenantID, opts...)
		if err != nil {
			return rest.AsNotSent(err)
		}
		// The write reports a secret that cannot be sent, with its field: change may yet
		// replace it.
		before, beforeErr := tenantkit.Reveal(tenant)
		if err := change(tenant); err != nil {
			return c.rest.Error(&modifyTenant, path, tenantkit.OutcomeNotSent, fmt.Errorf("change: %w", err))
		}
		tenant.ID = tenantID
		after, err := tenantkit.Reveal(tenant)
		if err != nil || beforeErr != nil || !bytes.Equal(before, after) {
			if err := c.replaceTenant(held, tenant, opts); err != nil {
				return err
			}
		}
		modified = tenant
		return nil
	})
	return modified, err
}

// DeleteTenant deletes a tenant with its users. If it does not exist, the error is
// [tenantkit.ErrNotFound]. Retry class: idempotent write; a tenant that is gone after a lost
// response counts as deleted.
func (c *Client) DeleteTenant(ctx context.Context, tenantID string, opts ...tenantkit.Option) error {
	return c.write(ctx, &deleteTenant, rest.Call{Path: []string{tenantID}}, opts)
}

func (t Tenant) hasID() bool { return t.ID != "" }

func (t *Tenant) check(op *rest.Operation) error {
	switch {
	case t == nil:
		return op.Invalid("tenant", "must not be nil")
	case t.Info.Name == "":
		return op.Invalid("info.name", `must not be empty (the server would accept "" as a tenant name, and names are unique)`)
	}
	for i, db := range t.DBConf {
		if db.Port < 0 || db.Port > maxPort {
			return op.Invalid(fmt.Sprintf("db_conf.%d.port", i), "%d is out of range (0-%d)", db.Port, maxPort)
		}
	}
	return nil
}

const maxPort = 65535

// body returns the tenant without what the server sets.
func (t *Tenant) body() *Tenant {
	sent := *t
	sent.ID, sent.Info.Created, sent.Info.Updated = "", "", ""
	sent.Users = make([]User, len(t.Users))
	for i, user := range t.Users {
		user.ID = ""
		sent.Users[i] = user
	}
	return &sent
}
