package proof

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// hostile is what a server answers to everything.
type hostile struct {
	name  string
	serve http.HandlerFunc
	fails bool // every operation that reads its answer must fail
	heavy bool // two reads of each service are enough
}

func saying(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		// The client may have enough.
		_, _ = w.Write([]byte(text))
	}
}

var hostiles = []hostile{
	{"gzip bomb", gzipBomb, true, true},
	{"header bomb", func(w http.ResponseWriter, r *http.Request) {
		for i := range 200 {
			w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 64<<10))
		}
		saying("{}")(w, r)
	}, true, true},
	{"a million elements", saying("[" + strings.Repeat("{},", 1e6) + "{}]"), true, true},
	{"a million elements in a member", saying(`{"status":{"code":"200"},"data":[` + strings.Repeat("{},", 1e6) + "{}]}"), true, true},
	{"100 levels", saying(strings.Repeat(`{"data":[{"result":`, 50) + "1" + strings.Repeat("}]}", 50)), true, false},
	{"100 000 levels", saying(strings.Repeat("[", 1e5)), true, false},
	{"duplicate keys", saying(`{"status":{"code":"200"},"status":{"code":"200"},"data":[],"data":[],"result":{},"result":{}}`), true, false},
	{"not a number", saying(`{"data":[NaN],"result":NaN}`), true, false},
	{"a number without end", saying(`{"data":[{"id":1e999999}],"result":1e999999,"port":` + strings.Repeat("9", 4000) + `}`), false, false},
	{"half a surrogate", saying(`{"data":[{"id":"\ud800"}],"result":{"message":"\ud800"}}`), true, false},
	{"cookies", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "MARKER-cookie", Path: "/"})
		saying("{}")(w, r)
	}, false, false},
	{"informational answers without end", func(w http.ResponseWriter, r *http.Request) {
		for range 100 {
			w.WriteHeader(http.StatusEarlyHints)
		}
		saying("{}")(w, r)
	}, false, false},
}

// bomb is a few kilobytes that become 32 MiB.
var bomb = sync.OnceValue(func() []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	blank := bytes.Repeat([]byte(" "), 1<<20)
	for range 32 {
		if _, err := w.Write(blank); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return packed.Bytes()
})

func gzipBomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Encoding", "gzip")
	_, _ = w.Write(bomb())
}

// TestHostileServers lets every operation meet servers that mean harm: it ends with a clear error, in bounded memory, and keeps nothing.
// It does not run beside other tests, since it looks at the memory of the program.
func TestHostileServers(t *testing.T) {
	bomb()
	for _, h := range hostiles {
		t.Run(h.name, func(t *testing.T) {
			var mu sync.Mutex
			var cookies []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				cookies = append(cookies, r.Header["Cookie"]...)
				mu.Unlock()
				h.serve(w, r)
			}))
			defer server.Close()
			for _, s := range services {
				h.meet(t, s, server.Listener.Addr().String())
			}
			if len(cookies) > 0 {
				t.Errorf("cookies were kept and sent: %q", cookies)
			}
		})
	}
}

func (h hostile) meet(t *testing.T, s service, address string) {
	stand := s.start(serverOptions{})
	defer stand.server.Close()
	transport := tenantkit.NewTransport()
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	client := stand.connect(t, tenantkit.WithHTTPClient(&http.Client{Transport: transport}), tenantkit.WithMaxResponseBytes(1<<20),
		tenantkit.WithRetry(tenantkit.NoRetry()), tenantkit.WithTimeout(20*time.Second))
	defer client.close()
	left := 2
	for name, of := range callsOf(s) {
		if strings.HasPrefix(name, "Acknowledge") || name == "AllTenants" {
			// A long run tells its failures in an error of its own, and a stream takes a list of any length, one element at a time.
			continue
		}
		if h.heavy {
			if left == 0 || s.operation(of).Class != rest.Read {
				continue
			}
			left--
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := client.call(name)(t.Context())
		runtime.ReadMemStats(&after)
		if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 64<<20 {
			t.Errorf("%s/%s took %d MiB of memory", s.name, name, grown>>20)
		}
		if err == nil {
			if h.fails && s.operation(of).Answer == rest.JSON {
				t.Errorf("%s/%s succeeded", s.name, name)
			}
			continue
		}
		var failed *tenantkit.Error
		if !errors.As(err, &failed) || len(err.Error()) > 8<<10 {
			t.Errorf("%s/%s: %T of %d bytes: %.300v", s.name, name, err, len(err.Error()), err)
		}
		if strings.Contains(err.Error(), "MARKER") {
			t.Errorf("%s/%s: a secret is shown: %v", s.name, name, err)
		}
	}
}

// call returns the call of the name. One that nobody has written down fails, where a nil function would end all tests at once.
func (c client) call(name string) call {
	if made := c.calls[name]; made != nil {
		return made
	}
	return func(context.Context, ...tenantkit.Option) (any, error) {
		return nil, errors.New("operation " + name + " has no call in clients_test.go")
	}
}
