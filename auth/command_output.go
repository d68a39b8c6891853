package auth

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/excerpt"
)

// limitedWriter keeps the beginning of what a program prints, and ends the program when it prints
// too much.
type limitedWriter struct {
	kept       bytes.Buffer // no embedded field: its ReadFrom would go past the bound
	overflow   context.CancelFunc
	overflowed bool
}

func (h *limitedWriter) Write(p []byte) (int, error) {
	if h.kept.Len()+len(p) > maxOutputBytes {
		h.overflowed = true
		h.overflow()
		return 0, errors.New("too much output")
	}
	return h.kept.Write(p)
}

const (
	tailBytes    = 8 << 10 // of standard error that are kept
	maxSaidBytes = 800     // of them that go into an error
)

// tailWriter keeps the end of what a program prints.
type tailWriter struct {
	kept []byte
	cut  bool // something before it was dropped
}

func (t *tailWriter) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailBytes; over > 0 {
		t.kept, t.cut = append(t.kept[:0], t.kept[over:]...), true
	}
	return len(p), nil
}

// summary returns the last lines as one, fit for an error message, without the given secrets and
// without what looks like one.
func (t *tailWriter) summary(secrets []string) string {
	text := strings.ToValidUTF8(string(t.kept), "")
	if t.cut {
		// The word that was cut through may be the end of a secret.
		text = text[strings.IndexFunc(text+" ", unicode.IsSpace):]
	}
	text = regexp.MustCompile(`\x1b\[[0-9;?]*[ -/]*[@-~]`).ReplaceAllString(text, "") // colours and the like
	pairs := make([]string, 0, 2*len(secrets))
	for _, secret := range secrets {
		pairs = append(pairs, secret, tenantkit.Redacted)
	}
	text = strings.NewReplacer(pairs...).Replace(text)
	text = opaque(text)

	var lines []string
	room := maxSaidBytes
	all := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	for i := len(all) - 1; i >= 0; i-- {
		line := strings.TrimSpace(strings.Map(printable, all[i]))
		if line == "" {
			continue
		}
		if len(line) > room {
			if len(lines) == 0 {
				lines = []string{excerpt.Of(line, room)}
			}
			break
		}
		room -= len(line)
		lines = append([]string{line}, lines...)
	}
	return strings.Join(lines, " | ")
}

func printable(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case !unicode.IsPrint(r):
		return -1
	}
	return r
}

// secretsIn returns what must not appear in an error, the longest first: every word of the standard
// output and every value of env, but for texts so short that they are no secrets.
func secretsIn(stdout string, env map[string]tenantkit.Secret) []string {
	words := strings.FieldsFunc(stdout, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`"',{}[]`, r) })
	for _, value := range env {
		words = append(words, value.Reveal())
	}
	var secrets []string
	for _, word := range words {
		if len(word) >= 6 {
			secrets = append(secrets, word)
		}
	}
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	return secrets
}

// opaque returns text with [tenantkit.Redacted] instead of everything that looks like a credential:
// JSON Web Tokens, whole or cut off, and all that is so long without a break that nobody would read
// it.
func opaque(text string) string {
	return regexp.MustCompile(`eyJ[\w-]+\.[\w-]+(\.[\w-]*)?|ya29\.[\w.-]+|[\w+=-]{40,}`).ReplaceAllString(text, tenantkit.Redacted)
}

// Redact returns a message that others wrote, such as that of another library's error, for the
// error of a [TokenSource]: with [tenantkit.Redacted] instead of everything that looks like a
// credential, and at most about 800 bytes.
func Redact(message string) string { return excerpt.Of(opaque(message), maxSaidBytes) }
