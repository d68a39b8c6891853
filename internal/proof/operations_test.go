package proof

import (
	"net/http"
	"slices"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// operation is an operation with the facts of the service's documentation that the oracle judges
// by.
type operation struct {
	tenantkit.Operation
	expect  rest.Expect
	deletes bool
	timeout time.Duration // the least that an attempt gets; 0 means attemptTimeout
}

// expects are the operations whose response is not JSON.
var expects = map[rest.Expect][]string{
	rest.Status: {
		"worklytics DeleteDataConnection",
		"keboola DeleteProject", "keboola DeleteUser", "keboola AddUserToProject", "keboola RemoveUserFromProject",
		"autoid CreateSink", "autoid UpdateSink", "autoid DeleteSink", "autoid UpdateAssignmentStatus", "autoid UpdateRuleStatus",
		"autoid UpdateRoleStatus", "autoid UpdateTimestamps", "autoid UpdateLogs",
	},
	rest.JSONOrRedirect: {"infoworks SAMLRedirectURL"},
}

// timeouts are the operations that are documented as slow.
var timeouts = map[string]time.Duration{
	"keboola CreateProject": 5 * time.Minute, "keboola CreateProjectWithUser": 5 * time.Minute, "infoworks BulkLDAPSync": time.Minute,
}

// operationsOf returns the operations of a client with their facts.
func operationsOf(public []tenantkit.Operation) []operation {
	var all []operation
	for _, p := range public {
		op := operation{Operation: p, deletes: p.Name == "DeleteSink" || p.Method == http.MethodDelete && p.Class != tenantkit.Never}
		name := p.Service + " " + p.Name
		op.timeout = timeouts[name]
		for expect, names := range expects {
			if slices.Contains(names, name) {
				op.expect = expect
			}
		}
		all = append(all, op)
	}
	return all
}
