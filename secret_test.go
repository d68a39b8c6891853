package tenantkit_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html/template"
	"log/slog"
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
}

func filled() vault {
	secret := tenantkit.Secret(marker)
	v := vault{
		Name: "name", One: secret, Pointer: &secret, List: []tenantkit.Secret{secret}, Array: [1]tenantkit.Secret{secret},
		Map: map[string]tenantkit.Secret{"a": secret}, Any: secret,
	}
	inner := v
	v.Inner = &inner
	return v
}

func shows(text string) bool {
	return strings.Contains(text, marker) || strings.Contains(text, fmt.Sprintf("%x", marker)) || strings.Contains(text, fmt.Sprintf("%X", marker)) ||
		strings.Contains(text, fmt.Sprint([]byte(marker)))
}

func TestSecretIsNotShown(t *testing.T) {
	t.Parallel()
	secret := tenantkit.Secret(marker)
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
				if strings.Contains(name, "struct") && verb != 'v' && verb != 'd' && verb != 'x' {
					continue // fmt does not ask what hangs on a pointer how to tell that a verb does not fit it
				}
				for _, flags := range []string{"", "+", "#", " ", "0", "-", "20", ".3", "#+", "# 20.3"} {
					format := "%" + flags + string(verb)
					check(format, fmt.Sprintf(format, value))
				}
			}
			check("surplus", fmt.Sprintf(strings.TrimSpace("more values than verbs "), value))
			check("Sprint", fmt.Sprint("x", value))
			check("Sprintln", fmt.Sprintln(value, value))
			if name == "key" {
				return // encoding/json takes a map's text keys as they are, and so does slog's JSON
			}
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
	secret, empty := tenantkit.Secret(marker), tenantkit.Secret("")
	for _, tt := range []struct{ got, want string }{
		{secret.String(), "[redacted]"}, {empty.String(), ""},
		{fmt.Sprintf("%v|%s|%d|%x|%20s", secret, secret, secret, secret, secret), "[redacted]|[redacted]|[redacted]|[redacted]|[redacted]"},
		{fmt.Sprintf("%q %#v", secret, secret), `"[redacted]" tenantkit.Secret("[redacted]")`},
		{fmt.Sprintf("%v|%q|%#v", empty, empty, empty), `|""|tenantkit.Secret("")`},
		{secret.GoString(), `tenantkit.Secret("[redacted]")`},
		{secret.LogValue().String(), "[redacted]"},
		{string(secret), marker},
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
		if err := unmarshal([]byte(`{"A":"a\"b","B":null}`), &got); err != nil || string(got.A) != `a"b` || got.B != "" {
			t.Errorf("got %q, %v", string(got.A), err)
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
	if diff := cmp.Diff(want, back); diff != "" {
		t.Errorf("what comes back differs (-want +got):\n%s", diff)
	}
	for range 20 {
		again, err := tenantkit.Reveal(map[string]tenantkit.Secret{"b": "2", "a": "1", "c": `"`})
		if err != nil || string(again) != `{"a":"1","b":"2","c":"\""}` {
			t.Fatalf("got %s, %v", again, err)
		}
	}
}

// An object that was stored without Reveal has lost its secrets. They must not be overwritten with the redaction.
func TestRevealRefusesTheRedaction(t *testing.T) {
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
	if err == nil || !strings.Contains(err.Error(), "read the object again, or set the secret anew") {
		t.Errorf("got %s, %v", data, err)
	}
	if _, err := tenantkit.Reveal(tenantkit.Secret("[redacted] ")); err != nil {
		t.Errorf("another text: %v", err)
	}
	if _, err := tenantkit.Reveal(func() {}); err == nil {
		t.Error("a function became JSON")
	}
}
