package argo_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
)

// A client is printed while others use it: printing its maps would end the program.
func TestClientFormat_DuringCalls(t *testing.T) {
	t.Parallel()
	client, err := argo.NewClient("http://127.0.0.1:1", auth.StaticToken("MARKER-key"), tenantkit.WithRetry(tenantkit.NoRetry()),
		tenantkit.WithTransport(func(http.RoundTripper) http.RoundTripper {
			return roundTripperFunc(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
		}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if err := client.DeleteUser(ctx, fmt.Sprint("tenant", g, i%100), "u"); !errors.Is(err, io.ErrUnexpectedEOF) && ctx.Err() == nil {
					t.Errorf("got %v", err)
				}
			}
		})
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	for range 2000 {
		log.Info("state", "client", client)
	}
	cancel()
	group.Wait()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		if got, want := fmt.Sprintf(verb, client), "argo.Client(http://127.0.0.1:1)"; got != want {
			t.Errorf("%s prints %q, want %q", verb, got, want)
		}
	}
	var none *argo.Client
	if got := fmt.Sprint(none, new(argo.Client)); got != "nil client nil client" {
		t.Errorf("no clients print as %q", got)
	}
}
