package rest

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tenantkit/tenantkit"
)

func knows(secrets ...string) *redactor {
	r := new(redactor)
	r.add(secrets...)
	return r
}

func TestRedaction(t *testing.T) {
	t.Parallel()
	const redacted = tenantkit.Redacted
	tests := []struct{ name, secret, text, want string }{
		{"none", "secret", "nothing here", "nothing here"},
		{"empty text", "secret", "", ""},
		{"all", "secret", "secret", redacted},
		{"twice", "secret", "a secret, the secret", "a " + redacted + ", the " + redacted},
		{"in a row", "secret", "secretsecret", redacted + redacted},
		{"other case", "secret", "Secret", "Secret"},
		{"start of a short one", "secret", "secre", "secre"},
		{"start of a long one", "0123456789abcdef", "token 0123456789ab...", "token " + redacted + "..."},
		{"too little of a long one", "0123456789abcdef", "token 0123456789a...", "token 0123456789a..."},
		{"overlapping begin", "aab-secret", "aaab-secret", "a" + redacted},
		{"plus for a blank", "my secret", "my+secret", redacted},
		{"percent twice", `a"b!secret`, "a%2522b!secret", redacted},
		{"percent in the secret", "100%secret", "100%25secret 100%2525secret", redacted + " " + redacted},
		{"entity in the secret", "a&amp;secret", "a&amp;secret a&amp;amp;secret", redacted + " " + redacted},
		{"entities", `a"b'c<secret`, "a&quot;b&#39;c&lt;secret a&#34;b&#x27;c&#60;secret", redacted + " " + redacted},
		{"unknown entity", `a"secret`, "a&nothing;secret", "a&nothing;secret"},
		{"line breaks", "key\n\tsecret", `"key\n\tsecret" "key\u000a\u0009secret"`, `"` + redacted + `" "` + redacted + `"`},
		{"surrogates", "😀secret", `\ud83d\ude00secret \\ud83d\\ude00secret`, redacted + " " + redacted},
		{"half a surrogate", "😀secret", `\ud83d\secret`, `\ud83d\secret`},
		{"wrong escape", "ésecret", `\u00zzsecret \u00`, `\u00zzsecret \u00`},
		{"backslashes", `a\\b\secret`, `a\\b\secret a\\\\b\\secret a%5C%5Cb%5csecret`, redacted + " " + redacted + " " + redacted},
		{"backslash and quote", `a\"secret`, `a\\\"secret a\\\\\\\"secret a%5C%22secret`, redacted + " " + redacted + " " + redacted},
		{"base64", "secret!", "c2VjcmV0IQ== c2VjcmV0IQ c2VjcmV0IQ%3D%3D", redacted + "== " + redacted + " " + redacted + "%3D%3D"},
		{"no UTF-8", "se\xffcret", "se\xffcret", redacted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := knows(tt.secret).text(tt.text); got != tt.want {
				t.Errorf("text(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

// Of secrets that begin alike the longest goes.
func TestRedactionOfSeveral(t *testing.T) {
	t.Parallel()
	if got := knows("secret", "secret-longer", "other").text("other secret-longer secret"); strings.Contains(got, "longer") || strings.Contains(got, "other") {
		t.Errorf("got %q", got)
	}
}

// A body may be cut in the middle of a secret, or of a letter of one.
func TestRedactionOfACutBody(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"token secr": "token " + tenantkit.Redacted, "token sec": "token sec", "token secret\"é": "token " + tenantkit.Redacted,
		`token secret\`: "token " + tenantkit.Redacted, `token secret\"\u00`: "token " + tenantkit.Redacted, "token secret%22%C3": "token " + tenantkit.Redacted,
		"token secret&quo": "token " + tenantkit.Redacted, "token secret\"\xc3": "token " + tenantkit.Redacted, "token secret and more": "token secret and more",
	} {
		if got := knows(`secret"é!`).body([]byte(text)); got != want {
			t.Errorf("body(%q) = %q, want %q", text, got, want)
		}
	}
}

// Cookies and credentials are hidden in every header, known or not.
func TestRedactionOfHeaders(t *testing.T) {
	t.Parallel()
	header := http.Header{
		"Set-Cookie": {"a=b", "c=d"}, "Authorization": {"Bearer x"}, "Proxy-Authorization": {"x"}, "Cookie": {"a=b"}, "X-Custom": {"x"},
		"Content-Type": {"application/json"}, "X-Echo": {"a secret"},
	}
	r := knows("secret")
	r.headers = []string{"X-Custom"}
	got := r.header(header)
	for name, values := range got {
		if name != "Content-Type" && (len(values) != len(header[name]) || !strings.HasSuffix(values[0], tenantkit.Redacted)) {
			t.Errorf("%s: %q", name, values)
		}
	}
	if len(got) != len(header) || got.Get("Content-Type") != "application/json" || header.Get("X-Echo") != "a secret" {
		t.Errorf("got %q of %q", got, header)
	}
}

// No text makes the redaction fail, and no form of a secret, or of a form of it, comes through.
func FuzzRedaction(f *testing.F) {
	for _, seed := range []string{"secret", `a\"b`, "100%25&amp;+", "é😀 \n", "\xff\xfe\x00", `\u00e9`, "%C3%A9", awkward} {
		f.Add(seed, seed)
		f.Add("token "+seed, "secret"+seed)
	}
	f.Fuzz(func(t *testing.T, text, secret string) {
		r := knows(secret)
		_ = r.body([]byte(text))
		if len(secret) < shortSecret || strings.HasSuffix(secret, `\`) || !utf8.ValidString(secret) || strings.ContainsFunc(secret, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return
		}
		for outer, write := range forms {
			for inner, writeInner := range forms {
				if strings.HasPrefix(inner, "base64") && outer != "raw" || strings.HasPrefix(outer, "base64") && inner != "raw" {
					continue
				}
				written := write(writeInner(secret))
				if strings.Contains(written+writeInner(secret), `\U`) {
					continue // an escape of Go alone, for letters that cannot be printed
				}
				got := r.text("(" + written + ")")
				if got = strings.TrimRight(got, ")="); got != "("+tenantkit.Redacted && got != tenantkit.Redacted {
					t.Errorf("%q in the form %s of %s, %q, leaves %q", secret, outer, inner, written, got)
				}
			}
		}
	})
}
