package worklytics

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// InvalidConnectionError lists all problems of a data connection. Each is a
// [tenantkit.ValidationError] in its chain.
type InvalidConnectionError struct {
	// Problems are in the order in which one reads a connection. There is at least one.
	Problems []*tenantkit.ValidationError
}

// Error names each field and its problem.
func (e *InvalidConnectionError) Error() string {
	if len(e.Problems) == 0 {
		return "the data connection is not valid"
	}
	texts := make([]string, len(e.Problems))
	prefix := service + ": " + e.Problems[0].Operation + ": "
	for i, problem := range e.Problems {
		texts[i] = strings.TrimPrefix(problem.Error(), prefix)
	}
	return prefix + strings.Join(texts, "; ")
}

// Unwrap returns the problems.
func (e *InvalidConnectionError) Unwrap() []error {
	all := make([]error, len(e.Problems))
	for i, problem := range e.Problems {
		all[i] = problem
	}
	return all
}

// Outcome returns [tenantkit.OutcomeNotSent].
func (e *InvalidConnectionError) Outcome() tenantkit.Outcome { return tenantkit.OutcomeNotSent }

// maxMessage limits plain text that is taken for a message of the service, in bytes.
const maxMessage = 1024

// readError reads an error response, whose form is not documented, and adds what its status can
// mean.
func readError(failed *tenantkit.Error, body []byte) {
	e := envelope{failed: failed}
	switch text := strings.TrimSpace(string(body)); {
	case json.Valid([]byte(text)):
		e.read(json.RawMessage(text), 0)
	case strings.HasPrefix(text, "<"):
		e.details = append(e.details, "the response is an HTML page: a gateway in front of the service may have sent it")
	case len(text) <= maxMessage:
		failed.Message = text
	}
	switch {
	case failed.StatusCode == http.StatusUnauthorized:
		e.details = append(e.details, "the ID token may have expired, or its issuer or audience is not one that the service takes")
	case failed.StatusCode == http.StatusForbidden:
		e.details = append(e.details, "the principal of the ID token needs the role DataConnectionAdmin in Worklytics, in the organization of the tenant ID")
	case failed.StatusCode == http.StatusNotFound && failed.Operation == createDataConnection.Name:
		e.details = append(e.details, "the prefix in the path of the base URL may be wrong: the API is published under /tenant and under /tenant-api")
	}
	failed.Details = strings.Join(e.details, "; ")
}

// envelope reads the JSON of an error response.
type envelope struct {
	failed  *tenantkit.Error
	details []string
}

// maxDepth limits the depth of errors within errors.
const maxDepth = 4

// read takes the first string for the message, others for details, and the first code for the code.
func (e *envelope) read(part json.RawMessage, depth int) {
	if text, ok := textOf(part); ok {
		switch {
		case text == "", text == http.StatusText(e.failed.StatusCode):
		case e.failed.Message == "":
			e.failed.Message = text
		default:
			e.details = append(e.details, text)
		}
		return
	}
	if depth == maxDepth {
		return
	}
	var list []json.RawMessage
	if wire.Unmarshal(part, &list) != nil {
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
			if code, _, err := value.identifier(); err == nil && e.failed.Code == "" && code != strconv.Itoa(e.failed.StatusCode) {
				e.failed.Code = code
			}
		}
		list = []json.RawMessage{object.Message, object.Error, object.Errors}
	}
	for _, element := range list {
		if len(element) > 0 {
			e.read(element, depth+1)
		}
	}
}
