package wire

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type secret string

// MarshalJSON is what the encoder stands above.
func (secret) MarshalJSON() ([]byte, error) { return []byte(`"hidden"`), nil }

type nested struct {
	Plain   string            `json:"plain"`
	One     secret            `json:"one"`
	Pointer *secret           `json:"pointer,omitempty"`
	List    []secret          `json:"list,omitempty"`
	Map     map[string]secret `json:"map,omitempty"`
	Any     any               `json:"any,omitempty"`
	Inner   *nested           `json:"inner,omitempty"`
}

func sample() nested {
	two := secret("two")
	return nested{
		Plain: "p", One: "one", Pointer: &two, List: []secret{"three", ""}, Map: map[string]secret{"b": "five", "a": "four"}, Any: secret("six"),
		Inner: &nested{One: "seven"},
	}
}

func TestEncoder(t *testing.T) {
	t.Parallel()
	encoder := NewReplacer(func(s secret) (string, error) { return "<" + string(s) + ">", nil })
	for range 10 {
		got, err := encoder.Marshal(sample())
		want := `{"plain":"p","one":"<one>","pointer":"<two>","list":["<three>","<>"],"map":{"a":"<four>","b":"<five>"},"any":"<six>","inner":{"plain":"","one":"<seven>"}}`
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}

// A readSecret decodes itself, as Visit wants it.
type readSecret string

func (s *readSecret) UnmarshalJSON(data []byte) error { return Unmarshal(data, (*string)(s)) }

func TestVisit(t *testing.T) {
	t.Parallel()
	type object struct {
		One     readSecret
		Pointer *readSecret
		List    []readSecret
		Map     map[string]readSecret
		Inner   *object
	}
	const data = `{"One":"one","Pointer":"two","List":["three",""],"Map":{"a":"four"},"Inner":{"One":"five","Pointer":null}}`
	var got, want object
	var visited []readSecret
	if err := Unmarshal([]byte(data), &got, Visit(func(s readSecret) { visited = append(visited, s) })); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]readSecret{"one", "two", "three", "", "four", "five"}, visited); diff != "" {
		t.Errorf("visited values differ (-want +got):\n%s", diff)
	}
	if err := Unmarshal([]byte(data), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the decoded value differs (-without +with Visit):\n%s", diff)
	}
	if err := Unmarshal([]byte(`{"One":7}`), &got, Visit(func(s readSecret) { t.Errorf("visited %q", s) })); err == nil {
		t.Error("no error for a number")
	}
}

// The error of a value says where it stands.
func TestField(t *testing.T) {
	t.Parallel()
	rejection := errors.New("refused")
	encoder := NewReplacer(func(s secret) (string, error) {
		if s == "bad" {
			return "", rejection
		}
		return string(s), nil
	})
	tests := map[string]struct {
		value   any
		pointer string
		reason  error
	}{
		"field":    {nested{One: "bad"}, "/one", rejection},
		"deep":     {nested{Inner: &nested{List: []secret{"x", "bad"}}}, "/inner/list/1", rejection},
		"map":      {nested{Map: map[string]secret{"a/b": "bad"}}, "/map/a~1b", rejection},
		"itself":   {secret("bad"), "", rejection},
		"channel":  {struct{ C chan int }{}, "/C", nil},
		"no UTF-8": {nested{Plain: "\xff"}, "/plain", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := encoder.Marshal(tt.value)
			pointer, reason := Field(err)
			if pointer != tt.pointer || reason == nil || tt.reason != nil && reason != tt.reason {
				t.Errorf("Field = %q, %v of %v, want %q, %v", pointer, reason, err, tt.pointer, tt.reason)
			}
		})
	}
	if pointer, reason := Field(rejection); pointer != "" || reason != rejection {
		t.Errorf("Field of a foreign error = %q, %v", pointer, reason)
	}
}

func TestUnmarshal(t *testing.T) {
	t.Parallel()
	type value struct {
		A string `json:"a"`
	}
	for text, ok := range map[string]bool{
		`{"a":"x"}`: true, ` {"a":"x","b":[1]} `: true, `{"a":null}`: true, `{}`: true, `null`: true,
		``: false, `{"a":1}`: false, `{"a":"x"} x`: false, `{"a":"x","a":"y"}`: false, "{\"a\":\"\xff\"}": false, `{"a":"x"`: false, `[]`: false,
	} {
		var got value
		err := Unmarshal([]byte(text), &got)
		if (err == nil) != ok || err != nil && !IsInvalid(err) {
			t.Errorf("%s: %v, %t, want ok = %t", text, err, IsInvalid(err), ok)
		}
		if ok && strings.Contains(text, "x") && got.A != "x" {
			t.Errorf("%s: got %+v", text, got)
		}
	}
	if IsInvalid(errors.New("x")) || IsInvalid(nil) {
		t.Error("an error of another kind is taken for one of the JSON")
	}
}
