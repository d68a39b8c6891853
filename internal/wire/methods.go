package wire

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An Encoder writes JSON with the options of the call that made it.
//
// An exported type that keeps unknown fields has the methods MarshalJSON, MarshalJSONTo,
// UnmarshalJSON and UnmarshalJSONFrom. Each converts the value to an unexported struct with the
// same fields, and calls [Marshal], [MarshalTo], [Unmarshal] or [UnmarshalFrom]. Only version 2 of
// encoding/json knows the struct tag embed, but both versions call these methods, so neither loses
// a field. The tag has two names: Go 1.26 with GOEXPERIMENT=jsonv2 knows it as inline, everything
// newer as embed, and each ignores the other.
type Encoder = jsontext.Encoder

// A Decoder reads JSON with the options of the call that made it. See [Encoder].
type Decoder = jsontext.Decoder

// ErrNilPointer is returned by the UnmarshalJSON of a nil pointer.
var ErrNilPointer = errors.New("cannot decode into a nil pointer")

// Marshal encodes v. Equal values give equal bytes.
func Marshal(v any) ([]byte, error) { return json.Marshal(v, json.Deterministic(true)) }

// MarshalTo encodes v with the options of encoder.
func MarshalTo(encoder *Encoder, v any) error { return json.MarshalEncode(encoder, v) }

// UnmarshalFrom decodes the next value with the options of decoder.
func UnmarshalFrom(decoder *Decoder, into any) error { return json.UnmarshalDecode(decoder, into) }
