package autoid

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// Sink is a downstream consumer of decisions: a service connector.
type Sink struct {
	// ID is a UUID that its creator chooses; [NewSinkID] makes one.
	ID string
	// Name need not be unique.
	Name string
	// Config is the connection of the sink in JSON of the caller's own shape: see
	// [Sink.SetConfig] and [Sink.DecodeConfig]. Nil is not sent. Everybody who may query sinks
	// can read it, so it is no place for a password.
	Config json.RawMessage
	// Timestamps tell when each kind of operation was last done. Those that are zero are not
	// sent.
	Timestamps Timestamps
	// Logs are the log of the sink in JSON of the caller's own shape: see [Sink.SetLogs],
	// [Sink.DecodeLogs] and [Sink.LogEntries]. Nil is not sent.
	Logs json.RawMessage
	// Extra holds fields of the service that this package does not know. They are sent back,
	// and printed and logged as they are.
	Extra map[string]json.RawMessage
}

// sinkSent is a Sink as the documentation has it.
type sinkSent struct {
	ID     string          `json:"id"`
	Name   string          `json:"name,omitzero"`
	Config json.RawMessage `json:"config,omitzero"`
	timestampsSent
	Logs  json.RawMessage            `json:"logs,omitzero"`
	Extra map[string]json.RawMessage `json:",inline,embed"`
}

// MarshalJSON writes the sink as the API takes it.
func (s Sink) MarshalJSON() ([]byte, error) {
	return tenantkit.Reveal(sinkSent{s.ID, s.Name, s.Config, s.Timestamps.sent(), s.Logs, s.Extra})
}

// UnmarshalJSON reads a sink as the API gives it, with either spelling of the timestamps.
func (s *Sink) UnmarshalJSON(data []byte) error {
	if s == nil {
		return errNoSink
	}
	var read sinkRead
	if err := wire.Unmarshal(data, &read); err != nil {
		return err
	}
	*s = read.sink()
	return nil
}

// sinkRead is a Sink as the service writes it.
type sinkRead struct {
	ID     wire.Text       `json:"id"`
	Name   wire.Text       `json:"name"`
	Config json.RawMessage `json:"config"`
	timestampsRead
	Logs  json.RawMessage            `json:"logs"`
	Extra map[string]json.RawMessage `json:",inline,embed"`
}

func (r *sinkRead) sink() Sink {
	return Sink{string(r.ID), string(r.Name), notNull(r.Config), r.timestamps(), notNull(r.Logs), r.Extra}
}

// SetConfig sets Config to the JSON of config, as encoding/json writes it. A [tenantkit.Secret] in
// it is an error, since only [tenantkit.Redacted] would be stored: convert it to string if it must
// be there.
func (s *Sink) SetConfig(config any) error {
	if s == nil {
		return errNoSink
	}
	raw, err := encodeShape(config)
	if err != nil {
		return err
	}
	if holdsRedacted(raw) {
		return errors.New("autoid: the config holds the text " + tenantkit.Redacted + ", perhaps of a tenantkit.Secret")
	}
	s.Config = raw
	return nil
}

// DecodeConfig decodes Config as encoding/json does. Numbers become [json.Number] where into leaves
// the choice, as an any does, so that large ones stay intact. A sink without config is an error.
func (s *Sink) DecodeConfig(into any) error {
	if s == nil {
		return errNoSink
	}
	return decodeShape(s.Config, into)
}

// errNoSink is what a method of a nil sink answers.
var errNoSink = errors.New("autoid: the sink is nil")

// NewSinkID returns a new random UUID.
func NewSinkID() string {
	var id [16]byte
	// It never fails.
	_, _ = rand.Read(id[:])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	text := hex.EncodeToString(id[:])
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}

// CreateSink creates a sink with the id and the name of sink, which are required, and whatever else
// it holds.
//
// Like any write, it is repeated only when it surely was not applied. [Client.EnsureSink] repeats
// it after a look.
//
// POST /api/datasink/create, with a bearer token.
func (c *Client) CreateSink(ctx context.Context, sink *Sink, opts ...tenantkit.Option) error {
	op := &createSink
	if err := sink.check(op); err != nil {
		return err
	}
	if !isUUID(sink.ID) {
		return op.Invalid("id", "%.64q is not a UUID, as the service asks for: NewSinkID makes one", sink.ID)
	}
	return c.do(ctx, op, rest.Call{Body: sink}, opts)
}

// UpdateSink changes the sink with the id of sink. The name is required. The documentation does not
// say what becomes of fields that are not sent: read the sink with [Client.QuerySinks], and its
// logs, which may not be there, with [Client.QueryLogs], change it, and send all of it. Repeated on
// failure like any idempotent write.
//
// POST /api/datasink/update, with a bearer token.
func (c *Client) UpdateSink(ctx context.Context, sink *Sink, opts ...tenantkit.Option) error {
	op := &updateSink
	if err := sink.check(op); err != nil {
		return err
	}
	return c.do(ctx, op, rest.Call{Body: sink}, opts)
}

// DeleteSink deletes a sink. Repeated on failure like any idempotent write; 404 after an attempt
// whose answer was lost counts as done.
//
// POST /api/datasink/delete, with a bearer token.
func (c *Client) DeleteSink(ctx context.Context, sinkID string, opts ...tenantkit.Option) error {
	op := &deleteSink
	if reason := badID(sinkID); reason != "" {
		return op.Invalid("sinkID", "%s", reason)
	}
	return c.do(ctx, op, rest.Call{Body: struct {
		ID string `json:"id"`
	}{sinkID}}, opts)
}

// check looks at what is sent to create and to update.
func (s *Sink) check(op *rest.Operation) error {
	if s == nil {
		return op.Invalid("sink", "it is nil")
	}
	if reason := rest.BadName(s.ID); reason != "" {
		return op.Invalid("id", "%s", reason)
	}
	if reason := rest.BadName(s.Name); reason != "" {
		return op.Invalid("name", "%s", reason)
	}
	if reason := badShape(s.Config); reason != "" {
		return op.Invalid("config", "%s", reason)
	}
	if holdsRedacted(s.Config) {
		return op.Invalid("config", "it holds the text %s in place of what was redacted there", tenantkit.Redacted)
	}
	if field, reason := s.Timestamps.check(); reason != "" {
		return op.Invalid(field, "%s", reason)
	}
	if reason := badShape(s.Logs); reason != "" {
		return op.Invalid("logs", "%s", reason)
	}
	return nil
}

// isUUID tells whether id has the 8-4-4-4-12 form of RFC 9562.
func isUUID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
				return false
			}
		}
	}
	return true
}

// maxCreations is how often EnsureSink sends a creation, retries not counted.
const maxCreations = 3

// EnsureSink returns the sink with the ID and the name of sink, and creates it from sink if there
// is none. A sink that exists is returned as it is. It can be called again after any error: after a
// creation whose effect is unknown, or that the service rejects, it looks for a sink with the ID.
// One with another name is [tenantkit.ErrConflict].
//
// Retry class: write, then read. It waits for other calls of EnsureSink for the ID under the
// client's locker. It takes the credentials of CreateSink and of [Client.QuerySinks].
func (c *Client) EnsureSink(ctx context.Context, sink *Sink, opts ...tenantkit.Option) (ensured *Sink, err error) {
	if err := sink.check(&createSink); err != nil {
		return nil, err
	}
	err = c.client().Locked(ctx, &ensureSink, nil, []string{"sink", strings.ToLower(sink.ID)}, func(held context.Context) error {
		for range maxCreations {
			failed := c.CreateSink(held, sink, opts...)
			if failed == nil {
				created := *sink
				ensured = &created
				return nil
			}
			if ensured, err = c.sinkOf(held, sink, failed, opts); err != nil || ensured != nil {
				return err
			}
		}
		return c.rest.Error(&ensureSink, nil, tenantkit.OutcomeUnknown, fmt.Errorf("%d creations had no response, and there is no sink with the ID", maxCreations))
	})
	return ensured, err
}

// sinkOf returns the sink that a failed creation may have created. It returns neither a sink nor an
// error if there is none and the creation may be sent again.
func (c *Client) sinkOf(ctx context.Context, sink *Sink, failed error, opts []tenantkit.Option) (*Sink, error) {
	if !mayExist(failed) {
		return nil, failed
	}
	found, err := c.QuerySinks(ctx, &SinkFilter{ID: sink.ID}, opts...)
	if err != nil {
		return nil, c.rest.Error(&ensureSink, nil, tenantkit.OutcomeOf(failed), fmt.Errorf("it is not known whether the sink exists: %w", errors.Join(failed, err)))
	}
	for i := range found {
		switch {
		case !strings.EqualFold(found[i].ID, sink.ID): // UUIDs have no case
		case found[i].Name == sink.Name:
			return &found[i], nil
		default:
			taken := &takenError{id: sink.ID, name: found[i].Name}
			return nil, c.rest.Error(&ensureSink, nil, tenantkit.OutcomeRejected, taken)
		}
	}
	if tenantkit.OutcomeOf(failed) != tenantkit.OutcomeUnknown {
		return nil, failed
	}
	return nil, nil
}

// mayExist reports whether the sink of a failed creation may be there. A rejected credential says
// nothing about it.
func mayExist(err error) bool {
	switch tenantkit.OutcomeOf(err) {
	case tenantkit.OutcomeUnknown:
		return true
	case tenantkit.OutcomeRejected:
		return errors.Is(err, tenantkit.ErrConflict) || errors.Is(err, tenantkit.ErrBadRequest)
	default:
		return false
	}
}

// takenError is an ID that another sink has.
type takenError struct{ id, name string }

func (e *takenError) Error() string {
	return fmt.Sprintf("the id %s belongs to a sink of the name %q: choose another id, or update that sink", e.id, e.name)
}

// Is makes it a conflict, which the service may not have called it.
func (e *takenError) Is(target error) bool { return target == tenantkit.ErrConflict }
