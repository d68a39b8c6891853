package tenantkit_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
)

func apply(opts ...tenantkit.Option) (tenantkit.Settings, error) {
	var settings tenantkit.Settings
	var failed error
	for _, opt := range opts {
		failed = errors.Join(failed, opt(&settings))
	}
	return settings, failed
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		option tenantkit.Option
		text   string
	}{
		"no client":             {tenantkit.WithHTTPClient(nil), "WithHTTPClient: the client is nil"},
		"no middleware":         {tenantkit.WithTransport(nil), "WithTransport: the function is nil"},
		"negative attempts":     {tenantkit.WithRetry(tenantkit.RetryPolicy{MaxAttempts: -1}), "WithRetry: MaxAttempts, BaseDelay and MaxDelay must not be negative"},
		"negative base":         {tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: -1}), "WithRetry: MaxAttempts, BaseDelay and MaxDelay must not be negative"},
		"negative max":          {tenantkit.WithRetry(tenantkit.RetryPolicy{MaxDelay: -1}), "WithRetry: MaxAttempts, BaseDelay and MaxDelay must not be negative"},
		"no time":               {tenantkit.WithTimeout(0), "WithTimeout: no call can be made in no time"},
		"endless user agent":    {tenantkit.WithUserAgent(strings.Repeat("a", 65<<10)), "WithUserAgent: the text cannot be sent: it is longer than 64 KiB"},
		"endless header value":  {tenantkit.WithHeader("X-A", strings.Repeat("a", 65<<10)), "WithHeader: the value of X-A cannot be sent: it is longer than 64 KiB"},
		"empty user agent":      {tenantkit.WithUserAgent(""), "WithUserAgent: the text is empty"},
		"line in user agent":    {tenantkit.WithUserAgent("a\r\nb"), "WithUserAgent: the text cannot be sent: it holds the control character"},
		"no bound":              {tenantkit.WithMaxResponseBytes(0), "WithMaxResponseBytes: the bound must be positive"},
		"negative bound":        {tenantkit.WithMaxResponseBytes(-1), "WithMaxResponseBytes: the bound must be positive"},
		"no pages":              {tenantkit.WithMaxPages(0), "WithMaxPages: the bound must be positive"},
		"no response":           {tenantkit.WithResponse(nil), "WithResponse: the response is nil"},
		"empty header":          {tenantkit.WithHeader("", "x"), "WithHeader: the name cannot be that of a header: it is empty"},
		"blank in header":       {tenantkit.WithHeader("X A", "x"), "WithHeader: the name cannot be that of a header: it holds ' '"},
		"colon in header":       {tenantkit.WithHeader(":authority", "x"), "WithHeader: the name cannot be that of a header: it holds ':'"},
		"line in header":        {tenantkit.WithHeader("X\n", "x"), "the name cannot be that of a header"},
		"letter in header":      {tenantkit.WithHeader("X-é", "x"), "the name cannot be that of a header"},
		"line in value":         {tenantkit.WithHeader("X-A", "secret\n"), "WithHeader: the value of X-A cannot be sent: it holds the control character"},
		"zero in value":         {tenantkit.WithHeader("X-A", "\x00"), "WithHeader: the value of X-A cannot be sent: it holds the control character"},
		"delete in value":       {tenantkit.WithHeader("X-A", "\x7f"), "WithHeader: the value of X-A cannot be sent: it holds the control character"},
		"own header":            {tenantkit.WithHeader("accept", "x"), "WithHeader: Accept is set by the client itself"},
		"authorization":         {tenantkit.WithHeader("AUTHORIZATION", "x"), "WithHeader: Authorization is set by the client itself"},
		"host":                  {tenantkit.WithHeader("Host", "x"), "WithHeader: Host is set by the client itself"},
		"length":                {tenantkit.WithHeader("content-length", "1"), "WithHeader: Content-Length is set by the client itself"},
		"transfer encoding":     {tenantkit.WithHeader("Transfer-Encoding", "chunked"), "is set by the client itself"},
		"TE":                    {tenantkit.WithHeader("TE", "trailers"), "is set by the client itself"},
		"user agent":            {tenantkit.WithHeader("User-Agent", "x"), "is set by the client itself"},
		"range":                 {tenantkit.WithHeader("Range", "bytes=0-1"), "is set by the client itself"},
		"expect":                {tenantkit.WithHeader("expect", "100-continue"), "is set by the client itself"},
		"idempotency key":       {tenantkit.WithHeader("idempotency-key", "x"), "WithHeader: Idempotency-Key would make net/http repeat writes by itself"},
		"other idempotency key": {tenantkit.WithHeader("X-Idempotency-Key", "x"), "would make net/http repeat writes by itself"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings, err := apply(tt.option)
			if err == nil || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("err = %v, want %q", err, tt.text)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("%q shows the value", err)
			}
			if diff := cmp.Diff(tenantkit.Settings{}, settings); diff != "" {
				t.Errorf("the settings were changed:\n%s", diff)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	var (
		client   = new(http.Client)
		response tenantkit.Response
		logger   = slog.New(slog.DiscardHandler)
		policy   = tenantkit.RetryPolicy{MaxAttempts: 7, MaxElapsed: -1, Budget: -1}
	)
	got, err := apply(
		tenantkit.WithHTTPClient(client), tenantkit.WithRetry(policy), tenantkit.WithTimeout(-1), tenantkit.WithTimeout(time.Minute), tenantkit.WithLogger(logger),
		tenantkit.WithUserAgent("app/1.0 (é)"), tenantkit.WithHeader("x-a", "1"), tenantkit.WithHeader("X-B", "2\t"), tenantkit.WithHeader("X-A", "3"),
		tenantkit.WithMaxResponseBytes(1), tenantkit.WithMaxPages(2), tenantkit.WithInsecureHTTP(), tenantkit.WithResponse(&response),
	)
	if err != nil {
		t.Fatal(err)
	}
	if got.HTTPClient != client || got.Logger != logger || got.Response != &response {
		t.Errorf("settings = %+v", got)
	}
	got.HTTPClient, got.Logger, got.Response = nil, nil, nil
	want := tenantkit.Settings{
		Retry: policy, Timeout: time.Minute, UserAgent: "app/1.0 (é)", Header: http.Header{"X-A": {"3"}, "X-B": {"2\t"}}, MaxResponseBytes: 1, MaxPages: 2, InsecureHTTP: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings differ (-want +got):\n%s", diff)
	}
}

// Options of a call stand on top of the client's, and leave those as they are.
func TestOptionsDoNotShare(t *testing.T) {
	t.Parallel()
	middleware := func(next http.RoundTripper) http.RoundTripper { return next }
	client, err := apply(tenantkit.WithHeader("X-A", "client"), tenantkit.WithTransport(middleware), tenantkit.WithTransport(middleware))
	if err != nil {
		t.Fatal(err)
	}
	one, two := client, client
	for _, opt := range []tenantkit.Option{tenantkit.WithHeader("X-A", "one"), tenantkit.WithHeader("X-B", "one"), tenantkit.WithTransport(middleware)} {
		if err := opt(&one); err != nil {
			t.Fatal(err)
		}
	}
	if err := tenantkit.WithTransport(func(http.RoundTripper) http.RoundTripper { return nil })(&two); err != nil {
		t.Fatal(err)
	}
	if client.Header.Get("X-A") != "client" || client.Header.Get("X-B") != "" || len(client.Middleware) != 2 {
		t.Errorf("the client's settings were changed: %v", client.Header)
	}
	if one.Header.Get("X-A") != "one" || one.Middleware[2](http.DefaultTransport) == nil || two.Middleware[2](http.DefaultTransport) != nil {
		t.Error("one call's options are another's")
	}
}

func TestRetryPolicyDefaults(t *testing.T) {
	t.Parallel()
	want := tenantkit.RetryPolicy{MaxAttempts: 4, MaxElapsed: 2 * time.Minute, BaseDelay: 500 * time.Millisecond, MaxDelay: 30 * time.Second, Budget: 500}
	if diff := cmp.Diff(want, tenantkit.DefaultRetryPolicy()); diff != "" {
		t.Errorf("default policy differs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, tenantkit.RetryPolicy{}.WithDefaults()); diff != "" {
		t.Errorf("zero policy differs (-want +got):\n%s", diff)
	}
	own := tenantkit.RetryPolicy{MaxAttempts: 1, MaxElapsed: -1, BaseDelay: 2, MaxDelay: 3, Budget: -4}
	if diff := cmp.Diff(own, own.WithDefaults()); diff != "" {
		t.Errorf("own policy differs (-want +got):\n%s", diff)
	}
	if got := tenantkit.NoRetry().WithDefaults().MaxAttempts; got != 1 {
		t.Errorf("NoRetry makes %d attempts", got)
	}
}

func TestNewTransport(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://proxy.example.org")
	transport := tenantkit.NewTransport()
	defer transport.CloseIdleConnections()
	if transport.Proxy == nil || transport.ResponseHeaderTimeout == 0 || transport.TLSHandshakeTimeout == 0 || transport.IdleConnTimeout == 0 {
		t.Errorf("transport = %+v", transport)
	}
	if transport.MaxConnsPerHost == 0 || transport.MaxIdleConnsPerHost != transport.MaxConnsPerHost || transport.MaxIdleConns < transport.MaxIdleConnsPerHost || transport.DisableKeepAlives {
		t.Errorf("transport = %+v", transport)
	}
	if !transport.ForceAttemptHTTP2 {
		t.Error("the transport does not try HTTP/2")
	}
	if transport == tenantkit.NewTransport() {
		t.Error("two clients share a transport unasked")
	}
}

func TestOperationFromContext(t *testing.T) {
	t.Parallel()
	if op, ok := tenantkit.OperationFromContext(context.Background()); ok || op != (tenantkit.Operation{}) {
		t.Errorf("nothing: %+v, %t", op, ok)
	}
	want := tenantkit.Operation{Service: "argo", Name: "GetTenant", Method: "GET", Path: "/admin/tenants/{tenantID}", Class: tenantkit.Read}
	type key struct{}
	ctx := tenantkit.ContextWithOperation(context.WithValue(t.Context(), key{}, "outer"), want)
	if op, ok := tenantkit.OperationFromContext(context.WithoutCancel(ctx)); !ok || op != want {
		t.Errorf("got %+v, %t", op, ok)
	}
	if ctx.Value(key{}) != "outer" {
		t.Error("the values of the outer context are gone")
	}
	inner := tenantkit.Operation{Name: "other"}
	if op, _ := tenantkit.OperationFromContext(tenantkit.ContextWithOperation(ctx, inner)); op != inner {
		t.Errorf("got %+v", op)
	}
}

func TestClass_String(t *testing.T) {
	t.Parallel()
	for class, want := range map[tenantkit.Class]string{
		0: "unknown", tenantkit.Read: "read", tenantkit.Idempotent: "idempotent write", tenantkit.Write: "write", tenantkit.Never: "never", 5: "unknown",
	} {
		text, err := class.MarshalText()
		if class.String() != want || string(text) != want || err != nil {
			t.Errorf("class %d = %q, %q, %v, want %q", class, class, text, err, want)
		}
	}
}

func TestAttemptFromContext(t *testing.T) {
	t.Parallel()
	if number := tenantkit.AttemptFromContext(context.Background()); number != 0 {
		t.Errorf("nothing: %d", number)
	}
	ctx := tenantkit.ContextWithAttempt(t.Context(), 2)
	if number := tenantkit.AttemptFromContext(context.WithoutCancel(ctx)); number != 2 {
		t.Errorf("got %d", number)
	}
}
