package autoid

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// maxMessage bounds the text that is taken for a message, in bytes.
const maxMessage = 500

// readError takes the service's words out of the body. No form of refusals is documented, so it
// knows the usual ones: JSON with message, error and code, plain text, and the page of a gateway.
func readError(refusal *tenantkit.Error, raw []byte) {
	body := strings.TrimSpace(string(raw))
	var answer struct {
		Message json.RawMessage `json:"message"`
		Error   json.RawMessage `json:"error"`
		Code    json.RawMessage `json:"code"`
		Details json.RawMessage `json:"details"`
	}
	switch {
	case strings.HasPrefix(body, "<"):
		refusal.Message = firstText(body)
	case wire.Unmarshal([]byte(body), &answer) != nil:
		if !strings.HasPrefix(body, "{") && !strings.HasPrefix(body, "[") {
			refusal.Message = shorten(body)
		}
	default:
		refusal.Message, refusal.Code = textOf(answer.Message), textOf(answer.Code)
		failure := textOf(answer.Error)
		if refusal.Message == "" {
			refusal.Message, failure = failure, ""
		}
		if refusal.Code == "" {
			refusal.Code = failure
		}
		refusal.Details = textOf(answer.Details)
	}
}

// textOf returns a text as it is, the message of an object, and the JSON of anything else.
func textOf(raw json.RawMessage) string {
	var text string
	if len(raw) == 0 || string(raw) == "null" || wire.Unmarshal(raw, &text) == nil {
		return shorten(text)
	}
	var object struct {
		Message string `json:"message"`
	}
	if wire.Unmarshal(raw, &object) == nil && object.Message != "" {
		return shorten(object.Message)
	}
	return shorten(string(raw))
}

// firstText returns the first text of a page that is not white space, which is its title, or its
// heading.
func firstText(page string) string {
	for page != "" {
		text, tag, _ := strings.Cut(page, "<")
		if text = strings.TrimSpace(text); text != "" {
			return shorten(text)
		}
		_, page, _ = strings.Cut(tag, ">")
	}
	return ""
}

func shorten(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	return strings.ToValidUTF8(text[:maxMessage], "") + "…"
}

var credentialNames = map[string]string{
	bearer: "a bearer token (Credentials.Tokens)",
	apiKey: "an API key (Credentials.APIKey)",
}

// explainCredential adds to a refused credential that the documentation asks for another one, where
// that is so. Only names the credential that the client sends for everything, if it does.
func explainCredential(refusal *tenantkit.Error, only string) {
	if only == "" || refusal.StatusCode != http.StatusUnauthorized {
		return
	}
	for i := range operations {
		asked := operations[i].Credential
		if operations[i].Name == refusal.Operation && asked != only {
			refusal.Err = errors.New("the documentation asks for " + credentialNames[asked] + " here, and the client has only " + credentialNames[only])
		}
	}
}

// blamesItems tells whether a refusal is about what was sent.
func blamesItems(err error) bool {
	var refusal *tenantkit.Error
	if !errors.As(err, &refusal) {
		return false
	}
	if refusal.StatusCode == http.StatusNotFound && missesPath(refusal) {
		return false
	}
	switch refusal.StatusCode {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// missesPath tells whether a 404 comes from something that does not know the path, rather than from
// the operation: the page of a gateway or a web server, or what services in Node say where they
// have no route.
func missesPath(refusal *tenantkit.Error) bool {
	return strings.Contains(strings.ToLower(refusal.Header.Get("Content-Type")), "html") ||
		strings.HasPrefix(strings.TrimSpace(refusal.Body.Reveal()), "<") || strings.HasPrefix(refusal.Message, "Cannot "+refusal.Method+" ")
}

// mayPass tells whether another request may do better than a failed one, without anybody doing
// something about it.
func mayPass(err error) bool {
	var failed *tenantkit.Error
	if !errors.As(err, &failed) || errors.Is(err, tenantkit.ErrUnauthenticated) {
		// The log-in of a call that was not sent may be what was refused. To try it again
		// could lock the user out.
		return false
	}
	switch status := failed.StatusCode; {
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		return true
	default:
		// None, that of a page in place of an answer, or a failure of the service.
		return status < 300 || status >= 500
	}
}
