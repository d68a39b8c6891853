package auth_test

import (
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit/auth"
)

func TestRedact(t *testing.T) {
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
		// A token that the cut goes through must not be left as one too short to be seen.
		"token at the cut":     {strings.Repeat("ab ", 264) + strings.Repeat("k", 60), strings.Repeat("ab ", 264) + "[redacte…"},
		"character at the cut": {strings.Repeat("ab ", 266) + "é and more", strings.Repeat("ab ", 266) + "é…"},
		"character cut off":    {strings.Repeat("ab ", 266) + "a€", strings.Repeat("ab ", 266) + "a…"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := auth.Redact(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
