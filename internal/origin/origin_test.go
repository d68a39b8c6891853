package origin

import (
	"net/url"
	"testing"
)

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestSame(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, a, b string
		want       bool
	}{
		{"equal", "https://h/a", "https://h/b?c", true},
		{"host in other case", "https://API.example.com", "https://api.EXAMPLE.com", true},
		{"default port of https", "https://h", "https://h:443", true},
		{"default port of http", "http://h", "http://h:80", true},
		{"empty port", "https://h:", "https://h", true},
		{"explicit port", "http://h:8080", "http://h:8080", true},
		{"IPv6", "http://[::1]:80", "http://[::1]", true},
		{"user info could pass for a host", "https://u@h", "https://h", false},
		{"other scheme", "http://h", "https://h", false},
		{"other scheme, same port", "http://h:443", "https://h", false},
		{"other port", "http://h:8080", "http://h:8081", false},
		{"port against default", "https://h:80", "https://h", false},
		{"other host", "https://a", "https://b", false},
		{"host as prefix", "https://api.example.com", "https://api.example.com.evil.example", false},
		{"trailing dot", "https://h.", "https://h", false},
		{"Kelvin sign is not k", "https://\u212a.example", "https://k.example", false},
		{"no host", "/a", "/a", false},
		{"only a port", "https://:443", "https://:443", false},
		{"opaque", "mailto:a@h", "mailto:a@h", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, b := parse(t, test.a), parse(t, test.b)
			if got := Same(a, b); got != test.want {
				t.Errorf("Same(%s, %s) = %t, want %t", a, b, got, test.want)
			}
			if got := Same(b, a); got != test.want {
				t.Errorf("Same(%s, %s) = %t, want %t", b, a, got, test.want)
			}
		})
	}
	if !Same(&url.URL{Scheme: "HTTPS", Host: "H"}, &url.URL{Scheme: "https", Host: "h:443"}) {
		t.Error("a URL built by hand with an upper-case scheme has another origin")
	}
}

func TestProtected(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"https://api.example.org": true, "HTTPS://api.example.org": true, "http://localhost:8080": true, "http://LOCALHOST": true,
		"http://127.0.0.1": true, "http://127.9.9.9:1": true, "http://[::1]:80": true,
		"http://api.example.org": false, "http://localhost.example.org": false, "http://10.0.0.1": false, "ftp://api.example.org": false,
		"http://0.0.0.0": false,
	} {
		if got := Protected(parse(t, text)); got != want {
			t.Errorf("Protected(%s) = %t, want %t", text, got, want)
		}
	}
}
