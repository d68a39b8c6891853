// Package wire encodes and decodes JSON. It is the only package that imports the JSON library.
package wire

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Unmarshal decodes one JSON value. Unknown fields are skipped; names that occur twice in an
// object, invalid UTF-8 and trailing text are errors.
func Unmarshal(data []byte, into any, options ...Options) error {
	return explain(json.Unmarshal(data, into, options...))
}

// Options change how a value is decoded.
type Options = json.Options

// AnyCase returns options by which the names of struct fields match in any case, if any is set, as
// in version 1 of encoding/json.
func AnyCase(any bool) Options { return json.MatchCaseInsensitiveNames(any) }

// Visit returns options by which visit is called with each S that is decoded. S decodes itself by
// UnmarshalJSON.
func Visit[S any, P interface {
	*S
	UnmarshalJSON([]byte) error
}](visit func(S)) Options {
	return json.WithUnmarshalers(json.UnmarshalFromFunc(func(dec *jsontext.Decoder, s P) error {
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if err := s.UnmarshalJSON(value); err != nil {
			return err
		}
		visit(*s)
		return nil
	}))
}

// A Replacer encodes values with a string instead of each S in them.
type Replacer[S any] struct{ options json.Options }

// NewReplacer returns a Replacer that writes the string that replace returns for each S.
func NewReplacer[S any](replace func(S) (string, error)) Replacer[S] {
	return Replacer[S]{json.JoinOptions(json.Deterministic(true), json.WithMarshalers(
		json.MarshalToFunc(func(enc *jsontext.Encoder, s S) error {
			text, err := replace(s)
			if err != nil {
				return err
			}
			return enc.WriteToken(jsontext.String(text))
		})))}
}

// Marshal encodes v. Equal values give equal bytes.
func (r Replacer[S]) Marshal(v any) ([]byte, error) { return json.Marshal(v, r.options) }

// Field returns where in the JSON an error of this package arose ("/users/0/api_key"), and what is
// wrong there.
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
	} else if strings.Contains(reason.Error(), "invalid UTF-8") {
		// The pointer of a member name leads to its object.
		reason = errors.New("must be valid UTF-8, member names included")
	}
	return pointer, reason
}

// CheckUTF8 returns an error if v holds a string that is not valid UTF-8, which version 1 of
// encoding/json replaces without a word. It does not look for other reasons why v cannot be
// encoded.
func CheckUTF8(v any) error {
	_, err := json.Marshal(v)
	var syntactic *jsontext.SyntacticError
	if !errors.As(err, &syntactic) {
		return nil
	}
	return err
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
