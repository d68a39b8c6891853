package argo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// TenantStatus is a tenant with what the argo engine last reported of it.
type TenantStatus struct {
	// ID and Info are the tenant's.
	ID   string `json:"id"`
	Info Info   `json:"info"`
	// Status is the zero value where there is none.
	Status Status `json:"status"`
}

func (s TenantStatus) hasID() bool { return s.ID != "" }

// Status is what the argo engine reports of a tenant. The zero value is a status that was never
// set, or was wiped.
type Status struct {
	// Total is worked out by the server when it is read: whether everything else is true. It is
	// not sent.
	Total bool
	// AMS is the state of the messaging service.
	AMS AMS
	// HDFS is the state of the storage.
	HDFS HDFS
	// EngineConfig tells whether the engine is configured.
	EngineConfig bool
	// LastCheck is when the engine looked. The server takes any text.
	LastCheck string
	// Extra holds fields of the server that this package does not know. They are sent back, and
	// printed and logged as they are.
	Extra map[string]json.RawMessage
}

// AMS is the state of a tenant in the ARGO messaging service.
type AMS struct {
	// MetricData and SyncData are the states of the two kinds of messages.
	MetricData AMSProject
	SyncData   AMSProject
	// Extra holds fields of the server that this package does not know. They are sent back, and
	// printed and logged as they are.
	Extra map[string]json.RawMessage
}

// AMSProject is the state of one kind of messages.
type AMSProject struct {
	// Ingestion, Publishing and StatusStreaming tell whether each of them works.
	Ingestion       bool
	Publishing      bool
	StatusStreaming bool
	// MessagesArrived is the number of messages that have arrived.
	MessagesArrived int64
	// Extra holds fields of the server that this package does not know. They are sent back, and
	// printed and logged as they are.
	Extra map[string]json.RawMessage
}

// HDFS is the state of a tenant's data in storage.
type HDFS struct {
	// MetricData tells whether there is metric data in storage.
	MetricData bool
	// SyncData has the state of each report by the report's name.
	SyncData map[string]SyncData
	// Extra holds fields of the server that this package does not know. They are sent back, and
	// printed and logged as they are.
	Extra map[string]json.RawMessage
}

// SyncData tells which parts of a report's configuration are in storage.
type SyncData struct {
	// Each field tells whether the part of its name is there.
	AggregationProfile   bool
	BlankRecomputation   bool
	ConfigurationProfile bool
	Downtimes            bool
	GroupEndpoints       bool
	GroupGroups          bool
	MetricProfile        bool
	OperationsProfile    bool
	Weights              bool
	// Extra holds fields of the server that this package does not know. They are sent back, and
	// printed and logged as they are.
	Extra map[string]json.RawMessage
}

// GetTenantStatus returns a tenant's status. An unknown tenant is [tenantkit.ErrNotFound]; a tenant
// without a status has the zero Status. Restricted administrators may call it too. Retry class:
// read.
func (c *Client) GetTenantStatus(ctx context.Context, tenantID string, opts ...tenantkit.Option) (*TenantStatus, error) {
	return one[TenantStatus](ctx, c, &getTenantStatus, rest.Call{Path: []string{tenantID}}, opts)
}

// UpdateTenantStatus replaces a tenant's status. An unknown tenant is [tenantkit.ErrNotFound].
// Retry class: idempotent write.
func (c *Client) UpdateTenantStatus(ctx context.Context, tenantID string, status *Status, opts ...tenantkit.Option) error {
	op := &updateTenantStatus
	if status == nil {
		return op.Invalid("status", "must not be nil")
	}
	switch ams := status.AMS; {
	case ams.MetricData.MessagesArrived < 0:
		return op.Invalid("ams.metric_data.messages_arrived", "must not be negative")
	case ams.SyncData.MessagesArrived < 0:
		return op.Invalid("ams.sync_data.messages_arrived", "must not be negative")
	}
	sent := *status
	sent.Total = false
	err := c.write(ctx, &updateTenantStatus, rest.Call{Path: []string{tenantID}, Body: &sent}, opts)
	if err == nil {
		kept(ctx, c, tenantID).replace(sent)
	}
	return err
}

// restoreTimeout limits the work of KeepStatus after the caller's context is done.
const restoreTimeout = time.Minute

// KeepStatus reads the tenant's status, runs change, and restores the status, which changes of a
// tenant and of its users wipe. It also does so if change fails or panics, and if the context is
// done, for at most a minute. A status that is set in the meantime, by change or by another
// program, is left alone, and so is a tenant that is deleted. A call without a response may still
// be under way, and wipe the status after it was restored.
//
// Call the client's methods with the context that change is given. Several KeepStatus for one
// tenant run one after the other under the client's locker. A nested KeepStatus for the same tenant
// joins the outer one if it uses the context passed to change; otherwise it waits for the outer one
// until its own context is done.
//
// Retry class: read, then idempotent write; change is called once. If change returns a
// [tenantkit.Error] or a [tenantkit.ValidationError] and no earlier write of it took effect, that
// error is returned as it is. Otherwise a [tenantkit.Error] with [tenantkit.OutcomeUnknown] wraps
// it. If the status could not be restored, the error contains a [StatusLostError].
func (c *Client) KeepStatus(ctx context.Context, tenantID string, change func(context.Context) error, opts ...tenantkit.Option) error {
	if change == nil {
		return keepStatus.Invalid("change", "must not be nil")
	}
	path := []string{tenantID}
	if ctx != nil {
		if outer := kept(ctx, c, tenantID); outer != nil {
			err := change(ctx)
			return c.composed(&keepStatus, path, err, outer.wrote.Load())
		}
	}
	return c.locked(ctx, &keepStatus, path, []string{"status of tenant", tenantID},
		"the function given to KeepStatus must make its calls with the context that it gets, or they wait for it",
		func(held context.Context) (err error) {
			before, err := c.GetTenantStatus(held, tenantID, opts...)
			if err != nil {
				return rest.AsNotSent(err)
			}
			outer, _ := held.Value(keptStatusKey{}).(*keptStatus)
			keeping := &keptStatus{client: c, tenantID: tenantID, outer: outer, status: before.Status}
			defer func() {
				if lost := keeping.restore(held, opts); lost != nil {
					err = c.rest.Error(&keepStatus, path, tenantkit.OutcomeUnknown, errors.Join(err, lost))
				}
			}()
			err = change(context.WithValue(held, keptStatusKey{}, keeping))
			return c.composed(&keepStatus, path, err, keeping.wrote.Load())
		})
}

// StatusLostError is a status that [Client.KeepStatus] could not restore. Write it with
// [Client.UpdateTenantStatus] as soon as the server can be reached again.
type StatusLostError struct {
	// TenantID and Status are what to write: the status as it was, or as it was set in the
	// meantime.
	TenantID string
	Status   Status
	// Err is why it could not be restored.
	Err error
}

// Error names the tenant and the reason.
func (e *StatusLostError) Error() string {
	return fmt.Sprintf("argo: KeepStatus: the status of tenant %s was wiped, and could not be restored: %v", e.TenantID, e.Err)
}

// Is reports whether target is in the chain of Err. There is no Unwrap: the outcome in Err is that
// of the restoration, and would pass for that of the change.
func (e *StatusLostError) Is(target error) bool { return errors.Is(e.Err, target) }

type keptStatusKey struct{}

// keptStatus is the status that a running KeepStatus will restore.
type keptStatus struct {
	client   *Client
	tenantID string
	outer    *keptStatus // of another tenant, around this one
	wrote    atomic.Bool // a call may have changed something
	mu       sync.Mutex
	status   Status
}

// kept returns what a KeepStatus around this call keeps of the tenant, or nil.
func kept(ctx context.Context, c *Client, tenantID string) *keptStatus {
	k, _ := ctx.Value(keptStatusKey{}).(*keptStatus)
	for k != nil && (k.client != c || k.tenantID != tenantID) {
		k = k.outer
	}
	return k
}

// noteWrite notes a call that may have changed something, for every KeepStatus around it.
func noteWrite(ctx context.Context, class tenantkit.Class, err error) {
	outcome := tenantkit.OutcomeOf(err)
	if class == tenantkit.Read || outcome == tenantkit.OutcomeNotSent || outcome == tenantkit.OutcomeRejected {
		return
	}
	k, _ := ctx.Value(keptStatusKey{}).(*keptStatus)
	for ; k != nil; k = k.outer {
		k.wrote.Store(true)
	}
}

// replace makes a status that was set in the meantime the one to restore, should a later change
// wipe it.
func (k *keptStatus) replace(status Status) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	// The caller may go on with its map.
	status.HDFS.SyncData = maps.Clone(status.HDFS.SyncData)
	k.status = status
}

// restore restores the status, also if the caller's context is done, but not without the lock:
// another KeepStatus may then run.
func (k *keptStatus) restore(held context.Context, opts []tenantkit.Option) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status.Total = false
	if reflect.DeepEqual(k.status, Status{}) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(held), restoreTimeout)
	defer cancel()
	ctx, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	loseLock := func() {
		if errors.Is(context.Cause(held), coord.ErrLost) {
			lose(coord.ErrLost)
		}
	}
	if held.Err() != nil {
		loseLock()
	} else {
		defer context.AfterFunc(held, loseLock)()
	}
	now, err := k.client.GetTenantStatus(ctx, k.tenantID, opts...)
	if err == nil {
		if !now.Status.isWiped() || reflect.DeepEqual(now.Status, k.status) {
			return nil
		}
		err = k.client.write(ctx, &updateTenantStatus, rest.Call{Path: []string{k.tenantID}, Body: &k.status}, opts)
	}
	if err == nil || isUnknown(err) {
		// A tenant that is gone has no status to lose.
		return nil
	}
	return &StatusLostError{TenantID: k.tenantID, Status: k.status, Err: err}
}

// isWiped reports whether a status says nothing, as after a change that wiped it. Fields that this
// package does not know may stand in such a status too.
func (s *Status) isWiped() bool {
	return s.AMS.MetricData.isWiped() && s.AMS.SyncData.isWiped() && !s.HDFS.MetricData && len(s.HDFS.SyncData) == 0 && !s.EngineConfig && s.LastCheck == ""
}

func (p *AMSProject) isWiped() bool {
	return !p.Ingestion && !p.Publishing && !p.StatusStreaming && p.MessagesArrived == 0
}
