package wire

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An Encoder writes JSON, and a Decoder reads it, with the options of the call that made it.
//
// An exported type that keeps unknown fields has the methods MarshalJSON, MarshalJSONTo, UnmarshalJSON and UnmarshalJSONFrom, each of
// which converts it to an unexported struct with the same fields and calls [Marshal], [MarshalTo], [Unmarshal] or [UnmarshalFrom].
// The struct tag embed is only known to version 2 of encoding/json; with these methods, version 1 loses nothing either.
type (
	Encoder = jsontext.Encoder
	Decoder = jsontext.Decoder
)

// ErrNilPointer is returned by the UnmarshalJSON of a nil pointer.
var ErrNilPointer = errors.New("cannot decode into a nil pointer")

// Marshal encodes v. Equal values give equal bytes.
func Marshal(v any) ([]byte, error) { return json.Marshal(v, json.Deterministic(true)) }

// MarshalTo encodes v with the options of encoder.
func MarshalTo(encoder *Encoder, v any) error { return json.MarshalEncode(encoder, v) }

// UnmarshalFrom decodes the next value with the options of decoder.
func UnmarshalFrom(decoder *Decoder, into any) error { return json.UnmarshalDecode(decoder, into) }
