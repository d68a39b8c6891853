package infoworks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// UserQuery names users of the directory (LDAP).
type UserQuery struct {
	// UserIDs are values of the search attribute; one at least.
	UserIDs []string `json:"userIds"`
	// SearchAttribute is the attribute to look at. Empty leaves it to the server.
	SearchAttribute string `json:"searchAttribute,omitzero"`
}

// UserEntry is what the directory has of a user. Infoworks documents it as a text, and not what is
// in it.
type UserEntry struct {
	// Raw is the item as it came: JSON, most often a text.
	Raw json.RawMessage
}

// UnmarshalJSON keeps data.
func (u *UserEntry) UnmarshalJSON(data []byte) error {
	if u == nil {
		return wire.ErrNilPointer
	}
	u.Raw = bytes.Clone(data)
	return nil
}

// MarshalJSON returns Raw.
func (u UserEntry) MarshalJSON() ([]byte, error) {
	if u.Raw == nil {
		return []byte("null"), nil
	}
	return u.Raw, nil
}

// Text returns the item's text, and false where it is no text.
func (u UserEntry) Text() (string, bool) {
	var text *string
	if wire.Unmarshal(u.Raw, &text) != nil || text == nil {
		return "", false
	}
	return *text, true
}

// Decode decodes the item into what into points to. Where the item is a text that holds JSON, and
// into does not take a text, it decodes that JSON.
func (u UserEntry) Decode(into any) error {
	if into == nil {
		return errors.New("UserEntry.Decode: there is nothing to decode into")
	}
	err := wire.Unmarshal(u.Raw, into)
	if text, ok := u.Text(); ok && err != nil {
		if wire.Unmarshal([]byte(text), into) == nil {
			return nil
		}
	}
	return err
}

// UserData looks users up in the directory. It is retried like any read.
func (c *Client) UserData(ctx context.Context, query *UserQuery, opts ...tenantkit.Option) ([]UserEntry, error) {
	c = c.orZero()
	op := &userData
	if query == nil {
		return nil, op.Invalid("query", "it is nil")
	}
	if reason := badList(query.UserIDs); reason != "" {
		return nil, op.Invalid("query.UserIDs", "%s", reason)
	}
	var response struct {
		Users *[]UserEntry `json:"users"`
	}
	err := c.do(ctx, &userData, rest.Call{Body: query, Into: &response, Check: func() error {
		return errorIf(response.Users == nil, "it has no users")
	}}, opts)
	if err != nil {
		return nil, err
	}
	return *response.Users, nil
}

// badList says why a list of names cannot be searched for, or nothing.
func badList(names []string) string {
	if len(names) == 0 {
		return "it is empty"
	}
	for i, name := range names {
		if reason := rest.BadName(name); reason != "" {
			return fmt.Sprintf("at %d: %s", i, reason)
		}
	}
	return ""
}
