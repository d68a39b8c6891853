package autoid

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// SinkFilter says which sinks to return. Each field that is set must match; the zero filter matches
// all.
type SinkFilter struct {
	// ID and Name are those of the sink; empty matches any.
	ID   string `json:"id,omitzero"`
	Name string `json:"name,omitzero"`
	// The thresholds bound the timestamps of a sink.
	AutoCertify Threshold `json:"autoCertifyTimestamp,omitzero"`
	AutoRequest Threshold `json:"autoRequestTimestamp,omitzero"`
	Certify     Threshold `json:"certifyTimestamp,omitzero"`
	Revoke      Threshold `json:"revokeTimestamp,omitzero"`
	RolePublish Threshold `json:"rolePublishTimestamp,omitzero"`
}

// Threshold bounds a timestamp from below, from above, or both:
//
//	autoid.Threshold{Lower: autoid.GT(since), Upper: autoid.LTE(until)}
//
// The zero value does not bound it. The service knows times to the millisecond; a bound between two
// is moved to the one that makes no difference.
type Threshold struct {
	// Lower is made by [GT] or [GTE].
	Lower LowerBound
	// Upper is made by [LT] or [LTE].
	Upper UpperBound
}

// LowerBound is made by [GT] or [GTE]. The zero value is no bound.
type LowerBound struct{ bound }

// UpperBound is made by [LT] or [LTE]. The zero value is no bound.
type UpperBound struct{ bound }

type bound struct {
	set       bool
	inclusive bool
	time      time.Time
}

// GT lets pass what is after t.
func GT(t time.Time) LowerBound { return LowerBound{bound{true, false, floor(t)}} }

// GTE lets pass what is at t or after it.
func GTE(t time.Time) LowerBound { return LowerBound{bound{true, true, ceil(t)}} }

// LT lets pass what is before t.
func LT(t time.Time) UpperBound { return UpperBound{bound{true, false, ceil(t)}} }

// LTE lets pass what is at t or before it.
func LTE(t time.Time) UpperBound { return UpperBound{bound{true, true, floor(t)}} }

func floor(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func ceil(t time.Time) time.Time {
	if down := floor(t); down.Before(t) {
		return down.Add(time.Millisecond)
	}
	return floor(t)
}

// IsZero tells whether there is no bound.
func (t Threshold) IsZero() bool { return !t.Lower.set && !t.Upper.set }

// MarshalJSON writes the bounds as the API takes them.
func (t Threshold) MarshalJSON() ([]byte, error) {
	var sent struct {
		GT  *timestamp `json:"gt,omitzero"`
		GTE *timestamp `json:"gte,omitzero"`
		LT  *timestamp `json:"lt,omitzero"`
		LTE *timestamp `json:"lte,omitzero"`
	}
	sent.GT, sent.GTE = t.Lower.pair()
	sent.LT, sent.LTE = t.Upper.pair()
	return tenantkit.Reveal(sent)
}

// pair returns the time where the bound excludes it, or where it includes it.
func (b bound) pair() (exclusive, inclusive *timestamp) {
	t := timestamp(b.time)
	switch {
	case !b.set:
		return nil, nil
	case b.inclusive:
		return nil, &t
	default:
		return &t, nil
	}
}

func (t Threshold) check() string {
	for _, b := range []bound{t.Lower.bound, t.Upper.bound} {
		if b.set && b.time.IsZero() {
			return "a bound is the zero time"
		}
		if reason := badTime(b.time); reason != "" {
			return reason
		}
	}
	if t.Lower.set && t.Upper.set && t.Upper.time.Before(t.Lower.time) {
		return "the upper bound is before the lower"
	}
	return ""
}

// badNames says which of an id and a name, of which each may be left out, cannot be looked for.
func badNames(id, name string) (field, reason string) {
	if reason := rest.BadName(id); id != "" && reason != "" {
		return "id", reason
	}
	if reason := rest.BadName(name); name != "" && reason != "" {
		return "name", reason
	}
	return "", ""
}

// orAll returns the filter, or one that matches all if it is nil.
func orAll[F any](filter *F) *F {
	if filter == nil {
		return new(F)
	}
	return filter
}

func (f *SinkFilter) check(op *rest.Operation) error {
	if field, reason := badNames(f.ID, f.Name); reason != "" {
		return op.Invalid(field, "%s", reason)
	}
	for _, threshold := range []struct {
		field string
		Threshold
	}{
		{"autoCertifyTimestamp", f.AutoCertify}, {"autoRequestTimestamp", f.AutoRequest}, {"certifyTimestamp", f.Certify},
		{"revokeTimestamp", f.Revoke}, {"rolePublishTimestamp", f.RolePublish},
	} {
		if reason := threshold.check(); reason != "" {
			return op.Invalid(threshold.field, "%s", reason)
		}
	}
	return nil
}

// QuerySinks returns the sinks that match the filter; a nil filter matches all. There is no paging;
// for many, [Client.AllSinks] takes less memory. Repeated on failure like any read.
//
// POST /api/datasink/query, with the API key.
func (c *Client) QuerySinks(ctx context.Context, filter *SinkFilter, opts ...tenantkit.Option) ([]Sink, error) {
	filter = orAll(filter)
	if err := filter.check(&querySinks); err != nil {
		return nil, err
	}
	return c.query(ctx, &querySinks, filter, opts)
}

// query calls an operation that answers with a list of sinks.
func (c *Client) query(ctx context.Context, op *rest.Operation, filter any, opts []tenantkit.Option) ([]Sink, error) {
	listed := wire.List[sinkRead, Sink]{Keep: (*sinkRead).listed}
	if err := c.do(ctx, op, rest.Call{Body: filter, Into: &listed}, opts); err != nil {
		return nil, err
	}
	return listed.Elements, nil
}

// check says why this is no sink in an answer, where each has an id.
func (r *sinkRead) check() error {
	if r.ID == "" {
		return errors.New("a sink has no id")
	}
	return nil
}

func (r *sinkRead) listed() (Sink, error) { return r.sink(), r.check() }

// AllSinks returns the sinks that the filter matches, each as it arrives; a nil filter matches all.
// Nothing is sent before the first iteration, and a second one asks the service again. An error is
// the last thing that it yields. Repeated on failure, up to the first sink, like any read; the
// time-out of an attempt bounds each wait for the service, not the work of the loop.
//
// POST /api/datasink/query, with the API key.
func (c *Client) AllSinks(ctx context.Context, filter *SinkFilter, opts ...tenantkit.Option) iter.Seq2[*Sink, error] {
	filter = orAll(filter)
	return func(yield func(*Sink, error) bool) {
		if err := filter.check(&querySinks); err != nil {
			yield(nil, err)
			return
		}
		call := rest.Call{Body: filter, Element: func(element any) error { return element.(*sinkRead).check() }}
		for read, err := range rest.Stream[sinkRead](ctx, c.client(), &querySinks, call, "", opts) {
			if err != nil {
				yield(nil, err)
				return
			}
			if sink := read.sink(); !yield(&sink, nil) {
				return
			}
		}
	}
}

// UpdateTimestamps sets those timestamps of a sink that are not zero, one at least. Repeated on
// failure like any idempotent write.
//
// POST /api/datasink/update/timestamp, with the API key.
func (c *Client) UpdateTimestamps(ctx context.Context, sinkID string, timestamps Timestamps, opts ...tenantkit.Option) error {
	op := &updateTimestamps
	if reason := badID(sinkID); reason != "" {
		return op.Invalid("sinkID", "%s", reason)
	}
	if timestamps == (Timestamps{}) {
		return op.Invalid("timestamps", "all are zero")
	}
	if field, reason := timestamps.check(); reason != "" {
		return op.Invalid(field, "%s", reason)
	}
	return c.do(ctx, op, rest.Call{Body: struct {
		ID string `json:"id"`
		timestampsSent
	}{sinkID, timestamps.sent()}}, opts)
}
