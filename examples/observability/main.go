// Observability makes OpenTelemetry spans and Prometheus metrics of what clients do. The middleware
// is in middleware.go, ready to be copied; here it watches clients of fake servers that fail now
// and then.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "observability:", err)
		os.Exit(1)
	}
}

// errUsage is a command line that was explained already.
var errUsage = errors.New("the command line is wrong")

// run makes the calls of the demonstration, prints their spans, and prints or serves their metrics.
func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	flags := flag.NewFlagSet("observability", flag.ContinueOnError)
	flags.SetOutput(errOut)
	listen := flags.String("listen", "", "`address`, such as 127.0.0.1:9464, on which the metrics are served until Ctrl-C, in place of being printed")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return errUsage
	}
	if flags.NArg() > 0 {
		_, _ = fmt.Fprintf(errOut, "unexpected argument %q; -h lists the flags\n", flags.Arg(0))
		return errUsage
	}

	// A program of yours has an exporter to its collector here, behind sdktrace.WithBatcher.
	spans := tracetest.NewInMemoryExporter()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	metrics := prometheus.NewRegistry()
	t, err := newTelemetry(tracers, metrics)
	if err != nil {
		return err
	}
	if err := demonstrate(ctx, tracers, t); err != nil {
		return err
	}
	if err := printSpans(out, spans.GetSpans()); err != nil {
		return err
	}
	if *listen != "" {
		return serve(*listen, metrics, func(url string) error {
			_, err := fmt.Fprintf(out, "\nThe metrics are at %s until Ctrl-C.\n", url)
			<-ctx.Done()
			return err
		})
	}
	return serve("127.0.0.1:0", metrics, func(url string) error { return printMetrics(ctx, out, url) })
}

// serve serves the metrics, as a program of yours does, while use runs.
func serve(address string, metrics prometheus.Gatherer, use func(url string) error) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("the metrics cannot be served: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	err = use("http://" + listener.Addr().String() + "/metrics")
	err = errors.Join(err, server.Close())
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

// printMetrics prints what Prometheus would read, but for the many lines of the buckets.
func printMetrics(ctx context.Context, out io.Writer, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	var kept strings.Builder
	fmt.Fprintf(&kept, "\nGET %s, without the buckets:\n\n", url)
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, "_bucket{") {
			kept.WriteString(line)
		}
	}
	_, err = io.WriteString(out, kept.String())
	return err
}

// printSpans prints the spans of each trace under the name of their parent.
func printSpans(out io.Writer, spans tracetest.SpanStubs) error {
	var text strings.Builder
	for _, parent := range spans {
		if parent.Parent.IsValid() {
			continue
		}
		fmt.Fprintf(&text, "\n%s\n", parent.Name)
		for _, span := range spans {
			if span.Parent.SpanID() != parent.SpanContext.SpanID() {
				continue
			}
			fmt.Fprintf(&text, "  %s: %s\n", span.Name, strings.TrimSpace(span.Status.Code.String()+" "+span.Status.Description))
			for _, attribute := range span.Attributes {
				fmt.Fprintf(&text, "    %s=%s\n", attribute.Key, attribute.Value.String())
			}
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}
