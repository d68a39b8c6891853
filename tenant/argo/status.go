package argo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"sync"
	"time"

	"github.com/tenantkit/tenantkit"
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

// Status is what the argo engine reports of a tenant. The zero value is a status that was never set, or was wiped.
type Status struct {
	// Total is worked out by the server when it is read: whether everything else is true. It is not sent.
	Total bool
	// AMS is the state of the messaging service.
	AMS AMS
	// HDFS is the state of the storage.
	HDFS HDFS
	// EngineConfig tells whether the engine is configured.
	EngineConfig bool
	// LastCheck is when the engine looked. The server takes any text.
	LastCheck string
	// Extra holds fields of the server that this package does not know. They are sent back, and printed and logged as they are.
	Extra map[string]json.RawMessage
}

// AMS is the state of a tenant in the ARGO messaging service.
type AMS struct {
	// MetricData and SyncData are the states of the two kinds of messages.
	MetricData AMSProject
	SyncData   AMSProject
	// Extra holds fields of the server that this package does not know. They are sent back, and printed and logged as they are.
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
	// Extra holds fields of the server that this package does not know. They are sent back, and printed and logged as they are.
	Extra map[string]json.RawMessage
}

// HDFS is the state of a tenant's data in storage.
type HDFS struct {
	// MetricData tells whether there is metric data in storage.
	MetricData bool
	// SyncData has the state of each report by the report's name.
	SyncData map[string]SyncData
	// Extra holds fields of the server that this package does not know. They are sent back, and printed and logged as they are.
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
	// Extra holds fields of the server that this package does not know. They are sent back, and printed and logged as they are.
	Extra map[string]json.RawMessage
}

// GetTenantStatus returns a tenant's status. An unknown tenant is [tenantkit.ErrNotFound]; a tenant without a status has the zero
// Status. Restricted administrators may call it too. Repeated on failure like any read.
func (c *Client) GetTenantStatus(ctx context.Context, tenantID string, opts ...tenantkit.Option) (*TenantStatus, error) {
	return one[TenantStatus](ctx, c, &getTenantStatus, rest.Call{Path: []string{tenantID}}, opts)
}

// UpdateTenantStatus replaces a tenant's status. An unknown tenant is [tenantkit.ErrNotFound]. Repeated on failure like any
// idempotent write.
func (c *Client) UpdateTenantStatus(ctx context.Context, tenantID string, status *Status, opts ...tenantkit.Option) error {
	op := &updateTenantStatus
	if status == nil {
		return op.Invalid("status", "it is nil")
	}
	switch ams := status.AMS; {
	case ams.MetricData.MessagesArrived < 0:
		return op.Invalid("ams.metric_data.messages_arrived", "it is negative")
	case ams.SyncData.MessagesArrived < 0:
		return op.Invalid("ams.sync_data.messages_arrived", "it is negative")
	}
	sent := *status
	sent.Total = false
	err := c.write(ctx, &updateTenantStatus, rest.Call{Path: []string{tenantID}, Body: &sent}, opts)
	if err == nil {
		kept(ctx, c, tenantID).replace(sent)
	}
	return err
}

// restoreTimeout bounds the work of KeepStatus after the caller's own context has ended.
const restoreTimeout = time.Minute

// KeepStatus reads the tenant's status, runs change, and restores the status, which the changes of a tenant and of its users wipe. It
// does so also when change fails or panics, and when the context has ended, for a minute at the most. A status that is set in the
// meantime, by change or by another program, is left alone, and so is a tenant that is deleted. A call that ended without an answer
// may still be under way, and wipe the status after it was restored.
//
// Call the client's methods with the context that change is given. Several for one tenant at the same time run one after the other.
// One within another is part of it, if it has that context; if not, it waits for the outer one, and so until its own context ends.
//
// Repeated on failure like a read and an idempotent write; change is called once. An error of change comes back as it is; a status
// that could not be restored comes back in a [StatusLostError], joined with the error of change.
func (c *Client) KeepStatus(ctx context.Context, tenantID string, change func(context.Context) error, opts ...tenantkit.Option) (err error) {
	if change == nil {
		return keepStatus.Invalid("change", "it is nil")
	}
	if c == nil {
		return keepStatus.Invalid("client", "it was not made by NewClient")
	}
	if ctx != nil && kept(ctx, c, tenantID) != nil {
		return change(ctx)
	}
	unlock, err := c.lock(ctx, &c.statuses, &keepStatus, []string{tenantID})
	if err != nil {
		return err
	}
	defer unlock()
	before, err := c.GetTenantStatus(ctx, tenantID, opts...)
	if err != nil {
		return rest.AsNotSent(err)
	}
	outer, _ := ctx.Value(keptStatusKey{}).(*keptStatus)
	keeping := &keptStatus{client: c, tenantID: tenantID, outer: outer, status: before.Status}
	defer func() {
		if lost := keeping.restore(ctx, opts); lost != nil {
			err = errors.Join(err, lost)
		}
	}()
	return change(context.WithValue(ctx, keptStatusKey{}, keeping))
}

// StatusLostError is a status that [Client.KeepStatus] could not restore. Write it with [Client.UpdateTenantStatus] when the server
// can be reached again.
type StatusLostError struct {
	// TenantID and Status are what to write: the status as it was, or as it was set in the meantime.
	TenantID string
	Status   Status
	// Err is why it could not be restored.
	Err error
}

// Error names the tenant and the reason.
func (e *StatusLostError) Error() string {
	return fmt.Sprintf("argo: KeepStatus: the status of tenant %s was wiped, and could not be restored: %v", e.TenantID, e.Err)
}

// Is reports whether target is in the chain of Err. There is no Unwrap: the outcome in Err is that of the restoration, and would
// pass for that of the change.
func (e *StatusLostError) Is(target error) bool { return errors.Is(e.Err, target) }

type keptStatusKey struct{}

// keptStatus is the status that a running KeepStatus will restore.
type keptStatus struct {
	client   *Client
	tenantID string
	outer    *keptStatus // of another tenant, around this one
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

// replace makes a status that was set in the meantime the one to restore, should a later change wipe it.
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

func (k *keptStatus) restore(ctx context.Context, opts []tenantkit.Option) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status.Total = false
	if reflect.DeepEqual(k.status, Status{}) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreTimeout)
	defer cancel()
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

// isWiped reports whether a status says nothing, as after a change that wiped it. Fields that this package does not know may stand in
// such a status too.
func (s *Status) isWiped() bool {
	return s.AMS.MetricData.isWiped() && s.AMS.SyncData.isWiped() && !s.HDFS.MetricData && len(s.HDFS.SyncData) == 0 && !s.EngineConfig && s.LastCheck == ""
}

func (p *AMSProject) isWiped() bool {
	return !p.Ingestion && !p.Publishing && !p.StatusStreaming && p.MessagesArrived == 0
}
