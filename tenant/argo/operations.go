package argo

import (
	"net/http"

	"github.com/tenantkit/tenantkit/internal/rest"
)

const (
	listTenants = iota
	createTenant
	getTenant
	updateTenant
	deleteTenant
	getTenantStatus
	updateTenantStatus
	listUsers
	createUser
	getUser
	updateUser
	deleteUser
	renewAPIKey
	findUser
)

// The API, as it is routed in argo-web-api 1.14.2. All operations take an administrator's key in x-api-key, and all answers are
// JSON: the server answers 200 without a body when it failed on the way. Where an answer holds keys or passwords, no error keeps it.
var operations = [...]rest.Operation{
	listTenants:        {Name: "ListTenants", Method: http.MethodGet, Path: "/admin/tenants", Class: rest.Read},
	createTenant:       {Name: "CreateTenant", Method: http.MethodPost, Path: "/admin/tenants", Class: rest.Write},
	getTenant:          {Name: "GetTenant", Method: http.MethodGet, Path: "/admin/tenants/{tenantID}", Class: rest.Read},
	updateTenant:       {Name: "UpdateTenant", Method: http.MethodPut, Path: "/admin/tenants/{tenantID}", Class: rest.Idempotent},
	deleteTenant:       {Name: "DeleteTenant", Method: http.MethodDelete, Path: "/admin/tenants/{tenantID}", Class: rest.Idempotent},
	getTenantStatus:    {Name: "GetTenantStatus", Method: http.MethodGet, Path: "/admin/tenants/{tenantID}/status", Class: rest.Read},
	updateTenantStatus: {Name: "UpdateTenantStatus", Method: http.MethodPut, Path: "/admin/tenants/{tenantID}/status", Class: rest.Idempotent},
	listUsers:          {Name: "ListUsers", Method: http.MethodGet, Path: "/admin/tenants/{tenantID}/users", Class: rest.Read},
	createUser:         {Name: "CreateUser", Method: http.MethodPost, Path: "/admin/tenants/{tenantID}/users", Class: rest.Write},
	getUser:            {Name: "GetUser", Method: http.MethodGet, Path: "/admin/tenants/{tenantID}/users/{userID}", Class: rest.Read},
	updateUser:         {Name: "UpdateUser", Method: http.MethodPut, Path: "/admin/tenants/{tenantID}/users/{userID}", Class: rest.Idempotent},
	deleteUser:         {Name: "DeleteUser", Method: http.MethodDelete, Path: "/admin/tenants/{tenantID}/users/{userID}", Class: rest.Idempotent},
	renewAPIKey:        {Name: "RenewAPIKey", Method: http.MethodPost, Path: "/admin/tenants/{tenantID}/users/{userID}/renew_api_key", Class: rest.Write},
	findUser:           {Name: "FindUser", Method: http.MethodGet, Path: "/admin/users:byID/{userID}", Class: rest.Read},
}

// What is made of several calls. Only its errors are its own.
var (
	modifyTenant  = rest.Operation{Name: "ModifyTenant", Method: http.MethodPut, Path: "/admin/tenants/{tenantID}", Class: rest.Idempotent}
	provisionUser = rest.Operation{Name: "ProvisionUser", Method: http.MethodPost, Path: "/admin/tenants/{tenantID}/users", Class: rest.Write}
	keepStatus    = rest.Operation{Name: "KeepStatus", Method: http.MethodPut, Path: "/admin/tenants/{tenantID}/status", Class: rest.Idempotent}
)
