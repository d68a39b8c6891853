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

// DataConnection connects Worklytics with one source of data through an instance of the proxy. Its
// JSON is that of the API, under encoding/json too.
type DataConnection struct {
	// ID is made by the service, and must be empty when a connection is created.
	ID string
	// NumericID says that the service writes the ID as a JSON number. It is sent back in the
	// same form, since nothing is published about its type. Hence update a connection that was
	// read, rather than one made by hand. See [Client.ModifyDataConnection].
	NumericID bool
	// IntegrationID is the kind of the source.
	IntegrationID IntegrationID
	// Settings are those whose values are strings, as all known ones are.
	Settings map[string]string
	// OtherSettings are settings with other values: numbers, booleans, null, objects. They are
	// sent back. For a key that is in both maps, the value of Settings is sent.
	OtherSettings map[string]json.RawMessage
	// Extra contains fields that this package does not know. They are sent back, and printed
	// and logged as they are. Times of creation and of the last update are not sent, since the
	// service sets them: fields whose name ("creat", "updat", "modif") and value (a date, a
	// time, or null) say so.
	Extra map[string]json.RawMessage
}

// CreateDataConnection creates a connection, and returns it with its ID. Keep the ID: the API has
// no list of connections. [Client.Reconcile] does so.
//
// What the API's documentation asks of every connection is checked before anything is sent, and an
// [InvalidConnectionError] lists all problems. Requirements of integrations, which come from other
// sources, are not checked: call [DataConnection.Validate].
//
// A rejected object is [tenantkit.ErrBadRequest]. [tenantkit.ErrNotFound] can mean that the base
// URL has the wrong prefix, see [LegacyBaseURL]. After [tenantkit.OutcomeUnknown], look into the
// web app before you create the connection again: the service is not known to reject a second one.
func (c *Client) CreateDataConnection(ctx context.Context, connection *DataConnection, opts ...tenantkit.Option) (*DataConnection, error) {
	op := &createDataConnection
	if connection == nil {
		return nil, op.Invalid("connection", "must not be nil")
	}
	if connection.ID != "" {
		return nil, op.Invalid("id", "must be empty, since the service makes it; UpdateDataConnection changes connection %s", connection.ID)
	}
	if err := connection.check(op.Name, false); err != nil {
		return nil, err
	}
	return c.do(ctx, op, rest.Call{Body: connection.sent()}, func(created *DataConnection) error {
		if created.ID == "" {
			return errors.New("it has no id; look for the new connection in the web app")
		}
		created.complete(connection)
		return nil
	}, opts)
}

// GetDataConnection returns a connection. An unknown one is [tenantkit.ErrNotFound].
func (c *Client) GetDataConnection(ctx context.Context, id string, opts ...tenantkit.Option) (*DataConnection, error) {
	return c.do(ctx, &getDataConnection, rest.Call{Path: []string{id}}, func(found *DataConnection) error {
		if found.IntegrationID == "" {
			return errors.New("it has no integrationId")
		}
		return found.completeID(id, false)
	}, opts)
}

// UpdateDataConnection replaces the connection with the ID connection.ID, and returns the object
// that the service made of it. Whatever connection leaves out is lost: change an object that was
// read, or use [Client.ModifyDataConnection].
//
// It is checked as by [Client.CreateDataConnection]. An unknown connection is
// [tenantkit.ErrNotFound], a rejected object [tenantkit.ErrBadRequest].
func (c *Client) UpdateDataConnection(ctx context.Context, connection *DataConnection, opts ...tenantkit.Option) (*DataConnection, error) {
	op := &updateDataConnection
	if connection == nil {
		return nil, op.Invalid("connection", "must not be nil")
	}
	if connection.NumericID && !isNumber(connection.ID) {
		return nil, op.Invalid("id", "%q is not a number, as NumericID says it is", connection.ID)
	}
	if err := connection.check(op.Name, false); err != nil {
		return nil, err
	}
	call := rest.Call{Path: []string{connection.ID}, Body: connection.sent()}
	return c.do(ctx, op, call, func(updated *DataConnection) error {
		updated.complete(connection)
		return updated.completeID(connection.ID, connection.NumericID)
	}, opts)
}

// ModifyDataConnection reads the connection, calls change, writes the whole connection back, and
// returns the object as the service wrote it. If change returns an error, or changes nothing,
// nothing is written. The error is returned as it is.
//
// The client's locker ([tenantkit.WithLocker]) is locked for the connection meanwhile, so that no
// change is lost among those who share it. Hence change must not call ModifyDataConnection for the
// same connection. Changes that others make in between are lost, since the service is not known to
// reject that. The read and the write are retried, and change is called once.
func (c *Client) ModifyDataConnection(ctx context.Context, id string, change func(*DataConnection) error, opts ...tenantkit.Option) (modified *DataConnection, err error) {
	op := &modifyDataConnection
	if change == nil {
		return nil, op.Invalid("change", "must not be nil")
	}
	pipeline, _ := c.call(nil)
	err = pipeline.Locked(ctx, op, []string{id}, []string{"connection", id}, func(held context.Context) error {
		connection, err := c.GetDataConnection(held, id, opts...)
		if err != nil {
			return rest.AsNotSent(err)
		}
		before, err := connection.MarshalJSON()
		if err != nil {
			return pipeline.Error(op, []string{id}, tenantkit.OutcomeNotSent, err)
		}
		if connection.Settings == nil {
			connection.Settings = make(map[string]string) // so that change can set one
		}
		if err := change(connection); err != nil {
			return err
		}
		if connection.ID != id {
			return op.Invalid("id", "was changed from %s to %s", id, connection.ID)
		}
		// The update reports an object that cannot be encoded, with the place.
		if after, err := connection.MarshalJSON(); err == nil && bytes.Equal(before, after) {
			modified = connection
			return nil
		}
		modified, err = c.UpdateDataConnection(held, connection, opts...)
		return err
	})
	return modified, err
}

// DeleteDataConnection deletes a connection. An unknown one is [tenantkit.ErrNotFound]. A
// connection that is gone after an attempt without a response counts as deleted.
func (c *Client) DeleteDataConnection(ctx context.Context, id string, opts ...tenantkit.Option) error {
	_, err := c.do(ctx, &deleteDataConnection, rest.Call{Path: []string{id}}, nil, opts)
	return err
}

// do calls an operation. With a check, its response is a data connection, which check validates and
// completes. Without, it may be anything.
func (c *Client) do(ctx context.Context, op *rest.Operation, call rest.Call, check func(*DataConnection) error, opts []tenantkit.Option) (*DataConnection, error) {
	pipeline, opts := c.call(opts)
	received := new(DataConnection)
	if check != nil {
		call.Into = received
		call.Check = func() error {
			if received.ID == "" && received.IntegrationID == "" && received.Settings == nil && received.OtherSettings == nil {
				return errors.New("it is not a data connection: it has neither id, integrationId nor settings")
			}
			return check(received)
		}
	}
	if err := pipeline.Do(ctx, op, call, opts); err != nil {
		return nil, err
	}
	return received, nil
}

// complete adds to the response to a write the fields that it leaves out, since nothing is
// published about its content.
func (d *DataConnection) complete(sent *DataConnection) {
	if d.IntegrationID == "" {
		d.IntegrationID = sent.IntegrationID
	}
	if d.Settings == nil && d.OtherSettings == nil {
		d.Settings, d.OtherSettings = maps.Clone(sent.Settings), maps.Clone(sent.OtherSettings)
	}
}

// completeID adds the requested ID to a response without one, and returns an error for another ID.
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
