package infoworks

import (
	"net/http"
	"slices"
	"time"

	"github.com/tenantkit/tenantkit/internal/rest"
)

const (
	authenticate = iota
	accessToken
	revokeAccessToken
	validateToken
	regenerateRefreshToken
	authoriseUser
	samlRedirectURL
	userData
	bulkLDAPSync
)

// The names of the credentials.
const (
	byPassword     = "user name and password"
	byRefreshToken = "refresh token"
	byAccessToken  = "access token"
	byChoice       = "" // see BasicCredential
	byNoneNeeded   = ""
)

// The API, as Infoworks' OpenAPI description of V3 (product 6.2.2) has it. The GETs that make a token are reads: one token more has
// no effect.
var operations = [...]rest.Operation{
	authenticate:           {Name: "Authenticate", Method: http.MethodGet, Path: "/security/authenticate", Class: rest.Read, Credential: byPassword},
	accessToken:            {Name: "AccessToken", Method: http.MethodGet, Path: "/security/token/access", Class: rest.Read, Credential: byRefreshToken},
	revokeAccessToken:      {Name: "RevokeAccessToken", Method: http.MethodDelete, Path: "/security/token/access", Class: rest.Idempotent, Credential: byAccessToken},
	validateToken:          {Name: "ValidateToken", Method: http.MethodGet, Path: "/security/token/validate", Class: rest.Read, Credential: byAccessToken},
	regenerateRefreshToken: {Name: "RegenerateRefreshToken", Method: http.MethodDelete, Path: "/security/token/refresh", Class: rest.Never, Credential: byChoice},
	authoriseUser:          {Name: "AuthoriseUser", Method: http.MethodPost, Path: "/security/authorise/user", Class: rest.Write, Credential: byAccessToken},
	samlRedirectURL:        {Name: "SAMLRedirectURL", Method: http.MethodGet, Path: "/security/sso/initialise", Class: rest.Read, Credential: byNoneNeeded, Answer: rest.JSONOrRedirect},
	userData:               {Name: "UserData", Method: http.MethodPost, Path: "/security/get/user/data", Class: rest.Read, Credential: byAccessToken},
	bulkLDAPSync:           {Name: "BulkLDAPSync", Method: http.MethodPost, Path: "/security/bulk-ldap-sync", Class: rest.Write, Credential: byChoice, Timeout: time.Minute},
}

// Operations returns the operations of this package as data: each has a Name, a Method, a Path under the base URL, and a Class that
// says when it is repeated ("read", "idempotent write", "write", "never"): see [tenantkit.RetryPolicy].
func Operations() []rest.Operation { return slices.Clone(operations[:]) }
