package worklytics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// DataConnection connects Worklytics with one source of data through an instance of the proxy. As JSON it is what the API shows,
// under encoding/json too.
type DataConnection struct {
	// ID is made by the service, and must be empty when a connection is created.
	ID string
	// NumericID tells that the service writes the ID as a JSON number. It is sent back as it came, since nothing is published about
	// its type; hence update what was read, rather than an object made by hand. See [Client.ModifyDataConnection].
	NumericID bool
	// IntegrationID is the kind of the source.
	IntegrationID IntegrationID
	// Settings are those whose values are text, which all known ones are.
	Settings map[string]string
	// OtherSettings are settings whose values are no text: numbers, true and false, null, objects. They are sent back; a key that
	// Settings has too is sent with the text of Settings.
	OtherSettings map[string]json.RawMessage
	// Extra holds fields of the service that this package does not know. They are sent back, and printed and logged as they are. Not
	// sent are times of creation and of the last update, which the service sets: such a field is told by its name (creat…, updat…,
	// modif…) together with its value (a date, a time, or null).
	Extra map[string]json.RawMessage
}

// CreateDataConnection creates a connection, and returns it with its ID. Keep that: the API has no list of connections.
//
// What the API's documentation asks of every connection is checked before anything is sent, and an [InvalidConnectionError] names all
// that is wrong. What an integration needs beyond that, from other sources, is not: call [DataConnection.Validate] for it.
//
// A refused object is [tenantkit.ErrBadRequest]. A [tenantkit.ErrNotFound] can mean that the base URL has the wrong prefix, see
// [LegacyBaseURL]. Like any write, it is repeated only when it surely was not applied. After [tenantkit.OutcomeUnknown], look into the
// web app before you create the connection again: it is not known that the service refuses a second one.
func (c *Client) CreateDataConnection(ctx context.Context, connection *DataConnection, opts ...tenantkit.Option) (*DataConnection, error) {
	op := &createDataConnection
	if connection == nil {
		return nil, op.Invalid("connection", "it is nil")
	}
	if connection.ID != "" {
		return nil, op.Invalid("id", "it is set, but the service makes the ID of a new connection; use UpdateDataConnection to change connection %s", connection.ID)
	}
	if err := connection.check(op.Name, documentedRules); err != nil {
		return nil, err
	}
	return c.do(ctx, &createDataConnection, rest.Call{Body: connection.sent()}, func(answer *DataConnection) error {
		if answer.ID == "" {
			return errors.New("it has no id; look for the new connection in the web app")
		}
		answer.complete(connection)
		return nil
	}, opts)
}

// GetDataConnection returns a connection. An unknown one is [tenantkit.ErrNotFound]. Repeated on failure like any read.
func (c *Client) GetDataConnection(ctx context.Context, id string, opts ...tenantkit.Option) (*DataConnection, error) {
	return c.do(ctx, &getDataConnection, rest.Call{Path: []string{id}}, func(answer *DataConnection) error {
		if answer.IntegrationID == "" {
			return errors.New("it has no integrationId")
		}
		return answer.completeID(id, false)
	}, opts)
}

// UpdateDataConnection replaces the connection of connection.ID by connection, and returns what the service made of it. Whatever
// connection leaves out is lost: change what was read, or use [Client.ModifyDataConnection].
//
// It is checked as by [Client.CreateDataConnection]. An unknown connection is [tenantkit.ErrNotFound], a refused object
// [tenantkit.ErrBadRequest]. Repeated on failure like any idempotent write.
func (c *Client) UpdateDataConnection(ctx context.Context, connection *DataConnection, opts ...tenantkit.Option) (*DataConnection, error) {
	op := &updateDataConnection
	if connection == nil {
		return nil, op.Invalid("connection", "it is nil")
	}
	if connection.NumericID && !isNumber(connection.ID) {
		return nil, op.Invalid("id", "%q is not a number, as NumericID says it is", connection.ID)
	}
	if err := connection.check(op.Name, documentedRules); err != nil {
		return nil, err
	}
	call := rest.Call{Path: []string{connection.ID}, Body: connection.sent()}
	return c.do(ctx, &updateDataConnection, call, func(answer *DataConnection) error {
		answer.complete(connection)
		return answer.completeID(connection.ID, connection.NumericID)
	}, opts)
}

// ModifyDataConnection reads the connection, lets change do its work, writes the whole of it back, and returns what the service made
// of it. When change returns an error, or leaves everything as it is, nothing is written; the error comes back as it is.
//
// Calls of one client for the same connection wait for each other, so that no change is lost between them; hence change must not call
// ModifyDataConnection for the same connection. What other programs change in between is lost, since the service is not known to refuse
// that. Repeated on failure like a read and an
// idempotent write; change is called once.
func (c *Client) ModifyDataConnection(ctx context.Context, id string, change func(*DataConnection) error, opts ...tenantkit.Option) (*DataConnection, error) {
	if change == nil {
		return nil, modifyDataConnection.Invalid("change", "it is nil")
	}
	if c == nil || ctx == nil {
		// It tells which of them.
		_, err := c.GetDataConnection(ctx, id, opts...)
		return nil, err
	}
	unlock, err := c.connections.Lock(ctx, id)
	if err != nil {
		return nil, c.rest.Error(&modifyDataConnection, []string{id}, tenantkit.OutcomeNotSent, err)
	}
	defer unlock()
	connection, err := c.GetDataConnection(ctx, id, opts...)
	if err != nil {
		return nil, rest.AsNotSent(err)
	}
	before, err := connection.MarshalJSON()
	if err != nil {
		return nil, err
	}
	if connection.Settings == nil {
		connection.Settings = make(map[string]string) // so that change can set one
	}
	if err := change(connection); err != nil {
		return nil, err
	}
	if connection.ID != id {
		return nil, modifyDataConnection.Invalid("id", "it was changed from %s to %s", id, connection.ID)
	}
	// An object that cannot be sent is told by the update, with the place.
	if after, err := connection.MarshalJSON(); err == nil && bytes.Equal(before, after) {
		return connection, nil
	}
	return c.UpdateDataConnection(ctx, connection, opts...)
}

// DeleteDataConnection deletes a connection. An unknown one is [tenantkit.ErrNotFound]. Repeated on failure like any idempotent write;
// a connection that is gone after an attempt without an answer counts as deleted.
func (c *Client) DeleteDataConnection(ctx context.Context, id string, opts ...tenantkit.Option) error {
	_, err := c.do(ctx, &deleteDataConnection, rest.Call{Path: []string{id}}, nil, opts)
	return err
}

// do calls an operation. With a check it answers with a data connection, which check looks at; without, with anything.
func (c *Client) do(ctx context.Context, operation *rest.Operation, call rest.Call, check func(*DataConnection) error, opts []tenantkit.Option) (*DataConnection, error) {
	if c == nil {
		return nil, operation.Invalid("client", "it was not made by NewClient")
	}
	call.Header = c.tenant
	answer := new(DataConnection)
	if check != nil {
		call.Into = answer
		call.Check = func() error {
			if answer.ID == "" && answer.IntegrationID == "" && answer.Settings == nil && answer.OtherSettings == nil {
				return errors.New("it is not a data connection: it has neither id, integrationId nor settings")
			}
			return check(answer)
		}
	}
	if err := c.pipeline().Do(ctx, operation, call, opts); err != nil {
		return nil, err
	}
	return answer, nil
}

// complete adds what the answer to a write leaves out, since nothing is published about what it holds.
func (d *DataConnection) complete(sent *DataConnection) {
	if d.IntegrationID == "" {
		d.IntegrationID = sent.IntegrationID
	}
	if d.Settings == nil && d.OtherSettings == nil {
		d.Settings, d.OtherSettings = maps.Clone(sent.Settings), maps.Clone(sent.OtherSettings)
	}
}

// completeID adds the ID that was asked for to an answer without one, and refuses another.
func (d *DataConnection) completeID(asked string, numeric bool) error {
	switch d.ID {
	case asked:
		return nil
	case "":
		d.ID, d.NumericID = asked, numeric
		return nil
	}
	return fmt.Errorf("it is about connection %s in place of %s", d.ID, asked)
}
