package wire

import (
	"testing"
)

func TestText(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]Text{
		`"a\u0062"`: "ab", `""`: "", `null`: "", `0`: "0", `12345678901234567890`: "12345678901234567890", `-1.50`: "-1.50", `true`: "true",
		`{ "b" : [ 1 , null ] }`: `{"b":[1,null]}`, ` "x" `: "x", ` 12 `: "12", `" ~"`: " ~", `"č"`: "č", `"\"\\"`: `"\`, `10`: "10",
	} {
		got := Text("before")
		if err := got.UnmarshalJSON([]byte(data)); err != nil || got != want {
			t.Errorf("%s gave %q, %v, want %q", data, got, err, want)
		}
	}
	for _, data := range []string{``, `"`, `"\x"`, `{`, `nul`, `1 2`, `01`, `1a`, `"a"b"`, `"a" 1`, `"a\"`, "\"\n\"", "\"\x7f\xff\""} {
		got := Text("before")
		if err := got.UnmarshalJSON([]byte(data)); err == nil || got != "before" {
			t.Errorf("%s gave %q without an error", data, got)
		}
	}
}
