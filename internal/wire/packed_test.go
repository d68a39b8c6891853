package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type named string

type texts struct {
	Text   string            `json:"text"`
	Named  named             `json:"named"`
	List   []string          `json:"list"`
	Map    map[string]string `json:"map"`
	Any    any               `json:"any"`
	Number int               `json:"number"`
	Other  Text              `json:"other"`
}

// readAlike reads data into memory that is packed, and into other memory, and compares.
func readAlike(t *testing.T, data []byte) {
	t.Helper()
	var want []texts
	wantErr := Unmarshal(data, &want)
	var got Packed[[]texts]
	err := Unmarshal(data, &got)
	if diff := cmp.Diff(want, got.Value); wantErr == nil && diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("got the error %v, want %v", err, wantErr)
	}
	if err == nil {
		return
	}
	at, _ := Field(err)
	if wantAt, _ := Field(wantErr); at != wantAt || !IsInvalid(err) {
		t.Errorf("got the error %v at %s, want %v at %s", err, at, wantErr, wantAt)
	}
}

// packable are texts that are packed, and others that are not.
var packable = []string{
	`null`, `[]`, `[{}]`, `[null,{"text":null}]`,
	`[{"text":"a","named":"b","list":["c","","` + strings.Repeat("long ", pieceBytes) + `"],"map":{"d":"e","f":"g"},"any":["h",{"i":"j"}],"number":1,"other":2}]`,
	`[{"text":"a\u0062\n\"c\""},{"text":"ač"},{"text":"\ud83d\ude00"},{"text":"` + strings.Repeat("č", 70) + `"}]`,
	"[" + strings.TrimSuffix(strings.Repeat(`{"text":"`+strings.Repeat("x", packedBytes-2)+`"},{"text":"`+strings.Repeat("y", packedBytes-1)+`"},`, 9), ",") + "]",
	`[{"text":1}]`, `[{"text":{}}]`, `[{"text":"\x"}]`, `[{"text":"a`, `[{"text":`, `[{"text":"` + "\xff" + `"}]`, `[{"other":["\ud800"]}]`, `{}`, ``, `[] 1`,
}

// What is packed is read like anything else.
func TestPacked(t *testing.T) {
	t.Parallel()
	for _, data := range packable {
		t.Run(fmt.Sprintf("%.60s", data), func(t *testing.T) {
			t.Parallel()
			readAlike(t, []byte(data))
		})
	}
}

func FuzzPacked(f *testing.F) {
	for _, data := range packable {
		f.Add([]byte(data))
	}
	f.Fuzz(readAlike)
}

// Many texts take few allocations, and each its place. Not parallel: it counts the allocations of the whole program.
func TestPackedMemory(t *testing.T) {
	var data strings.Builder
	data.WriteString(`[""`)
	for i := range 1000 {
		fmt.Fprintf(&data, `,"text number %d"`, i)
	}
	data.WriteString("]")
	text := []byte(data.String())
	var packed Packed[[]string]
	allocations := testing.AllocsPerRun(10, func() {
		if err := Unmarshal(text, &packed); err != nil {
			t.Fatal(err)
		}
	})
	if allocations > 100 {
		t.Errorf("%.0f allocations for 1000 texts", allocations)
	}
	for i, got := range packed.Value[1:] {
		if want := fmt.Sprintf("text number %d", i); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}
