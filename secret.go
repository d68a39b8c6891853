package tenantkit

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"sync"

	"github.com/tenantkit/tenantkit/internal/wire"
)

// Redacted is printed, logged and marshaled instead of a [Secret].
const Redacted = "[redacted]"

// A Secret is a string that must not be disclosed: a password, an API key, a token. The zero value
// is the empty secret.
//
// Printing, formatting, logging or marshaling a Secret yields [Redacted], or "" if it is empty. Its
// bytes are masked in memory with a key of the process, so that code that reads them by reflection
// shows nothing either. Secrets can be compared with == and be map keys.
//
// [NewSecret] makes one, and so do encoding/json, [flag.Value], [encoding.TextUnmarshaler] and
// [database/sql.Scanner]. [Secret.Reveal] returns the string; the function [Reveal] encodes a value
// with all secrets in it.
type Secret struct{ masked string }

// maskKey returns the key of the process. Its bytes are above ASCII, so that no masked letter is a
// letter.
var maskKey = sync.OnceValue(func() *[256]byte {
	var key [256]byte
	_, _ = rand.Read(key[:]) // it never fails
	for i := range key {
		key[i] |= 0x80
	}
	return &key
})

// mask masks text, or unmasks what is masked.
func mask[T string | []byte](text T) string {
	var short [256]byte // no allocation for most
	masked, key := short[:0], maskKey()
	for i := range len(text) {
		masked = append(masked, text[i]^key[i%len(key)])
	}
	return string(masked)
}

// NewSecret returns a Secret for a string.
func NewSecret(text string) Secret { return Secret{mask(text)} }

// Reveal returns the string.
func (s Secret) Reveal() string { return mask(s.masked) }

// IsZero reports whether s is the empty secret.
func (s Secret) IsZero() bool { return s.masked == "" }

// Equal reports whether s and other are equal, in a time that depends on their lengths only.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.masked), []byte(other.masked)) == 1
}

// String returns [Redacted], or "" if s is empty.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return Redacted
}

// GoString returns a Go expression with [Redacted], for %#v.
func (s Secret) GoString() string { return fmt.Sprintf("tenantkit.NewSecret(%q)", s.String()) }

// Format writes [Redacted] for every verb and flag.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	switch {
	case verb == 'v' && f.Flag('#'):
		text = s.GoString()
	case verb == 'q':
		text = fmt.Sprintf("%q", text)
	}
	// fmt.State reports no write errors.
	_, _ = io.WriteString(f, text)
}

// LogValue returns [Redacted], or "" if s is empty, for [slog].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON returns [Redacted], or "" if s is empty, as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalText returns [Redacted], or nothing if s is empty.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// EncodeValues adds [Redacted], or "" if s is empty, to a URL's query, for
// github.com/google/go-querystring. Clients refuse to send it.
func (s Secret) EncodeValues(key string, values *url.Values) error {
	values.Add(key, s.String())
	return nil
}

// UnmarshalJSON reads a JSON string. A null is the empty secret.
func (s *Secret) UnmarshalJSON(data []byte) error {
	if s == nil {
		return wire.ErrNilPointer
	}
	var text string
	if err := wire.Unmarshal(data, &text); err != nil {
		return err
	}
	*s = NewSecret(text)
	return nil
}

// UnmarshalText reads the string as it is.
func (s *Secret) UnmarshalText(text []byte) error {
	if s == nil {
		return wire.ErrNilPointer
	}
	*s = Secret{mask(text)}
	return nil
}

// Set sets the string, for package flag.
func (s *Secret) Set(text string) error { return s.UnmarshalText([]byte(text)) }

// Scan reads a column of a database: a string, bytes, or NULL for the empty secret. Other types are
// an error.
func (s *Secret) Scan(column any) error {
	switch column := column.(type) {
	case nil:
		return s.UnmarshalText(nil)
	case string:
		return s.Set(column)
	case []byte:
		return s.UnmarshalText(column)
	default:
		return fmt.Errorf("a secret must be a string or bytes, got %T", column)
	}
}

// ErrRedacted is the error for a [Secret] with the string [Redacted]: it was read from JSON that
// was written without [Reveal], and the secret is lost.
var ErrRedacted = errors.New("is " + Redacted + " instead of a secret: read the object again, or set the secret")

// Reveal returns the JSON of v with the string of every [Secret] in it, for programs that store
// secrets on purpose. [Restore] reads it.
//
// A Secret with the string [Redacted] is an error that matches [ErrRedacted].
func Reveal(v any) ([]byte, error) { return revealer.Marshal(v) }

// Restore decodes JSON that [Reveal] returned into the value that v points to. It returns an error
// if the data contains [Redacted] instead of a [Secret], as it does if it was written without
// Reveal.
func Restore(data []byte, v any) error {
	if err := wire.Unmarshal(data, v); err != nil {
		return err
	}
	_, err := Reveal(v)
	return err
}

var revealer = wire.NewReplacer(func(s Secret) (string, error) {
	text := s.Reveal()
	if text == Redacted {
		return "", ErrRedacted
	}
	return text, nil
})
