package auth

import (
	"context"
	"fmt"
	"os"
	"strings"
	"unicode"

	"github.com/tenantkit/tenantkit"
)

// Env is a source that reads the environment variable name each time that it is asked, without white space around the value. A
// variable that is not set, or is empty, is an error.
func Env(name string) TokenSource {
	return TokenSourceFunc(func(context.Context) (Token, error) {
		if strings.ContainsFunc(name, unicode.IsControl) || strings.Contains(name, "=") || name == "" || len(name) > maxTokenBytes {
			return Token{}, &tenantkit.ValidationError{Operation: "Env", Field: "name", Reason: fmt.Sprintf("%.64q is not the name of a variable", name)}
		}
		value := strings.TrimSpace(os.Getenv(name))
		if value == "" {
			return Token{}, fmt.Errorf("the environment variable %s is not set, or empty", name)
		}
		return Token{Value: tenantkit.Secret(value), Expiry: expiryOf(tenantkit.Secret(value))}, nil
	})
}
