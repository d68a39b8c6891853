package autoid

import (
	"net/http"
	"slices"

	"github.com/tenantkit/tenantkit/internal/rest"
)

const (
	createSink = iota
	updateSink
	deleteSink
	updateAssignmentStatus
	updateRuleStatus
	updateRoleStatus
	querySinks
	updateTimestamps
	queryLogs
	updateLogs
)

// The names of the credentials, as the documentation assigns them to operations.
const (
	bearer = "bearer"
	apiKey = "apiKey"
)

// The API, as in the chapter "Data Sink" of the Autonomous Identity 2022.11.12 API guide. Whatever sets an
// absolute value may be repeated; only a sink must not be created twice. What an accepted write answers is not to be relied on:
// the documentation shows JSON, a bare ok, and text that is neither.
var operations = [...]rest.Operation{
	createSink:             {Name: "CreateSink", Method: http.MethodPost, Path: "/api/datasink/create", Class: rest.Write, Credential: bearer, Answer: rest.Anything},
	updateSink:             {Name: "UpdateSink", Method: http.MethodPost, Path: "/api/datasink/update", Class: rest.Idempotent, Credential: bearer, Answer: rest.Anything},
	deleteSink:             {Name: "DeleteSink", Method: http.MethodPost, Path: "/api/datasink/delete", Class: rest.Idempotent, Credential: bearer, Answer: rest.Anything},
	updateAssignmentStatus: {Name: "UpdateAssignmentStatus", Method: http.MethodPost, Path: "/api/datasink/update/status/assignments", Class: rest.Idempotent, Credential: apiKey, Answer: rest.Anything},
	updateRuleStatus:       {Name: "UpdateRuleStatus", Method: http.MethodPost, Path: "/api/datasink/update/status/rules", Class: rest.Idempotent, Credential: apiKey, Answer: rest.Anything},
	updateRoleStatus:       {Name: "UpdateRoleStatus", Method: http.MethodPost, Path: "/api/datasink/update/status/roles", Class: rest.Idempotent, Credential: apiKey, Answer: rest.Anything},
	querySinks:             {Name: "QuerySinks", Method: http.MethodPost, Path: "/api/datasink/query", Class: rest.Read, Credential: apiKey},
	updateTimestamps:       {Name: "UpdateTimestamps", Method: http.MethodPost, Path: "/api/datasink/update/timestamp", Class: rest.Idempotent, Credential: apiKey, Answer: rest.Anything},
	queryLogs:              {Name: "QueryLogs", Method: http.MethodPost, Path: "/api/datasink/query/logs", Class: rest.Read, Credential: apiKey},
	updateLogs:             {Name: "UpdateLogs", Method: http.MethodPost, Path: "/api/datasink/update/logs", Class: rest.Idempotent, Credential: apiKey, Answer: rest.Anything},
}

// The calls of a log-in, as in the chapter "Authentication". They are reads: one token more has no effect.
var (
	login      = rest.Operation{Name: "Login", Method: http.MethodPost, Path: "/api/authentication/login", Class: rest.Read}
	renewToken = rest.Operation{Name: "RenewToken", Method: http.MethodPost, Path: "/api/authentication/renewToken", Class: rest.Read}
)

// What is made of several calls. Only its errors are its own.
var (
	ensureSink             = rest.Operation{Name: "EnsureSink"}
	acknowledgeAssignments = rest.Operation{Name: "AcknowledgeAssignments"}
	acknowledgeRules       = rest.Operation{Name: "AcknowledgeRules"}
	acknowledgeRoles       = rest.Operation{Name: "AcknowledgeRoles"}
)

// Operations returns the operations of this package as data: each has a Name, a Method, a Path under the base URL, and a Class that
// says when it is repeated ("read", "idempotent write", "write", "never"): see [tenantkit.RetryPolicy].
func Operations() []rest.Operation { return slices.Clone(operations[:]) }
