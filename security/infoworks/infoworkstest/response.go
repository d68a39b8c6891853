package infoworkstest

import (
	"net/http"
	"strconv"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// The codes of Infoworks, with the messages that its description has for them.
const (
	codeInternal         = "IW10002"
	codeLacksAccess      = "IW10004"
	codeNotAuthenticated = "IW10005"
	codeInvalid          = "IW10006"
	codeWrongCredentials = "IW10031"
)

var messages = map[string]string{
	codeInternal:         "Internal Server Error",
	codeLacksAccess:      "User lacks access",
	codeNotAuthenticated: "Authentication Failed. Please check your Credentials",
	codeInvalid:          "The request body or a parameter is invalid",
	codeWrongCredentials: "Security Client Errors",
}

type envelope struct {
	Message string `json:"message"`
	Result  any    `json:"result"`
}

func respond(message string, result any) fake.Response {
	return fake.JSON(http.StatusOK, envelope{message, result})
}

type errorResponse struct {
	Message string `json:"message"`
	Details any    `json:"details"`
	Code    string `json:"iw_code"`
	Help    string `json:"help"`
}

const helpURL = "https://api.infoworks.io/v3/errors/"

// reject is a refusal as most are: its details are an object.
func reject(status int, code string) fake.Response {
	return fake.JSON(status, errorResponse{messages[code], map[string]any{}, code, helpURL + code})
}

// wrongCredentials is the one refusal whose details are a text, and whose help is about another
// code.
func wrongCredentials() fake.Response {
	return fake.JSON(http.StatusNotAcceptable, errorResponse{
		messages[codeWrongCredentials], "Authentication Failed: Incorrect user credentials", codeWrongCredentials, helpURL + "IW10029",
	})
}

func notFound(*fake.Request) fake.Response {
	return fake.Text(http.StatusNotFound, "Cannot find the requested resource\n")
}

// boolean is value as the server writes it.
func (s *Server) boolean(value bool) any {
	if s.quoted {
		return strconv.FormatBool(value)
	}
	return value
}
