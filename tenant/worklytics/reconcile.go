package worklytics

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/coord"
)

// DesiredConnection is a data connection that [Client.Reconcile] maintains.
type DesiredConnection struct {
	// Name identifies the connection in the store. The service does not know it.
	Name string
	// IntegrationID is the kind of the source. It cannot be changed: use another name.
	IntegrationID IntegrationID
	// Settings are the settings to set. Those of an earlier run that are no longer here are
	// removed. Settings that others have set stay.
	Settings map[string]string
}

// ReconcileOptions are options of [Client.Reconcile].
type ReconcileOptions struct {
	// DryRun returns the changes without writing to the service, and does not wait for other
	// runs. Forget and Adopt still take effect, since they change the store only.
	DryRun bool
	// Forget are names of connections whose entries in the store are deleted first. If one of
	// them is desired, it is created.
	Forget []string
	// Adopt are IDs of connections on the service by their names, which are stored before
	// anything is compared. They must be desired.
	Adopt map[string]string
}

// Action says what [Client.Reconcile] does with a connection.
type Action string

const (
	// ActionCreate creates the connection.
	ActionCreate Action = "create"
	// ActionUpdate changes its settings.
	ActionUpdate Action = "update"
	// ActionNone changes nothing: the connection is as desired.
	ActionNone Action = "unchanged"
	// ActionBlock changes nothing: a person must decide. See [ConnectionChange.Err].
	ActionBlock Action = "blocked"
)

// Changes are the changes that [Client.Reconcile] made, or would make.
type Changes struct {
	// Connections has one element for each desired connection, in the same order.
	Connections []ConnectionChange
	// Others are IDs of connections that are in the store and not desired, by name. They are
	// left alone. The ID is empty if the creation was interrupted.
	Others map[string]string
}

// ConnectionChange is the change of one connection.
type ConnectionChange struct {
	// Name is that of the desired connection.
	Name string
	// Action is what is to be done.
	Action Action
	// ID is empty as long as the connection does not exist.
	ID string
	// Settings are the settings that change. Their values may be confidential.
	Settings []SettingChange
	// Done reports whether the service has applied the action.
	Done bool
	// Err is the reason if the connection is blocked or its change failed. It matches
	// [ErrCreationInterrupted] if nobody knows whether the connection was created, and
	// [tenantkit.ErrNotFound] if a connection of the store no longer exists.
	Err error
}

// SettingChange is the change of one setting.
type SettingChange struct {
	// Key is the key of the setting.
	Key string
	// Old and New are its values. Old is nil if the setting is added, New if it is removed.
	Old, New *string
}

// ErrCreationInterrupted is matched by the error of a connection whose creation began, in this run
// or an earlier one, and whose end is not known. Look for it in the web app, after the two minutes
// that the service may take. If it is there, use [ReconcileOptions] Adopt, otherwise Forget.
var ErrCreationInterrupted = errors.New("the creation was interrupted, and the service may or may not have made the connection")

// creationTimeout limits a creation, which does not end with the context of the caller: its result
// would be unknown.
const creationTimeout = 2 * time.Minute

// Reconcile creates and updates data connections until they are as desired. The API has no list of
// connections; hence store keeps their IDs, under a key with the service's address and the tenant.
//
// It may be canceled or killed at any moment, and called again. It never creates a second
// connection for one name: that a creation begins is stored before it is sent. A creation whose end
// is not known is reported ([ErrCreationInterrupted]) and never repeated on its own. Runs that
// share the client's locker wait for each other; for others, the compare-and-set of the store keeps
// this promise.
//
// Settings are compared and merged, see [DesiredConnection]. Connections that are no longer desired
// are not deleted. If one connection fails or is blocked, the others are still changed, and the
// error is a [tenantkit.Error]; Changes then says what was done. A connection that cannot be read,
// and a store that fails, end the run.
func (c *Client) Reconcile(ctx context.Context, store coord.Store, desired []DesiredConnection, options ReconcileOptions, opts ...tenantkit.Option) (Changes, error) {
	pipeline, _ := c.call(nil)
	switch {
	case pipeline == nil:
		return Changes{}, reconcile.Invalid("client", "must be made by NewClient")
	case ctx == nil:
		return Changes{}, reconcile.Invalid("ctx", "must not be nil")
	case store == nil:
		return Changes{}, reconcile.Invalid("store", "must not be nil")
	}
	r := &reconciler{client: c, record: c.newRecord(store), desired: desired, options: options, opts: opts}
	if err := r.check(); err != nil {
		return Changes{}, err
	}
	var err error
	if options.DryRun {
		err = r.run(ctx)
	} else {
		err = pipeline.Locked(ctx, &reconcile, nil, []string{"tenant", c.tenantID, "connections"}, r.run)
	}
	return r.changes, err
}

// reconciler is one run.
type reconciler struct {
	*record
	client  *Client
	desired []DesiredConnection
	options ReconcileOptions
	opts    []tenantkit.Option
	changes Changes
	writes  []error // of the calls that write; nil for each that succeeded
}

// check checks all input.
func (r *reconciler) check() error {
	for i, d := range r.desired {
		if d.Name == "" || r.find(d.Name) != i {
			return reconcile.Invalid(fmt.Sprintf("desired.%d.Name", i), "%q must be unique and not empty", d.Name)
		}
		if err := d.connection().check(reconcile.Name, false); err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
	}
	for name := range r.options.Adopt {
		if r.find(name) < 0 {
			return reconcile.Invalid("options.Adopt", "%q is not desired", name)
		}
	}
	return nil
}

// find returns the index of the desired connection of a name, -1 if there is none.
func (r *reconciler) find(name string) int {
	return slices.IndexFunc(r.desired, func(d DesiredConnection) bool { return d.Name == name })
}

func (d *DesiredConnection) connection() *DataConnection {
	return &DataConnection{IntegrationID: d.IntegrationID, Settings: d.Settings}
}

// run returns an error of the whole, with the outcome of all writes.
func (r *reconciler) run(ctx context.Context) error {
	err := r.planAndApply(ctx)
	if err == nil {
		return nil
	}
	outcome := tenantkit.OutcomeNotSent
	if len(r.writes) > 0 {
		outcome = tenantkit.OutcomeOf(errors.Join(r.writes...))
		if slices.Contains(r.writes, nil) {
			outcome = tenantkit.OutcomeUnknown // a part was applied
		}
	}
	return r.client.rest.Error(&reconcile, nil, outcome, err)
}

func (r *reconciler) planAndApply(ctx context.Context) error {
	if err := r.load(ctx); err != nil {
		return err
	}
	r.entries = r.stored
	if err := r.forgetAndAdopt(ctx); err != nil {
		return err
	}
	r.changes.Others = make(map[string]string)
	for name, e := range r.entries {
		if r.find(name) < 0 {
			r.changes.Others[name] = e.ID
		}
	}
	r.changes.Connections = make([]ConnectionChange, len(r.desired))
	for i := range r.desired {
		if err := r.plan(ctx, &r.desired[i], &r.changes.Connections[i]); err != nil {
			return fmt.Errorf("%s: %w", r.desired[i].Name, err)
		}
	}
	var failures []error
	for i := range r.desired {
		d, change := &r.desired[i], &r.changes.Connections[i]
		if !r.options.DryRun {
			if err := ctx.Err(); err != nil {
				return errors.Join(append(failures, fmt.Errorf("stopped before %s: %w (%w)", d.Name, err, context.Cause(ctx)))...)
			}
			if err := r.apply(ctx, d, change); err != nil {
				change.Err = errors.Join(change.Err, err)
				return errors.Join(append(failures, fmt.Errorf("%s: %w", d.Name, change.Err))...)
			}
		}
		if change.Err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", d.Name, change.Err))
		}
	}
	return errors.Join(failures...)
}

func (r *reconciler) forgetAndAdopt(ctx context.Context) error {
	for _, name := range r.options.Forget {
		if _, known := r.entries[name]; !known {
			return fmt.Errorf("forget %s: nothing is stored of it", name)
		}
		if err := r.set(ctx, name, entry{}); err != nil {
			return fmt.Errorf("forget %s: %w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.options.Adopt)) {
		if err := r.adopt(ctx, name, r.options.Adopt[name]); err != nil {
			return fmt.Errorf("adopt %s: %w", name, err)
		}
	}
	return nil
}

func (r *reconciler) adopt(ctx context.Context, name, id string) error {
	for _, other := range slices.Sorted(maps.Keys(r.entries)) {
		if other != name && r.entries[other].ID == id {
			return fmt.Errorf("the ID %s is that of %s", id, other)
		}
	}
	switch own := r.entries[name].ID; own {
	case id:
		return nil
	case "":
	default:
		return fmt.Errorf("it has the ID %s already: forget it first to replace that", own)
	}
	found, err := r.client.GetDataConnection(ctx, id, r.opts...)
	if err != nil {
		return err
	}
	if err := r.desired[r.find(name)].checkIntegration(found); err != nil {
		return err
	}
	return r.set(ctx, name, entry{ID: found.ID})
}

func (d *DesiredConnection) checkIntegration(found *DataConnection) error {
	if found.IntegrationID == d.IntegrationID {
		return nil
	}
	return fmt.Errorf("connection %s is of %s, and %s is desired: use another name", found.ID, found.IntegrationID, d.IntegrationID)
}

// plan compares a connection with the service.
func (r *reconciler) plan(ctx context.Context, d *DesiredConnection, change *ConnectionChange) error {
	stored, known := r.entries[d.Name]
	change.Name, change.ID, change.Action = d.Name, stored.ID, ActionBlock
	current := new(DataConnection)
	switch {
	case !known:
		change.Action = ActionCreate
		change.Settings = d.merge(current, nil)
		return nil
	case stored.ID == "":
		change.Err = fmt.Errorf("%w (begun at %s)", ErrCreationInterrupted, stored.Creating.Format(time.DateTime+" MST"))
		return nil
	}
	current, err := r.client.GetDataConnection(ctx, stored.ID, r.opts...)
	switch {
	case errors.Is(err, tenantkit.ErrNotFound):
		change.Err = fmt.Errorf("connection %s no longer exists: %w", stored.ID, err)
		return nil
	case err != nil:
		return err
	}
	if change.Err = d.checkIntegration(current); change.Err != nil {
		return nil
	}
	change.Action = ActionNone
	if change.Settings = d.merge(current, stored.Settings); len(change.Settings) > 0 {
		change.Action = ActionUpdate
	}
	return nil
}

// merge brings the settings of current to the desired ones, and returns the differences. Of the
// other settings it removes those that are owned.
func (d *DesiredConnection) merge(current *DataConnection, owned []string) (changes []SettingChange) {
	if current.Settings == nil {
		current.Settings = make(map[string]string)
	}
	keys := slices.Sorted(maps.Keys(d.Settings))
	for _, key := range union(keys, owned) {
		c := SettingChange{Key: key}
		old, hasOld := current.Settings[key]
		if other, ok := current.OtherSettings[key]; ok && !hasOld {
			old, hasOld = string(other), true // the service may keep "true" as true
		}
		value, wanted := d.Settings[key]
		if hasOld == wanted && old == value {
			continue
		}
		if hasOld {
			c.Old = &old
		}
		if wanted {
			c.New = &value
		}
		changes = append(changes, c)
		delete(current.Settings, key)
		delete(current.OtherSettings, key)
		if c.New != nil {
			current.Settings[key] = *c.New
		}
	}
	return changes
}

// union returns the strings that are in a or b, sorted.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// apply makes the planned change. Its error ends the run; change.Err does not.
func (r *reconciler) apply(ctx context.Context, d *DesiredConnection, change *ConnectionChange) error {
	own := slices.Sorted(maps.Keys(d.Settings))
	switch change.Action {
	case ActionCreate:
		return r.create(ctx, d, change)
	case ActionUpdate:
		// A setting belongs to this package before it is set, lest an interrupted run leave
		// some that nobody removes.
		if err := r.own(ctx, d.Name, union(own, r.entries[d.Name].Settings)); err != nil {
			return err
		}
		_, change.Err = r.client.ModifyDataConnection(ctx, change.ID, func(current *DataConnection) error {
			d.merge(current, r.entries[d.Name].Settings)
			return nil
		}, r.opts...)
		r.writes = append(r.writes, change.Err)
		if change.Done = change.Err == nil; !change.Done {
			return nil
		}
	case ActionBlock:
		return nil
	}
	return r.own(ctx, d.Name, own)
}

// own stores which settings of a connection this package has set.
func (r *reconciler) own(ctx context.Context, name string, keys []string) error {
	next := r.entries[name]
	if next.Settings = keys; next.equal(r.entries[name]) {
		return nil
	}
	return r.set(ctx, name, next)
}

// create creates a connection. The store says so before; if a run is killed, the end is missing.
func (r *reconciler) create(ctx context.Context, d *DesiredConnection, change *ConnectionChange) error {
	if err := r.set(ctx, d.Name, entry{Creating: time.Now().UTC().Round(0)}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), creationTimeout)
	defer cancel()
	created, err := r.client.CreateDataConnection(ctx, d.connection(), r.opts...)
	r.writes = append(r.writes, err)
	if err == nil {
		change.ID, change.Done = created.ID, true
		if err := r.set(ctx, d.Name, entry{ID: created.ID, Settings: slices.Sorted(maps.Keys(d.Settings))}); err != nil {
			return fmt.Errorf("it was created with the ID %s, which was not stored: %w", created.ID, err)
		}
		return nil
	}
	change.Err = err
	switch tenantkit.OutcomeOf(err) {
	case tenantkit.OutcomeNotSent, tenantkit.OutcomeRejected:
		return r.set(ctx, d.Name, entry{})
	}
	change.Err = fmt.Errorf("%w: %w", ErrCreationInterrupted, err)
	return nil
}
