package tenantkit

import "context"

type operationKey struct{}

type operation struct{ service, name string }

// ContextWithOperation returns a context that carries the names of a service and of an operation. The client packages do this for
// every call; do it yourself to test a middleware that uses [OperationFromContext].
func ContextWithOperation(ctx context.Context, service, name string) context.Context {
	return context.WithValue(ctx, operationKey{}, operation{service, name})
}

// OperationFromContext returns the service ("argo") and the name ("CreateTenant") of the call that a request belongs to, or two
// empty texts. A middleware ([WithTransport]) labels its metrics and spans with them: they are few, unlike paths.
func OperationFromContext(ctx context.Context) (service, name string) {
	op, _ := ctx.Value(operationKey{}).(operation)
	return op.service, op.name
}

type attemptKey struct{}

// ContextWithAttempt returns a context that carries the number of an attempt. The client packages do this for every request; do it
// yourself to test a middleware that uses [AttemptFromContext].
func ContextWithAttempt(ctx context.Context, number int) context.Context {
	return context.WithValue(ctx, attemptKey{}, number)
}

// AttemptFromContext returns which attempt of its call a request is: 1 for the first, 2 for the first repetition, and 0 where no client
// of this module made the request. The requests of a redirect belong to one attempt.
func AttemptFromContext(ctx context.Context) int {
	number, _ := ctx.Value(attemptKey{}).(int)
	return number
}
