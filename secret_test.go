package tenantkit_test

import (
	"bytes"
	"encoding/asn1"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"log/slog"
	"net/url"
	"reflect"
	"strings"
	"testing"
	texttemplate "text/template"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

const marker = "MARKER-s3cr3t"

// vault holds secrets in every place of an exported type.
type vault struct {
	Name    string
	One     tenantkit.Secret
	Pointer *tenantkit.Secret
	List    []tenantkit.Secret
	Array   [1]tenantkit.Secret
	Map     map[string]tenantkit.Secret
	Any     any
	Inner   *vault
	hidden  tenantkit.Secret
	deep    *struct{ hidden []tenantkit.Secret }
}

func filled() vault {
	secret := tenantkit.NewSecret(marker)
	v := vault{
		Name: "name", One: secret, Pointer: &secret, List: []tenantkit.Secret{secret}, Array: [1]tenantkit.Secret{secret},
		Map: map[string]tenantkit.Secret{"a": secret}, Any: secret,
		hidden: secret, deep: &struct{ hidden []tenantkit.Secret }{[]tenantkit.Secret{secret}},
	}
	inner := v
	v.Inner = &inner
	return v
}

func shows(text string) bool {
	text = strings.ToLower(text)
	marker := strings.ToLower(marker)
	return strings.Contains(text, marker) || strings.Contains(text, fmt.Sprintf("%x", marker)) ||
		strings.Contains(text, fmt.Sprint([]byte(marker)))
}

func TestSecretIsNotShown(t *testing.T) {
	t.Parallel()
	secret := tenantkit.NewSecret(marker)
	v := filled()
	values := map[string]any{
		"secret": secret, "pointer": &secret, "slice": []tenantkit.Secret{secret}, "map": map[string]tenantkit.Secret{"a": secret}, "any": []any{secret},
		"key": map[tenantkit.Secret]int{secret: 1}, "struct": v, "pointer to struct": &v, "structs": []vault{v}, "error": fmt.Errorf("failed with %v, %s", secret, secret),
	}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := func(how, text string) {
				if shows(text) || text == "" {
					t.Errorf("%s: %s", how, text)
				}
			}
			for verb := 'A'; verb <= 'z'; verb++ {
				if verb == 'p' || verb == 'T' || verb == 'w' || verb > 'Z' && verb < 'a' {
					continue // fmt treats %p and %T itself, without a look at the value
				}
				for _, flags := range []string{"", "+", "#", " ", "0", "-", "20", ".3", "#+", "# 20.3"} {
					format := "%" + flags + string(verb)
					check(format, fmt.Sprintf(format, value))
				}
			}
			check("surplus", fmt.Sprintf(strings.TrimSpace("more values than verbs "), value))
			check("Sprint", fmt.Sprint("x", value))
			check("Sprintln", fmt.Sprintln(value, value))
			for how, handler := range map[string]func(*bytes.Buffer) slog.Handler{
				"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
				"slog JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
			} {
				var b bytes.Buffer
				logger := slog.New(handler(&b))
				logger.With("value", value).WithGroup("g").Info("message", "again", value, slog.Group("deep", slog.Any("value", value)))
				check(how, b.String())
			}
			if data, err := json.Marshal(value); err == nil {
				check("JSON", string(data))
			}
			if data, err := json.MarshalIndent(value, "", " "); err == nil {
				check("indented JSON", string(data))
			}
			if data, err := wire.Marshal(value); err == nil {
				check("JSON v2", string(data))
			}
			if data, err := xml.Marshal(value); err == nil {
				check("XML", string(data)+"x")
			}
			var stream bytes.Buffer
			if err := gob.NewEncoder(&stream).Encode(value); err == nil || stream.Len() > 0 {
				check("gob", stream.String()+"x")
			}
			if data, err := asn1.Marshal(value); err == nil {
				check("ASN.1", string(data)+"x")
			}
			var b bytes.Buffer
			if err := texttemplate.Must(texttemplate.New("").Parse(`x{{.}}{{printf "%v" .}}`)).Execute(&b, value); err == nil {
				check("text/template", b.String())
			}
			b.Reset()
			if err := template.Must(template.New("").Parse(`x{{.}}<a title="{{.}}">`)).Execute(&b, value); err == nil {
				check("html/template", b.String())
			}
		})
	}
}

func TestSecretText(t *testing.T) {
	t.Parallel()
	secret, empty := tenantkit.NewSecret(marker), tenantkit.Secret{}
	for _, tt := range []struct{ got, want string }{
		{secret.String(), "[redacted]"}, {empty.String(), ""},
		{fmt.Sprintf("%v|%s|%d|%x|%20s", secret, secret, secret, secret, secret), "[redacted]|[redacted]|[redacted]|[redacted]|[redacted]"},
		{fmt.Sprintf("%q %#v", secret, secret), `"[redacted]" tenantkit.NewSecret("[redacted]")`},
		{fmt.Sprintf("%v|%q|%#v", empty, empty, empty), `|""|tenantkit.NewSecret("")`},
		{secret.GoString(), `tenantkit.NewSecret("[redacted]")`},
		{secret.LogValue().String(), "[redacted]"},
		{secret.Reveal(), marker}, {empty.Reveal(), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
	text, err := secret.MarshalText()
	if string(text) != "[redacted]" || err != nil {
		t.Errorf("MarshalText = %s, %v", text, err)
	}
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, func(v any) ([]byte, error) { return wire.Marshal(v) }} {
		data, err := marshal(struct{ A, B tenantkit.Secret }{secret, empty})
		if string(data) != `{"A":"[redacted]","B":""}` || err != nil {
			t.Errorf("JSON = %s, %v", data, err)
		}
	}
}

// A secret is read as it is.
func TestSecretIsRead(t *testing.T) {
	t.Parallel()
	for _, unmarshal := range []func([]byte, any) error{json.Unmarshal, func(b []byte, v any) error { return wire.Unmarshal(b, v) }} {
		var got struct{ A, B tenantkit.Secret }
		if err := unmarshal([]byte(`{"A":"a\"b","B":null}`), &got); err != nil || got.A.Reveal() != `a"b` || !got.B.IsZero() {
			t.Errorf("got %q, %v", got.A.Reveal(), err)
		}
	}
}

func TestReveal(t *testing.T) {
	t.Parallel()
	data, err := tenantkit.Reveal(filled())
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(data), marker); n != 12 || strings.Contains(string(data), tenantkit.Redacted) {
		t.Errorf("%d secrets in %s", n, data)
	}
	var back vault
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	want := filled()
	want.Any, want.Inner.Any = marker, marker
	want.hidden, want.deep, want.Inner.hidden, want.Inner.deep = tenantkit.Secret{}, nil, tenantkit.Secret{}, nil
	if diff := cmp.Diff(want, back, cmp.AllowUnexported(vault{})); diff != "" {
		t.Errorf("what comes back differs (-want +got):\n%s", diff)
	}
	for range 20 {
		again, err := tenantkit.Reveal(map[string]tenantkit.Secret{"b": tenantkit.NewSecret("2"), "a": tenantkit.NewSecret("1"), "c": tenantkit.NewSecret(`"`)})
		if err != nil || string(again) != `{"a":"1","b":"2","c":"\""}` {
			t.Fatalf("got %s, %v", again, err)
		}
	}
}

// An object that was stored without Reveal has lost its secrets. They must not be overwritten with
// the redaction.
func TestReveal_RejectsTheRedaction(t *testing.T) {
	t.Parallel()
	stored, err := json.Marshal(filled())
	if err != nil {
		t.Fatal(err)
	}
	var back vault
	if err := json.Unmarshal(stored, &back); err != nil {
		t.Fatal(err)
	}
	data, err := tenantkit.Reveal(back)
	if !errors.Is(err, tenantkit.ErrRedacted) || !strings.Contains(err.Error(), "read the object again, or set the secret") {
		t.Errorf("got %s, %v", data, err)
	}
	if _, err := tenantkit.Reveal(tenantkit.NewSecret("[redacted] ")); err != nil {
		t.Errorf("another text: %v", err)
	}
	if _, err := tenantkit.Reveal(func() {}); err == nil {
		t.Error("a function became JSON")
	}
}

func TestSecret_Comparable(t *testing.T) {
	t.Parallel()
	a, again, other := tenantkit.NewSecret(marker), tenantkit.NewSecret(marker), tenantkit.NewSecret(marker+"x")
	if a != again || a == other || !a.Equal(again) || a.Equal(other) || a.Equal(tenantkit.Secret{}) || !(tenantkit.Secret{}).Equal(tenantkit.NewSecret("")) {
		t.Error("equal strings are not equal secrets, or other ones are")
	}
	if set := map[tenantkit.Secret]int{a: 1, again: 2, other: 3}; len(set) != 2 || set[tenantkit.NewSecret(marker)] != 2 {
		t.Errorf("%d keys", len(set))
	}
	if !reflect.DeepEqual([]tenantkit.Secret{a}, []tenantkit.Secret{again}) || reflect.DeepEqual(a, other) {
		t.Error("reflect.DeepEqual is wrong")
	}
	if !cmp.Equal(vault{One: a}.One, again) || cmp.Equal(a, other) {
		t.Error("cmp.Equal is wrong")
	}
	if !a.Equal(again) || a.IsZero() || !tenantkit.NewSecret("").IsZero() || tenantkit.NewSecret("") != (tenantkit.Secret{}) {
		t.Error("IsZero is wrong")
	}
}

// The memory of a secret has none of its letters.
func TestSecret_MaskedMemory(t *testing.T) {
	t.Parallel()
	var ascii strings.Builder
	for c := range 128 {
		ascii.WriteByte(byte(c))
	}
	for _, text := range []string{marker, strings.Repeat(ascii.String(), 5)} {
		memory := reflect.ValueOf(tenantkit.NewSecret(text)).Field(0).String()
		if len(memory) != len(text) {
			t.Fatalf("%d bytes, want %d", len(memory), len(text))
		}
		for i := range len(memory) {
			if memory[i] < 0x80 {
				t.Errorf("byte %d is %q", i, memory[i])
			}
		}
		if got := tenantkit.NewSecret(text).Reveal(); got != text {
			t.Errorf("Reveal = %q, want %q", got, text)
		}
	}
	if text := "\x00\xff é\xc3"; tenantkit.NewSecret(text).Reveal() != text {
		t.Error("bytes that are not UTF-8 change")
	}
}

func TestSecret_Set(t *testing.T) {
	t.Parallel()
	want := tenantkit.NewSecret(" a b ")
	var byText, byValue tenantkit.Secret
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.TextVar(&byText, "text", tenantkit.Secret{}, "")
	flags.Var(&byValue, "value", "")
	if err := flags.Parse([]string{"-text", " a b ", "-value", " a b "}); err != nil || byText != want || byValue != want {
		t.Errorf("got %q, %q, %v", byText.Reveal(), byValue.Reveal(), err)
	}
	var none *tenantkit.Secret
	for name, err := range map[string]error{"Set": none.Set("x"), "UnmarshalText": none.UnmarshalText([]byte("x")), "UnmarshalJSON": none.UnmarshalJSON([]byte(`"x"`)), "Scan": none.Scan("x")} {
		if err == nil {
			t.Errorf("%s of a nil pointer: no error", name)
		}
	}
}

func TestSecret_Scan(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		column any
		want   string
		ok     bool
	}{{"abc", "abc", true}, {[]byte("abc"), "abc", true}, {nil, "", true}, {int64(7), "before", false}, {3.5, "before", false}} {
		got := tenantkit.NewSecret("before")
		if err := got.Scan(tt.column); (err == nil) != tt.ok || got.Reveal() != tt.want {
			t.Errorf("Scan(%v): %q, %v", tt.column, got.Reveal(), err)
		}
	}
	// A driver may use its memory again.
	column := []byte("abc")
	var got tenantkit.Secret
	if err := got.Scan(column); err != nil {
		t.Fatal(err)
	}
	clear(column)
	if got.Reveal() != "abc" {
		t.Errorf("got %q", got.Reveal())
	}
}

func TestSecret_UnmarshalText(t *testing.T) {
	t.Parallel()
	got := tenantkit.NewSecret("before")
	if err := got.UnmarshalText([]byte("a\n\xff")); err != nil || got.Reveal() != "a\n\xff" {
		t.Errorf("got %q, %v", got.Reveal(), err)
	}
	if err := got.UnmarshalText(nil); err != nil || !got.IsZero() {
		t.Errorf("got %q, %v", got.Reveal(), err)
	}
	for _, data := range []string{`7`, `{}`, `"a`, ``, `true`} {
		got := tenantkit.NewSecret("before")
		if err := got.UnmarshalJSON([]byte(data)); err == nil || got.Reveal() != "before" {
			t.Errorf("UnmarshalJSON(%s): %q, %v", data, got.Reveal(), err)
		}
	}
}

func TestSecret_EncodeValues(t *testing.T) {
	t.Parallel()
	values := make(url.Values)
	if err := errors.Join(tenantkit.NewSecret(marker).EncodeValues("a", &values), tenantkit.Secret{}.EncodeValues("b", &values)); err != nil {
		t.Fatal(err)
	}
	if got := values.Encode(); got != "a=%5Bredacted%5D&b=" {
		t.Errorf("got %s", got)
	}
}

func TestRestore(t *testing.T) {
	t.Parallel()
	data, err := tenantkit.Reveal(filled())
	if err != nil {
		t.Fatal(err)
	}
	var back vault
	if err := tenantkit.Restore(data, &back); err != nil || back.One.Reveal() != marker || back.Inner.Map["a"].Reveal() != marker {
		t.Errorf("got %q, %v", back.One.Reveal(), err)
	}
	lost, err := json.Marshal(filled())
	if err != nil {
		t.Fatal(err)
	}
	if err := tenantkit.Restore(lost, &back); !errors.Is(err, tenantkit.ErrRedacted) {
		t.Errorf("a lost secret: %v", err)
	}
	if err := tenantkit.Restore([]byte(`{"One":7}`), &back); err == nil || errors.Is(err, tenantkit.ErrRedacted) {
		t.Errorf("a number: %v", err)
	}
}
