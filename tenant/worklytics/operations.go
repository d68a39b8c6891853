package worklytics

import (
	"net/http"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// The API, from https://docs.worklytics.co/knowledge-base/tenant-api. Only the path of the first
// operation is published, in Worklytics' Terraform modules. The others follow from it, since the
// documentation calls the API RESTful.
var (
	createDataConnection = rest.Operation{Service: service, Name: "CreateDataConnection", Method: http.MethodPost, Path: "/data-connections", Class: tenantkit.Write}
	getDataConnection    = rest.Operation{Service: service, Name: "GetDataConnection", Method: http.MethodGet, Path: "/data-connections/{id}", Class: tenantkit.Read}
	updateDataConnection = rest.Operation{Service: service, Name: "UpdateDataConnection", Method: http.MethodPut, Path: "/data-connections/{id}", Class: tenantkit.Idempotent}
	deleteDataConnection = rest.Operation{Service: service, Name: "DeleteDataConnection", Method: http.MethodDelete, Path: "/data-connections/{id}", Class: tenantkit.Idempotent, Expect: rest.Status, Deletes: true}
)

var operations = []*rest.Operation{
	&createDataConnection, &getDataConnection, &updateDataConnection, &deleteDataConnection,
}

// Functions that make several calls or none. Only their errors are their own.
var (
	modifyDataConnection = rest.Operation{Service: service, Name: "ModifyDataConnection", Method: http.MethodPut, Path: "/data-connections/{id}"}
	reconcile            = rest.Operation{Service: service, Name: "Reconcile", Method: http.MethodPut, Path: "/data-connections"}
	newClient            = rest.Operation{Service: service, Name: "NewClient"}
	connectURL           = rest.Operation{Service: service, Name: "ConnectURL"}
)

// Operations returns the operations of this package. [Client.Call] calls others of the service.
func Operations() []tenantkit.Operation { return rest.Public(operations) }
