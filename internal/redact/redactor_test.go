package redact

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"mime/quotedprintable"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/tenantkit/tenantkit"
)

// encodings are the ways in which a server may write a secret.
var encodings = map[string]func(string) string{
	"raw":                   func(s string) string { return s },
	"upper case":            strings.ToUpper,
	"percent, query":        url.QueryEscape,
	"percent, path":         url.PathEscape,
	"percent, lower case":   func(s string) string { return lowerEscapes(url.QueryEscape(s)) },
	"percent, each byte":    func(s string) string { return eachByte(s, "%%%02X") },
	"percent, some bytes":   func(s string) string { return everyThird(s, "%%%02x") },
	"percent, double":       func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
	"percent, broken after": func(s string) string { return url.QueryEscape(s) + "%zz%" },
	"JSON":                  quoteJSON,
	"JSON, each character":  func(s string) string { return escapeUTF16(s, true) },
	"JSON, not ASCII":       func(s string) string { return escapeUTF16(quoteJSON(s), false) },
	"JSON, slashes":         func(s string) string { return strings.ReplaceAll(quoteJSON(s), "/", `\/`) },
	"JSON in JSON":          func(s string) string { return quoteJSON(quoteJSON(s)) },
	"JSON in JSON, numbers": func(s string) string { return quoteJSON(escapeUTF16(s, true)) },
	"JSON, percent":         func(s string) string { return quoteJSON(url.QueryEscape(s)) },
	"Go":                    func(s string) string { return trimmed(fmt.Appendf(nil, "%q", s)) },
	"Go, ASCII":             func(s string) string { return trimmed(fmt.Appendf(nil, "%+q", s)) },
	"Go, bytes":             func(s string) string { return eachByte(s, `\x%02x`) },
	"HTML, named":           html.EscapeString,
	"HTML, decimal":         func(s string) string { return eachRune(s, "&#%d;") },
	"HTML, hexadecimal":     func(s string) string { return eachRune(s, "&#x%X;") },
	"HTML in JSON":          func(s string) string { return quoteJSON(html.EscapeString(s)) },
	"quoted-printable":      quotePrintable,
	"quoted, each byte":     func(s string) string { return eachByte(s, "=%02X") },
	"base64":                func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64, URL":           func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"base64 after 1 byte":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte("u" + s + "xyz")) },
	"base64 after 2 bytes":  func(s string) string { return base64.URLEncoding.EncodeToString([]byte("u:" + s + "x")) },
	"base64 in JSON": func(s string) string {
		return strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte(s)), "/", `\/`)
	},
	"hex":             func(s string) string { return hex.EncodeToString([]byte(s)) },
	"hex, upper case": func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"hex, colons":     func(s string) string { return strings.TrimSuffix(eachByte(s, "%02x:"), ":") },
	"dashes":          func(s string) string { return strings.Join(strings.Split(s, ""), "-") },
}

func trimmed(quoted []byte) string { return string(quoted[1 : len(quoted)-1]) }

func quoteJSON(s string) string {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return trimmed(data)
}

func eachByte(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

func eachRune(s, format string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, format, r)
	}
	return b.String()
}

func everyThird(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		if i%3 == 0 || s[i] == '%' {
			fmt.Fprintf(&b, format, s[i])
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func escapeUTF16(s string, all bool) string {
	var b strings.Builder
	for _, r := range s {
		if !all && r < 0x7f {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

func lowerEscapes(s string) string {
	b := []byte(s)
	for i := range b {
		if i >= 1 && b[i-1] == '%' || i >= 2 && b[i-2] == '%' {
			b[i] |= 0x20
		}
	}
	return string(b)
}

func quotePrintable(s string) string {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	_, err := w.Write([]byte(s))
	if err := errors.Join(err, w.Close()); err != nil {
		panic(err)
	}
	return b.String()
}

func TestRedactorField_Encodings(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]string{
		"key":     "0a1b2c3d-4e5f-6789",
		"symbols": `p4/s"w<o>r&d+é\=~ 😀%41end`,
		"long":    strings.Repeat("Lorem-ipsum_", 90),
		"folded":  "S3CRETkey",
	} {
		var r Redactor
		r.Add(tenantkit.NewSecret(secret))
		for encoding, encode := range encodings {
			t.Run(name+"/"+encoding, func(t *testing.T) {
				t.Parallel()
				for _, around := range []string{"%s", "the key %s is wrong", `{"error":"%s","code":7}`} {
					if text := fmt.Sprintf(around, encode(secret)); r.Field(text) != tenantkit.Redacted {
						t.Errorf("shown: %s", text)
					}
				}
			})
		}
	}
}

// A piece of eight letters or digits is enough, wherever the secret was cut off.
func TestRedactorField_CutOff(t *testing.T) {
	t.Parallel()
	const secret = "q7w8e9r0-t1y2u3i4"
	var r Redactor
	r.Add(tenantkit.NewSecret(secret))
	for start := range secret {
		for end := start; end <= len(secret); end++ {
			piece := secret[start:end]
			want := piece
			if len(fold(piece)) >= gramBytes {
				want = tenantkit.Redacted
			}
			if got := r.Field(piece); got != want {
				t.Errorf("Field(%q) = %q, want %q", piece, got, want)
			}
		}
	}
}

func TestRedactorField_ShortSecret(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"s", "S3", "s3x", "s3-x-y", "abc4567"} {
		var r Redactor
		r.Add(tenantkit.NewSecret(secret))
		for encoding, encode := range encodings {
			if strings.HasPrefix(encoding, "base64") || strings.HasPrefix(encoding, "hex") {
				continue // too short to be recognized there
			}
			if text := "the key <" + encode(secret) + ">"; r.Field(text) != tenantkit.Redacted {
				t.Errorf("%s: shown: %s", encoding, text)
			}
		}
		if text := "no " + secret[:len(secret)-1] + "?"; r.Field(text) != text {
			t.Errorf("%s: dropped for a piece of it: %s", secret, text)
		}
	}
}

func TestRedactorField_SymbolsOnly(t *testing.T) {
	t.Parallel()
	var r Redactor
	r.Add(tenantkit.NewSecret("?<&!"))
	for text, want := range map[string]string{
		"wrong: ?<&!": tenantkit.Redacted, `"?\u003c\u0026!"`: tenantkit.Redacted, "?&lt;&amp;!": tenantkit.Redacted, "%3F%3C%26%21": tenantkit.Redacted,
		"wrong: ?<": "wrong: ?<",
	} {
		if got := r.Field(text); got != want {
			t.Errorf("Field(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestRedactorField_Unrelated(t *testing.T) {
	t.Parallel()
	var r Redactor
	const text = `{"error":"100 % of A&B = \"no such tenant\"","code":"IW10031"}`
	if got := r.Field(text); got != text {
		t.Errorf("without secrets: %q", got)
	}
	r.Add(tenantkit.NewSecret("0a1b2c3d4e5f"), tenantkit.Secret{})
	r.Pin("Bearer 9z8y7x6w5v", tenantkit.NewSecret("9z8y7x6w5v"))
	for _, text := range []string{"", text, "0a1b2c3", "4e5f0a1b2c3"} {
		if got := r.Field(text); got != text {
			t.Errorf("Field(%q) = %q", text, got)
		}
	}
}

func TestRedactor_ForgetsOldest(t *testing.T) {
	t.Parallel()
	var r Redactor
	secret := func(i int) string { return fmt.Sprintf("secret-%08d-x", i*7919) }
	r.Pin("pinned-value", tenantkit.NewSecret("pinned-value"))
	const many = 20 * maxRecent
	for i := range many {
		r.Add(tenantkit.NewSecret(secret(i)))
		if i%97 == 0 && r.Field(secret(i)) != tenantkit.Redacted {
			t.Fatalf("secret %d is shown at once", i)
		}
	}
	for i := many - maxRecent; i < many; i++ {
		if r.Field(secret(i)) != tenantkit.Redacted {
			t.Errorf("secret %d of %d is shown", i, many)
		}
	}
	if r.Field("a pinned-value") != tenantkit.Redacted {
		t.Error("the pinned secret is shown")
	}
	if len(r.recent) != maxRecent || len(r.known) != maxRecent {
		t.Errorf("%d and %d secrets are kept", len(r.recent), len(r.known))
	}
	// What was forgotten leaves the index, too, so that memory stays bounded.
	if n := 6 * 2 * maxRecentBytes; len(r.index.grams) > n {
		t.Errorf("the index has %d grams, more than %d", len(r.index.grams), n)
	}
}

func TestRedactor_LongSecrets(t *testing.T) {
	t.Parallel()
	var r Redactor
	for i := range 200 {
		r.Add(tenantkit.NewSecret(strings.Repeat(fmt.Sprintf("%08d", i), 8<<10)))
		r.Field("x")
	}
	if r.recentBytes > maxRecentBytes || len(r.recent) != maxRecentBytes/maxSecretBytes {
		t.Errorf("%d secrets of %d bytes are kept", len(r.recent), r.recentBytes)
	}
	if r.Field("0000019900000199") != tenantkit.Redacted {
		t.Error("the last secret is shown")
	}
}

func TestRedactorPin_KeepsThoseInUse(t *testing.T) {
	t.Parallel()
	var r Redactor
	r.Pin("long-lived", tenantkit.NewSecret("long-lived-secret"))
	for i := range 10 * maxPinned {
		value := fmt.Sprintf("token-%06d-zzz", i)
		if r.Pinned(value) {
			t.Errorf("%s is known before it was pinned", value)
		}
		r.Pin(value, tenantkit.NewSecret(value))
		if !r.Pinned(value) || !r.Pinned("long-lived") {
			t.Fatalf("after %d values, one in use is forgotten", i)
		}
	}
	if len(r.pinned) != maxPinned {
		t.Errorf("%d values are pinned", len(r.pinned))
	}
	if r.Field("long-lived-secret") != tenantkit.Redacted {
		t.Error("the secret of a value in use is shown")
	}
}

func TestRedactorError(t *testing.T) {
	t.Parallel()
	var r Redactor
	r.Add(tenantkit.NewSecret("0a1b2c3d4e5f"))
	if r.Error(nil) != nil {
		t.Error("an error out of nothing")
	}
	harmless := errors.New("connection refused")
	if got := r.Error(harmless); got != harmless {
		t.Errorf("Error(%v) = %v", harmless, got)
	}
	inner := fmt.Errorf("proxy said 0a1b2c3d4e5f: %w", context.DeadlineExceeded)
	got := r.Error(inner)
	if !errors.Is(got, context.DeadlineExceeded) || errors.Is(got, context.Canceled) || errors.Unwrap(got) != nil {
		t.Errorf("Error(%v) = %#v", inner, got)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s", "%x"} {
		if text := fmt.Sprintf(verb, got); text != tenantkit.Redacted {
			t.Errorf("%s: %s", verb, text)
		}
	}
}

func TestRedactor_Concurrent(t *testing.T) {
	t.Parallel()
	var r Redactor
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 300 {
				value := fmt.Sprintf("secret-%d-%06d", g, i)
				r.Add(tenantkit.NewSecret(value))
				if !r.Pinned(value) {
					r.Pin(value, tenantkit.NewSecret("pin-"+value))
				}
				if r.Field("the "+value) != tenantkit.Redacted {
					t.Errorf("%s is shown", value)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzRedactorField(f *testing.F) {
	f.Add("0a1b2c3d4e5f", "the key ", " is wrong")
	f.Add(`p4/s"w<o>r&d+é\=~ 😀%41end`, "%", `\u00`)
	f.Add("&lt;&amp;12345678", "=3", "&#1")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		// Half an escape before the secret may swallow its beginning, but not eight letters
		// of it.
		if len(fold(secret)) < 4*gramBytes || len(secret) > maxSecretBytes || !strings.Contains(strings.ToValidUTF8(secret, ""), secret) {
			return
		}
		var r Redactor
		r.Add(tenantkit.NewSecret(secret))
		for _, encoding := range []string{"raw", "upper case", "percent, query", "percent, each byte", "JSON", "JSON, each character", "HTML, named", "HTML, decimal", "quoted, each byte", "base64", "base64 after 1 byte", "base64 after 2 bytes", "hex"} {
			if encoding == "upper case" && strings.ContainsFunc(secret, func(r rune) bool { return r >= 0x80 }) {
				continue // only ASCII letters are folded
			}
			if text := before + encodings[encoding](secret) + after; r.Field(text) != tenantkit.Redacted {
				t.Errorf("%s: %q in %q is shown", encoding, secret, text)
			}
		}
	})
}

// benchmarkRedactor knows 1,000 secrets.
func benchmarkRedactor(tb testing.TB) (*Redactor, string) {
	tb.Helper()
	var r Redactor
	for i := range maxRecent {
		r.Add(tenantkit.NewSecret(fmt.Sprintf("%032x", uint64(i)*0x9e3779b97f4a7c15)))
	}
	text := strings.Repeat(`{"message":"tenant \"EGI\" not found in 100% of A&amp;B","path":"/api/v2/admin/tenants?x=1"}`+"\n", 1000)[:64<<10]
	if r.Field(text) != text {
		tb.Fatal("the text is dropped")
	}
	return &r, text
}

func BenchmarkRedactorField(b *testing.B) {
	r, escaped := benchmarkRedactor(b)
	for name, text := range map[string]string{"escaped": escaped, "plain": strings.Repeat("no such tenant here, ", 4000)[:64<<10]} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Field(text)
			}
		})
	}
	b.Run("new secret each time", func(b *testing.B) {
		b.ReportAllocs()
		i := uint64(0)
		for b.Loop() {
			i++
			r.Add(tenantkit.NewSecret(fmt.Sprintf("%032x", i*0xd6e8feb86659fd93)))
			r.Field(escaped)
		}
	})
}

// Not in parallel: the memory that it counts is that of the process.
func TestRedactor_Memory(t *testing.T) {
	r, _ := benchmarkRedactor(t)
	for i := range 5 * maxRecent {
		r.Add(tenantkit.NewSecret(fmt.Sprintf("%064d", i*7919)))
		if i%100 == 0 {
			r.Field("x")
		}
	}
	var with, without runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&with)
	runtime.KeepAlive(r)
	r = nil
	runtime.GC()
	runtime.ReadMemStats(&without)
	if used := int64(with.HeapAlloc) - int64(without.HeapAlloc); used > 48<<20 {
		t.Errorf("%d KiB are in use", used>>10)
	} else {
		t.Logf("%d KiB are in use", used>>10)
	}
}
