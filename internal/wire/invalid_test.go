package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/tenantkit/tenantkit/internal/wire"
)

func TestInvalidText(t *testing.T) {
	t.Parallel()
	type inner struct {
		Name string `json:"name"`
		Raw  json.RawMessage
		Skip string `json:"-"`
	}
	type outer struct {
		inner
		List  []inner                    `json:"list"`
		Any   any                        `json:"any,omitempty"`
		Extra map[string]json.RawMessage `json:",inline"`
		own   string
	}
	circle := map[string]any{}
	circle["itself"] = circle
	const bad = "a\xff"
	for name, test := range map[string]struct {
		value any
		want  string
		found bool
	}{
		"nothing":         {nil, "", false},
		"a circle":        {circle, "", false},
		"good":            {&outer{List: []inner{{Name: "ä"}}, own: bad}, "", false},
		"raw JSON":        {inner{Raw: json.RawMessage(bad), Skip: bad}, "", false},
		"a text":          {bad, "", true},
		"in a list":       {&outer{List: []inner{{}, {Name: bad}}}, "list.1.name", true},
		"behind an any":   {outer{Any: map[string]any{"b": []string{bad}}}, "any.b.0", true},
		"a name":          {outer{Any: map[string]int{bad: 1}}, "any.a\uFFFD", true},
		"an inlined name": {outer{Extra: map[string]json.RawMessage{bad: nil}}, "a\uFFFD", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if path, found := wire.InvalidText(test.value); path != test.want && found || found != test.found {
				t.Errorf("got %q, %t", path, found)
			}
		})
	}
}
