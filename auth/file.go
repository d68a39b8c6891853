package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tenantkit/tenantkit/internal/atomicfile"
)

// maxTokenBytes is far above what any server accepts in a header.
const maxTokenBytes = 64 << 10

// File is a source that reads the file at path each time that it is asked, so that it follows every
// change, also where a symbolic link is put in place of another (as Kubernetes does with mounted
// secrets). White space around the token is ignored, and so is one byte order mark at the start.
//
// A file that is missing, empty, longer than 64 KiB, of more than one line, or no regular file is
// an error, which does not hold what is in the file.
func File(path string) TokenSource {
	return TokenSourceFunc(func(context.Context) (Token, error) {
		if reason := atomicfile.BadPath(path); reason != "" {
			return Token{}, invalid("File", "path", "%s", reason)
		}
		text, err := readTokenFile(path)
		if err != nil {
			return Token{}, err
		}
		token, err := tokenFrom(text)
		if err != nil {
			return Token{}, fmt.Errorf("the file %s %w", path, err)
		}
		return token, nil
	})
}

func readTokenFile(path string) (string, error) {
	// Looked at before it is opened, since to open a named pipe would wait for a writer.
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("the file %s is not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxTokenBytes+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return "", err
	}
	if len(text) > maxTokenBytes {
		return "", fmt.Errorf("the file %s holds more than %d bytes, which is too long for a token", path, maxTokenBytes)
	}
	return string(text), nil
}

// tokenFrom makes a token of a text that somebody else wrote. Its error completes a sentence that
// begins with what held the text.
func tokenFrom(text string) (Token, error) {
	text = strings.TrimSpace(withoutMark(text))
	switch {
	case text == "":
		return Token{}, errors.New("holds no token: it is empty")
	case strings.ContainsAny(text, "\r\n"):
		return Token{}, errors.New("holds more than one line, where one token is wanted")
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return Token{}, errors.New("holds no token, but something that is not text")
	}
	return newToken(text), nil
}

// withoutMark returns text without one byte order mark at its start. Some editors of Windows write
// one.
func withoutMark(text string) string { return strings.TrimPrefix(text, "\ufeff") }
