package wire

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// element is an object of a list, with some texts that repeat and some that do not.
type element struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"`
	Email string   `json:"email"`
	Kind  Text     `json:"kind"`
	Count int      `json:"count"`
	Tags  []string `json:"tags"`
}

func elements(n int) []byte {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf(`{"id":"6ac7d684-1f8e-4a02-a502-%012d","name":"element %[1]d","email":"admin@element%[1]d.example.org","kind":"plain","count":%[1]d,"tags":["a","tag %[1]d"]}`, i)
	}
	return []byte("[" + strings.Join(texts, ",") + "]")
}

// BenchmarkArray reads 100 elements into memory, in each way that there is.
func BenchmarkArray(b *testing.B) {
	data := elements(100)
	for _, way := range []struct {
		name string
		read func() (int, error)
	}{
		{"slice", func() (int, error) {
			var read []element
			err := Unmarshal(data, &read)
			return len(read), err
		}},
		{"list", func() (int, error) {
			read := List[element, string]{Keep: func(read *element) (string, error) { return read.ID, nil }}
			err := Unmarshal(data, &read)
			return len(read.Elements), err
		}},
		{"stream", func() (int, error) {
			array, err := OpenArray(io.MultiReader(strings.NewReader(string(data))), "", 1<<20)
			n := 0
			for more := true; more && err == nil; n++ {
				more, err = array.Next(new(element))
			}
			return n - 1, err
		}},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if n, err := way.read(); err != nil || n != 100 {
					b.Fatal(n, err)
				}
			}
		})
	}
}

func BenchmarkText(b *testing.B) {
	for name, data := range map[string]string{"text": `"a text of some length"`, "escaped": `"a \"text\" of some length"`, "number": "1234567890", "null": "null"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var text Text
				if err := text.UnmarshalJSON([]byte(data)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
