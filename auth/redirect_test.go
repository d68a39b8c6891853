package auth_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit/auth"
)

// hops is a transport that redirects from one place to the next, and that notes where the
// credential came to.
type hops struct {
	places  []string
	reports bool // to which request an answer belongs
	seen    []string
}

func (h *hops) RoundTrip(req *http.Request) (*http.Response, error) {
	h.seen = append(h.seen, req.URL.Scheme+"://"+req.URL.Host+" "+req.Header.Get("X-Api-Key"))
	resp := &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(""))}
	if len(h.places) > 0 {
		resp.StatusCode, resp.Header = http.StatusTemporaryRedirect, http.Header{"Location": {h.places[0]}}
		h.places = h.places[1:]
	}
	if h.reports {
		resp.Request = req
	}
	return resp, nil
}

// Every hop of a chain of redirects is held against the place that the caller named, also where the
// transport does not tell to which request its responses belong.
func TestTransportAndChainsOfRedirects(t *testing.T) {
	t.Parallel()
	const home = "https://api.example.org"
	tests := map[string]struct {
		places []string
		hops   int // that get the credential
		good   bool
	}{
		"at home":                     {[]string{home + "/a", "/b", "c"}, 4, true},
		"away at once":                {[]string{"https://evil.example.org/", home + "/"}, 1, false},
		"away at last":                {[]string{"/a", home + ":443/b", "https://evil.example.org/"}, 3, false},
		"to plain http":               {[]string{"/a", "http://api.example.org/"}, 2, false},
		"to plain http on loopback":   {[]string{"http://127.0.0.1/"}, 1, false},
		"to a host that begins alike": {[]string{"https://api.example.org.evil.example.org/"}, 1, false},
		"to user info":                {[]string{"https://api.example.org:443@evil.example.org/"}, 1, false},
		"to another port":             {[]string{home + ":444/"}, 1, false},
	}
	for name, tt := range tests {
		for _, reports := range []bool{true, false} {
			t.Run(fmt.Sprint(name, "/", reports), func(t *testing.T) {
				t.Parallel()
				base := &hops{places: tt.places, reports: reports}
				client := &http.Client{Transport: auth.Transport(auth.APIKey("X-Api-Key", auth.StaticToken("MARKER")), base)}
				resp, err := client.Get(home + "/start")
				if (err == nil) != tt.good {
					t.Errorf("err = %v, want good = %t", err, tt.good)
				}
				if err != nil {
					mustNotShow(t, err, "MARKER")
				} else if err := resp.Body.Close(); err != nil {
					t.Error(err)
				}
				if len(base.seen) != tt.hops {
					t.Errorf("seen: %q, want %d hops", base.seen, tt.hops)
				}
				away := slices.DeleteFunc(base.seen, func(hop string) bool { return hop == home+" MARKER" || hop == home+":443 MARKER" })
				if len(away) > 0 {
					t.Errorf("the credential came to %q", away)
				}
			})
		}
	}
}

// Idle connections can be closed through the transport.
func TestTransportClosesIdleConnections(t *testing.T) {
	t.Parallel()
	base := &closer{}
	(&http.Client{Transport: auth.Transport(auth.Bearer(auth.StaticToken("t")), base)}).CloseIdleConnections()
	if base.closed != 1 {
		t.Errorf("closed %d times", base.closed)
	}
	// One that keeps no connections has none to close.
	(&http.Client{Transport: auth.Transport(auth.Bearer(auth.StaticToken("t")), &hops{})}).CloseIdleConnections()
}

type closer struct {
	hops
	closed int
}

func (c *closer) CloseIdleConnections() { c.closed++ }

// A function that is not there is no source, and no reason to panic.
func TestNilSources(t *testing.T) {
	t.Parallel()
	req := newRequest(t, http.MethodGet, "https://api.example.org", "")
	for name, credential := range map[string]auth.Credential{
		"nil": auth.Bearer(nil), "nil function": auth.Bearer(auth.TokenSourceFunc(nil)), "Basic": auth.Basic("u", nil), "API key": auth.APIKey("X-Api-Key", auth.TokenSourceFunc(nil)),
	} {
		if err := credential.Authorize(t.Context(), req); err == nil || len(req.Header) != 0 {
			t.Errorf("%s: %v, %v", name, err, req.Header)
		}
	}
}
