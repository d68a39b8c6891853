package proof

import (
	"reflect"
	"testing"

	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

// TestMethodsOfFakes calls every method of every fake with something bad in place of each argument
// in turn. A fake may find that nobody has such a name, and must not end the test of a user by a
// panic.
func TestMethodsOfFakes(t *testing.T) {
	t.Parallel()
	signatures, err := exports(faked)
	if err != nil {
		t.Fatal(err)
	}
	for _, server := range []interface{ Close() }{
		worklyticstest.NewServer(), argotest.NewServer(), keboolatest.NewServer(), autoidtest.NewServer(), infoworkstest.NewServer(),
	} {
		t.Run(reflect.TypeOf(server).Elem().String(), func(t *testing.T) {
			defer server.Close()
			of := reflect.ValueOf(server)
			for i := range of.NumMethod() {
				name := of.Type().Method(i).Name
				parameters, own := signatures[exportOf(server, name)]
				if !own {
					continue // of the engine of all fakes, which has tests of its own
				}
				eachBadCall(of.Method(i), parameters, func(what string, args []reflect.Value) {
					defer recovered(t, name+": "+what)
					of.Method(i).Call(args)
				})
			}
		})
	}
}
