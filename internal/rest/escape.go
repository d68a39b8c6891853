package rest

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxLayers is how many layers of escapes are taken away from a text, such as of JSON in JSON in a URL.
const maxLayers = 12

// plain returns text without the escapes of JSON, URLs and HTML, and where in text each byte of it, and its end, comes from; nil
// where it is text itself. Texts that say the same in different escapes come out alike.
func plain(text string) (string, []int) {
	var at []int
	for range maxLayers {
		if !strings.ContainsAny(text, `\%&+`) {
			break
		}
		var (
			next strings.Builder
			from = make([]int, 0, len(text)+1)
		)
		next.Grow(len(text))
		for i := 0; i < len(text); {
			said, n := decode(text[i:])
			next.WriteString(said)
			for range len(said) {
				from = append(from, source(at, i))
			}
			i += n
		}
		if next.String() == text {
			break
		}
		from = append(from, source(at, len(text)))
		text, at = next.String(), from
	}
	return text, at
}

// source returns where byte i of a text without escapes comes from.
func source(at []int, i int) int {
	if at == nil {
		return i
	}
	return at[i]
}

// decode returns what the beginning of text says, and how long that beginning is.
func decode(text string) (said string, n int) {
	switch text[0] {
	case '\\':
		return unescapeBackslash(text)
	case '%':
		if len(text) >= 3 {
			if code, err := strconv.ParseUint(text[1:3], 16, 8); err == nil {
				return string([]byte{byte(code)}), 3
			}
		}
	case '&':
		if end := strings.IndexByte(text[:min(len(text), 12)], ';'); end > 0 && !strings.ContainsAny(text[1:end], `&%\+`) {
			if said := html.UnescapeString(text[:end+1]); said != text[:end+1] {
				return said, end + 1
			}
		}
	case '+':
		return " ", 1
	}
	return text[:1], 1
}

func unescapeBackslash(text string) (said string, n int) {
	if len(text) == 1 {
		return "", 1
	}
	if letter := strings.IndexByte("bfnrt", text[1]); letter >= 0 {
		return "\b\f\n\r\t"[letter : letter+1], 2
	}
	if first, ok := codeUnit(text); ok {
		if second, ok := codeUnit(text[6:]); ok && utf16.IsSurrogate(first) {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				return string(r), 12
			}
		}
		return string(first), 6
	}
	return text[1:2], 2
}

// codeUnit reads the escape \u0000.
func codeUnit(text string) (rune, bool) {
	if len(text) < 6 || text[:2] != `\u` {
		return 0, false
	}
	code, err := strconv.ParseUint(text[2:6], 16, 16)
	return rune(code), err == nil
}
