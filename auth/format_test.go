package auth_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit/auth"
)

// TestNothingShowsItsSecret prints what a program may have in its configuration, alone and in a struct.
func TestNothingShowsItsSecret(t *testing.T) {
	t.Parallel()
	source := auth.StaticToken("MARKER")
	type config struct{ Value any }
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
			for _, shown := range []any{value, config{value}, &config{value}} {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
					if text := fmt.Sprintf(verb, shown); showsMarker(text) {
						t.Errorf("%s gives %s", verb, text)
					}
				}
				var log bytes.Buffer
				slog.New(slog.NewTextHandler(&log, nil)).Info("text", "value", shown)
				slog.New(slog.NewJSONHandler(&log, nil)).Info("JSON", "value", shown)
				if showsMarker(log.String()) {
					t.Errorf("slog gives %s", &log)
				}
			}
		})
	}
}

func showsMarker(text string) bool {
	return strings.Contains(text, "MARKER") || strings.Contains(text, fmt.Sprintf("%x", "MARKER"))
}
