package keboola

import (
	"net/http"
	"time"

	"github.com/tenantkit/tenantkit/internal/rest"
)

const (
	listProjects = iota
	getProject
	createProject
	createProjectWithUser
	deleteProject
	listUsers
	createUser
	deleteUser
	userSSO
	addUserToProject
	removeUserFromProject
	projectAccess
	projectCredentials
)

// creationTimeout is for GoodData, which takes minutes to make a project.
const creationTimeout = 5 * time.Minute

// The API, as apiary.apib of keboola/gooddata-provisioning describes it. All operations take the Storage API token in
// X-StorageApi-Token.
var operations = [...]rest.Operation{
	listProjects:          {Name: "ListProjects", Method: http.MethodGet, Path: "/projects", Class: rest.Read},
	getProject:            {Name: "GetProject", Method: http.MethodGet, Path: "/projects/{pid}", Class: rest.Read},
	createProject:         {Name: "CreateProject", Method: http.MethodPost, Path: "/projects", Class: rest.Write, Timeout: creationTimeout},
	createProjectWithUser: {Name: "CreateProjectWithUser", Method: http.MethodPost, Path: "/projects", Class: rest.Write, Timeout: creationTimeout},
	deleteProject:         {Name: "DeleteProject", Method: http.MethodDelete, Path: "/projects/{pid}", Class: rest.Idempotent, Answer: rest.Anything},
	listUsers:             {Name: "ListUsers", Method: http.MethodGet, Path: "/users", Class: rest.Read},
	createUser:            {Name: "CreateUser", Method: http.MethodPost, Path: "/users", Class: rest.Write},
	deleteUser:            {Name: "DeleteUser", Method: http.MethodDelete, Path: "/users/{login}", Class: rest.Idempotent, Answer: rest.Anything},
	userSSO:               {Name: "UserSSO", Method: http.MethodGet, Path: "/users/{login}/sso", Class: rest.Read},
	addUserToProject:      {Name: "AddUserToProject", Method: http.MethodPost, Path: "/projects/{pid}/users/{login}", Class: rest.Write, Answer: rest.Anything},
	removeUserFromProject: {Name: "RemoveUserFromProject", Method: http.MethodDelete, Path: "/projects/{pid}/users/{login}", Class: rest.Idempotent, Answer: rest.Anything},
	projectAccess:         {Name: "ProjectAccess", Method: http.MethodGet, Path: "/projects/{pid}/access", Class: rest.Write},
	projectCredentials:    {Name: "ProjectCredentials", Method: http.MethodGet, Path: "/projects/{pid}/credentials", Class: rest.Write},
}
