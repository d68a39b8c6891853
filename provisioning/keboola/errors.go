package keboola

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"unicode"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// readError reads all forms in which the service, the gateway before it, and other services of
// Keboola tell of a failure:
//
//	{"errorMessage", "errorType", "requestId"}                        the service
//	{"errorMessage", "errorCode" (text or number), "apiRequestId"}    its gateway
//	{"error", "code" (text or number), "exceptionId", "context"}      Keboola's other services
//	{"status", "error" (its kind), "message", "code", "exceptionId"}  Keboola's components
//	{"reason"}                                                        maintenance
//
// Anything else is taken for plain text, of which an HTML page gives its title.
func readError(failed *tenantkit.Error, body []byte) {
	var members map[string]json.RawMessage
	if err := wire.Unmarshal(body, &members); err != nil {
		// No JSON object: the status, and what text there is, tell all.
		failed.Message = plainText(string(body))
		return
	}
	first := func(names ...string) (found string, others []string) {
		for _, name := range names {
			var text Text
			if text.UnmarshalJSON(members[name]) != nil || blank(string(text)) || text == "{}" || text == "[]" {
				continue
			}
			if found == "" {
				found = string(text)
			} else if string(text) != found {
				others = append(others, string(text))
			}
		}
		return found, others
	}
	var others []string
	failed.Message, others = first("errorMessage", "message", "error", "reason", "context")
	failed.Details = strings.Join(others, "; ")
	failed.Code, _ = first("errorCode", "code", "errorType")
	if id, _ := first("requestId", "apiRequestId", "exceptionId"); id != "" {
		failed.RequestID = id
	}
	if failed.Message == "" {
		failed.Message = plainText(string(body))
	}
	if failed.StatusCode == http.StatusBadRequest && strings.HasSuffix(failed.Message, notInDatabase) {
		failed.Err = tenantkit.ErrNotFound
	}
}

// notInDatabase ends the message about an unknown project, whose status is 404 or 400.
const notInDatabase = " not found in database"

const maxPlainText = 300

// plainText returns the beginning of a body that is no JSON object in one line, or the title of an
// HTML page.
func plainText(body string) string {
	if title, ok := htmlTitle(body); ok {
		body = title
	}
	line := strings.Join(strings.FieldsFunc(body, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if runes := []rune(line); len(runes) > maxPlainText {
		line = string(runes[:maxPlainText]) + "…"
	}
	return line
}

// htmlTitle returns the title of an HTML page, empty where it has none, and whether body looks like
// one at all.
func htmlTitle(body string) (string, bool) {
	if !strings.HasPrefix(strings.TrimSpace(body), "<") {
		return "", false
	}
	lower := strings.ToLower(body)
	if len(lower) != len(body) {
		// Positions in the one are not positions in the other.
		lower = body
	}
	_, after, found := strings.Cut(lower, "<title>")
	title, _, closed := strings.Cut(after, "</title>")
	if !found || !closed {
		return "", true
	}
	start := len(lower) - len(after)
	return body[start : start+len(title)], true
}

// errorIf returns an error with the given text if a response is not as it should be.
func errorIf(wrong bool, text string) error {
	if wrong {
		return errors.New(text)
	}
	return nil
}
