package worklytics

import (
	"net/http"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// The API, from https://docs.worklytics.co/knowledge-base/tenant-api. Only the path of the first is published, in Worklytics'
// Terraform modules; the others are what "RESTful" makes of the documented operations.
var (
	createDataConnection = rest.Operation{Service: service, Name: "CreateDataConnection", Method: http.MethodPost, Path: "/data-connections", Class: tenantkit.Write}
	getDataConnection    = rest.Operation{Service: service, Name: "GetDataConnection", Method: http.MethodGet, Path: "/data-connections/{id}", Class: tenantkit.Read}
	updateDataConnection = rest.Operation{Service: service, Name: "UpdateDataConnection", Method: http.MethodPut, Path: "/data-connections/{id}", Class: tenantkit.Idempotent}
	deleteDataConnection = rest.Operation{Service: service, Name: "DeleteDataConnection", Method: http.MethodDelete, Path: "/data-connections/{id}", Class: tenantkit.Idempotent, Expect: rest.Status, Deletes: true}
)

var operations = []*rest.Operation{
	&createDataConnection, &getDataConnection, &updateDataConnection, &deleteDataConnection,
}

// What is made of several calls. Only its errors are its own.
var modifyDataConnection = rest.Operation{Service: service, Name: "ModifyDataConnection", Method: http.MethodPut, Path: "/data-connections/{id}"}

// Operations returns the operations of this package. See [Client.Call] for others of the service.
func Operations() []tenantkit.Operation { return rest.Public(operations) }
