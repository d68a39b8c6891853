package argo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantkit/tenantkit"
)

// This file compares a tenant with a desired state, for Reconcile.

// checkDesired returns an error if no tenant can be as desired.
func checkDesired(desired *Tenant) error {
	op := &reconcile
	if err := desired.check(op); err != nil {
		return err
	}
	for i, db := range desired.DBConf {
		if db.Store == "" || slices.ContainsFunc(desired.DBConf[:i], func(d DBConf) bool { return d.Store == db.Store }) {
			return op.Invalid(fmt.Sprintf("db_conf.%d.store", i), "must be set and unique")
		}
	}
	for i := range desired.Users {
		user := &desired.Users[i]
		field := func(name string) string { return fmt.Sprintf("users.%d.%s", i, name) }
		switch {
		case user.Name == "":
			return op.Invalid(field("name"), "must not be empty")
		case user.Email == "" || slices.ContainsFunc(desired.Users[:i], user.isSame):
			return op.Invalid(field("email"), "must be set and unique")
		case !user.APIKey.IsZero():
			return op.Invalid(field("api_key"), "must be empty: the server makes keys")
		}
	}
	return nil
}

// isSame reports whether other is the user with the address of u.
func (u *User) isSame(other User) bool { return strings.EqualFold(u.Email, other.Email) }

// compare returns the changes that lead to the desired state. It changes nothing.
func (r *reconciliation) compare(ctx context.Context) (plan Changes, err error) {
	plan.Tenant, err = r.client.tenantNamed(ctx, &reconcile, r.desired.Info.Name, r.opts)
	if err != nil {
		return Changes{}, err
	}
	now := Tenant{}
	if plan.Tenant != nil {
		now = *plan.Tenant
	}
	lost, err := r.lost(ctx, now.ID)
	if err != nil {
		return Changes{}, err
	}
	users, err := r.compareUsers(now)
	if err != nil {
		return Changes{}, err
	}
	// Keys come first: an update of a tenant is rejected if a user has none.
	plan.Changes = users.keys
	if plan.Tenant == nil {
		plan.Changes = append(plan.Changes, r.createTenant())
	}
	if lost != nil {
		plan.Changes = append(plan.Changes, Change{Object: "status", Action: "restore, since a run was cut off", do: func(ctx context.Context, tenantID string) error {
			return r.client.UpdateTenantStatus(ctx, tenantID, lost, r.opts...)
		}})
	}
	if plan.Tenant != nil {
		plan.Changes = append(plan.Changes, r.updateTenant(now)...)
	}
	plan.Changes = slices.Concat(plan.Changes, users.updates, users.creations)
	plan.Others = slices.DeleteFunc(slices.Clone(now.Users), func(user User) bool { return slices.ContainsFunc(r.desired.Users, user.isSame) })
	return plan, nil
}

func (r *reconciliation) createTenant() Change {
	return Change{Object: "tenant " + r.desired.Info.Name, Action: "create", do: func(ctx context.Context, _ string) error {
		tenant := *r.desired
		// Users come one by one: a run after a killed one finds them one by one.
		tenant.Users = nil
		created, err := r.client.ensureTenant(ctx, &reconcile, &tenant, r.opts)
		if err == nil {
			r.tenantID = created.ID
		}
		return err
	}}
}

// updateTenant returns the change of the tenant itself, or none.
func (r *reconciliation) updateTenant(now Tenant) []Change {
	now.DBConf = slices.Clone(now.DBConf)
	fields := r.desired.applyTo(&now)
	if len(fields) == 0 {
		return nil
	}
	return []Change{{Object: "tenant " + now.Info.Name, Action: "update", Details: fields, do: func(ctx context.Context, tenantID string) error {
		_, err := r.client.ModifyTenant(ctx, tenantID, func(tenant *Tenant) error {
			r.desired.applyTo(tenant)
			return nil
		}, r.opts...)
		return err
	}}}
}

type userChanges struct{ keys, updates, creations []Change }

func (r *reconciliation) compareUsers(now Tenant) (changes userChanges, err error) {
	for _, desired := range r.desired.Users {
		var found []User
		for _, user := range now.Users {
			if desired.isSame(user) {
				found = append(found, user)
			}
		}
		object := "user " + desired.Email
		switch len(found) {
		case 0:
			changes.creations = append(changes.creations, r.createUser(object, desired))
		case 1:
			if found[0].APIKey.IsZero() {
				changes.keys = append(changes.keys, Change{Object: object, Action: "make a key, there is none", do: func(ctx context.Context, tenantID string) error {
					_, err := r.client.RenewAPIKey(ctx, tenantID, found[0].ID, r.opts...)
					return err
				}})
			}
			changes.updates = append(changes.updates, r.updateUser(object, desired, found[0])...)
		default:
			return userChanges{}, r.client.duplicate(&reconcile, nil, object, idsOf(found))
		}
	}
	return changes, nil
}

func (r *reconciliation) createUser(object string, desired User) Change {
	var details []string
	for _, role := range desired.Roles {
		details = append(details, string(role))
	}
	return Change{Object: object, Action: "create", Details: details, do: func(ctx context.Context, tenantID string) error {
		_, err := r.client.ProvisionUser(ctx, tenantID, &User{Name: desired.Name, Email: desired.Email, Roles: desired.Roles}, r.opts...)
		return err
	}}
}

// updateUser returns the change of a user that is there, or none.
func (r *reconciliation) updateUser(object string, desired, now User) []Change {
	write := &User{ID: now.ID}
	var fields []string
	if desired.Name != now.Name {
		write.Name = desired.Name
		fields = append(fields, "name")
	}
	if len(desired.Roles) > 0 && !slices.Equal(slices.Sorted(slices.Values(desired.Roles)), slices.Sorted(slices.Values(now.Roles))) {
		write.Roles = desired.Roles
		fields = append(fields, "roles")
	}
	if len(fields) == 0 {
		return nil
	}
	return []Change{{Object: object, Action: "update", Details: fields, do: func(ctx context.Context, tenantID string) error {
		return r.client.UpdateUser(ctx, tenantID, write, r.opts...)
	}}}
}

// applyTo sets the fields of the tenant, but not of its users, that are set in t, and returns the
// names of those that differed.
func (t *Tenant) applyTo(tenant *Tenant) (changed []string) {
	for _, field := range []struct {
		name, desired string
		is            *string
	}{
		{"email", t.Info.Email, &tenant.Info.Email},
		{"description", t.Info.Description, &tenant.Info.Description},
		{"image", t.Info.Image, &tenant.Info.Image},
		{"website", t.Info.Website, &tenant.Info.Website},
		{"topology.type", t.Topology.Type, &tenant.Topology.Type},
		{"topology.feed", t.Topology.Feed, &tenant.Topology.Feed},
	} {
		if set(field.is, field.desired) {
			changed = append(changed, field.name)
		}
	}
	for _, db := range t.DBConf {
		i := slices.IndexFunc(tenant.DBConf, func(is DBConf) bool { return is.Store == db.Store })
		added := i < 0
		if added {
			tenant.DBConf = append(tenant.DBConf, DBConf{Store: db.Store})
			i = len(tenant.DBConf) - 1
		}
		if db.applyTo(&tenant.DBConf[i]) || added {
			changed = append(changed, "db_conf of "+db.Store)
		}
	}
	return changed
}

// applyTo sets the fields of the database that are set in d, and reports whether one differed.
func (d *DBConf) applyTo(is *DBConf) (changed bool) {
	for _, differed := range []bool{
		set(&is.Server, d.Server), set(&is.Port, d.Port), set(&is.Database, d.Database), set(&is.Username, d.Username), set(&is.Password, d.Password),
	} {
		changed = changed || differed
	}
	return changed
}

// set sets a field to a desired value that is not zero, and reports whether it differed.
func set[T string | int | tenantkit.Secret](field *T, desired T) bool {
	var zero T
	if desired == zero || *field == desired {
		return false
	}
	*field = desired
	return true
}
