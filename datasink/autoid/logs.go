package autoid

import (
	"context"
	"encoding/json"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// LogFilter says of which sinks to return the logs. Each field that is set must match; the zero
// filter matches all.
type LogFilter struct {
	// ID and Name are those of the sink; empty matches any.
	ID   string `json:"id,omitzero"`
	Name string `json:"name,omitzero"`
}

// SetLogs sets Logs to the JSON of logs, as encoding/json writes it. A [tenantkit.Secret] in it
// stays hidden.
func (s *Sink) SetLogs(logs any) error {
	if s == nil {
		return errNoSink
	}
	raw, err := encodeShape(logs)
	if err != nil {
		return err
	}
	s.Logs = raw
	return nil
}

// DecodeLogs decodes Logs as encoding/json does. Numbers become [json.Number] where into leaves the
// choice, as an any does, so that large ones stay intact. A sink without logs is an error.
func (s *Sink) DecodeLogs(into any) error {
	if s == nil {
		return errNoSink
	}
	return decodeShape(s.Logs, into)
}

// LogEntries returns the entries of Logs, and true, where they are a list, or an object with the
// list in its member logs: the documentation has both. Logs of any other shape are the caller's
// own, see [Sink.DecodeLogs].
func (s *Sink) LogEntries() ([]json.RawMessage, bool) {
	raw := s.Logs
	var wrapped struct {
		Logs json.RawMessage `json:"logs"`
	}
	if json.Unmarshal(raw, &wrapped) == nil {
		raw = wrapped.Logs
	}
	var entries []json.RawMessage
	if json.Unmarshal(raw, &entries) != nil || entries == nil {
		return nil, false
	}
	return entries, true
}

// QueryLogs returns the sinks that match the filter, with their logs; a nil filter matches all.
// There is no paging. Repeated on failure like any read.
//
// POST /api/datasink/query/logs, with the API key.
func (c *Client) QueryLogs(ctx context.Context, filter *LogFilter, opts ...tenantkit.Option) ([]Sink, error) {
	filter = orAll(filter)
	op := &queryLogs
	if field, reason := badNames(filter.ID, filter.Name); reason != "" {
		return nil, op.Invalid(field, "%s", reason)
	}
	return c.query(ctx, op, filter, opts)
}

// UpdateLogs sets the logs of a sink to the JSON of logs, as encoding/json writes it; raw JSON is
// sent as it is. The documentation asks for an object, and shows a list as {"logs": […]}; it does
// not say whether logs are replaced or added to. A [tenantkit.Secret] in them stays hidden.
// Repeated on failure like any idempotent write.
//
// POST /api/datasink/update/logs, with the API key.
func (c *Client) UpdateLogs(ctx context.Context, sinkID string, logs any, opts ...tenantkit.Option) error {
	op := &updateLogs
	if reason := badID(sinkID); reason != "" {
		return op.Invalid("sinkID", "%s", reason)
	}
	raw, err := encodeShape(logs)
	if err != nil {
		return op.Invalid("logs", "%v", err)
	}
	if notNull(raw) == nil {
		return op.Invalid("logs", "there are none")
	}
	return c.do(ctx, op, rest.Call{Body: struct {
		ID   string          `json:"id"`
		Logs json.RawMessage `json:"logs"`
	}{sinkID, raw}}, opts)
}
