package wire

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// ErrNilPointer is the error of a decoding into nothing.
var ErrNilPointer = errors.New("there is no value to decode into: the pointer is nil")

// InvalidText looks for a text, or a name in a map, that is not valid UTF-8, in what JSON is made of, and returns where it is
// ("users.0.name"). It does not look into raw JSON.
func InvalidText(v any) (path string, found bool) {
	return invalidText(reflect.ValueOf(v), "", maxDepth)
}

// maxDepth is deeper than any good value, so that a circle has an end.
const maxDepth = 1000

func invalidText(v reflect.Value, path string, depth int) (string, bool) {
	if !v.IsValid() || depth == 0 {
		return "", false
	}
	switch v.Kind() {
	case reflect.String:
		return path, !utf8.ValidString(v.String())
	case reflect.Pointer, reflect.Interface:
		return invalidText(v.Elem(), path, depth-1)
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return "", false
		}
		for i := range v.Len() {
			if at, found := invalidText(v.Index(i), join(path, fmt.Sprint(i)), depth-1); found {
				return at, true
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			name := fmt.Sprint(key.Interface())
			if !utf8.ValidString(name) {
				return join(path, strings.ToValidUTF8(name, "\uFFFD")), true
			}
			if at, found := invalidText(v.MapIndex(key), join(path, name), depth-1); found {
				return at, true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			name, _, tagged := strings.Cut(field.Tag.Get("json"), ",")
			if !field.IsExported() || name == "-" {
				continue
			}
			at := path
			if name != "" {
				at = join(path, name)
			} else if !tagged && !field.Anonymous {
				at = join(path, field.Name)
			}
			if at, found := invalidText(v.Field(i), at, depth-1); found {
				return at, true
			}
		}
	}
	return "", false
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
