package tenantkit

import (
	"context"
	"fmt"
)

// A Class says when a failed operation may be retried. It follows from the effect of a second
// request, not from the HTTP method. See [RetryPolicy]. The zero value is no class.
type Class uint8

const (
	// Read changes nothing on the server.
	Read Class = iota + 1
	// Idempotent sets an absolute value: a second request changes nothing more.
	Idempotent
	// Write creates or spends something: a second request does so again.
	Write
	// Never destroys a credential. It is sent once.
	Never
)

// String returns "read", "idempotent write", "write" or "never", and "unknown" for any other value.
func (c Class) String() string {
	switch c {
	case Read:
		return "read"
	case Idempotent:
		return "idempotent write"
	case Write:
		return "write"
	case Never:
		return "never"
	default:
		return "unknown"
	}
}

// MarshalText returns the class as [Class.String] does.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads a class that [Class.MarshalText] wrote.
func (c *Class) UnmarshalText(text []byte) error {
	for class := Read; class <= Never; class++ {
		if c != nil && class.String() == string(text) {
			*c = class
			return nil
		}
	}
	return fmt.Errorf("%.32q is not a class", text)
}

// An Operation describes one endpoint of a service. Each client package returns its own from a
// function Operations; the method Call of a client takes any other.
type Operation struct {
	// Service is the name of the client package: "argo". A client sets it if it is empty.
	Service string
	// Name is the name of the client's method ("CreateTenant"), and labels errors, logs and
	// metrics. For Call it may be empty, which means "Call".
	Name string
	// Method is the HTTP method.
	Method string
	// Path is the path under the client's base URL. Each placeholder ("{tenantID}") is filled
	// from CallParams.Path.
	Path string
	// Class says when the operation is retried. It must be set.
	Class Class
}

type operationKey struct{}

// operationContext is a context that holds an operation. It is a type of its own because every call
// makes one: a value in a context takes one allocation more.
type operationContext struct {
	context.Context
	operation Operation
}

// Value returns c for the key of operations.
func (c *operationContext) Value(key any) any {
	if key == (operationKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// ContextWithOperation returns a context that carries op. Clients do this for every call; call it
// to test a middleware that uses [OperationFromContext]. If ctx is nil, the result has no other
// values.
func ContextWithOperation(ctx context.Context, op Operation) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	return &operationContext{ctx, op}
}

// OperationFromContext returns the operation that a request belongs to, and reports whether there
// is one. A middleware ([WithTransport]) labels its metrics and spans with its Service and Name:
// they are few, unlike URLs. It may also reject requests by Class.
func OperationFromContext(ctx context.Context) (Operation, bool) {
	if ctx == nil {
		return Operation{}, false
	}
	if c, ok := ctx.Value(operationKey{}).(*operationContext); ok {
		return c.operation, true
	}
	return Operation{}, false
}

type attemptKey struct{}

// ContextWithAttempt returns a context that carries the number of an attempt. Clients do this for
// every request; call it to test a middleware that uses [AttemptFromContext]. If ctx is nil, the
// result has no other values.
func ContextWithAttempt(ctx context.Context, number int) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	return context.WithValue(ctx, attemptKey{}, number)
}

// AttemptFromContext returns the number of the attempt that a request belongs to: 1 for the first,
// 2 for the first retry, and 0 if no client of this module made the request. The requests of a
// redirect belong to one attempt.
func AttemptFromContext(ctx context.Context) int {
	if ctx == nil {
		return 0
	}
	number, _ := ctx.Value(attemptKey{}).(int)
	return number
}
