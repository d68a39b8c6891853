package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"mime/quotedprintable"
	"net/url"
	"strings"
	"sync"

	"github.com/tenantkit/tenantkit"
)

const (
	// gramBytes is the length of the pieces by which a secret is recognized. It fits into a uint64.
	gramBytes = 8
	// maxRecent is how many secrets a Redactor remembers besides the pinned ones.
	maxRecent = 1000
)

// A Redactor drops strings of a server that share anything with a secret that it knows. Strings are compared by their letters and
// digits in lower case, as they are and after each common decoding, so that no escaping hides a secret. The cost is linear in the
// string, whatever the number of secrets. It is safe for concurrent use, and its zero value is ready.
type Redactor struct {
	mu     sync.RWMutex
	known  map[tenantkit.Secret]bool // whether pinned
	recent []tenantkit.Secret        // those that are not pinned, the oldest first
	stale  bool                      // known has changed since grams was made
	grams  map[uint64]struct{}
	short  []string
}

// Add remembers secrets until many others were added.
func (r *Redactor) Add(secrets ...tenantkit.Secret) { r.add(false, secrets) }

// Pin remembers secrets for good.
func (r *Redactor) Pin(secrets ...tenantkit.Secret) { r.add(true, secrets) }

func (r *Redactor) add(pin bool, secrets []tenantkit.Secret) {
	for _, secret := range secrets {
		r.mu.RLock()
		pinned, known := r.known[secret]
		r.mu.RUnlock()
		if secret.IsZero() || known && (pinned || !pin) {
			continue
		}
		r.mu.Lock()
		if r.known == nil {
			r.known = make(map[tenantkit.Secret]bool)
		}
		if _, known := r.known[secret]; !known && !pin {
			r.recent = append(r.recent, secret)
		}
		r.known[secret] = pin || r.known[secret]
		if len(r.recent) > maxRecent {
			if !r.known[r.recent[0]] {
				delete(r.known, r.recent[0])
			}
			r.recent = r.recent[1:]
		}
		r.stale = true
		r.mu.Unlock()
	}
}

// index makes grams and short of all known secrets, and returns them. They are not changed afterwards.
func (r *Redactor) index() (grams map[uint64]struct{}, short []string) {
	r.mu.RLock()
	grams, short, stale := r.grams, r.short, r.stale
	r.mu.RUnlock()
	if !stale {
		return grams, short
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.grams, r.short, r.stale = make(map[uint64]struct{}), nil, false
	for secret := range r.known {
		text := secret.Reveal()
		forms := []string{text, hex.EncodeToString([]byte(text))}
		for shift := range 3 {
			// The letters at both ends of base64 depend on the neighbors.
			encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + text))
			start, end := (shift*8+5)/6, len(encoded)-1
			forms = append(forms, encoded[min(start, end):end])
		}
		for i, form := range forms {
			folded := fold(form)
			each(folded, func(gram uint64) bool {
				r.grams[gram] = struct{}{}
				return true
			})
			if i == 0 && folded == "" {
				r.short = append(r.short, text)
			} else if i == 0 && len(folded) < gramBytes {
				r.short = append(r.short, folded)
			}
		}
	}
	return r.grams, r.short
}

// Field returns text, or [tenantkit.Redacted] if it shares anything with a known secret.
func (r *Redactor) Field(text string) string {
	if text == "" {
		return ""
	}
	grams, short := r.index()
	if len(grams) == 0 && len(short) == 0 {
		return text
	}
	for _, decoded := range decodings(text) {
		folded, found := fold(decoded), false
		each(folded, func(gram uint64) bool {
			_, found = grams[gram]
			return !found
		})
		for _, secret := range short {
			found = found || strings.Contains(folded, secret) || strings.Contains(decoded, secret)
		}
		if found {
			return tenantkit.Redacted
		}
	}
	return text
}

// Error returns err, or an error with the message [tenantkit.Redacted] if that of err shares anything with a known secret. It matches
// the same targets of [errors.Is], and cannot be unwrapped.
func (r *Redactor) Error(err error) error {
	if err == nil {
		return nil
	}
	if text := err.Error(); r.Field(text) != text {
		return &redactedError{err: err}
	}
	return err
}

type redactedError struct{ err error }

func (e *redactedError) Error() string        { return tenantkit.Redacted }
func (e *redactedError) Is(target error) bool { return errors.Is(e.err, target) }

// Format keeps %+v and %#v from printing the wrapped error.
func (e *redactedError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, tenantkit.Redacted) }

// decodings returns text as it is, and without percent, JSON, HTML and quoted-printable encoding, each if it makes a difference.
func decodings(text string) []string {
	all := []string{text}
	add := func(decoded string, err error) {
		if err == nil && decoded != text {
			all = append(all, decoded)
		}
	}
	if strings.ContainsAny(text, "%+") {
		add(unescapePercent(text), nil)
	}
	if strings.Contains(text, `\`) {
		add(unescapeJSON(text))
	}
	if strings.Contains(text, "&") {
		add(html.UnescapeString(text), nil)
	}
	if strings.Contains(text, "=") {
		decoded, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(text)))
		add(string(decoded), err)
	}
	return all
}

// unescapePercent decodes each escape that is one, and keeps everything else.
func unescapePercent(text string) string {
	if decoded, err := url.PathUnescape(text); err == nil {
		return decoded
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if c, err := hex.DecodeString(text[i+1 : i+3]); err == nil {
				b.Write(c)
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// unescapeJSON decodes text as the inside of a JSON string.
func unescapeJSON(text string) (string, error) {
	var decoded string
	quoted := `"` + strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(text) + `"`
	if err := json.Unmarshal([]byte(quoted), &decoded); err == nil {
		return decoded, nil
	}
	// Text around JSON has quotes of its own: without the backslashes, the letters stay the same.
	return strings.ReplaceAll(text, `\`, ""), nil
}

// fold returns the ASCII letters and digits of text in lower case, and all bytes above ASCII.
func fold(text string) string {
	folded := make([]byte, 0, len(text))
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c >= 0x80:
			folded = append(folded, c)
		case c >= 'A' && c <= 'Z':
			folded = append(folded, c+'a'-'A')
		}
	}
	return string(folded)
}

// each calls visit with each piece of gramBytes bytes, until it returns false.
func each(folded string, visit func(gram uint64) bool) {
	var gram uint64
	for i := range len(folded) {
		gram = gram<<8 | uint64(folded[i])
		if i >= gramBytes-1 && !visit(gram) {
			return
		}
	}
}
