package auth_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit/auth"
)

// TestNothingShowsItsSecret prints what a program may have in its configuration, alone and in a
// struct.
func TestNothingShowsItsSecret(t *testing.T) {
	t.Parallel()
	source := auth.StaticToken("MARKER")
	for name, value := range map[string]any{
		"source":    source,
		"API key":   auth.APIKey("x-api-key", source),
		"Basic":     auth.Basic("user", source),
		"Bearer":    auth.Bearer(source),
		"raw Basic": auth.RawBasic(source),
		"transport": auth.Transport(auth.Bearer(source), nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantNoMarker(t, value)
		})
	}
}

// wantNoMarker prints and logs a value, alone and in a struct.
func wantNoMarker(t *testing.T, value any) {
	t.Helper()
	type config struct{ Value any }
	for _, shown := range []any{value, config{value}, &config{value}} {
		wantNoMarkerIn(t, shown)
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("text", "value", shown)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("JSON", "value", shown)
		if showsMarker(log.String()) {
			t.Errorf("slog gives %s", &log)
		}
	}
}

func wantNoMarkerIn(t *testing.T, value any) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if text := fmt.Sprintf(verb, value); showsMarker(text) {
			t.Errorf("%s gives %s", verb, text)
		}
	}
}

func showsMarker(text string) bool {
	return strings.Contains(text, "MARKER") || strings.Contains(text, fmt.Sprintf("%x", "MARKER"))
}
