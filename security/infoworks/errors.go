package infoworks

import (
	"errors"
	"net/http"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// errorResponse is the body of every error response of an Infoworks server.
type errorResponse struct {
	Message wire.Text `json:"message"`
	Details wire.Text `json:"details"`
	Code    wire.Text `json:"iw_code"`
	Help    wire.Text `json:"help"`
}

func readError(e *tenantkit.Error, raw []byte) {
	var body errorResponse
	if err := wire.Unmarshal(raw, &body); err != nil {
		// An answer of something between here and the server: Body has it.
		return
	}
	e.Code, e.Message, e.Details = string(body.Code), string(body.Message), string(body.Details)
	if e.Details == "{}" || e.Details == "[]" {
		e.Details = ""
	}
	if notAcceptable(e) {
		e.Err = &wrongCredential{operation: e.Operation}
	}
}

// notAcceptable reports whether the server itself answered 406, which is its answer to wrong
// credentials (IW10031; IW1004 stands in for every code of Infoworks). A proxy's 406 has no code.
func notAcceptable(e *tenantkit.Error) bool {
	return e.StatusCode == http.StatusNotAcceptable && e.Code != ""
}

// wrongCredential is an [tenantkit.ErrUnauthenticated] that says what to look at, since the server
// does not.
type wrongCredential struct {
	operation string
	goodToken bool // the server, asked about the access token, says that it is good
}

func (w *wrongCredential) Unwrap() error { return tenantkit.ErrUnauthenticated }

func (w *wrongCredential) Error() string {
	return tenantkit.ErrUnauthenticated.Error() + ": " + w.advice()
}

func (w *wrongCredential) advice() string {
	const same = "the server answers so to wrong credentials: "
	switch w.operation {
	case authenticate.Name:
		return same + "check the user name and the password, which do not work where users log in by SAML"
	case accessToken.Name:
		return same + "the refresh token is wrong, expired, or was replaced; the user's current one is in the web interface under My Profile > Settings"
	case regenerateRefreshToken.Name, bulkLDAPSync.Name:
		return same + "check them, and whether the server wants the other kind (Credentials.RegenerateWith, Credentials.SyncWith)"
	}
	if w.goodToken {
		return "the server says that the access token is good, so its user may probably not do this"
	}
	return same + "the access token is not good any more, or its user may not do this"
}

// credentialRejected reports whether a call with an access token may succeed with another one.
// Rejected passwords and refresh tokens are not sent again: the server locks out users who fail too
// often.
func credentialRejected(e *tenantkit.Error) bool {
	switch e.Operation {
	case authenticate.Name, accessToken.Name, regenerateRefreshToken.Name, bulkLDAPSync.Name:
		return false
	}
	return e.StatusCode == http.StatusUnauthorized || notAcceptable(e)
}

// Help returns the address that a refusal names for help, and the empty text where it names none.
// Nothing in this package follows it: the hosts that servers name do not always exist.
func Help(err error) string {
	var e *tenantkit.Error
	if !errors.As(err, &e) {
		return ""
	}
	var body errorResponse
	if wire.Unmarshal([]byte(e.Body.Reveal()), &body) != nil {
		return ""
	}
	return strings.TrimSpace(string(body.Help))
}
