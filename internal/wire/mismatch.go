package wire

import (
	"cmp"
	"errors"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tenantkit/tenantkit/internal/excerpt"
)

// mismatch is JSON of another shape than its reader expects, in the words of JSON: the library
// names Go types that nobody outside of this module knows.
type mismatch struct {
	text string
	err  error
}

func (m *mismatch) Error() string { return m.text }
func (m *mismatch) Unwrap() error { return m.err }

// maxText is the length in bytes above which the text of an error is cut: the names that it tells
// of are the server's, of any length.
const maxText = 1024

// explain returns err, with the text of a mismatch where it is one.
func explain(err error) error {
	if err == nil {
		return nil // before anything is allocated
	}
	said := err.Error()
	text := said
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		text = cmp.Or(inJSON(semantic), said)
	}
	if text = excerpt.Of(text, maxText); text == said {
		return err
	}
	return &mismatch{text, err}
}

// inJSON says what is wrong in the words of JSON, where it can.
func inJSON(semantic *json.SemanticError) string {
	var text string
	if expected, got := kindOfType(semantic.GoType), kindOfJSON(semantic.JSONKind); errors.Is(semantic.Err, strconv.ErrSyntax) || errors.Is(semantic.Err, strconv.ErrRange) {
		text = "the number is no whole one, or too large"
	} else if semantic.Err != nil {
		text = semantic.Err.Error()
	} else if expected != "" && got != "" && expected != got {
		text = "expected " + expected + ", got " + got
	} else {
		return ""
	}
	if semantic.JSONPointer != "" {
		text = "at " + excerpt.Of(string(semantic.JSONPointer), maxText/2) + ": " + text
	}
	return text
}

// kindOfType returns the JSON that a Go type is read from, and nothing where that is any.
func kindOfType(t reflect.Type) string {
	if t == nil {
		return ""
	}
	switch t.Kind() {
	case reflect.Pointer:
		return kindOfType(t.Elem())
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return "text"
		}
		return "a list"
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return "a number"
	default:
		return ""
	}
}

// kindOfJSON returns what begins with a token, and nothing where that is not told.
func kindOfJSON(kind jsontext.Kind) string {
	switch kind {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "text"
	case '0':
		return "a number"
	case 't', 'f', 'n':
		return kind.String()
	default:
		return ""
	}
}
