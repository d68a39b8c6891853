package main

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tenantkit/tenantkit"
)

// telemetry makes a span and metrics of each attempt of a call.
type telemetry struct {
	tracer   trace.Tracer
	attempts *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newTelemetry(tracers trace.TracerProvider, metrics prometheus.Registerer) (*telemetry, error) {
	// Few values each: a path or an id here would make a new time series for every tenant.
	labels := []string{"service", "operation", "status"}
	t := &telemetry{
		tracer:   tracers.Tracer("github.com/tenantkit/tenantkit/examples/observability", trace.WithSchemaURL(semconv.SchemaURL)),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tenantkit_attempts_total", Help: "Requests sent, repetitions included; status none is one without a whole answer."}, labels),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tenantkit_attempt_duration_seconds", Help: "Time from a request to the end of its answer.",
			Buckets: slices.Concat(prometheus.DefBuckets, []float64{30, 60}),
		}, labels),
	}
	return t, errors.Join(metrics.Register(t.attempts), metrics.Register(t.duration))
}

// middleware is for [tenantkit.WithTransport]. Headers are not looked at, since they hold
// credentials.
func (t *telemetry) middleware(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		// The zero Operation, of a request that no client made, has empty labels.
		operation, _ := tenantkit.OperationFromContext(req.Context())
		ctx, span := t.tracer.Start(req.Context(), req.Method+" "+operation.Name,
			trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(requestAttributes(req, operation)...))
		started := time.Now()
		status := "none"
		// The end comes with the end of the body: an answer may break off.
		end := func(err error) {
			if err != nil {
				status = "none"
				span.SetStatus(codes.Error, err.Error())
				span.SetAttributes(semconv.ErrorType(err))
			}
			span.End()
			t.attempts.WithLabelValues(operation.Service, operation.Name, status).Inc()
			t.duration.WithLabelValues(operation.Service, operation.Name, status).Observe(time.Since(started).Seconds())
		}
		resp, err := next.RoundTrip(req.WithContext(ctx))
		if err != nil {
			end(err)
			return resp, err
		}
		status = strconv.Itoa(resp.StatusCode)
		span.SetAttributes(semconv.HTTPResponseStatusCode(resp.StatusCode))
		if resp.StatusCode >= 400 {
			span.SetStatus(codes.Error, "")
			span.SetAttributes(semconv.ErrorTypeKey.String(status))
		}
		resp.Body = &body{ReadCloser: resp.Body, end: end}
		return resp, nil
	})
}

// requestAttributes follow the semantic conventions for HTTP clients. The URL is without its query,
// as in the library's own errors.
func requestAttributes(req *http.Request, operation tenantkit.Operation) []attribute.KeyValue {
	url := *req.URL
	url.User, url.RawQuery, url.Fragment = nil, "", ""
	port, err := strconv.Atoi(url.Port())
	if err != nil {
		port = map[string]int{"http": 80, "https": 443}[url.Scheme]
	}
	attributes := []attribute.KeyValue{
		attribute.String("tenantkit.service", operation.Service), attribute.String("tenantkit.operation", operation.Name),
		attribute.String("tenantkit.class", operation.Class.String()),
		semconv.HTTPRequestMethodKey.String(req.Method), semconv.URLFull(url.String()),
		semconv.ServerAddress(url.Hostname()), semconv.ServerPort(port),
	}
	if attempt := tenantkit.AttemptFromContext(req.Context()); attempt > 1 {
		attributes = append(attributes, semconv.HTTPRequestResendCount(attempt-1))
	}
	return attributes
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// body is the body of an answer, of which the end is told once.
type body struct {
	io.ReadCloser
	end  func(error)
	once sync.Once
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == io.EOF:
		b.once.Do(func() { b.end(nil) })
	case err != nil:
		b.once.Do(func() { b.end(err) })
	}
	return n, err
}

func (b *body) Close() error {
	b.once.Do(func() { b.end(nil) })
	return b.ReadCloser.Close()
}
