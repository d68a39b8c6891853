package keboola

import (
	"net/http"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// creationTimeout is for GoodData, which takes minutes to make a project.
const creationTimeout = 5 * time.Minute

// The API, as apiary.apib of keboola/gooddata-provisioning describes it. All operations take the
// Storage API token in X-StorageApi-Token.
var (
	listProjects          = rest.Operation{Service: service, Name: "ListProjects", Method: http.MethodGet, Path: "/projects", Class: tenantkit.Read}
	getProject            = rest.Operation{Service: service, Name: "GetProject", Method: http.MethodGet, Path: "/projects/{pid}", Class: tenantkit.Read}
	createProject         = rest.Operation{Service: service, Name: "CreateProject", Method: http.MethodPost, Path: "/projects", Class: tenantkit.Write, Timeout: creationTimeout}
	createProjectWithUser = rest.Operation{Service: service, Name: "CreateProjectWithUser", Method: http.MethodPost, Path: "/projects", Class: tenantkit.Write, Timeout: creationTimeout}
	deleteProject         = rest.Operation{Service: service, Name: "DeleteProject", Method: http.MethodDelete, Path: "/projects/{pid}", Class: tenantkit.Idempotent, Expect: rest.Status, Deletes: true}
	listUsers             = rest.Operation{Service: service, Name: "ListUsers", Method: http.MethodGet, Path: "/users", Class: tenantkit.Read}
	createUser            = rest.Operation{Service: service, Name: "CreateUser", Method: http.MethodPost, Path: "/users", Class: tenantkit.Write}
	deleteUser            = rest.Operation{Service: service, Name: "DeleteUser", Method: http.MethodDelete, Path: "/users/{login}", Class: tenantkit.Idempotent, Expect: rest.Status, Deletes: true}
	userSSO               = rest.Operation{Service: service, Name: "UserSSO", Method: http.MethodGet, Path: "/users/{login}/sso", Class: tenantkit.Read}
	addUserToProject      = rest.Operation{Service: service, Name: "AddUserToProject", Method: http.MethodPost, Path: "/projects/{pid}/users/{login}", Class: tenantkit.Write, Expect: rest.Status}
	removeUserFromProject = rest.Operation{Service: service, Name: "RemoveUserFromProject", Method: http.MethodDelete, Path: "/projects/{pid}/users/{login}", Class: tenantkit.Idempotent, Expect: rest.Status, Deletes: true}
	projectAccess         = rest.Operation{Service: service, Name: "ProjectAccess", Method: http.MethodGet, Path: "/projects/{pid}/access", Class: tenantkit.Write}
	projectCredentials    = rest.Operation{Service: service, Name: "ProjectCredentials", Method: http.MethodGet, Path: "/projects/{pid}/credentials", Class: tenantkit.Write}
)

var operations = []*rest.Operation{
	&listProjects, &getProject, &createProject, &createProjectWithUser, &deleteProject, &listUsers,
	&createUser, &deleteUser, &userSSO, &addUserToProject, &removeUserFromProject, &projectAccess,
	&projectCredentials,
}

// Operations returns the operations of this package. See [Client.Call] for others of the service.
func Operations() []tenantkit.Operation { return rest.Public(operations) }
