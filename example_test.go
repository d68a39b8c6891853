package tenantkit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// After a failure: whether something was sent, why the service rejected it, and whether a write
// took effect.
func Example() {
	server := argotest.NewServer()
	defer server.Close()
	ctx := context.Background()

	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	_, err = client.GetTenant(ctx, "")
	var invalid *tenantkit.ValidationError
	fmt.Println("nothing was sent:", errors.As(err, &invalid))

	_, err = client.GetTenant(ctx, "6f1dd9a3-6b0e-4ae2-8a73-ab9c3fe2a0b1")
	fmt.Println("not found:", errors.Is(err, tenantkit.ErrNotFound))

	server.Fail("CreateTenant", argotest.Fault{ResetAfter: true})
	_, err = client.CreateTenant(ctx, &argo.Tenant{Info: argo.Info{Name: "physics"}})
	if tenantkit.OutcomeOf(err) == tenantkit.OutcomeUnknown {
		fmt.Println("look before you retry:", len(server.Tenants()), "tenant is there")
	}
	// Output:
	// nothing was sent: true
	// not found: true
	// look before you retry: 1 tenant is there
}

// An option is given to a client, or to a single call.
func ExampleWithResponse() {
	server := argotest.NewServer()
	defer server.Close()
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey), tenantkit.WithUserAgent("inventory/1.0"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	var response tenantkit.Response
	if _, err := client.ListTenants(context.Background(), tenantkit.WithResponse(&response)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.StatusCode, server.Requests()[0].Header.Get("User-Agent"))
	// Output: 200 inventory/1.0
}

// After a write that failed: whether it is safe to retry, and what to look at.
func ExampleOutcomeOf() {
	server := argotest.NewServer()
	defer server.Close()
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey), tenantkit.WithRetry(tenantkit.NoRetry()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	server.Fail("CreateTenant", argotest.Fault{Status: 429}, argotest.Fault{ResetAfter: true}, argotest.Fault{Garbage: true})
	for _, name := range []string{"", "physics", "chemistry", "biology"} {
		_, err := client.CreateTenant(context.Background(), &argo.Tenant{Info: argo.Info{Name: name}})
		switch tenantkit.OutcomeOf(err) {
		case tenantkit.OutcomeNotSent, tenantkit.OutcomeRejected:
			fmt.Println("nothing has changed; fix what the error names, and try again")
		case tenantkit.OutcomeUnknown:
			fmt.Println("look whether", name, "is there, before another try")
		case tenantkit.OutcomeApplied:
			fmt.Println(name, "is there; read it")
		}
	}
	// Output:
	// nothing has changed; fix what the error names, and try again
	// nothing has changed; fix what the error names, and try again
	// look whether chemistry is there, before another try
	// biology is there; read it
}

// The fields of an error.
func ExampleError() {
	server := argotest.NewServer()
	defer server.Close()
	server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "physics"}})
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	_, err = client.CreateTenant(context.Background(), &argo.Tenant{Info: argo.Info{Name: "physics"}})
	var failed *tenantkit.Error
	if errors.As(err, &failed) {
		fmt.Println(failed.Service, failed.Operation, failed.Method, failed.StatusCode)
		fmt.Println(failed.Message+":", failed.Details)
		fmt.Println(failed.Outcome, "after", failed.Attempts, "attempt")
	}
	fmt.Println(errors.Is(err, tenantkit.ErrConflict))
	// Output:
	// argo CreateTenant POST 409
	// Conflict: Tenant with same name already exists
	// rejected after 1 attempt
	// true
}

// Objects with secrets in them are logged and marshaled without, unless a program reveals them, to
// store them on purpose.
func ExampleReveal() {
	user := argo.User{Name: "ada", APIKey: tenantkit.NewSecret("just-an-example")}
	hidden, err := json.Marshal(user)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("json.Marshal:", strings.Contains(string(hidden), "just-an-example"))

	stored, err := tenantkit.Reveal(user)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("Reveal:", strings.Contains(string(stored), "just-an-example"))

	// An object that was stored without its secrets is neither revealed nor sent.
	if err := json.Unmarshal(hidden, &user); err != nil {
		fmt.Println(err)
		return
	}
	_, err = tenantkit.Reveal(user)
	fmt.Println("once more:", err != nil)
	// Output:
	// json.Marshal: false
	// Reveal: true
	// once more: true
}

func ExampleSecret() {
	key := tenantkit.NewSecret("a-key-that-nobody-should-see")
	fmt.Println(key)
	fmt.Printf("%q %x\n", key, key)
	fmt.Println(len(key.Reveal()), "characters", key == tenantkit.NewSecret("another"))
	// Output:
	// [redacted]
	// "[redacted]" [redacted]
	// 28 characters false
}

// readOnly is a middleware that lets reads pass, and rejects everything else.
type readOnly struct{ next http.RoundTripper }

var errReadOnly = errors.New("this program only reads")

func (r readOnly) RoundTrip(req *http.Request) (*http.Response, error) {
	if op, _ := tenantkit.OperationFromContext(req.Context()); op.Class != tenantkit.Read {
		return nil, fmt.Errorf("%w: %s is a %s", errReadOnly, op.Name, op.Class)
	}
	return r.next.RoundTrip(req)
}

// A client that only reads, whatever is called.
func ExampleOperationFromContext() {
	server := argotest.NewServer()
	defer server.Close()
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey),
		tenantkit.WithRetry(tenantkit.NoRetry()),
		tenantkit.WithTransport(func(next http.RoundTripper) http.RoundTripper { return readOnly{next} }))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	tenants, err := client.ListTenants(context.Background())
	fmt.Println(len(tenants), err)
	_, err = client.CreateTenant(context.Background(), &argo.Tenant{Info: argo.Info{Name: "physics"}})
	fmt.Println(errors.Is(err, errReadOnly), len(server.Tenants()))
	err = client.Call(context.Background(), tenantkit.Operation{Method: http.MethodDelete, Path: "/admin/tenants/x", Class: tenantkit.Idempotent}, tenantkit.CallParams{}, nil)
	fmt.Println(errors.Is(err, errReadOnly), len(server.Requests()))
	// Output:
	// 0 <nil>
	// true 0
	// true 1
}

// All elements of a list that the client has no method for.
func ExamplePages() {
	server := argotest.NewServer()
	defer server.Close()
	server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "physics"}})
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	op := tenantkit.Operation{Name: "ListNames", Method: http.MethodGet, Path: "/admin/tenants", Class: tenantkit.Read}
	type named struct{ Info struct{ Name string } }
	for tenant, err := range tenantkit.Pages[named](context.Background(), client.CallPage, op, tenantkit.CallParams{Items: "data"}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(tenant.Info.Name)
	}
	// Output: physics
}
