package tenantkit

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/tenantkit/tenantkit/internal/wire"
)

// Redacted is the text that stands wherever a [Secret] was left out.
const Redacted = "[redacted]"

// Secret is a text that must not be shown: a password, an API key, a token.
//
// Every way to print, format, log or marshal it gives [Redacted] (the empty Secret gives the empty text), but for what the standard
// library does without asking a value how it wants to be shown:
//
//   - fmt prints unexported fields of a struct as they are. Export a field that holds a Secret, or give the struct a String and a
//     GoString method.
//   - fmt does so too where a verb does not fit: %p, and %s and the like for a pointer within a struct. go vet finds these.
//   - encoding/json writes the keys of a map as they are.
//
// Convert a Secret to see it: string(s). Requests carry its true text; [Reveal] makes JSON with it.
type Secret string

// String returns [Redacted].
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return Redacted
}

// GoString returns a Go expression with [Redacted] in it, for %#v.
func (s Secret) GoString() string { return fmt.Sprintf("tenantkit.Secret(%q)", s.String()) }

// Format writes [Redacted] for every verb and flag.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	switch {
	case verb == 'v' && f.Flag('#'):
		text = s.GoString()
	case verb == 'q':
		text = fmt.Sprintf("%q", text)
	}
	// A fmt.State keeps a failed write to itself: there is nobody to tell.
	_, _ = io.WriteString(f, text)
}

// LogValue returns [Redacted] for [slog].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON returns [Redacted] as JSON, under encoding/json and its version 2.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalText returns [Redacted].
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// errRedacted refuses a secret that an earlier redaction has eaten.
var errRedacted = errors.New("holds the text " + Redacted + " in place of its secret: read the object again, or set the secret anew")

// Reveal returns the JSON of v with the actual string of every [Secret] in it, for a caller that stores secrets on purpose. [Restore]
// reads it.
//
// A Secret with the string [Redacted] is an error: it was read from JSON that was written without Reveal, and the secret is lost.
func Reveal(v any) ([]byte, error) { return encoder.Marshal(v) }

// Restore decodes JSON that [Reveal] returned into the value that v points to. It returns an error if the data holds [Redacted] instead
// of a [Secret], as it does if it was written without Reveal.
func Restore(data []byte, v any) error {
	if err := wire.Unmarshal(data, v); err != nil {
		return err
	}
	_, err := Reveal(v)
	return err
}

var encoder = wire.NewReplacer(revealed)

func revealed(s Secret) (string, error) {
	if s == Redacted {
		return "", errRedacted
	}
	return string(s), nil
}
