package main

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// hidden stands in place of a secret.
const hidden = "[hidden]"

const (
	shortest = 6         // length below which a secret is hidden in its own place only, since it may be part of any word
	known    = 5000      // secrets that are remembered, the newest ones
	longest  = 256 << 10 // bytes of a body that are looked at
	shown    = 2000      // characters of a body that are shown
)

// vault knows secrets, to hide them wherever they turn up. The zero value knows none, and hides
// what looks like one.
type vault struct {
	secrets []string // oldest first
	seen    map[string]bool
	hide    *strings.Replacer // of all ways to write them; nil while there are none
}

// learn remembers secrets.
func (v *vault) learn(secrets ...string) {
	changed := false
	for _, secret := range secrets {
		if len(secret) < shortest || v.seen[secret] {
			continue
		}
		if v.seen == nil {
			v.seen = make(map[string]bool)
		}
		if len(v.secrets) == known {
			delete(v.seen, v.secrets[0])
			v.secrets = slices.Delete(v.secrets, 0, 1)
		}
		v.seen[secret] = true
		v.secrets = append(v.secrets, secret)
		changed = true
	}
	if changed {
		v.hide = replacer(v.secrets)
	}
}

// replacer hides the secrets in every way to write them, the longest first, since one may begin
// like another.
func replacer(secrets []string) *strings.Replacer {
	var ways []string
	for _, secret := range secrets {
		ways = append(ways, secret, url.PathEscape(secret), url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)),
			base64.RawURLEncoding.EncodeToString([]byte(secret)))
		if quoted, err := json.Marshal(secret); err == nil {
			ways = append(ways, string(quoted[1:len(quoted)-1]))
		}
	}
	slices.SortFunc(ways, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var pairs []string
	for _, way := range slices.Compact(ways) {
		pairs = append(pairs, way, hidden)
	}
	return strings.NewReplacer(pairs...)
}

// opaque is what looks like a credential: a JSON Web Token, and what is so long without a break
// that it is nothing to read.
var opaque = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+(\.[\w-]*)?|[\w+=-]{40,}`)

// text returns a text without secrets.
func (v *vault) text(text string) string {
	if v.hide != nil {
		text = v.hide.Replace(text)
	}
	return opaque.ReplaceAllString(text, hidden)
}

// piece returns a part of a URL: as it was sent where no secret is in it, however often it was
// escaped.
func (v *vault) piece(raw string) string {
	for _, unescape := range []func(string) (string, error){url.PathUnescape, url.QueryUnescape} {
		text := raw
		for level := 0; ; level++ {
			if safe := v.text(text); safe != text {
				return safe
			}
			plain, err := unescape(text)
			if err == nil && plain == text || err != nil && level > 0 {
				break
			}
			if err != nil || level == 4 {
				return hidden
			}
			text = plain
		}
	}
	return raw
}

// target returns path and query without secrets.
func (v *vault) target(path, rawQuery string) string {
	target := v.piece(path)
	if rawQuery == "" {
		return target
	}
	separator := "?"
	for _, parameter := range strings.FieldsFunc(rawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, given := strings.Cut(parameter, "=")
		target += separator + v.piece(name)
		separator = "&"
		switch {
		case given && secretParameter(name):
			target += "=" + hidden
		case given:
			target += "=" + v.piece(value)
		}
	}
	// A secret may hold the signs that the parts were parted by.
	return v.piece(target)
}

// body returns JSON without secrets, and of anything else only its length: who knows what is in
// there.
func (v *vault) body(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	value, ok := decode(raw)
	if !ok {
		return fmt.Sprintf("%d bytes that are not JSON, or too long to show", len(raw))
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v.value(value)); err != nil {
		return fmt.Sprintf("%d bytes that cannot be shown", len(raw))
	}
	text := strings.TrimSpace(out.String())
	if utf8.RuneCountInString(text) > shown {
		text = string([]rune(text)[:shown]) + "…"
	}
	return text
}

func decode(raw []byte) (value any, ok bool) {
	if len(raw) > longest {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, false
	}
	_, err := decoder.Token()
	return value, err == io.EOF
}

// value returns decoded JSON without secrets.
func (v *vault) value(value any) any {
	switch value := value.(type) {
	case string:
		return v.text(value)
	case json.Number:
		if safe := v.text(value.String()); safe != value.String() {
			return safe
		}
	case []any:
		for i := range value {
			value[i] = v.value(value[i])
		}
	case map[string]any:
		safe := make(map[string]any, len(value))
		for name, inner := range value {
			if secretName(name) {
				inner = hidden
			}
			safe[v.text(name)] = v.value(inner)
		}
		return safe
	}
	return value
}

// secretName says whether what goes by the name is a secret. Some names of other things are taken
// for one too, which does no harm.
func secretName(name string) bool {
	name = strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(name))
	// The kind of a Keboola token, and the place of a page.
	if name == "keboolatoken" || name == "nextpagetoken" {
		return false
	}
	for _, part := range []string{
		"password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "privatekey", "credential", "claims", "authorization",
		"cookie", "session", "jwt", "bearer", "signature",
	} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return name == "key" || name == "pwd" || name == "pass" || name == "auth" || name == "pin"
}

// secretParameter is secretName of a name as it stands in a query. One that cannot be read may be
// any.
func secretParameter(name string) bool {
	plain, err := url.QueryUnescape(name)
	return err != nil || secretName(plain)
}

// carried returns the secrets that a request brings.
func carried(r request) []string {
	var secrets []string
	for name, values := range r.Header {
		if !secretName(name) {
			continue
		}
		for _, value := range values {
			scheme, rest, ok := strings.Cut(value, " ")
			if !ok {
				rest = scheme
			}
			secrets = append(secrets, value, rest)
			if pair, err := base64.StdEncoding.DecodeString(rest); err == nil {
				if _, password, ok := strings.Cut(string(pair), ":"); ok {
					secrets = append(secrets, string(pair), password)
				}
			}
		}
	}
	for _, parameter := range strings.FieldsFunc(r.RawQuery, func(c rune) bool { return c == '&' || c == ';' }) {
		name, value, _ := strings.Cut(parameter, "=")
		if plain, err := url.QueryUnescape(value); err == nil && secretParameter(name) {
			secrets = append(secrets, plain)
		}
	}
	if value, ok := decode(r.Body); ok {
		secrets = append(secrets, within(value, false)...)
	}
	return secrets
}

// within returns the texts of decoded JSON that go by the name of a secret.
func within(value any, secret bool) (found []string) {
	switch value := value.(type) {
	case string:
		if secret {
			found = append(found, value)
		}
	case []any:
		for _, inner := range value {
			found = append(found, within(inner, secret)...)
		}
	case map[string]any:
		for name, inner := range value {
			found = append(found, within(inner, secret || secretName(name))...)
		}
	}
	return found
}
