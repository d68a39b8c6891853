package wire

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

type picky struct{}

func (*picky) UnmarshalJSON([]byte) error { return errors.New("there is no id") }

func TestMismatch(t *testing.T) {
	t.Parallel()
	type item struct {
		Name  string         `json:"name"`
		Count *int           `json:"count"`
		Ready bool           `json:"ready"`
		Tags  []string       `json:"tags"`
		Raw   []byte         `json:"raw"`
		More  map[string]int `json:"more"`
		Picky picky          `json:"picky"`
	}
	for _, test := range []struct{ body, want string }{
		{`[1]`, "expected an object, got a list"},
		{`"x"`, "expected an object, got text"},
		{`{"items":{}}`, "at /items: expected a list, got an object"},
		{`{"items":[7]}`, "at /items/0: expected an object, got a number"},
		{`{"items":[{"name":7}]}`, "at /items/0/name: expected text, got a number"},
		{`{"items":[{},{"count":true}]}`, "at /items/1/count: expected a number, got true"},
		{`{"items":[{"count":1.5}]}`, "at /items/0/count: the number is no whole one, or too large"},
		{`{"items":[{"count":1e99}]}`, "at /items/0/count: the number is no whole one, or too large"},
		{`{"items":[{"ready":"yes"}]}`, "at /items/0/ready: expected true or false, got text"},
		{`{"items":[{"raw":[]}]}`, "at /items/0/raw: expected text, got a list"},
		{`{"items":[{"tags":"a"}]}`, "at /items/0/tags: expected a list, got text"},
		{`{"items":[{"more":{"a":false}}]}`, "at /items/0/more/a: expected a number, got false"},
		{`{"items":[{"picky":{}}]}`, "at /items/0/picky: there is no id"},
	} {
		var into struct {
			Items []item `json:"items"`
		}
		err := Unmarshal([]byte(test.body), &into)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.body, err, test.want)
		}
		var semantic *json.SemanticError
		if !errors.As(err, &semantic) || !IsInvalid(err) {
			t.Errorf("%s: the error of the library is lost in %#v", test.body, err)
		}
	}
	var list []item
	array, err := OpenArray(strings.NewReader(`[{"name":7}]`), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	var next item
	if _, err := array.Next(&next); err == nil || err.Error() != "at /0/name: expected text, got a number" {
		t.Errorf("of a stream: %v", err)
	}
	if err := Unmarshal([]byte(`[`), &list); err == nil || !strings.HasPrefix(err.Error(), "jsontext: ") {
		t.Errorf("broken JSON: %v", err)
	}
}
