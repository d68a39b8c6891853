package tenantkit

import "context"

type operationKey struct{}

// operation is a context by itself, which takes one allocation less than a value in one: every call has it.
type operation struct {
	context.Context
	service, name string
}

// Value returns the operation itself for its key.
func (o *operation) Value(key any) any {
	if key == (operationKey{}) {
		return o
	}
	return o.Context.Value(key)
}

// ContextWithOperation returns a context that carries the names of a service and of an operation. The client packages do this for
// every call; do it yourself to test a middleware that uses [OperationFromContext]. A nil context counts as an empty one.
func ContextWithOperation(ctx context.Context, service, name string) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	return &operation{ctx, service, name}
}

// OperationFromContext returns the service ("argo") and the name ("CreateTenant") of the call that a request belongs to, or two
// empty texts. A middleware ([WithTransport]) labels its metrics and spans with them: they are few, unlike paths.
func OperationFromContext(ctx context.Context) (service, name string) {
	if ctx == nil {
		return "", ""
	}
	if op, there := ctx.Value(operationKey{}).(*operation); there {
		return op.service, op.name
	}
	return "", ""
}

type attemptKey struct{}

// ContextWithAttempt returns a context that carries the number of an attempt. The client packages do this for every request; do it
// yourself to test a middleware that uses [AttemptFromContext]. A nil context counts as an empty one.
func ContextWithAttempt(ctx context.Context, number int) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	return context.WithValue(ctx, attemptKey{}, number)
}

// AttemptFromContext returns which attempt of its call a request is: 1 for the first, 2 for the first repetition, and 0 where no client
// of this module made the request. The requests of a redirect belong to one attempt.
func AttemptFromContext(ctx context.Context) int {
	if ctx == nil {
		return 0
	}
	number, _ := ctx.Value(attemptKey{}).(int)
	return number
}
