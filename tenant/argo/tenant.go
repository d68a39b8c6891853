package argo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
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
	// Users are the tenant's users with their keys. The server leaves them out for restricted administrators.
	Users []User
	// Extra holds fields of the server that this package does not know. They are sent back, and printed and logged as they are.
	Extra map[string]json.RawMessage
}

// Info says who a tenant is.
type Info struct {
	// Name is unique in the service, and needed.
	Name string
	// Email, Description, Image and Website are for people: the server takes any text. Image and Website are addresses.
	Email       string
	Description string
	Image       string
	Website     string
	// Created and Updated are set by the server. They are not sent.
	Created Time
	Updated Time
	// Extra holds fields of the server that this package does not know. They are sent back, and printed and logged as they are.
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
	// Extra holds fields of the server that this package does not know. They are sent back, and printed and logged as they are.
	Extra map[string]json.RawMessage
}

// Topology says where a tenant's sites and services are read from.
type Topology struct {
	// Type is the kind of the source ("GOCDB"), and Feed its address. Both are empty where none is set.
	Type string
	Feed string
	// Extra holds fields of the server that this package does not know. They are sent back, and printed and logged as they are.
	Extra map[string]json.RawMessage
}

// Time is a time as the server writes it: 2006-01-02 15:04:05, in the server's time zone, which it does not tell.
type Time string

// In returns the time, for a server whose clock is set to zone. An empty or differently written text is an error.
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

// Created is what the server tells of something that it created.
type Created struct {
	// ID is that of the new tenant or user.
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

// ListTenants returns all tenants, nil when there are none. For many, [Client.AllTenants] takes less memory.
//
// An administrator of the restricted role sees only ID, Info and Topology; one of the UI role sees only tenants that have a user
// with the role admin_ui, and of their users only those. Repeated on failure like any read.
func (c *Client) ListTenants(ctx context.Context, opts ...tenantkit.Option) ([]Tenant, error) {
	return do[[]Tenant](ctx, c, listTenants, rest.Call{}, nil, opts)
}

// AllTenants returns all tenants like [Client.ListTenants], each as it arrives. Nothing is sent before the first iteration, and a
// second one asks the server again. An error is the last thing that it yields. Repeated on failure, up to the first tenant, like any
// read; the time-out of an attempt bounds each wait for the server, not the work of the loop.
func (c *Client) AllTenants(ctx context.Context, opts ...tenantkit.Option) iter.Seq2[*Tenant, error] {
	return rest.Stream[Tenant](ctx, c.pipeline(), &listTenants, rest.Call{Element: func(element any) error {
		if !element.(*Tenant).hasID() {
			return errors.New("a tenant has no id")
		}
		return nil
	}}, "data", opts)
}

// GetTenant returns one tenant. An unknown one is [tenantkit.ErrNotFound]. Repeated on failure like any read.
func (c *Client) GetTenant(ctx context.Context, tenantID string, opts ...tenantkit.Option) (*Tenant, error) {
	return one[Tenant](ctx, c, &getTenant, rest.Call{Path: []string{tenantID}}, opts)
}

// CreateTenant creates a tenant; ID, Created, Updated and the IDs of users are not sent, since the server sets them. A user without
// a key gets one from the server. A name, or a key, that is taken is [tenantkit.ErrConflict].
//
// Like any write, it is repeated only when it surely was not applied. After [tenantkit.OutcomeUnknown], look for the name with
// [Client.AllTenants] before you create it again.
func (c *Client) CreateTenant(ctx context.Context, tenant *Tenant, opts ...tenantkit.Option) (*Created, error) {
	op := &createTenant
	if tenant == nil {
		return nil, op.Invalid("tenant", "it is nil")
	}
	if err := tenant.check(op); err != nil {
		return nil, err
	}
	return create(ctx, c, &createTenant, rest.Call{Body: tenant.body()}, opts)
}

func create(ctx context.Context, c *Client, operation *rest.Operation, call rest.Call, opts []tenantkit.Option) (*Created, error) {
	answer, err := do(ctx, c, operation, call, created.check, opts)
	if err != nil {
		return nil, err
	}
	return &Created{ID: answer.ID, Self: answer.Links.Self}, nil
}

// UpdateTenant replaces the tenant of tenant.ID by tenant. It is dangerous: whatever tenant leaves out is lost, email, databases,
// topology and users with their keys included; a user whose key is another than before becomes a new user; and the tenant's status
// is wiped ([Client.KeepStatus] restores it). [Client.ModifyTenant] changes a part and leaves the rest.
//
// A user without a key is refused with a [tenantkit.ValidationError], since the server would store it without one. A name or a key
// that is taken is [tenantkit.ErrConflict].
//
// It waits for other changes of the tenant's users by this client. Repeated on failure like any idempotent write.
func (c *Client) UpdateTenant(ctx context.Context, tenant *Tenant, opts ...tenantkit.Option) error {
	op := &updateTenant
	if tenant == nil {
		return op.Invalid("tenant", "it is nil")
	}
	return c.changeUsers(ctx, op, []string{tenant.ID}, func() error {
		return c.replaceTenant(ctx, tenant, opts)
	})
}

// replaceTenant is UpdateTenant for a caller that has the tenant's lock.
func (c *Client) replaceTenant(ctx context.Context, tenant *Tenant, opts []tenantkit.Option) error {
	op := &updateTenant
	if err := tenant.check(op); err != nil {
		return err
	}
	for i, user := range tenant.Users {
		if user.APIKey == "" {
			return op.Invalid(fmt.Sprintf("users.%d.api_key", i), "it is empty: an update makes no keys, and would leave user %q without one; "+
				"keep the key that was read, make one with RenewAPIKey if there is none, or add a new user with ProvisionUser", user.Name)
		}
	}
	return c.write(ctx, &updateTenant, rest.Call{Path: []string{tenant.ID}, Body: tenant.body()}, opts)
}

// ModifyTenant reads the tenant, lets change do its work, and writes the whole of it back, unless change returns an error or leaves
// everything as it is. Users keep their keys unless change sets others; to add a user, [Client.ProvisionUser] is better, since an
// update makes no keys.
//
// It waits for other changes of the tenant's users by this client, and makes them wait: a method that changes this tenant or its
// users, called by change, waits for change itself, and so until its context ends. What other programs change in between is lost,
// since the server cannot be asked to refuse, and so is what the administrator may not see of the tenant. The tenant's status is
// wiped ([Client.KeepStatus] restores it: call ModifyTenant in it, not the other way round). Repeated on failure like a read and an
// idempotent write; change is called once.
func (c *Client) ModifyTenant(ctx context.Context, tenantID string, change func(*Tenant) error, opts ...tenantkit.Option) error {
	if change == nil {
		return modifyTenant.Invalid("change", "it is nil")
	}
	return c.changeUsers(ctx, &modifyTenant, []string{tenantID}, func() error {
		tenant, err := c.GetTenant(ctx, tenantID, opts...)
		if err != nil {
			return rest.AsNotSent(err)
		}
		// A secret that cannot be sent is told by the write, with its place: here change may yet mend it.
		before, beforeErr := tenantkit.Reveal(tenant)
		if err := change(tenant); err != nil {
			return err
		}
		tenant.ID = tenantID
		if after, err := tenantkit.Reveal(tenant); err == nil && beforeErr == nil && bytes.Equal(before, after) {
			return nil
		}
		return c.replaceTenant(ctx, tenant, opts)
	})
}

// DeleteTenant deletes a tenant with its users. An unknown one is [tenantkit.ErrNotFound]. Repeated on failure like any idempotent
// write; a tenant that is gone after an attempt without an answer counts as deleted.
func (c *Client) DeleteTenant(ctx context.Context, tenantID string, opts ...tenantkit.Option) error {
	return c.write(ctx, &deleteTenant, rest.Call{Path: []string{tenantID}}, opts)
}

func (t Tenant) hasID() bool { return t.ID != "" }

func (t *Tenant) check(op *rest.Operation) error {
	if t.Info.Name == "" {
		return op.Invalid("info.name", "it is empty: the server would take it for a name, which one tenant only can have")
	}
	for i, db := range t.DBConf {
		if db.Port < 0 || db.Port > maxPort {
			return op.Invalid(fmt.Sprintf("db_conf.%d.port", i), "%d is no port: they end at %d", db.Port, maxPort)
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
