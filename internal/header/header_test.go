package header

import (
	"strings"
	"testing"
)

func TestBadName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxBytes)
	for text, want := range map[string]string{
		"X-Api-Key": "", "x!#$%&'*+-.^_`|~9": "", long: "",
		"": "it is empty", long + "x": "it is longer than 64 KiB", "X A": `it holds ' '`, ":authority": `it holds ':'`, "X\n": `it holds '\n'`,
		"X-é": `it holds 'é'`, "X\x7f": `it holds '\x7f'`, "X\xff": `it holds '�'`, "c2VjcmV0=": `it holds '='`,
	} {
		if got := BadName(text); got != want {
			t.Errorf("BadName(%.20q) = %q, want %q", text, got, want)
		}
	}
}

func TestBadValue(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxBytes)
	for text, want := range map[string]string{
		"": "", "a\tb é \xff": "", long: "",
		long + "x": "it is longer than 64 KiB", "a\r\nX-B: c": `it holds the control character '\r'`, "a\x00": `it holds the control character '\x00'`,
		"a\x7f": `it holds the control character '\x7f'`,
	} {
		if got := BadValue(text); got != want {
			t.Errorf("BadValue(%.20q) = %q, want %q", text, got, want)
		}
	}
}
