package redact_test

import (
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit/internal/redact"
)

func TestOpaque(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("aZ0-_+=x", 5)
	tests := map[string]struct{ text, want string }{
		"nothing":               {"", ""},
		"prose":                 {"Permission iam.serviceAccounts.getOpenIdToken denied", "Permission iam.serviceAccounts.getOpenIdToken denied"},
		"names and paths":       {"arn:aws:iam::123456789012:role/x at https://example.org/a/b?c=d", "arn:aws:iam::123456789012:role/x at https://example.org/a/b?c=d"},
		"JWT":                   {`token "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln" is`, `token "[redacted]" is`},
		"JWT without signature": {"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "[redacted]"},
		"JWT that was cut off":  {"eyJhbGciOiJub25lIn0.eyJzd", "[redacted]"},
		"Google access token":   {"bearer ya29.c.b0AX-_xyz", "bearer [redacted]"},
		"long word":             {"key=" + long, "[redacted]"},
		"two long words":        {long + " " + long, "[redacted] [redacted]"},
		"word below the length": {long[1:], long[1:]},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := redact.Opaque(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
