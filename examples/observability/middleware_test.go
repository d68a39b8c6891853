package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watch is a middleware with the spans and metrics that it makes.
type watch struct {
	*telemetry
	spans   *tracetest.InMemoryExporter
	tracers *sdktrace.TracerProvider
	metrics *prometheus.Registry
}

func newWatch(t *testing.T) *watch {
	t.Helper()
	w := &watch{spans: tracetest.NewInMemoryExporter(), metrics: prometheus.NewRegistry()}
	w.tracers = sdktrace.NewTracerProvider(sdktrace.WithSyncer(w.spans))
	var err error
	if w.telemetry, err = newTelemetry(w.tracers, w.metrics); err != nil {
		t.Fatal(err)
	}
	return w
}

// client returns a watched client that reaches the server through memory, so that its time is that
// of the test's bubble.
func (w *watch) client(t *testing.T, server *argotest.Server) *argo.Client {
	t.Helper()
	memory := server.RoundTripper()
	inner := roundTripper(func(req *http.Request) (*http.Response, error) {
		if !trace.SpanFromContext(req.Context()).IsRecording() {
			t.Error("what is within the middleware does not see its span")
		}
		return memory.RoundTrip(req)
	})
	client, err := argo.NewClient("https://argo.example.org/api/v2", auth.StaticToken(argotest.DefaultKey),
		tenantkit.WithTransport(w.middleware), tenantkit.WithHTTPClient(&http.Client{Transport: inner}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// job runs do under a span of the caller.
func (w *watch) job(ctx context.Context, do func(context.Context)) {
	ctx, span := w.tracers.Tracer("test").Start(ctx, "job")
	defer span.End()
	do(ctx)
}

// seen is what a test compares of a span.
type seen struct {
	Name, Parent string
	Kind         trace.SpanKind
	Status       codes.Code
	Said         string
	Took         time.Duration
	Attributes   map[string]string
}

// seenSpans returns the spans in the order in which they ended, but for those of jobs.
func (w *watch) seenSpans() []seen {
	var all []seen
	names := make(map[trace.SpanID]string)
	for _, span := range w.spans.GetSpans() {
		names[span.SpanContext.SpanID()] = span.Name
	}
	for _, span := range w.spans.GetSpans() {
		if span.Name == "job" {
			continue
		}
		s := seen{
			Name: span.Name, Parent: names[span.Parent.SpanID()], Kind: span.SpanKind, Status: span.Status.Code, Said: span.Status.Description,
			Took: span.EndTime.Sub(span.StartTime), Attributes: make(map[string]string),
		}
		for _, attribute := range span.Attributes {
			s.Attributes[string(attribute.Key)] = attribute.Value.String()
		}
		all = append(all, s)
	}
	return all
}

// attributes are those of a ListTenants, and more.
func attributes(more ...string) map[string]string {
	all := map[string]string{
		"tenantkit.service": "argo", "tenantkit.operation": "ListTenants", "tenantkit.class": "read", "http.request.method": "GET",
		"url.full": "https://argo.example.org/api/v2/admin/tenants", "server.address": "argo.example.org", "server.port": "443",
	}
	for i := 0; i < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

// A fault shows as two spans under one parent, and as one attempt of each status.
func TestFaultIsTwoSpans(t *testing.T) {
	w, server := newWatch(t), argotest.Start(t)
	server.Fail("ListTenants", argotest.Fault{Status: 503, Delay: 200 * time.Millisecond}, argotest.Fault{Delay: 2 * time.Second})
	synctest.Test(t, func(t *testing.T) {
		client := w.client(t, server)
		w.job(t.Context(), func(ctx context.Context) {
			if _, err := client.ListTenants(ctx); err != nil {
				t.Error(err)
			}
		})
	})
	want := []seen{
		{"GET ListTenants", "job", trace.SpanKindClient, codes.Error, "", 200 * time.Millisecond,
			attributes("http.response.status_code", "503", "error.type", "503")},
		{"GET ListTenants", "job", trace.SpanKindClient, codes.Unset, "", 2 * time.Second,
			attributes("http.response.status_code", "200", "http.request.resend_count", "1")},
	}
	if diff := cmp.Diff(want, w.seenSpans()); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	if err := testutil.GatherAndCompare(w.metrics, strings.NewReader(`
# HELP tenantkit_attempts_total Requests sent, repetitions included; status none is one without a whole answer.
# TYPE tenantkit_attempts_total counter
tenantkit_attempts_total{operation="ListTenants",service="argo",status="200"} 1
tenantkit_attempts_total{operation="ListTenants",service="argo",status="503"} 1
# HELP tenantkit_attempt_duration_seconds Time from a request to the end of its answer.
# TYPE tenantkit_attempt_duration_seconds histogram
`+histogram("200", 2)+histogram("503", 0.2))); err != nil {
		t.Error(err)
	}
}

// histogram is that of one ListTenants.
func histogram(status string, took float64) string {
	var b strings.Builder
	labels := fmt.Sprintf(`operation="ListTenants",service="argo",status=%q`, status)
	for _, bound := range []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60} {
		n := 0
		if took <= bound {
			n = 1
		}
		fmt.Fprintf(&b, "tenantkit_attempt_duration_seconds_bucket{%s,le=\"%g\"} %d\n", labels, bound, n)
	}
	fmt.Fprintf(&b, "tenantkit_attempt_duration_seconds_bucket{%s,le=\"+Inf\"} 1\n", labels)
	fmt.Fprintf(&b, "tenantkit_attempt_duration_seconds_sum{%s} %g\ntenantkit_attempt_duration_seconds_count{%s} 1\n", labels, took, labels)
	return b.String()
}

// The span of an answer that comes slowly, or breaks off, ends with its body; one of a lost answer
// has no status.
func TestMiddleware_BrokenResponses(t *testing.T) {
	for name, test := range map[string]struct {
		fault argotest.Fault
		want  seen
	}{
		"slow body": {argotest.Fault{Slow: time.Second}, seen{Status: codes.Unset, Took: 8 * time.Second,
			Attributes: attributes("http.response.status_code", "200")}},
		"half a body": {argotest.Fault{Truncate: true}, seen{Status: codes.Error, Said: "unexpected EOF",
			Attributes: attributes("http.response.status_code", "200", "error.type", "*errors.errorString")}},
		"no answer": {argotest.Fault{ResetAfter: true}, seen{Status: codes.Error, Said: "read memory: connection reset by peer",
			Attributes: attributes("error.type", "*net.OpError")}},
	} {
		t.Run(name, func(t *testing.T) {
			w, server := newWatch(t), argotest.Start(t)
			server.Fail("ListTenants", test.fault)
			synctest.Test(t, func(t *testing.T) {
				client := w.client(t, server)
				w.job(t.Context(), func(ctx context.Context) {
					// Whether it fails or not is not what is tested.
					_, _ = client.ListTenants(ctx, tenantkit.WithRetry(tenantkit.NoRetry()))
				})
			})
			test.want.Name, test.want.Parent, test.want.Kind = "GET ListTenants", "job", trace.SpanKindClient
			if diff := cmp.Diff([]seen{test.want}, w.seenSpans()); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
			status := "none"
			if test.want.Status == codes.Unset {
				status = "200"
			}
			if n := testutil.ToFloat64(w.attempts.WithLabelValues("argo", "ListTenants", status)); n != 1 || testutil.CollectAndCount(w.attempts) != 1 {
				t.Errorf("%v attempts with the status %s, %d series", n, status, testutil.CollectAndCount(w.attempts))
			}
		})
	}
}

// A list that the caller does not read to its end has a span like any other.
func TestBreakOutOfAList(t *testing.T) {
	w, server := newWatch(t), argotest.Start(t)
	for i := range 3 {
		server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: fmt.Sprint(i)}})
	}
	client := w.client(t, server)
	w.job(t.Context(), func(ctx context.Context) {
		for _, err := range client.AllTenants(ctx) {
			if err != nil {
				t.Error(err)
			}
			break
		}
	})
	if spans := w.seenSpans(); len(spans) != 1 || spans[0].Status != codes.Unset {
		t.Errorf("spans %+v", spans)
	}
}

// No credential and no query is in a span, and no id in a metric.
func TestMiddleware_ShowsNothingMore(t *testing.T) {
	w := newWatch(t)
	server := argotest.Start(t)
	id := server.AddTenant(argotest.Tenant{Info: argotest.Info{Name: "physics"}, Users: []argotest.User{{Name: "ada", APIKey: "MARKER-key"}}})
	if _, err := w.client(t, server).GetTenant(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	lists := keboolatest.Start(t, keboolatest.WithPageSize(1))
	lists.AddProject(keboolatest.Project{})
	lists.AddProject(keboolatest.Project{})
	client, err := keboola.NewClient(lists.BaseURL(), auth.StaticToken(keboolatest.DefaultToken), tenantkit.WithTransport(w.middleware))
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	for _, err := range client.AllProjects(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
	}

	queries := 0
	for _, request := range lists.Requests() {
		if request.RawQuery != "" {
			queries++
		}
	}
	shown := fmt.Sprintf("%+v", w.seenSpans())
	if queries == 0 || !strings.Contains(shown, "/tenants/"+id) {
		t.Fatalf("%d queries, spans %s", queries, shown)
	}
	gathered, err := w.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	metrics := fmt.Sprint(gathered)
	for _, text := range []string{"?", "nextPageToken", argotest.DefaultKey, keboolatest.DefaultToken, "MARKER-key"} {
		if strings.Contains(shown, text) || strings.Contains(metrics, text) {
			t.Errorf("%q is shown: %s %s", text, shown, metrics)
		}
	}
	if strings.Contains(metrics, id) || !strings.Contains(metrics, "GetTenant") {
		t.Errorf("metrics %s", metrics)
	}
}

// Two middlewares on one registry would count for each other.
func TestRegisteredTwice(t *testing.T) {
	w := newWatch(t)
	if _, err := newTelemetry(w.tracers, w.metrics); err == nil {
		t.Error("no error")
	}
}
