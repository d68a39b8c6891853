package argo

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// ReconcileOptions change how [Client.Reconcile] works. The zero value is usable.
type ReconcileOptions struct {
	// DryRun plans, and changes nothing on the service.
	DryRun bool
	// Store keeps the tenant's status while changes wipe it, so that another run restores it
	// after the program was killed. If nil, the status survives errors and panics, as with
	// [Client.KeepStatus], but not the end of the program. [coord.Dir] is one.
	Store coord.Store
	// Planned is called with the plan before the first change, also in a dry run. If it returns
	// an error, nothing is changed.
	Planned func(Changes) error
	// Before is called before each change. If it returns an error, the run ends there, and the
	// status is restored. A run that a person interrupts should end this way: ending the
	// context cuts off the change in hand.
	Before func(Change) error
	// After is called after each change that was made.
	After func(Change)
}

// Changes are what [Client.Reconcile] did, or would do in a dry run.
type Changes struct {
	// Changes are in the order in which they are made.
	Changes []Change
	// Tenant is the tenant with its users and their keys: after all changes, or before them in
	// a dry run. It is nil if the tenant does not exist yet, and after an error.
	Tenant *Tenant
	// Others are users of the tenant that the desired state does not name. They are left alone.
	Others []User
}

// String returns one line for each change.
func (c Changes) String() string {
	lines := make([]string, len(c.Changes))
	for i, change := range c.Changes {
		lines[i] = change.String()
	}
	return strings.Join(lines, "\n")
}

// A Change is one step of [Client.Reconcile].
type Change struct {
	// Object is what is changed: "tenant acme", "user ada@example.org", "status".
	Object string
	// Action is what is done to it: "create", "update", "restore", "make a key".
	Action string
	// Details name the fields that an update sets, or the roles of a new user.
	Details []string

	do func(ctx context.Context, tenantID string) error
}

// String returns the change in one line: "user ada@example.org: update name, roles".
func (c Change) String() string {
	text := c.Object + ": " + c.Action
	if len(c.Details) == 0 {
		return text
	}
	if c.Action == "create" {
		text += " as"
	}
	return text + " " + strings.Join(c.Details, ", ")
}

// Reconcile brings a tenant and its users to a desired state. It finds the tenant by its name and
// creates it if there is none. It finds users by their e-mail addresses, in upper or lower case,
// and databases by Store. Fields of desired that are not set stay as they are on the service,
// including passwords, and so do users that desired does not name. Users without a key get one.
// IDs, times and Extra are ignored; users must have a name, an address and no key.
//
// It looks before it changes anything, and looks again in the end. It may be killed at any moment
// and called again: nobody is created twice, and the tenant's status is kept, see
// ReconcileOptions.Store. If a tenant or a user is there twice, nothing is changed, and the error
// contains a [DuplicateError].
//
// It returns the changes that were made, also with an error. After an error that follows a change,
// the outcome is [tenantkit.OutcomeUnknown]: call it again. Errors of the functions in options are
// in the [tenantkit.Error] that it returns.
//
// Retry class: that of each call. A run waits until no other creation or run for the name works
// under the client's locker.
func (c *Client) Reconcile(ctx context.Context, desired *Tenant, options ReconcileOptions, opts ...tenantkit.Option) (changes Changes, err error) {
	if err := checkDesired(desired); err != nil {
		return Changes{}, err
	}
	if err := c.conn().CheckBody(&createTenant, desired.body()); err != nil {
		return Changes{}, err
	}
	r := &reconciliation{client: c, desired: desired, ReconcileOptions: options, opts: opts}
	if options.DryRun {
		if c.conn() == nil {
			return Changes{}, reconcile.Invalid("client", "must be made by NewClient")
		}
		changes, err = r.plan(ctx)
		return changes, err
	}
	err = c.lockName(ctx, &reconcile, desired.Info.Name, func(held context.Context) error {
		changes, err = r.run(held)
		return c.composed(&reconcile, nil, err, len(changes.Changes) > 0)
	})
	return changes, err
}

// reconciliation is one run of Reconcile.
type reconciliation struct {
	ReconcileOptions
	client   *Client
	desired  *Tenant
	opts     []tenantkit.Option
	tenantID string // once it is created or found
}

// plan compares the service with the desired state, and shows the plan.
func (r *reconciliation) plan(ctx context.Context) (Changes, error) {
	plan, err := r.compare(ctx)
	if err == nil && r.Planned != nil {
		if err = r.Planned(plan); err != nil {
			err = r.notSent(fmt.Errorf("planned: %w", err))
		}
	}
	return plan, err
}

// run makes the changes and returns those that it made.
func (r *reconciliation) run(held context.Context) (made Changes, err error) {
	plan, err := r.plan(held)
	if err != nil {
		return Changes{}, rest.AsNotSent(err)
	}
	if len(plan.Changes) > 0 {
		if made.Changes, err = r.apply(held, plan); err != nil {
			return made, err
		}
		// Programs without this locker may have undone a change.
		if plan, err = r.compare(held); err != nil {
			return made, err
		}
		if len(plan.Changes) > 0 {
			return made, fmt.Errorf("%w: another program changed the tenant at the same time; left to do: %s", tenantkit.ErrConflict,
				strings.ReplaceAll(plan.String(), "\n", "; "))
		}
	}
	made.Tenant, made.Others = plan.Tenant, plan.Others
	return made, r.store(held, nil)
}

// apply makes the changes of a plan, and returns those that it made.
func (r *reconciliation) apply(held context.Context, plan Changes) (made []Change, err error) {
	todo := plan.Changes
	step := func(ctx context.Context, tenantID string) error {
		change := todo[0]
		if r.Before != nil {
			if err := r.Before(change); err != nil {
				return r.notSent(fmt.Errorf("stopped before «%s»: %w", change, err))
			}
		}
		if err := change.do(ctx, tenantID); err != nil {
			return err
		}
		todo = todo[1:]
		made = append(made, change)
		if r.After != nil {
			r.After(change)
		}
		return nil
	}
	if plan.Tenant == nil {
		// There is no status to keep yet.
		if err := step(held, ""); err != nil {
			return made, err
		}
	} else {
		r.tenantID = plan.Tenant.ID
	}
	id := r.tenantID
	err = r.client.KeepStatus(held, id, func(ctx context.Context) error {
		if err := r.save(ctx, kept(ctx, r.client, id)); err != nil {
			return err
		}
		for len(todo) > 0 {
			if err := step(ctx, id); err != nil {
				return err
			}
		}
		return nil
	}, r.opts...)
	return made, err
}

// savedStatus is a status in the store.
type savedStatus struct {
	TenantID string `json:"tenant_id"`
	Status   Status `json:"status"`
}

func (r *reconciliation) key() string {
	return service + " " + r.client.rest.BaseURL().Host + " status of " + r.desired.Info.Name
}

// lost returns the status that a run that was killed saved, if the tenant has none now, and nil
// otherwise. The ID is empty if there is no tenant.
func (r *reconciliation) lost(ctx context.Context, tenantID string) (*Status, error) {
	if r.Store == nil {
		return nil, nil
	}
	data, _, err := r.Store.Load(ctx, r.key())
	if err != nil {
		return nil, r.notSent(fmt.Errorf("options.Store: %w", err))
	}
	if data == nil {
		return nil, nil
	}
	var saved savedStatus
	if err := json.Unmarshal(data, &saved); err != nil {
		return nil, r.notSent(fmt.Errorf("options.Store: the value of %q is not a status: %w", r.key(), err))
	}
	if saved.TenantID != tenantID {
		return nil, r.notSent(fmt.Errorf("options.Store: %q is the status of another tenant, %q", r.key(), saved.TenantID))
	}
	now, err := r.client.GetTenantStatus(ctx, tenantID, r.opts...)
	if err != nil || !now.Status.isWiped() {
		// The engine may have reported since.
		return nil, err
	}
	return &saved.Status, nil
}

// save puts the status into the store that KeepStatus keeps, if there is one.
func (r *reconciliation) save(ctx context.Context, kept *keptStatus) error {
	if r.Store == nil {
		return nil
	}
	kept.mu.Lock()
	status := kept.status
	kept.mu.Unlock()
	if status.isWiped() {
		return nil
	}
	data, err := json.Marshal(savedStatus{kept.tenantID, status})
	if err != nil {
		return r.notSent(err)
	}
	return r.store(ctx, data)
}

// store replaces the value in the store, or deletes it if data is nil.
func (r *reconciliation) store(ctx context.Context, data []byte) error {
	if r.Store == nil {
		return nil
	}
	before, version, err := r.Store.Load(ctx, r.key())
	if err == nil && (before != nil || data != nil) {
		_, err = r.Store.Save(ctx, r.key(), data, version)
	}
	if err != nil {
		return r.notSent(fmt.Errorf("options.Store: %w", err))
	}
	return nil
}

// notSent returns an error of the run that is not an error of a call.
func (r *reconciliation) notSent(err error) error {
	return r.client.rest.Error(&reconcile, nil, tenantkit.OutcomeNotSent, err)
}
