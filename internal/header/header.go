// Package header tells which texts can be sent as headers.
package header

import (
	"fmt"
	"strings"
)

// maxBytes is far above what any server takes.
const maxBytes = 64 << 10

// BadName says why a text cannot be the name of a header, which is a token as RFC 9110 has it (section 5.6.2), or nothing. It does not
// repeat the text, which is a secret where somebody mistook the order of arguments.
func BadName(text string) string {
	switch {
	case text == "":
		return "it is empty"
	case len(text) > maxBytes:
		return "it is longer than 64 KiB"
	}
	for _, r := range text {
		if r <= ' ' || r > '~' || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", r) {
			return fmt.Sprintf("it holds %q", r)
		}
	}
	return ""
}

// BadValue says why a text cannot be the value of a header, or nothing, without repeating it.
func BadValue(text string) string {
	if len(text) > maxBytes {
		return "it is longer than 64 KiB"
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Sprintf("it holds the control character %q", c)
		}
	}
	return ""
}
