package worklytics

import (
	"net/http"

	"github.com/tenantkit/tenantkit/internal/rest"
)

const (
	createDataConnection = iota
	getDataConnection
	updateDataConnection
	deleteDataConnection
)

// The API, from https://docs.worklytics.co/knowledge-base/tenant-api. Only the path of the first is published, in Worklytics'
// Terraform modules; the others are what "RESTful" makes of the documented operations.
var operations = [...]rest.Operation{
	createDataConnection: {Name: "CreateDataConnection", Method: http.MethodPost, Path: "/data-connections", Class: rest.Write},
	getDataConnection:    {Name: "GetDataConnection", Method: http.MethodGet, Path: "/data-connections/{id}", Class: rest.Read},
	updateDataConnection: {Name: "UpdateDataConnection", Method: http.MethodPut, Path: "/data-connections/{id}", Class: rest.Idempotent},
	deleteDataConnection: {Name: "DeleteDataConnection", Method: http.MethodDelete, Path: "/data-connections/{id}", Class: rest.Idempotent, Answer: rest.Anything},
}

// What is made of several calls. Only its errors are its own.
var modifyDataConnection = rest.Operation{Name: "ModifyDataConnection", Method: http.MethodPut, Path: "/data-connections/{id}"}
