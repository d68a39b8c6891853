package proof

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/tenantkit/tenantkit"
)

// linking answers every request with an empty list and the same link to a next page.
type linking struct {
	mu   sync.Mutex
	sent []*http.Request
	link func(page int) string
}

func (l *linking) RoundTrip(req *http.Request) (*http.Response, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, req)
	header := http.Header{"Content-Type": {"application/json"}, "Link": {"<" + l.link(len(l.sent)) + `>; rel="next"`}}
	return &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: header, Body: io.NopCloser(strings.NewReader("[]")), Request: req}, nil
}

// TestNextLinks names a next page at another origin, one without end and one that was read, to all
// iterators of all clients: no request leaves the origin, and no list goes on for ever.
func TestNextLinks(t *testing.T) {
	t.Parallel()
	for _, s := range services {
		for name, of := range callsOf(s) {
			if s.operation(of).Method != http.MethodGet && !strings.HasPrefix(name, "All") && !strings.HasPrefix(name, "Query") {
				continue
			}
			for what, link := range map[string]func(int) string{
				"another host": func(page int) string { return fmt.Sprintf("https://evil.example/list?marker=%d", page) },
				"another port": func(page int) string { return fmt.Sprintf("https://127.0.0.1:1/list?marker=%d", page) },
				"plain text":   func(page int) string { return fmt.Sprintf("http://127.0.0.1/list?marker=%d", page) },
				"a user":       func(page int) string { return fmt.Sprintf("https://a:b@evil.example/list?marker=%d", page) },
				"itself":       func(int) string { return "?marker=same" },
				"ever longer":  func(page int) string { return "?marker=" + strings.Repeat("x", page) },
			} {
				t.Run(s.name+"/"+name+"/"+what, func(t *testing.T) {
					t.Parallel()
					stand := s.start(serverOptions{})
					defer stand.server.Close()
					transport := &linking{link: link}
					client := stand.connect(t, tenantkit.WithHTTPClient(&http.Client{Transport: transport}), tenantkit.WithMaxPages(20),
						tenantkit.WithRetry(tenantkit.NoRetry()))
					defer client.close()
					_, err := client.call(name)(t.Context())
					t.Logf("%d requests: %v", len(transport.sent), err)
					for _, req := range transport.sent {
						if !strings.HasPrefix(req.URL.String(), stand.server.URL()+"/") {
							t.Errorf("a request left to %s", req.URL)
						}
					}
					if len(transport.sent) > 21 {
						t.Errorf("%d requests", len(transport.sent))
					}
				})
			}
		}
	}
}
