// Package peer calls the same operations through each contender.
package peer

import (
	"context"
	"net/http"
	"slices"

	"github.com/tenantkit/tenantkit/internal/bench/suite/payload"
)

// Key is the credential that all contenders send, in the header x-api-key.
const Key = "9f6b1d1c7d0e4f0bb2f0f3f8"

// Calls are the calls of one contender. Each returns a pointer to what it read.
type Calls struct {
	Tenant, Tenants, Projects, Sinks func(context.Context) (any, error)
}

// A Peer is a contender.
type Peer struct {
	Name string
	// Module is the path of the module that it comes from, empty for the standard library.
	Module string
	// Open returns its calls to the server at base, through the transport.
	Open func(base string, transport http.RoundTripper) (Calls, error)
}

// Hands is the number of contenders by hand, which come first in [All]. The better of them is the
// floor. This module follows, at the index Hands.
const Hands = 2

// All returns the contenders: those by hand, this module, and the SDKs.
func All() []Peer { return slices.Concat(light, heavy) }

var light = []Peer{
	{"by hand (json.Decoder)", "", general(byDecoder)},
	{"by hand (ReadAll)", "", general(byReadAll)},
	{"tenantkit", "github.com/tenantkit/tenantkit", tenantkitCalls},
	{"go-retryablehttp", "github.com/hashicorp/go-retryablehttp", general(byRetryable)},
	{"resty v2", "github.com/go-resty/resty/v2", general(byResty)},
	{"azcore", "github.com/Azure/azure-sdk-for-go/sdk/azcore", general(byAzure)},
}

// do sends one request, with a body in JSON unless it is nil, and reads the answer.
type do func(ctx context.Context, method, path string, body, into any) error

// general makes calls of a contender that takes any path.
func general(open func(base string, client *http.Client) (do, error)) func(string, http.RoundTripper) (Calls, error) {
	return func(base string, transport http.RoundTripper) (Calls, error) {
		send, err := open(base, &http.Client{Transport: transport})
		if err != nil {
			return Calls{}, err
		}
		return Calls{
			Tenant:   call[payload.Tenants](send, http.MethodGet, payload.TenantPath, nil),
			Tenants:  call[payload.Tenants](send, http.MethodGet, payload.TenantsPath, nil),
			Projects: call[[]payload.Project](send, http.MethodGet, payload.ProjectsPath, nil),
			Sinks:    call[[]payload.Sink](send, http.MethodPost, payload.SinksPath, struct{}{}),
		}, nil
	}
}

func call[T any](send do, method, path string, body any) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		into := new(T)
		return into, send(ctx, method, path, body, into)
	}
}
