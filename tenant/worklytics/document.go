package worklytics

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// document is a data connection as it is written. ID and settings are text or JSON.
type document struct {
	ID            any                        `json:"id,omitzero"`
	IntegrationID IntegrationID              `json:"integrationId,omitzero"`
	Settings      map[string]any             `json:"settings"`
	Extra         map[string]json.RawMessage `json:",inline"`
}

// MarshalJSON returns the connection as the API shows it, with all of its fields.
func (d DataConnection) MarshalJSON() ([]byte, error) {
	doc := d.document()
	doc.Extra = d.Extra
	return tenantkit.Reveal(doc)
}

// sent returns the connection as it is sent, without the times that the service sets.
func (d *DataConnection) sent() *document {
	doc := d.document()
	doc.Extra = make(map[string]json.RawMessage, len(d.Extra))
	for name, value := range d.Extra {
		if !isServiceTime(name, value) {
			doc.Extra[name] = value
		}
	}
	return doc
}

func (d *DataConnection) document() *document {
	doc := &document{IntegrationID: d.IntegrationID, Settings: make(map[string]any, len(d.Settings)+len(d.OtherSettings))}
	switch {
	case d.ID == "":
	case d.NumericID:
		doc.ID = json.RawMessage(d.ID)
	default:
		doc.ID = d.ID
	}
	for key, value := range d.OtherSettings {
		doc.Settings[key] = value
	}
	for key, value := range d.Settings {
		doc.Settings[key] = value
	}
	return doc
}

// UnmarshalJSON reads a connection as the API shows it. The ID may be text or a number, which keeps its digits.
func (d *DataConnection) UnmarshalJSON(data []byte) error {
	var doc struct {
		ID            json.RawMessage            `json:"id"`
		IntegrationID json.RawMessage            `json:"integrationId"`
		Settings      map[string]json.RawMessage `json:"settings"`
		Extra         map[string]json.RawMessage `json:",inline"`
	}
	if err := wire.Unmarshal(data, &doc); err != nil {
		return err
	}
	id, numeric, err := identifier(doc.ID)
	if err != nil {
		return fmt.Errorf("id: %w", err)
	}
	integration, _, err := identifier(doc.IntegrationID)
	if err != nil {
		return fmt.Errorf("integrationId: %w", err)
	}
	*d = DataConnection{ID: id, NumericID: numeric, IntegrationID: IntegrationID(integration), Extra: doc.Extra}
	if doc.Settings != nil {
		d.Settings = make(map[string]string, len(doc.Settings))
	}
	for key, value := range doc.Settings {
		if text, ok := textOf(value); ok {
			d.Settings[key] = text
			continue
		}
		if d.OtherSettings == nil {
			d.OtherSettings = make(map[string]json.RawMessage)
		}
		d.OtherSettings[key] = value
	}
	return nil
}

// identifier returns what is documented as text, and may come as a number. A null is none.
func identifier(value json.RawMessage) (id string, numeric bool, err error) {
	if id, ok := textOf(value); ok {
		return id, false, nil
	}
	switch {
	case len(value) == 0 || string(value) == "null":
		return "", false, nil
	case isNumber(string(value)):
		return string(value), true, nil
	}
	return "", false, errors.New("it is neither text nor a number")
}

// textOf returns the text that a JSON value is, if it is one.
func textOf(value json.RawMessage) (string, bool) {
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	var text string
	err := wire.Unmarshal(value, &text)
	return text, err == nil
}

// isNumber reports whether text is a JSON number.
func isNumber(text string) bool {
	return text != "" && (text[0] == '-' || text[0] >= '0' && text[0] <= '9') && json.Valid([]byte(text))
}

// isServiceTime reports whether an unknown field is a time of creation or of the last update: the documentation says that there are
// such fields, and that they need not be sent, but not their names. Name and value have to agree, so that nothing else is held back.
func isServiceTime(name string, value json.RawMessage) bool {
	name = strings.ToLower(name)
	if !strings.Contains(name, "creat") && !strings.Contains(name, "updat") && !strings.Contains(name, "modif") {
		return false
	}
	text, ok := textOf(value)
	if !ok {
		text = string(value)
	}
	return text == "null" || isTime(text)
}

// isTime reports whether text is a date, a time, or a number of seconds or milliseconds since 1970.
func isTime(text string) bool {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return n >= 1e9
	}
	for _, layout := range [...]string{
		time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", time.DateTime, time.DateOnly,
		time.RFC1123, time.RFC1123Z, time.UnixDate, "Jan 2, 2006 3:04:05 PM", "Jan 2, 2006, 3:04:05 PM",
	} {
		if _, err := time.Parse(layout, text); err == nil {
			return true
		}
	}
	return false
}
