package proof

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/fake"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// traps notes every connection that a client opens to anywhere but its TLS server. None of them
// gets an answer.
type traps struct {
	mu     sync.Mutex
	dialed []string
}

func (d *traps) spring(how, address string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dialed = append(d.dialed, how+" "+address)
	return errors.New("a trap")
}

func (d *traps) take() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	dialed := d.dialed
	d.dialed = nil
	return dialed
}

// transport opens connections by TLS to the server alone. It looks at no certificate and knows no
// names: nothing but the rules of this module keeps a client from going elsewhere.
func (d *traps) transport(server string) *http.Transport {
	t := tenantkit.NewTransport()
	t.DialContext = func(_ context.Context, _, address string) (net.Conn, error) {
		return nil, d.spring("in plain text to", address)
	}
	t.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != server {
			return nil, d.spring("by TLS to", address)
		}
		dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
		return dialer.DialContext(ctx, network, address)
	}
	return t
}

// elsewhere are the places that a server at host (an address with its port) may lead to, and no
// credential may follow.
func elsewhere(host string) map[string]string {
	return map[string]string{
		"the same host in plain text": "http://" + host + "/x", "another port in plain text": "http://127.0.0.1/x", "another port": "https://127.0.0.1:1/x",
		"another host": "https://evil.example/x", "another host, without a scheme": "//evil.example/x", "another name of the host": "https://localhost:" + port(host) + "/x",
		"a user": "https://a:b@evil.example/x", "a user on the same host": "http://a:b@" + host + "/x", "no host": "https:///x", "another scheme": "ftp://" + host + "/x",
	}
}

func port(host string) string { return host[strings.LastIndex(host, ":")+1:] }

// TestLeavingTLS makes every call of every client on a TLS server that redirects it, with each
// status, or names a next page, elsewhere: to plain text, another host or another port. No
// connection is opened to there. A redirect within the origin is followed by reads.
func TestLeavingTLS(t *testing.T) {
	t.Parallel()
	for _, s := range services {
		for name, of := range callsOf(s) {
			t.Run(s.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				leaveTLS(t, s, name, s.operation(of))
			})
		}
	}
}

func leaveTLS(t *testing.T, s service, name string, op operation) {
	stand := s.start(serverOptions{call: name, tls: true})
	defer stand.server.Close()
	host := strings.TrimPrefix(stand.server.URL(), "https://")
	var sprung traps
	client := stand.connect(t, tenantkit.WithHTTPClient(&http.Client{Transport: sprung.transport(host)}), tenantkit.WithRetry(tenantkit.NoRetry()),
		tenantkit.WithMaxPages(5))
	defer client.close()
	meet := func(what string, fault fake.Fault) error {
		stand.server.Fail(op.Name, fault)
		_, err := client.call(name)(t.Context())
		stand.server.Recover()
		if dialed := sprung.take(); len(dialed) > 0 {
			t.Errorf("%s: it went %s", what, dialed)
		}
		if err != nil && strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "MARKER") {
			t.Errorf("%s: a secret is shown: %v", what, err)
		}
		return err
	}
	for where, target := range elsewhere(host) {
		for _, status := range []int{301, 302, 303, 307, 308} {
			err := meet(fmt.Sprintf("%d to %s", status, where), fake.Fault{Status: status, Header: http.Header{"Location": {target}}, Times: -1})
			if err == nil && op.expect != rest.JSONOrRedirect && name == op.Name {
				t.Errorf("%d to %s: the call succeeded", status, where)
			}
		}
	}
	if op.Class == tenantkit.Read && op.Method == http.MethodGet && op.expect == rest.JSON {
		if err := meet("within the origin", fake.Fault{Status: 302, Header: http.Header{"Location": {"?moved=1"}}}); err != nil {
			t.Errorf("a redirect within the origin is not followed: %v", err)
		}
	}
	if op.Class != tenantkit.Read {
		return // it names no pages, and must not be made again and again
	}
	for where, target := range elsewhere(host) {
		link := http.Header{"Link": {"<" + target + `?nextPageToken=x>; rel="next"`}}
		_ = meet("a next page at "+where, fake.Fault{Header: link, Times: -1})
	}
}
