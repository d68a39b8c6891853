package tenantkit_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/tenantkit/tenantkit"
)

func TestOperationOfANilContext(t *testing.T) {
	t.Parallel()
	var none context.Context
	if n := tenantkit.AttemptFromContext(none); n != 0 || tenantkit.AttemptFromContext(tenantkit.ContextWithAttempt(none, 2)) != 2 {
		t.Errorf("attempt %d", n)
	}
	if op, ok := tenantkit.OperationFromContext(none); ok {
		t.Errorf("got %+v", op)
	}
	want := tenantkit.Operation{Service: "argo", Name: "GetTenant", Class: tenantkit.Read}
	if op, ok := tenantkit.OperationFromContext(tenantkit.ContextWithOperation(none, want)); !ok || op != want {
		t.Errorf("got %+v, %t", op, ok)
	}
}

// What a reason quotes may be of any length, and hold the ends of lines.
func TestValidationErrorIsOneShortLine(t *testing.T) {
	t.Parallel()
	err := &tenantkit.ValidationError{Service: "argo", Operation: "Op", Field: "a\r\nb", Reason: strings.Repeat("x", 10_000)}
	if text := err.Error(); len(text) > 600 || strings.ContainsAny(text, "\r\n") || !strings.HasPrefix(text, "argo: Op: a b: xxx") {
		t.Errorf("%d bytes: %.100q", len(text), text)
	}
}

// Calls at the same time may share an option.
func TestOptionIsShared(t *testing.T) {
	t.Parallel()
	option := tenantkit.WithHeader("x-name", "value")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			var settings tenantkit.Settings
			if err := option(&settings); err != nil || settings.Header.Get("X-Name") != "value" {
				t.Errorf("got %v, %v", settings.Header, err)
			}
		})
	}
	group.Wait()
}
