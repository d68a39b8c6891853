package wire

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type number struct {
	Value int  `json:"value"`
	Other *int `json:"other"`
}

var errNegative = errors.New("it is negative")

func keep(n *number) (string, error) {
	if n.Value < 0 {
		return "", errNegative
	}
	kept := strings.Repeat("x", n.Value)
	if n.Other != nil {
		kept += "+"
	}
	return kept, nil
}

func TestList(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, data string
		want       []string
	}{
		{"none", `[]`, []string{}},
		{"null", `null`, []string{}},
		{"nothing is left of the element before", `[{"value":2,"other":1},{"value":1},{}]`, []string{"xx+", "x", ""}},
		{"a null in it", `[null]`, []string{""}},
		{"many", "[" + strings.Repeat(`{"value":1},`, 99) + `{"value":3}]`, append(strings.Split(strings.Repeat("x", 99), ""), "xxx")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			list := List[number, string]{Keep: keep, Elements: []string{"before"}}
			if err := Unmarshal([]byte(test.data), &list); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, list.Elements); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestListThatIsNone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, data, want string }{
		{"nothing", ``, "unexpected EOF"},
		{"an object", `{}`, "expected a list, got an object"},
		{"a text", `"[]"`, "expected a list, got text"},
		{"an element of another shape", `[{},1]`, "at /1: expected an object, got a number"},
		{"a refused element", `[{},{"value":-1}]`, "element 1: it is negative"},
		{"no end", `[{}`, "unexpected EOF"},
		{"no end of an element", `[{},{`, "unexpected EOF"},
		{"more behind it", `[] []`, "after top-level value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			list := List[number, string]{Keep: keep}
			err := Unmarshal([]byte(test.data), &list)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got the error %v, want one with %q", err, test.want)
			}
			if !IsInvalid(err) {
				t.Errorf("%v is not an error about JSON", err)
			}
		})
	}
	list := List[number, string]{Keep: keep}
	if err := Unmarshal([]byte(`[{"value":-1}]`), &list); !errors.Is(err, errNegative) {
		t.Errorf("got %v", err)
	}
}

// Room is made for as many elements as there seem to be, but not for any number that one short
// element promises.
func TestListRoom(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, data string
		most       int
	}{
		{"one", `[{"value":1}]`, 1},
		{"two", `[ {"value":1} , {"value":2} ]`, 2},
		{"a short one before a long one", `[{},{"unknown":"` + strings.Repeat("x", 1<<20) + `"}]`, maxGuess + 1},
	} {
		list := List[number, string]{Keep: keep}
		if err := Unmarshal([]byte(test.data), &list); err != nil {
			t.Fatal(err)
		}
		if cap(list.Elements) > test.most {
			t.Errorf("%s: room for %d elements, want at most %d", test.name, cap(list.Elements), test.most)
		}
	}
}
