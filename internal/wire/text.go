package wire

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Text is a text where a service may also send a number, or something else: it is read from a JSON string as its text, from null as
// the empty text, and from any other value as that value's JSON.
type Text string

// UnmarshalJSON reads any JSON value.
func (t *Text) UnmarshalJSON(data []byte) error {
	if t == nil {
		return ErrNilPointer
	}
	if jsontext.Value(data).Kind() == '"' {
		return json.Unmarshal(data, (*string)(t))
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
