package proof

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

// values are pointers to the zero values of all exported types that have methods.
var values = []any{
	new(tenantkit.Class), new(tenantkit.Error), new(tenantkit.Outcome), new(tenantkit.Response), new(tenantkit.RetryPolicy), new(tenantkit.Secret), new(tenantkit.ValidationError),
	new(auth.CognitoOptions), new(auth.CommandSource), new(auth.Refresher), new(auth.TokenSourceFunc),
	new(worklytics.AWSProxy), new(worklytics.GCPProxy), new(worklytics.Client), new(worklytics.DataConnection), new(worklytics.Integration),
	new(worklytics.InvalidConnectionError),
	new(argo.AMS), new(argo.Change), new(argo.Changes), new(argo.DuplicateError), new(argo.AMSProject), new(argo.Client), new(argo.DBConf), new(argo.HDFS), new(argo.Info), new(argo.Status), new(argo.StatusLostError),
	new(argo.SyncData), new(argo.Tenant), new(argo.Time), new(argo.Topology), new(argo.User),
	new(keboola.Client), new(keboola.LoginForm), new(keboola.Project), new(keboola.SSOClaims), new(keboola.Text),
	new(autoid.BulkError), new(autoid.Client), new(autoid.Sink), new(autoid.Threshold), new(autoid.Timestamps),
	new(infoworks.Claims), new(infoworks.Client), new(infoworks.LDAPSyncError), new(infoworks.LDAPSyncResult), new(infoworks.SyncedUser), new(infoworks.UserEntry),
}

// fakes are the fakes as users hold them, for their methods.
var fakes = []any{new(worklyticstest.Server), new(argotest.Server), new(keboolatest.Server), new(autoidtest.Server), new(infoworkstest.Server)}

// TestMethods calls every method of every exported type with something bad in place of each
// argument in turn, on the zero value, and on nil where the method has an error to tell of that: no
// panic. Calls of clients are tried by TestBadInput.
func TestMethods(t *testing.T) {
	t.Parallel()
	for _, value := range values {
		pointer := reflect.TypeOf(value)
		t.Run(pointer.Elem().String(), func(t *testing.T) {
			t.Parallel()
			for i := range pointer.NumMethod() {
				method := pointer.Method(i)
				name := exportOf(value, method.Name)
				if methodIsTold(name) || strings.HasSuffix(pointer.Elem().Name(), "Client") && method.Type.NumIn() > 1 {
					continue
				}
				receivers := []func() reflect.Value{func() reflect.Value { return reflect.New(pointer.Elem()) }}
				if _, byValue := pointer.Elem().MethodByName(method.Name); !byValue && answersNil(method) {
					receivers = append(receivers, func() reflect.Value { return reflect.Zero(pointer) })
				}
				for _, receiver := range receivers {
					bound := receiver().Method(i)
					eachBadCall(bound, signatures()[name], func(what string, args []reflect.Value) {
						defer recovered(t, method.Name+": "+what)
						of := receiver()
						results := of.Method(i).Call(args)
						if err := failure(results); err != nil {
							checkText(t, err)
						} else if of.IsNil() && returnsError(method) && method.Name != "Err" && method.Name != "MarshalJSON" {
							t.Errorf("%s of nil: no error", method.Name)
						}
						for _, result := range results {
							if source, ok := result.Interface().(auth.TokenSource); ok {
								useResult(t, name, what, source)
							}
						}
					})
				}
			}
		})
	}
}

// methodIsTold tells whether a method is one that fmt, errors or encoding call, with what they made
// themselves.
func methodIsTold(name string) bool {
	return strings.HasSuffix(name, ".Format") || strings.HasSuffix(name, "JSONTo") || strings.HasSuffix(name, "JSONFrom") || strings.HasSuffix(name, ".EncodeValues") || strings.HasSuffix(name, ".Unwrap") && !strings.HasPrefix(name, "tenantkit.Error")
}

// answersNil tells whether a method must answer for a nil receiver: one that has an error to say
// so, and those of a client. Others panic then, as Go has it.
func answersNil(method reflect.Method) bool {
	return returnsError(method) || strings.HasSuffix(method.Type.In(0).Elem().Name(), "Client") || method.Name == "Err"
}

func returnsError(method reflect.Method) bool {
	n := method.Type.NumOut()
	return n > 0 && method.Type.Out(n-1) == reflect.TypeFor[error]() && method.Name != "Unwrap"
}

func failure(results []reflect.Value) error {
	if len(results) == 0 {
		return nil
	}
	err, _ := results[len(results)-1].Interface().(error)
	return err
}
