// Package redact removes credentials that nobody knows from texts that others wrote.
package redact

import (
	"regexp"

	"github.com/tenantkit/tenantkit"
)

// Opaque returns text with [tenantkit.Redacted] in place of everything that looks like a credential: JSON Web Tokens, whole or cut
// off, and all that is so long without a break that it is nothing for a human to read.
func Opaque(text string) string {
	return regexp.MustCompile(`eyJ[\w-]+\.[\w-]+(\.[\w-]*)?|ya29\.[\w.-]+|[\w+=-]{40,}`).ReplaceAllString(text, tenantkit.Redacted)
}
