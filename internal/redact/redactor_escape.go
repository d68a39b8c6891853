package redact

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unescapeBackslash decodes the escapes of strings in JSON and Go. The letter of an escape for
// white space is dropped.
func unescapeBackslash(text string) string {
	decoded := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		next := strings.IndexByte(text[i:], '\\')
		if next < 0 || i+next+1 == len(text) {
			return string(append(decoded, text[i:]...))
		}
		decoded = append(decoded, text[i:i+next]...)
		i += next + 1
		switch c := text[i]; c {
		case 'b', 'f', 'n', 'r', 't', 'v', 'a':
			decoded = append(decoded, ' ')
		case 'x', 'u', 'U':
			var n int
			decoded, n = appendNumbered(decoded, c, text[i+1:])
			i += n
		default:
			decoded = append(decoded, c)
		}
	}
	return string(decoded)
}

// appendNumbered appends the character whose number is at the start of text, and returns how much
// of text that takes. Kind is the letter of the escape.
func appendNumbered(decoded []byte, kind byte, text string) ([]byte, int) {
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[kind]
	value, ok := hexDigits(text, digits)
	switch {
	case !ok:
		return append(decoded, kind), 0
	case kind == 'x':
		return append(decoded, byte(value)), digits
	case utf16.IsSurrogate(value) && len(text) > 6 && text[4] == '\\' && text[5] == 'u':
		if low, ok := hexDigits(text[6:], 4); ok {
			return utf8.AppendRune(decoded, utf16.DecodeRune(value, low)), 10
		}
	}
	return utf8.AppendRune(decoded, value), digits
}
