// Package excerpt shortens texts of others, which may be of any length, to what fits into a
// message.
package excerpt

import "strings"

// Of returns the first bytes of a text, most of them at most, and marks where it was cut. No
// character is cut through.
func Of(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
