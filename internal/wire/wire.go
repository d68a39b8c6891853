// Package wire is JSON as it travels: the one place that knows which library makes and reads it.
package wire

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Unmarshal decodes one JSON value. Unknown fields are skipped; names that occur twice in an object, invalid UTF-8 and trailing
// text are errors.
func Unmarshal(data []byte, into any) error { return explain(json.Unmarshal(data, into)) }

// An Encoder encodes values with another text in place of each S in them.
type Encoder[S ~string] struct{ options json.Options }

// NewEncoder returns an encoder that writes what reveal returns for each S.
func NewEncoder[S ~string](reveal func(S) (string, error)) Encoder[S] {
	return Encoder[S]{json.JoinOptions(json.Deterministic(true), json.WithMarshalers(
		json.MarshalToFunc(func(enc *jsontext.Encoder, s S) error {
			text, err := reveal(s)
			if err != nil {
				return err
			}
			return enc.WriteToken(jsontext.String(text))
		})))}
}

// Marshal encodes v. Equal values give equal bytes.
func (e Encoder[S]) Marshal(v any) ([]byte, error) { return json.Marshal(v, e.options) }

// Texts returns each text of type S in v that is not empty.
func Texts[S ~string](v any) ([]string, error) {
	var texts []string
	_, err := NewEncoder(func(s S) (string, error) {
		if s != "" {
			texts = append(texts, string(s))
		}
		return "", nil
	}).Marshal(v)
	return texts, err
}

// Field returns where in the JSON an error of this package arose ("/users/0/api_key"), and what is wrong there.
func Field(err error) (pointer string, reason error) {
	var (
		semantic  *json.SemanticError
		syntactic *jsontext.SyntacticError
	)
	switch {
	case errors.As(err, &semantic):
		pointer, reason = string(semantic.JSONPointer), semantic.Err
	case errors.As(err, &syntactic):
		pointer, reason = string(syntactic.JSONPointer), syntactic.Err
	}
	if reason == nil {
		reason = err
	}
	return pointer, reason
}

// IsInvalid reports whether err is about the JSON itself, rather than about reading it.
func IsInvalid(err error) bool {
	var (
		semantic  *json.SemanticError
		syntactic *jsontext.SyntacticError
		shape     shapeError
	)
	return errors.As(err, &semantic) || errors.As(err, &syntactic) || errors.As(err, &shape)
}
