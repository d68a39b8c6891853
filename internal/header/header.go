// Package header checks names and values of HTTP headers.
package header

import (
	"fmt"
	"strings"
)

// maxBytes is far above what any server takes.
const maxBytes = 64 << 10

// BadName returns why a string cannot be the name of a header, a token of RFC 9110 (section 5.6.2),
// or "" if it can. It does not quote the string, which is a secret if somebody confused the order
// of arguments.
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

// BadValue returns why a string cannot be the value of a header, or "" if it can. It does not quote
// it.
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
