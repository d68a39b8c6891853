// Package redact removes credentials that nobody knows from texts that others wrote.
package redact

import (
	"regexp"
	"strings"

	"github.com/tenantkit/tenantkit"
)

// Opaque returns text with [tenantkit.Redacted] in place of everything that looks like a credential: JSON Web Tokens, whole or cut
// off, and all that is so long without a break that it is nothing for a human to read.
func Opaque(text string) string {
	return regexp.MustCompile(`eyJ[\w-]+\.[\w-]+(\.[\w-]*)?|ya29\.[\w.-]+|[\w+=-]{40,}`).ReplaceAllString(text, tenantkit.Redacted)
}

// Error returns the message of another library's error, which may hold an answer as it came: without what [Opaque] removes, and cut
// to a length that fits into the message of an error of ours.
func Error(err error) string {
	const longest = 800
	return Cut(Opaque(err.Error()), longest)
}

// Cut returns the first bytes of a text, most of them at most, and marks where it was cut. No character is cut through.
func Cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
