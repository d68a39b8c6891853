// Package redact removes credentials that nobody knows from texts that others wrote.
package redact

import (
	"regexp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/excerpt"
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
	return excerpt.Of(Opaque(err.Error()), longest)
}
