package rest

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// redactor removes secrets from what a server sent back.
type redactor struct {
	replacer *strings.Replacer
	// short are secrets that occur in any text by chance: where one occurs, the whole text goes.
	short []string
	// headers are the names of the request's headers whose values are nobody's business, also in an answer that echoes them.
	headers []string
}

const shortSecret = 4

// newRedactor returns one that knows the secrets of the request: what its credential put into the given headers, and the secrets
// in body, the value that its body was made from.
func newRedactor(req *http.Request, credentialHeaders []string, extra http.Header, body any) *redactor {
	r := &redactor{headers: slices.Clone(credentialHeaders)}
	var secrets []string
	for _, name := range credentialHeaders {
		secrets = append(secrets, credentialTexts(req.Header.Get(name))...)
	}
	for name := range extra {
		r.headers = append(r.headers, name)
	}
	if body != nil {
		// The same value was encoded to be sent, so it can be encoded again.
		texts, _ := wire.Texts[tenantkit.Secret](body)
		secrets = append(secrets, texts...)
	}
	var pairs []string
	// The longest first, since one secret may begin like another.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range secrets {
		if len(secret) < shortSecret {
			r.short = append(r.short, secret)
			continue
		}
		for _, spelling := range spellings(secret) {
			pairs = append(pairs, spelling, tenantkit.Redacted)
		}
	}
	r.replacer = strings.NewReplacer(pairs...)
	return r
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
	return slices.DeleteFunc(texts, func(text string) bool { return text == "" })
}

// spellings returns the forms in which a server may repeat a secret.
func spellings(secret string) []string {
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret),
		base64.StdEncoding.EncodeToString([]byte(secret))}
	if quoted, err := json.Marshal(secret); err == nil {
		forms = append(forms, strings.Trim(string(quoted), `"`))
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

func (r *redactor) text(text string) string {
	for _, secret := range r.short {
		if strings.Contains(text, secret) {
			return tenantkit.Redacted
		}
	}
	return r.replacer.Replace(text)
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
