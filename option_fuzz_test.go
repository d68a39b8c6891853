package tenantkit_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
)

// FuzzSettings sets headers to whatever a configuration may hold: what is taken can be sent as it
// is, and breaks out of no header.
func FuzzSettings(f *testing.F) {
	for _, seed := range [][2]string{
		{"X-Team", "blue"}, {"X-Team", "a\r\nX-Evil: b"}, {"X\r\nEvil", "a"}, {"Authorization", "Bearer x"}, {"authorization", "x"}, {"", ""},
		{"X-Idempotency-Key", "1"}, {"Ünïcode", "ü"}, {"X-Nul", "\x00"}, {"Host", "evil.example"}, {"X Y", "z"}, {"X-Tab", "a\tb"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		var settings tenantkit.Settings
		if err := tenantkit.WithUserAgent(value)(&settings); err == nil && strings.ContainsAny(settings.UserAgent, "\r\n\x00") {
			t.Errorf("the user agent is %q", settings.UserAgent)
		}
		if err := tenantkit.WithHeader(name, value)(&settings); err != nil {
			return
		}
		if got := settings.Header[http.CanonicalHeaderKey(name)]; len(settings.Header) != 1 || len(got) != 1 || got[0] != value {
			t.Errorf("%q: %q came to %q", name, value, settings.Header)
		}
		var wire strings.Builder
		if err := settings.Header.Write(&wire); err != nil || strings.Count(wire.String(), "\n") != 1 || strings.Count(wire.String(), "\r") != 1 {
			t.Errorf("it is sent as %q, %v", wire.String(), err)
		}
		switch http.CanonicalHeaderKey(name) {
		case "Authorization", "Host", "User-Agent", "Content-Length", "Transfer-Encoding":
			t.Errorf("%s was taken", name)
		}
	})
}
