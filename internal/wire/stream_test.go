package wire

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// collect reads all elements of a list.
func collect(r io.Reader, member string, bound int64) ([]any, error) {
	array, err := OpenArray(r, member, bound)
	if err != nil {
		return nil, err
	}
	var items []any
	for {
		var item any
		more, err := array.Next(&item)
		if err != nil || !more {
			return items, err
		}
		items = append(items, item)
	}
}

// readers deliver a text in different pieces.
var readers = map[string]func(string) io.Reader{
	"at once":           func(s string) io.Reader { return strings.NewReader(s) },
	"byte by byte":      func(s string) io.Reader { return iotest.OneByteReader(strings.NewReader(s)) },
	"in halves":         func(s string) io.Reader { return iotest.HalfReader(strings.NewReader(s)) },
	"with end and data": func(s string) io.Reader { return iotest.DataErrReader(strings.NewReader(s)) },
}

func TestArray(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, member, text string
		bound              int64
		want               []any
		err                string
	}{
		{"elements of any kind", "", `[1,"a",null,true,[2],{"b":3}]`, 100, []any{1.0, "a", nil, true, []any{2.0}, map[string]any{"b": 3.0}}, ""},
		{"member", "data", `{"x":{"data":1},"data":[1]}`, 100, []any{1.0}, ""},
		{"member that needs quotes", `da"ta`, `{"da\"ta":[1]}`, 100, []any{1.0}, ""},
		{"first of a name that occurs twice", "data", `{"data":[1],"data":[2]}`, 100, []any{1.0}, ""},
		{"null", "", `null`, 100, nil, ""},
		{"trailing text is not looked at", "", `[1] nonsense`, 100, []any{1.0}, ""},
		{"numbers at the bound", "", `[1,2,3]`, 1, []any{1.0, 2.0, 3.0}, ""},
		{"numbers over the bound", "", `[1,22,3]`, 1, []any{1.0}, ErrTooLong.Error()},
		{"texts at the bound", "", `["a" , "b"]`, 3, []any{"a", "b"}, ""},
		{"blanks over the bound", "", "[\n   \"a\"\n   ,\n   \"b\"\n]", 5, []any{"a"}, ErrTooLong.Error()},
		{"blanks are counted apart", "", "[\n  \"a\"\n ,\n\"b\"\n]", 5, []any{"a", "b"}, ""},
		{"prefix at the bound", "d", `{"d":[1]}`, 6, []any{1.0}, ""},
		{"prefix over the bound", "d", `{"d":[1]}`, 5, nil, ErrTooLong.Error()},
		{"no bound", "", `[1]`, math.MaxInt64, []any{1.0}, ""},
		{"not a list", "", `{}`, 100, nil, "expected a list, got an object"},
		{"no such member", "data", `{"x":1}`, 100, nil, `the object has no member "data"`},
		{"not an object", "data", `true`, 100, nil, "expected an object, got true"},
		{"empty", "", ``, 100, nil, "it is empty"},
		{"blank", "data", " \n\t", 100, nil, "it is empty"},
		{"cut", "", `[1,{"a":`, 100, []any{1.0}, "unexpected EOF"},
		{"cut in a skipped value", "data", `{"x":[1,`, 100, nil, "unexpected EOF"},
		{"cut in a name", "data", `{"x":1,"da`, 100, nil, "unexpected EOF"},
		{"invalid UTF-8", "", "[\"\xff\"]", 100, nil, "invalid UTF-8"},
		{"name twice in an element", "", `[{"a":1,"a":2}]`, 100, nil, "duplicate"},
	}
	for _, tt := range tests {
		for how, reader := range readers {
			t.Run(tt.name+"/"+how, func(t *testing.T) {
				t.Parallel()
				got, err := collect(reader(tt.text), tt.member, tt.bound)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("elements differ (-want +got):\n%s", diff)
				}
				if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
					t.Errorf("err = %v, want %q", err, tt.err)
				}
			})
		}
	}
}

// The failure of the reader is the error, and not what it did to the JSON.
func TestArrayOfAFailingReader(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, text := range []string{``, `{`, `{"x"`, `{"x":[1,2`, `{"data":`, `{"data":[`, `{"data":[1`, `{"data":[1,`, `{"data":[1,{"a":`} {
		_, err := collect(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), "data", 100)
		if !errors.Is(err, broken) || IsInvalid(err) {
			t.Errorf("%s: err = %v", text, err)
		}
	}
}

// A list of 10 MB needs the memory of its largest element.
func TestArrayReadsNoFurtherThanItMust(t *testing.T) {
	t.Parallel()
	text := "[" + strings.Repeat(`{"a":"`+strings.Repeat("x", 100)+`"},`, 1000) + "1]"
	read := 0
	array, err := OpenArray(iotest.OneByteReader(readerFunc(func(p []byte) (int, error) {
		n := copy(p, text[read:])
		read += n
		return n, nil
	})), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	var item struct{ A string }
	if more, err := array.Next(&item); !more || err != nil || read > 120 {
		t.Errorf("%t, %v after %d bytes", more, err, read)
	}
	// Endless blanks are no element.
	array, err = OpenArray(readerFunc(func(p []byte) (int, error) {
		if read >= 0 {
			read = -1
			return copy(p, "["), nil
		}
		for i := range p {
			p[i] = ' '
		}
		return len(p), nil
	}), "", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := array.Next(&item); !errors.Is(err, ErrTooLong) {
		t.Errorf("endless blanks: %v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// What the decoder of a whole text takes, the decoder of elements takes, and gives the same.
func FuzzOpenArray(f *testing.F) {
	for _, seed := range []string{
		``, `[]`, `null`, `[1,2,3]`, `{"data":[{"id":"a"},{"id":"b"}]}`, `{"x":[1,{"data":2}],"data":[]}`, `{"data":null}`, `{"data":7}`,
		`[{"id":"a"},`, "[\"\xff\"]", `[{"a":1,"a":2}]`, ` [ 1 , 2 ] `, `{"data":[1],"data":[2]}`, `{"d\u0061ta":[1]}`, `[1] x`, `[1e999]`, `["\ud800"]`,
	} {
		f.Add(seed, "", int64(100))
		f.Add(seed, "data", int64(100))
		f.Add(seed, "data", int64(3))
	}
	f.Fuzz(func(t *testing.T, text, member string, bound int64) {
		got, err := collect(strings.NewReader(text), member, bound)
		for how, reader := range readers {
			again, errAgain := collect(reader(text), member, bound)
			if diff := cmp.Diff(got, again); diff != "" || (err == nil) != (errAgain == nil) {
				t.Errorf("%s: %v, at once %v:\n%s", how, errAgain, err, diff)
			}
		}
		for _, item := range got {
			// Decoded again in our own spelling an element may be longer or shorter; by
			// far it is not.
			if data, err := json.Marshal(item); err == nil && bound >= 0 && bound < math.MaxInt64/8 && int64(len(data)) > 8*bound+64 {
				t.Errorf("an element of %d bytes under a bound of %d", len(data), bound)
			}
		}
		var whole any
		if member != "" || Unmarshal([]byte(text), &whole) != nil || int64(len(text)) > bound {
			return
		}
		want, isList := whole.([]any)
		if isList != (err == nil && strings.TrimLeft(text, " \t\r\n")[0] == '[') {
			t.Errorf("err = %v for %#v", err, whole)
		}
		if isList && len(want) != len(got) {
			t.Errorf("%d elements, want %d", len(got), len(want))
		}
	})
}
