package tenantkit_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit/datasink"
	"github.com/tenantkit/tenantkit/internal/rest"
	"github.com/tenantkit/tenantkit/provisioning"
	"github.com/tenantkit/tenantkit/security"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

// TestOperations checks the tables of all client packages: each operation is a method, is complete, and has a class that its HTTP
// method allows.
func TestOperations(t *testing.T) {
	t.Parallel()
	for _, client := range []struct {
		name       string
		operations []rest.Operation
		client     any
	}{
		{"argo", argo.Operations(), (*argo.Client)(nil)},
		{"datasink", datasink.Operations(), (*datasink.Client)(nil)},
		{"keboola", provisioning.Operations(), (*provisioning.Client)(nil)},
		{"worklytics", worklytics.Operations(), (*worklytics.Client)(nil)},
		{"infoworks", security.Operations(), (*security.Client)(nil)},
	} {
		seen := make(map[string]bool)
		for _, op := range client.operations {
			t.Run(client.name+"/"+op.Name, func(t *testing.T) {
				if seen[op.Name] {
					t.Error("it is there twice")
				}
				seen[op.Name] = true
				if _, ok := reflect.TypeOf(client.client).MethodByName(op.Name); !ok {
					t.Error("the client has no method of its name")
				}
				if !strings.HasPrefix(op.Path, "/") || strings.Count(op.Path, "{") != strings.Count(op.Path, "}") {
					t.Errorf("its path is %q", op.Path)
				}
				switch op.Method {
				case http.MethodPut, http.MethodDelete:
					if op.Class == rest.Read || op.Class == rest.Write {
						t.Errorf("a %s is of class %v", op.Method, op.Class)
					}
				case http.MethodGet, http.MethodPost:
				default:
					t.Errorf("its method is %q", op.Method)
				}
			})
		}
	}
}
