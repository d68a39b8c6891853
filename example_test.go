package tenantkit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// What the failure of a call tells: whether something was sent, what kind of refusal it was, and what became of the write.
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
		fmt.Println("look before you repeat:", len(server.Tenants()), "tenant is there")
	}
	// Output:
	// nothing was sent: true
	// not found: true
	// look before you repeat: 1 tenant is there
}

// An option is good for a client, or for a single call.
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

// What a program does after a write that failed: whether it is safe to repeat, and what to look at.
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
			fmt.Println("nothing has changed; mend what the error names, and try again")
		case tenantkit.OutcomeUnknown:
			fmt.Println("look whether", name, "is there, before another try")
		case tenantkit.OutcomeApplied:
			fmt.Println(name, "is there; read it")
		}
	}
	// Output:
	// nothing has changed; mend what the error names, and try again
	// nothing has changed; mend what the error names, and try again
	// look whether chemistry is there, before another try
	// biology is there; read it
}

// All that an error tells of a refusal.
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
	var refused *tenantkit.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Service, refused.Operation, refused.Method, refused.StatusCode)
		fmt.Println(refused.Message+":", refused.Details)
		fmt.Println(refused.Outcome, "after", refused.Attempts, "attempt")
	}
	fmt.Println(errors.Is(err, tenantkit.ErrConflict))
	// Output:
	// argo CreateTenant POST 409
	// Conflict: Tenant with same name already exists
	// rejected after 1 attempt
	// true
}

// Objects with secrets in them are logged and marshaled without, unless a program reveals them, to store them on purpose.
func ExampleReveal() {
	user := argo.User{Name: "ada", APIKey: "just-an-example"}
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

	// What was stored without its secrets can be told: it is not revealed, and not sent.
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
	key := tenantkit.Secret("a-key-that-nobody-should-see")
	fmt.Println(key)
	fmt.Printf("%q %x\n", key, key)
	fmt.Println(len(string(key)), "characters")
	// Output:
	// [redacted]
	// "[redacted]" [redacted]
	// 28 characters
}
