package rest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/tenantkit/tenantkit"
)

// Expect says what a successful response contains.
type Expect uint8

const (
	// JSON is a JSON body. A response without one is an error.
	JSON Expect = iota
	// Status is the status alone: the body may be anything but an HTML page, which comes from a
	// gateway and says nothing of the call.
	Status
	// JSONOrRedirect is a JSON body, or a redirect with a Location, which is not followed:
	// Call.CheckResponse reads it.
	JSONOrRedirect
)

// An Operation is one operation of an API, as data.
type Operation struct {
	// Service, Name, Method, Path and Class are those of [tenantkit.Operation]. The
	// placeholders of Path are named like the parameters of the client's method.
	Service, Name, Method, Path string
	Class                       tenantkit.Class
	// Credential names the credential in API.Credentials that the operation takes.
	Credential string
	// Expect says what a successful response contains.
	Expect Expect
	// Deletes says that the operation deletes something, so that "not found" after a lost
	// response means that it did.
	Deletes bool
	// Timeout is the least time that an attempt gets. If zero, the client's timeout is enough.
	Timeout time.Duration
}

// Public returns the operation as users see it.
func (op *Operation) Public() tenantkit.Operation {
	return tenantkit.Operation{Service: op.Service, Name: op.Name, Method: op.Method, Path: op.Path, Class: op.Class}
}

// Public returns operations as users see them.
func Public(operations []*Operation) []tenantkit.Operation {
	public := make([]tenantkit.Operation, len(operations))
	for i, op := range operations {
		public[i] = op.Public()
	}
	return public
}

// Invalid returns the error for input to the operation that must not be sent.
func (op *Operation) Invalid(field, format string, args ...any) error {
	return &tenantkit.ValidationError{Service: op.Service, Operation: op.Name, Field: field, Reason: fmt.Sprintf(format, args...)}
}

// keepsRedirects is the key of contexts of requests whose redirects are not followed, but read.
type keepsRedirects struct{}

// followsRedirects reports whether a redirect of a request may be followed: only a read has no
// effect at a place that was not asked for.
func followsRedirects(ctx context.Context) bool {
	op, ok := tenantkit.OperationFromContext(ctx)
	return ok && op.Class == tenantkit.Read && op.Method == http.MethodGet && ctx.Value(keepsRedirects{}) == nil
}

// isRedirect reports whether resp is a redirect that the operation expects.
func (op *Operation) isRedirect(resp *http.Response) bool {
	return op.Expect == JSONOrRedirect && resp.StatusCode >= 300 && resp.StatusCode <= 399 && resp.Header.Get("Location") != ""
}
