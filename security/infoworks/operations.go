package infoworks

import (
	"net/http"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// The names of the credentials.
const (
	byPassword     = "user name and password"
	byRefreshToken = "refresh token"
	byAccessToken  = "access token"
	byChoice       = "user name and password, or refresh token" // see BasicCredential
	byNone         = "none"
	byDefault      = "" // of Client.Call: the access token
)

// The API, as Infoworks' OpenAPI description of V3 (product 6.2.2) has it. The GETs that make a
// token are reads: one token more has no effect.
var (
	authenticate           = rest.Operation{Service: service, Name: "Authenticate", Method: http.MethodGet, Path: "/security/authenticate", Class: tenantkit.Read, Credential: byPassword}
	accessToken            = rest.Operation{Service: service, Name: "AccessToken", Method: http.MethodGet, Path: "/security/token/access", Class: tenantkit.Read, Credential: byRefreshToken}
	revokeAccessToken      = rest.Operation{Service: service, Name: "RevokeAccessToken", Method: http.MethodDelete, Path: "/security/token/access", Class: tenantkit.Idempotent, Credential: byAccessToken, Deletes: true}
	validateToken          = rest.Operation{Service: service, Name: "ValidateToken", Method: http.MethodGet, Path: "/security/token/validate", Class: tenantkit.Read, Credential: byAccessToken}
	regenerateRefreshToken = rest.Operation{Service: service, Name: "RegenerateRefreshToken", Method: http.MethodDelete, Path: "/security/token/refresh", Class: tenantkit.Never, Credential: byChoice}
	authoriseUser          = rest.Operation{Service: service, Name: "AuthoriseUser", Method: http.MethodPost, Path: "/security/authorise/user", Class: tenantkit.Write, Credential: byAccessToken}
	samlRedirectURL        = rest.Operation{Service: service, Name: "SAMLRedirectURL", Method: http.MethodGet, Path: "/security/sso/initialise", Class: tenantkit.Read, Credential: byNone, Expect: rest.JSONOrRedirect}
	userData               = rest.Operation{Service: service, Name: "UserData", Method: http.MethodPost, Path: "/security/get/user/data", Class: tenantkit.Read, Credential: byAccessToken}
	bulkLDAPSync           = rest.Operation{Service: service, Name: "BulkLDAPSync", Method: http.MethodPost, Path: "/security/bulk-ldap-sync", Class: tenantkit.Write, Credential: byChoice, Timeout: time.Minute}
)

var operations = []*rest.Operation{
	&authenticate, &accessToken, &revokeAccessToken, &validateToken, &regenerateRefreshToken,
	&authoriseUser, &samlRedirectURL, &userData, &bulkLDAPSync,
}

// Operations returns the operations of this package. See [Client.Call] for others of the service.
func Operations() []tenantkit.Operation { return rest.Public(operations) }
