package tenantkit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// counter is a middleware that counts attempts by operation and status.
type counter struct {
	next   http.RoundTripper
	mu     sync.Mutex
	counts map[string]int
}

func (c *counter) RoundTrip(req *http.Request) (*http.Response, error) {
	op, _ := tenantkit.OperationFromContext(req.Context())
	resp, err := c.next.RoundTrip(req)
	status := "no response"
	if err == nil {
		status = resp.Status
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[op.Service+" "+op.Name+" "+status]++
	return resp, err
}

// A middleware sees each attempt and the operation that it belongs to: for metrics, traces, and
// faults in tests.
func ExampleWithTransport() {
	server := argotest.NewServer()
	defer server.Close()

	metrics := &counter{counts: make(map[string]int)}
	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey),
		tenantkit.WithTransport(func(next http.RoundTripper) http.RoundTripper {
			metrics.next = next
			return metrics
		}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	for range 2 {
		if _, err := client.ListTenants(context.Background()); err != nil {
			fmt.Println(err)
			return
		}
	}
	_, err = client.GetTenant(context.Background(), "6f1dd9a3-6b0e-4ae2-8a73-ab9c3fe2a0b1")
	fmt.Println(errors.Is(err, tenantkit.ErrNotFound))
	for _, name := range slices.Sorted(maps.Keys(metrics.counts)) {
		fmt.Println(name, metrics.counts[name])
	}
	// Output:
	// true
	// argo GetTenant 404 Not Found 1
	// argo ListTenants 200 OK 2
}

// A test of the middleware alone gives it a request of a call.
func ExampleContextWithOperation() {
	metrics := &counter{next: http.NewFileTransport(http.Dir(os.TempDir())), counts: make(map[string]int)}
	ctx := tenantkit.ContextWithOperation(context.Background(), tenantkit.Operation{Service: "argo", Name: "GetTenant"})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "file:///there-is-no-such-file", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := metrics.RoundTrip(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(metrics.counts)
	// Output: map[argo GetTenant 404 Not Found:1]
}

// A client that retries more patiently, and a call of it that is not retried at all.
func ExampleWithRetry() {
	server := argotest.NewServer()
	defer server.Close()
	server.Fail("ListTenants", argotest.Fault{Status: 503, RetryAfter: "0", Times: 7})

	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey),
		tenantkit.WithRetry(tenantkit.RetryPolicy{MaxAttempts: 10, BaseDelay: time.Millisecond}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	_, err = client.ListTenants(context.Background(), tenantkit.WithRetry(tenantkit.NoRetry()))
	fmt.Println(errors.Is(err, tenantkit.ErrUnavailable), "after", len(server.Requests()), "attempt")
	_, err = client.ListTenants(context.Background())
	fmt.Println(err, "after", len(server.Requests())-1, "attempts")
	// Output:
	// true after 1 attempt
	// <nil> after 7 attempts
}

// One line at debug level for each attempt, with neither bodies nor credentials.
func ExampleWithLogger() {
	server := argotest.NewServer()
	defer server.Close()
	server.Fail("ListTenants", argotest.Fault{Status: 503, RetryAfter: "0"})
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			if attr.Key == slog.TimeKey || attr.Key == "duration" || attr.Key == "wait" {
				return slog.Attr{} // so that the example prints the same each time
			}
			return attr
		},
	}))

	client, err := argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey), tenantkit.WithLogger(logger),
		tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: time.Millisecond}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	if _, err := client.ListTenants(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// level=DEBUG msg="tenantkit: attempt" service=argo operation=ListTenants attempt=1 status=503 outcome=rejected
	// level=DEBUG msg="tenantkit: attempt" service=argo operation=ListTenants attempt=2 status=200
}
