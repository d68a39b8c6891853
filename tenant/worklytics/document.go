package worklytics

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	Extra         map[string]json.RawMessage `json:",inline,embed"`
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
	doc.Extra = maps.Clone(d.Extra)
	maps.DeleteFunc(doc.Extra, isServiceTime)
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

// UnmarshalJSON reads a connection as the API shows it. The ID may be text or a number, which keeps
// its digits.
func (d *DataConnection) UnmarshalJSON(data []byte) error {
	if d == nil {
		return wire.ErrNilPointer
	}
	var doc struct {
		ID            looseText                  `json:"id"`
		IntegrationID looseText                  `json:"integrationId"`
		Settings      map[string]looseText       `json:"settings"`
		Extra         map[string]json.RawMessage `json:",inline,embed"`
	}
	if err := wire.Unmarshal(data, &doc); err != nil {
		return err
	}
	id, numeric, err := doc.ID.identifier()
	if err != nil {
		return fmt.Errorf("id: %w", err)
	}
	integration, _, err := doc.IntegrationID.identifier()
	if err != nil {
		return fmt.Errorf("integrationId: %w", err)
	}
	*d = DataConnection{ID: id, NumericID: numeric, IntegrationID: IntegrationID(integration), Extra: doc.Extra}
	if doc.Settings != nil {
		d.Settings = make(map[string]string, len(doc.Settings))
	}
	for key, value := range doc.Settings {
		if value.isText {
			d.Settings[key] = value.text
			continue
		}
		if d.OtherSettings == nil {
			d.OtherSettings = make(map[string]json.RawMessage)
		}
		d.OtherSettings[key] = value.other
	}
	return nil
}

// looseText is what is documented as text, and may be any other JSON.
type looseText struct {
	text   string
	isText bool
	other  json.RawMessage // nil for text, and where there is nothing
}

// UnmarshalJSON takes any JSON.
func (l *looseText) UnmarshalJSON(data []byte) error {
	*l = looseText{}
	if l.text, l.isText = textOf(data); !l.isText {
		l.other = bytes.Clone(data)
	}
	return nil
}

// identifier returns text, or the digits of a number. A null is nothing.
func (l *looseText) identifier() (id string, numeric bool, err error) {
	switch other := string(l.other); {
	case other == "", other == "null":
		return l.text, false, nil
	case isNumber(other):
		return other, true, nil
	}
	return "", false, errors.New("it is neither text nor a number")
}

// textOf returns the text that a valid JSON value is, if it is one.
func textOf(value json.RawMessage) (string, bool) {
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	if !bytes.ContainsRune(value, '\\') {
		return string(value[1 : len(value)-1]), true
	}
	var text string
	err := wire.Unmarshal(value, &text)
	return text, err == nil
}

// isNumber reports whether text is a JSON number.
func isNumber(text string) bool {
	return text != "" && (text[0] == '-' || text[0] >= '0' && text[0] <= '9') && json.Valid([]byte(text))
}

// isServiceTime reports whether an unknown field is a time of creation or of the last update. The
// documentation says that there are such fields and that they need not be sent, but not their
// names. Name and value have to agree, so that nothing else is held back.
func isServiceTime(name string, value json.RawMessage) bool {
	name = strings.ToLower(name)
	if !strings.Contains(name, "creat") && !strings.Contains(name, "updat") && !strings.Contains(name, "modif") {
		return false
	}
	text, ok := textOf(value)
	if !ok {
		text = string(value)
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return seconds >= 1e9 // since 1970, or milliseconds
	}
	return text == "null" || isDate(text)
}

// isDate reports whether text begins with an ISO date, or has a year before the time of the day.
func isDate(text string) bool {
	if _, err := time.Parse(time.DateOnly, text[:min(len(text), len(time.DateOnly))]); err == nil {
		return true
	}
	beforeMinutes, _, hasTime := strings.Cut(text, ":")
	words := strings.Fields(beforeMinutes)
	return hasTime && len(words) > 1 && slices.ContainsFunc(words[:len(words)-1], func(word string) bool {
		year, err := strconv.Atoi(strings.Trim(word, ","))
		return err == nil && 1970 <= year && year <= 9999
	})
}
