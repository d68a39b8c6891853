package argotest

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"

	"github.com/tenantkit/tenantkit/internal/fake"
)

const (
	jsonType = "application/json"
	xmlType  = "application/xml"
)

// Texts of the API.
const (
	notFoundDetails  = "item with the specific ID was not found on the server"
	malformedDetails = "Request Body contains malformed JSON, thus rendering the Request Bad"
	sameNameDetails  = "Tenant with same name already exists"
)

var (
	unauthorized = state{
		Message: "Unauthorized",
		Details: "You need to provide a correct authentication token using the header 'x-api-key'",
	}
	forbidden     = state{Message: "Access to the resource is Forbidden"}
	notAcceptable = state{
		Message: "Not Acceptable Content Type",
		Details: "Accept header provided did not contain any valid content types. " +
			"Acceptable content types are 'application/xml' and 'application/json'",
	}
)

// envelope is around all answers but the plain ones.
type envelope struct {
	XMLName xml.Name `json:"-" xml:"root"`
	Status  state    `json:"status" xml:"status"`
	Data    any      `json:"data,omitempty" xml:"-"`
	Errors  any      `json:"errors,omitempty" xml:"errors>error"` // []state; a nil interface leaves no empty element in XML
}

type state struct {
	Message string `json:"message" xml:"message"`
	Code    string `json:"code" xml:"code"`
	Details string `json:"details,omitempty" xml:"details,omitempty"`
}

// reference is the data of an answer to a creation.
type reference struct {
	ID    string `json:"id"`
	Links links  `json:"links"`
}

type links struct {
	Self string `json:"self"`
}

// indent writes v as the API does.
func indent(v any, contentType string) []byte {
	marshal := json.MarshalIndent
	if contentType == xmlType {
		marshal = xml.MarshalIndent
	}
	body, err := marshal(v, "", " ")
	if err != nil {
		return []byte("argotest: cannot encode the answer: " + err.Error())
	}
	return body
}

func header(r *Request) http.Header {
	return http.Header{"Content-Type": {r.Header.Get("Accept") + "; charset=utf-8"}}
}

// success answers with data, which is left out when it is nil. It is JSON whatever the client
// accepts.
func success(r *Request, status int, message string, data any) fake.Response {
	body := indent(envelope{Status: state{Message: message, Code: strconv.Itoa(status)}, Data: data}, jsonType)
	return fake.Response{Status: status, Header: header(r), Body: body}
}

// created answers with the id of what was made, and a link to it.
func created(r *Request, message, id string) fake.Response {
	// The request's path, decoded, is part of the link.
	path, err := url.PathUnescape(r.Path)
	if err != nil {
		path = r.Path
	}
	return success(r, http.StatusCreated, message, reference{ID: id, Links: links{Self: "https://" + r.Host + path + "/" + id}})
}

// failure answers with the details in the list of errors.
func failure(r *Request, status int, message, details string) fake.Response {
	code := strconv.Itoa(status)
	doc := envelope{Status: state{Message: message, Code: code}, Errors: []state{{Message: message, Code: code, Details: details}}}
	return fake.Response{Status: status, Header: header(r), Body: indent(doc, r.Header.Get("Accept"))}
}

func malformed(r *Request) fake.Response {
	return failure(r, http.StatusBadRequest, "Bad Request", malformedDetails)
}

func conflict(r *Request, details string) fake.Response {
	return failure(r, http.StatusConflict, "Conflict", details)
}

func tenantNotFound(r *Request) fake.Response {
	return failure(r, http.StatusNotFound, "Not Found", notFoundDetails)
}

// userNotFound has another shape than tenantNotFound: the details stand in the status.
func userNotFound(r *Request) fake.Response {
	doc := envelope{Status: state{Message: "Not Found", Code: "404", Details: notFoundDetails}}
	return fake.Response{Status: http.StatusNotFound, Header: header(r), Body: indent(doc, r.Header.Get("Accept"))}
}

// databaseError is always JSON.
func databaseError(r *Request, text string) fake.Response {
	doc := envelope{Status: state{Message: text, Code: "500"}, Errors: []state{{Message: text, Code: "500", Details: text}}}
	return fake.Response{Status: http.StatusInternalServerError, Header: header(r), Body: indent(doc, jsonType)}
}

// crashed is what is left of an answer when a handler panics.
func crashed() fake.Response {
	return fake.Response{NoEffect: true}
}

// refuse answers before a handler is reached: with all headers of the request as headers of the
// answer.
func reject(r *Request, status int, contentType string, reason state) fake.Response {
	reason.Code = strconv.Itoa(status)
	return fake.Response{Status: status, Header: r.Header.Clone(), Body: indent(envelope{Status: reason}, contentType)}
}

func options(*Request) fake.Response {
	return fake.Response{Header: http.Header{
		"Allow": {"GET,POST,PUT,DELETE,OPTIONS"}, "Content-Type": {"text/plain; charset=utf-8"},
	}}
}

// notFound answers what has no route. The real server cleans a path twice, as it came and after
// decoding.
func notFound(r *Request) fake.Response {
	if clean := cleanPath(r.Path); clean != r.Path {
		return redirect(r, http.StatusTemporaryRedirect, clean)
	}
	if decoded, err := url.PathUnescape(r.Path); err == nil {
		if clean := cleanPath(decoded); clean != decoded {
			return redirect(r, http.StatusMovedPermanently, (&url.URL{Path: clean}).EscapedPath())
		}
	}
	response := fake.Text(http.StatusNotFound, "404 page not found\n")
	response.Header.Set("X-Content-Type-Options", "nosniff")
	return response
}

// cleanPath is path.Clean, but for a slash at the end, which stays.
func cleanPath(p string) string {
	if p == "" {
		return "/"
	}
	clean := path.Clean(p)
	if p[len(p)-1] == '/' && clean != "/" {
		clean += "/"
	}
	return clean
}

func redirect(r *Request, status int, location string) fake.Response {
	if r.RawQuery != "" {
		location += "?" + r.RawQuery
	}
	response := fake.Response{Status: status, Header: http.Header{"Location": {location}}}
	if status == http.StatusTemporaryRedirect && r.Method == http.MethodGet {
		response.Header.Set("Content-Type", "text/html; charset=utf-8")
		response.Body = fmt.Appendf(nil, "<a href=%q>%s</a>.\n\n", location, http.StatusText(status))
	}
	return response
}
