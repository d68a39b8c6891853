package worklytics

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// InvalidConnectionError lists all that is wrong with a data connection.
type InvalidConnectionError struct {
	// Problems are in the order in which one reads a connection. There is at least one.
	Problems []*tenantkit.ValidationError
}

// Error names each field and what is wrong with it.
func (e *InvalidConnectionError) Error() string {
	if len(e.Problems) == 0 {
		return "the data connection is not valid"
	}
	texts := make([]string, len(e.Problems))
	for i, problem := range e.Problems {
		// Its own text, which is a short one whatever it quotes, without what is said once for all.
		texts[i] = strings.TrimSuffix(strings.TrimPrefix(problem.Error(), problem.Operation+": "), unsent)
	}
	return e.Problems[0].Operation + ": " + strings.Join(texts, "; ") + unsent
}

// unsent ends the text of a [tenantkit.ValidationError].
const unsent = " (nothing was sent)"

// Unwrap returns the problems.
func (e *InvalidConnectionError) Unwrap() []error {
	all := make([]error, len(e.Problems))
	for i, problem := range e.Problems {
		all[i] = problem
	}
	return all
}

// maxMessage bounds what is taken for a message of the service, in bytes.
const maxMessage = 1024

// readRefusal takes what may be the service's words from a refusal, whose form is not documented, and adds what its status can mean.
func readRefusal(refusal *tenantkit.Error, body []byte) {
	said := words{status: refusal.StatusCode}
	switch text := strings.TrimSpace(string(body)); {
	case json.Valid([]byte(text)):
		said.read(json.RawMessage(text), 0)
	case strings.HasPrefix(text, "<"):
		said.details = append(said.details, "the answer is a page for a browser: something on the way to the service may have given it")
	case len(text) <= maxMessage:
		said.message = text
	}
	if hint := hint(refusal); hint != "" {
		said.details = append(said.details, hint)
	}
	refusal.Code, refusal.Message, refusal.Details = said.code, said.message, strings.Join(said.details, "; ")
}

func hint(refusal *tenantkit.Error) string {
	switch refusal.StatusCode {
	case http.StatusUnauthorized:
		return "the ID token may have expired, or its issuer or audience is not one that the service takes"
	case http.StatusForbidden:
		return "the principal of the ID token needs the role DataConnectionAdmin in Worklytics, in the organization of the tenant ID"
	case http.StatusNotFound:
		if refusal.Operation == createDataConnection.Name {
			return "the prefix in the path of the base URL may be wrong: the API is published under /tenant and under /tenant-api"
		}
	}
	return ""
}

// words are what a refusal says.
type words struct {
	status        int
	code, message string
	details       []string
}

// maxWordDepth bounds how deep errors within errors are looked into.
const maxWordDepth = 4

// read adds what a part of the refusal says to what is known already.
func (w *words) read(part json.RawMessage, depth int) {
	if text, ok := textOf(part); ok {
		w.say(text)
		return
	}
	if depth == maxWordDepth {
		return
	}
	var list []json.RawMessage
	if wire.Unmarshal(part, &list) == nil {
		for _, element := range list {
			w.read(element, depth+1)
		}
		return
	}
	var object struct {
		Message json.RawMessage `json:"message"`
		Error   json.RawMessage `json:"error"`
		Errors  json.RawMessage `json:"errors"`
		Code    looseText       `json:"code"`
		Status  looseText       `json:"status"`
	}
	if wire.Unmarshal(part, &object) != nil {
		return
	}
	for _, value := range []looseText{object.Code, object.Status} {
		if code, _, err := value.identifier(); err == nil && w.code == "" && code != strconv.Itoa(w.status) {
			w.code = code
		}
	}
	for _, value := range []json.RawMessage{object.Message, object.Error, object.Errors} {
		if len(value) > 0 {
			w.read(value, depth+1)
		}
	}
}

// say takes the first text for the message, and others for details. The status in words is no news.
func (w *words) say(text string) {
	switch {
	case text == "", text == http.StatusText(w.status):
	case w.message == "":
		w.message = text
	default:
		w.details = append(w.details, text)
	}
}
