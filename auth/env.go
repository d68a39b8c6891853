package auth

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"
)

// Env is a source that reads the environment variable name each time that it is asked, without a
// byte order mark and white space around the value. A variable that is not set, or is empty, is an
// error.
func Env(name string) TokenSource {
	return TokenSourceFunc(func(context.Context) (Token, error) {
		if strings.ContainsFunc(name, unicode.IsControl) || strings.Contains(name, "=") || name == "" || len(name) > maxTokenBytes {
			return Token{}, invalid("Env", "name", "it is not the name of a variable: %s", notTheSecret)
		}
		value := strings.TrimSpace(withoutMark(os.Getenv(name)))
		switch {
		case value == "" && strings.ContainsFunc(name, isUnusual):
			return Token{}, errors.New("the environment variable is not set, or empty; its name is unusual, and so not shown: " + notTheSecret)
		case value == "":
			return Token{}, fmt.Errorf("the environment variable %s is not set, or empty", name)
		}
		return newToken(value), nil
	})
}

// notTheSecret is for those who gave the secret in the place of the variable's name. It must not be
// shown then.
const notTheSecret = "give the name of the variable, not the secret in it"

func isUnusual(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}
