package secrettest

import (
	"bytes"
	"encoding/asn1"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"testing"

	"github.com/fxamacker/cbor/v2"
	goccy "github.com/goccy/go-yaml"
	"go.yaml.in/yaml/v3"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// encoders are libraries that encode any value, or return an error.
var encoders = map[string]func(any) ([]byte, error){
	"encoding/json":    json.Marshal,
	"indented":         func(v any) ([]byte, error) { return json.MarshalIndent(v, "", " ") },
	"encoding/json/v2": func(v any) ([]byte, error) { return wire.Marshal(v) },
	"gob": func(v any) ([]byte, error) {
		var b bytes.Buffer
		err := gob.NewEncoder(&b).Encode(v)
		return b.Bytes(), err
	},
	"asn1":          asn1.Marshal,
	"xml":           xml.Marshal,
	"cbor":          cbor.Marshal,
	"goccy/go-yaml": goccy.Marshal,
	"yaml/v3":       yaml.Marshal,
}

func TestEncoders(t *testing.T) {
	eachValue(t, func(t *testing.T, value any) {
		for name, encode := range encoders {
			data, err := encode(value)
			wantHidden(t, name, string(data))
			if err != nil {
				wantHidden(t, name+", error", err.Error())
			}
		}
	})
}

// A text format shows that there is a secret.
func TestEncoders_Redacted(t *testing.T) {
	t.Parallel()
	type object struct{ A tenantkit.Secret }
	for _, name := range []string{"encoding/json", "encoding/json/v2", "xml", "goccy/go-yaml", "yaml/v3"} {
		data, err := encoders[name](object{tenantkit.NewSecret(marker)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantRedacted(t, name, string(data))
	}
}

func TestXML_EveryPlace(t *testing.T) {
	t.Parallel()
	secret := tenantkit.NewSecret(marker)
	type places struct {
		Attribute tenantkit.Secret `xml:"attribute,attr"`
		Text      tenantkit.Secret `xml:",chardata"`
		Element   tenantkit.Secret `xml:"a>b"`
	}
	data, err := xml.Marshal(places{secret, secret, secret})
	if err != nil {
		t.Fatal(err)
	}
	wantRedacted(t, "attribute, text and element", string(data))
	if n := bytes.Count(data, []byte(tenantkit.Redacted)); n != 3 {
		t.Errorf("%d times: %s", n, data)
	}
	for name, value := range map[string]any{
		"comment": struct {
			XMLName xml.Name         `xml:"x"`
			Comment tenantkit.Secret `xml:",comment"`
		}{Comment: secret},
		"CDATA": struct {
			XMLName xml.Name         `xml:"x"`
			Data    tenantkit.Secret `xml:",cdata"`
		}{Data: secret},
		"inner XML": struct {
			XMLName xml.Name         `xml:"x"`
			Inner   tenantkit.Secret `xml:",innerxml"`
		}{Inner: secret},
	} {
		data, err := xml.Marshal(value)
		wantHidden(t, name, string(data))
		if err != nil {
			wantHidden(t, name+", error", err.Error())
		}
	}
}
