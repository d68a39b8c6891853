package worklytics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/internal/origin"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// record is the value that [Client.Reconcile] keeps in a store. It contains no values of settings.
type record struct {
	store   coord.Store
	key     string
	entries map[string]entry // by name, as the run knows them
	stored  map[string]entry // as they were stored last
	version string           // of stored
}

// entry is what is known of one connection. Either ID or Creating is set.
type entry struct {
	ID string `json:"id,omitzero"`
	// Settings are the keys that this package has set, to know which of them to remove.
	Settings []string `json:"settings,omitzero"`
	// Creating is the time when a creation began whose end is not known.
	Creating time.Time `json:"creating,omitzero"`
}

func (e entry) equal(other entry) bool {
	return e.ID == other.ID && e.Creating.Equal(other.Creating) && slices.Equal(e.Settings, other.Settings)
}

// recordDocument is the record as it is stored.
type recordDocument struct {
	Version     int              `json:"version"`
	Connections map[string]entry `json:"connections"`
}

const recordVersion = 1

// newRecord returns the record of the tenant's connections in the store, which is not loaded yet.
func (c *Client) newRecord(store coord.Store) *record {
	return &record{store: store, key: strings.Join([]string{service, origin.Of(c.rest.BaseURL()), "tenant", c.tenantID, "connections"}, " ")}
}

// load loads the stored entries. The run's own are not changed.
func (r *record) load(ctx context.Context) error {
	data, version, err := r.store.Load(ctx, r.key)
	if err != nil {
		return fmt.Errorf("loading the record of the connections: %w", err)
	}
	var stored recordDocument
	if len(data) > 0 {
		if err := wire.Unmarshal(data, &stored); err != nil {
			return fmt.Errorf("the stored value of %q is not a record of connections: %w", r.key, err)
		}
		if stored.Version != recordVersion {
			return fmt.Errorf("the stored value of %q has version %d instead of %d", r.key, stored.Version, recordVersion)
		}
	}
	r.stored, r.version = stored.Connections, version
	return nil
}

// set replaces the entry of a connection, or deletes it if next is zero, unless someone else has
// changed it. Other entries may have changed.
func (r *record) set(ctx context.Context, name string, next entry) error {
	for r.stored[name].equal(r.entries[name]) {
		changed := with(r.stored, name, next)
		data, err := json.Marshal(recordDocument{recordVersion, changed})
		if err != nil {
			return err
		}
		version, err := r.store.Save(ctx, r.key, data, r.version)
		if err == nil {
			r.stored, r.version = changed, version
			r.entries = with(r.entries, name, next)
			return nil
		}
		if !errors.Is(err, coord.ErrStale) {
			return fmt.Errorf("saving the record of the connections: %w", err)
		}
		if err := r.load(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("saving the record of the connections: %w", coord.ErrStale)
}

// with returns a copy of entries with another entry for name, or without one if e is zero.
func with(entries map[string]entry, name string, e entry) map[string]entry {
	changed := make(map[string]entry, len(entries)+1)
	maps.Copy(changed, entries)
	if changed[name] = e; e.equal(entry{}) {
		delete(changed, name)
	}
	return changed
}
