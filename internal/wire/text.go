package wire

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Text is a text where a service may also send a number, or something else: it is read from a JSON
// string as its text, from null as the empty text, and from any other value as that value's JSON.
type Text string

// UnmarshalJSON reads any JSON value.
func (t *Text) UnmarshalJSON(data []byte) error {
	if t == nil {
		return ErrNilPointer
	}
	// As services write it. What follows costs several times as much.
	if text, ok := usual(data); ok {
		*t = Text(text)
		return nil
	}
	if jsontext.Value(data).Kind() == '"' {
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		*t = Text(text)
		return nil
	}
	value := jsontext.Value(data).Clone()
	// Also a check, since another library may not have made one.
	if err := value.Compact(); err != nil {
		return err
	}
	text := string(value)
	if value.Kind() == 'n' {
		text = ""
	}
	*t = Text(text)
	return nil
}

// usual returns the text of a JSON string in ASCII without escapes, or of a whole number, and
// reports whether data is one of them.
func usual(data []byte) (string, bool) {
	last := len(data) - 1
	switch {
	case last >= 1 && data[0] == '"' && data[last] == '"':
		for _, c := range data[1:last] {
			if c < ' ' || c > '~' || c == '"' || c == '\\' {
				return "", false
			}
		}
		return string(data[1:last]), true
	case last >= 0 && data[0] >= '1':
		for _, c := range data {
			if c < '0' || c > '9' {
				return "", false
			}
		}
		return string(data), true
	}
	return "", false
}
