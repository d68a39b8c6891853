package autoid

import (
	"net/http"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// The names of the credentials, as the documentation assigns them to operations.
const (
	bearer    = "bearer"
	apiKey    = "apiKey"
	byDefault = "" // of Client.Call
	byNone    = "none"
)

// The API, as in the chapter "Data Sink" of the Autonomous Identity 2022.11.12 API guide. Whatever
// sets an absolute value may be repeated; only a sink must not be created twice. What an accepted
// write answers is not to be relied on: the documentation shows JSON, a bare ok, and text that is
// neither.
var (
	createSink             = rest.Operation{Service: service, Name: "CreateSink", Method: http.MethodPost, Path: "/api/datasink/create", Class: tenantkit.Write, Credential: bearer, Expect: rest.Status}
	updateSink             = rest.Operation{Service: service, Name: "UpdateSink", Method: http.MethodPost, Path: "/api/datasink/update", Class: tenantkit.Idempotent, Credential: bearer, Expect: rest.Status}
	deleteSink             = rest.Operation{Service: service, Name: "DeleteSink", Method: http.MethodPost, Path: "/api/datasink/delete", Class: tenantkit.Idempotent, Credential: bearer, Expect: rest.Status, Deletes: true}
	updateAssignmentStatus = rest.Operation{Service: service, Name: "UpdateAssignmentStatus", Method: http.MethodPost, Path: "/api/datasink/update/status/assignments", Class: tenantkit.Idempotent, Credential: apiKey, Expect: rest.Status}
	updateRuleStatus       = rest.Operation{Service: service, Name: "UpdateRuleStatus", Method: http.MethodPost, Path: "/api/datasink/update/status/rules", Class: tenantkit.Idempotent, Credential: apiKey, Expect: rest.Status}
	updateRoleStatus       = rest.Operation{Service: service, Name: "UpdateRoleStatus", Method: http.MethodPost, Path: "/api/datasink/update/status/roles", Class: tenantkit.Idempotent, Credential: apiKey, Expect: rest.Status}
	querySinks             = rest.Operation{Service: service, Name: "QuerySinks", Method: http.MethodPost, Path: "/api/datasink/query", Class: tenantkit.Read, Credential: apiKey}
	updateTimestamps       = rest.Operation{Service: service, Name: "UpdateTimestamps", Method: http.MethodPost, Path: "/api/datasink/update/timestamp", Class: tenantkit.Idempotent, Credential: apiKey, Expect: rest.Status}
	queryLogs              = rest.Operation{Service: service, Name: "QueryLogs", Method: http.MethodPost, Path: "/api/datasink/query/logs", Class: tenantkit.Read, Credential: apiKey}
	updateLogs             = rest.Operation{Service: service, Name: "UpdateLogs", Method: http.MethodPost, Path: "/api/datasink/update/logs", Class: tenantkit.Idempotent, Credential: apiKey, Expect: rest.Status}
)

var operations = []*rest.Operation{
	&createSink, &updateSink, &deleteSink, &updateAssignmentStatus, &updateRuleStatus,
	&updateRoleStatus, &querySinks, &updateTimestamps, &queryLogs, &updateLogs,
}

// The calls of a log-in, as in the chapter "Authentication". They are reads: one token more has no
// effect.
var (
	login      = rest.Operation{Service: service, Name: "Login", Method: http.MethodPost, Path: "/api/authentication/login", Class: tenantkit.Read, Credential: byNone}
	renewToken = rest.Operation{Service: service, Name: "RenewToken", Method: http.MethodPost, Path: "/api/authentication/renewToken", Class: tenantkit.Read, Credential: byNone}
)

// What is made of several calls. Only its errors are its own.
var (
	ensureSink             = rest.Operation{Service: service, Name: "EnsureSink", Method: http.MethodPost, Path: createSink.Path, Class: tenantkit.Write}
	acknowledgeAssignments = rest.Operation{Service: service, Name: "AcknowledgeAssignments", Method: http.MethodPost, Path: updateAssignmentStatus.Path, Class: tenantkit.Idempotent}
	acknowledgeRules       = rest.Operation{Service: service, Name: "AcknowledgeRules", Method: http.MethodPost, Path: updateRuleStatus.Path, Class: tenantkit.Idempotent}
	acknowledgeRoles       = rest.Operation{Service: service, Name: "AcknowledgeRoles", Method: http.MethodPost, Path: updateRoleStatus.Path, Class: tenantkit.Idempotent}
)

// Operations returns the operations of this package. See [Client.Call] for others of the service.
func Operations() []tenantkit.Operation { return rest.Public(operations) }
