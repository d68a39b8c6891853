package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestDemo(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), nil, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\nonboard a tenant\n  POST CreateTenant: Error ", "  GET ListTenants: Error\n", "  GET ListTenants: Unset\n", "    http.request.resend_count=1\n",
		"tenantkit_attempts_total{operation=\"ListProjects\",service=\"keboola\",status=\"200\"} 2\n",
		"tenantkit_attempt_duration_seconds_count{operation=\"CreateTenant\",service=\"argo\",status=\"none\"} 1\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output does not say %q:\n%s", want, &out)
		}
	}
}

func TestListen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var text []byte
	// The line that names the address is the last one.
	out := writerFunc(func(line string) {
		url := regexp.MustCompile(`http://\S+/metrics until Ctrl-C`).FindString(line)
		if url == "" {
			return
		}
		defer cancel()
		req, err := http.NewRequest(http.MethodGet, strings.TrimSuffix(url, " until Ctrl-C"), nil)
		if err != nil {
			t.Error(err)
			return
		}
		req.Close = true
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		text, err = io.ReadAll(resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			t.Error(err)
		}
	})
	if err := run(ctx, []string{"-listen", "127.0.0.1:0"}, out, io.Discard); err != nil {
		t.Error(err)
	}
	if !bytes.Contains(text, []byte(`tenantkit_attempt_duration_seconds_bucket{operation="ListTenants",service="argo",status="200",le="+Inf"} 1`)) {
		t.Errorf("served: %s", text)
	}
}

// writerFunc is a writer that hands each text on.
type writerFunc func(text string)

func (f writerFunc) Write(p []byte) (int, error) { f(string(p)); return len(p), nil }

func TestCommandLine(t *testing.T) {
	for _, args := range [][]string{{"-x"}, {"more"}} {
		var said bytes.Buffer
		if err := run(t.Context(), args, io.Discard, &said); !errors.Is(err, errUsage) || said.Len() == 0 {
			t.Errorf("%q: %v, %s", args, err, &said)
		}
	}
	var said bytes.Buffer
	if err := run(t.Context(), []string{"-h"}, io.Discard, &said); !errors.Is(err, flag.ErrHelp) || !strings.Contains(said.String(), "-listen") {
		t.Errorf("help: %v, %s", err, &said)
	}
	if err := run(t.Context(), []string{"-listen", "127.0.0.1:none"}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "cannot be served") {
		t.Errorf("a bad address: %v", err)
	}
}
