package rest

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

const (
	// shortSecret is the length below which a secret occurs in any text by chance.
	shortSecret = 4
	// longStart is how much of a secret is taken for it, where a text goes on otherwise: servers shorten what they repeat.
	longStart = 12
)

// redactor removes secrets from what a server sent back.
type redactor struct {
	// secrets are without escapes.
	secrets []string
	// short are those that take the whole text with them where they occur.
	short []string
	// headers are the names of the request's headers whose values are nobody's business, also in an answer that echoes them.
	headers []string
}

// newRedactor returns one that knows the secrets of the request: what its credential put into the given headers, and the secrets
// in body, the value that its body was made from. The hidden headers are no secrets in a text, and are not shown.
func newRedactor(req *http.Request, credentialHeaders, hidden []string, body any) *redactor {
	r := &redactor{headers: slices.Concat(credentialHeaders, hidden)}
	for _, name := range credentialHeaders {
		for _, value := range req.Header[name] {
			r.add(credentialTexts(value)...)
		}
	}
	if body != nil {
		// The same value was encoded to be sent, so it can be encoded again.
		texts, _ := wire.Texts[tenantkit.Secret](body)
		r.add(texts...)
	}
	return r
}

func (r *redactor) add(secrets ...string) {
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		if said, _ := plain(secret); len(said) < shortSecret {
			r.short = append(r.short, cmp.Or(said, secret))
		} else {
			r.secrets = append(r.secrets, said)
		}
		if len(secret) >= shortSecret {
			standard, _ := plain(base64.RawStdEncoding.EncodeToString([]byte(secret)))
			r.secrets = append(r.secrets, standard, base64.RawURLEncoding.EncodeToString([]byte(secret)))
		}
	}
}

// credentialTexts returns the secrets in the value of a credential's header: the value, its part behind the scheme, and what that
// part says in base64.
func credentialTexts(value string) []string {
	texts := []string{value}
	if _, token, ok := strings.Cut(value, " "); ok {
		texts = append(texts, token)
		if pair, err := base64.StdEncoding.DecodeString(token); err == nil {
			if _, password, ok := strings.Cut(string(pair), ":"); ok {
				texts = append(texts, string(pair), password)
			}
		}
	}
	return texts
}

// text returns text without secrets, in whatever escapes they stand there.
func (r *redactor) text(text string) string { return r.redact(text, false) }

// body returns the beginning of a body without secrets, and without the beginning of one at its end, where it may have been cut.
func (r *redactor) body(data []byte) string {
	data = data[:min(len(data), maxRefusalBytes)]
	return r.redact(strings.ToValidUTF8(string(data), "\uFFFD"), true)
}

func (r *redactor) redact(text string, cut bool) string {
	said, at := plain(text)
	for _, secret := range r.short {
		if strings.Contains(text, secret) || strings.Contains(said, secret) {
			return tenantkit.Redacted
		}
	}
	var clean strings.Builder
	done := 0
	for i := 0; i < len(said); {
		longest := 0
		for _, secret := range r.secrets {
			longest = max(longest, begins(said[i:], secret, cut))
		}
		if longest == 0 {
			i++
			continue
		}
		clean.WriteString(text[done:source(at, i)] + tenantkit.Redacted)
		i += longest
		done = source(at, i)
	}
	return clean.String() + text[done:]
}

// begins returns how much of the beginning of text is the secret, or enough of its beginning. With cut, text may end before it does.
func begins(text, secret string, cut bool) int {
	n := 0
	for n < len(text) && n < len(secret) && text[n] == secret[n] {
		n++
	}
	switch {
	case n == len(secret) || n >= longStart:
		return n
	case cut && n >= shortSecret && endsHere(text[n:]):
		return len(text)
	default:
		return 0
	}
}

// endsHere tells whether text is at its end, or holds just a part of what would be an escape, or a letter.
func endsHere(text string) bool {
	return text == "" || len(text) < len("&quot;") && strings.ContainsAny(text[:1], "u%&\uFFFD")
}

// header returns a copy of an answer's header without secrets.
func (r *redactor) header(header http.Header) http.Header {
	clean := make(http.Header, len(header))
	for name, values := range header {
		hidden := slices.Contains(r.headers, name) || name == "Set-Cookie" || name == "Authorization" || name == "Proxy-Authorization" || name == "Cookie"
		for _, value := range values {
			if hidden {
				value = tenantkit.Redacted
			}
			clean[name] = append(clean[name], r.text(value))
		}
	}
	return clean
}

// holdsSecret tells whether values of the type can hold a [tenantkit.Secret].
func holdsSecret(t reflect.Type, seen map[reflect.Type]bool) bool {
	if t == nil || seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return holdsSecret(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsSecret(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return t == reflect.TypeFor[tenantkit.Secret]()
}
