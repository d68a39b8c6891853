package argo

import (
	"net/http"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// The API, as it is routed in argo-web-api 1.14.2. All operations take an administrator's key in
// x-api-key. All responses are JSON: a 200 without a body means that the server failed.
var (
	listTenants        = rest.Operation{Service: service, Name: "ListTenants", Method: http.MethodGet, Path: "/admin/tenants", Class: tenantkit.Read}
	createTenant       = rest.Operation{Service: service, Name: "CreateTenant", Method: http.MethodPost, Path: "/admin/tenants", Class: tenantkit.Write}
	getTenant          = rest.Operation{Service: service, Name: "GetTenant", Method: http.MethodGet, Path: "/admin/tenants/{tenantID}", Class: tenantkit.Read}
	updateTenant       = rest.Operation{Service: service, Name: "UpdateTenant", Method: http.MethodPut, Path: "/admin/tenants/{tenantID}", Class: tenantkit.Idempotent}
	deleteTenant       = rest.Operation{Service: service, Name: "DeleteTenant", Method: http.MethodDelete, Path: "/admin/tenants/{tenantID}", Class: tenantkit.Idempotent, Deletes: true}
	getTenantStatus    = rest.Operation{Service: service, Name: "GetTenantStatus", Method: http.MethodGet, Path: "/admin/tenants/{tenantID}/status", Class: tenantkit.Read}
	updateTenantStatus = rest.Operation{Service: service, Name: "UpdateTenantStatus", Method: http.MethodPut, Path: "/admin/tenants/{tenantID}/status", Class: tenantkit.Idempotent}
	listUsers          = rest.Operation{Service: service, Name: "ListUsers", Method: http.MethodGet, Path: "/admin/tenants/{tenantID}/users", Class: tenantkit.Read}
	createUser         = rest.Operation{Service: service, Name: "CreateUser", Method: http.MethodPost, Path: "/admin/tenants/{tenantID}/users", Class: tenantkit.Write}
	getUser            = rest.Operation{Service: service, Name: "GetUser", Method: http.MethodGet, Path: "/admin/tenants/{tenantID}/users/{userID}", Class: tenantkit.Read}
	updateUser         = rest.Operation{Service: service, Name: "UpdateUser", Method: http.MethodPut, Path: "/admin/tenants/{tenantID}/users/{userID}", Class: tenantkit.Idempotent}
	deleteUser         = rest.Operation{Service: service, Name: "DeleteUser", Method: http.MethodDelete, Path: "/admin/tenants/{tenantID}/users/{userID}", Class: tenantkit.Idempotent, Deletes: true}
	renewAPIKey        = rest.Operation{Service: service, Name: "RenewAPIKey", Method: http.MethodPost, Path: "/admin/tenants/{tenantID}/users/{userID}/renew_api_key", Class: tenantkit.Write}
	findUser           = rest.Operation{Service: service, Name: "FindUser", Method: http.MethodGet, Path: "/admin/users:byID/{userID}", Class: tenantkit.Read}
)

var operations = []*rest.Operation{
	&listTenants, &createTenant, &getTenant, &updateTenant, &deleteTenant, &getTenantStatus,
	&updateTenantStatus, &listUsers, &createUser, &getUser, &updateUser, &deleteUser, &renewAPIKey,
	&findUser,
}

// Methods that make several calls. Only errors use these.
var (
	ensureTenant  = rest.Operation{Service: service, Name: "EnsureTenant", Method: http.MethodPost, Path: "/admin/tenants", Class: tenantkit.Write}
	modifyTenant  = rest.Operation{Service: service, Name: "ModifyTenant", Method: http.MethodPut, Path: "/admin/tenants/{tenantID}", Class: tenantkit.Idempotent}
	provisionUser = rest.Operation{Service: service, Name: "ProvisionUser", Method: http.MethodPost, Path: "/admin/tenants/{tenantID}/users", Class: tenantkit.Write}
	ensureUser    = rest.Operation{Service: service, Name: "EnsureUser", Method: http.MethodPost, Path: "/admin/tenants/{tenantID}/users", Class: tenantkit.Write}
	keepStatus    = rest.Operation{Service: service, Name: "KeepStatus", Method: http.MethodPut, Path: "/admin/tenants/{tenantID}/status", Class: tenantkit.Idempotent}
	reconcile     = rest.Operation{Service: service, Name: "Reconcile", Method: http.MethodPost, Path: "/admin/tenants", Class: tenantkit.Write}
)

// Operations returns the operations of this package. See [Client.Call] for others of the service.
func Operations() []tenantkit.Operation { return rest.Public(operations) }
