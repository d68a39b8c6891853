package proof

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/internal/rest"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/tenant/argo"
)

// hostile is what a server answers to everything.
type hostile struct {
	name  string
	serve http.HandlerFunc
	fails bool // every operation that reads its answer must fail
	heavy bool // two reads of each service are enough, beside its iterators and long runs
	// streams is the iterator that gets all elements of a list that is too long for others.
	streams string
}

func saying(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		// The client may have enough.
		_, _ = w.Write([]byte(text))
	}
}

var hostiles = []hostile{
	{"gzip bomb", gzipBomb, true, true, ""},
	{"header bomb", func(w http.ResponseWriter, r *http.Request) {
		for i := range 200 {
			w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 64<<10))
		}
		saying("{}")(w, r)
	}, true, true, ""},
	{"a million elements", saying("[" + strings.Repeat(`{"id":"a"},`, million) + `{"id":"a"}]`), true, true, "autoid/AllSinks"},
	{"a million elements in a member", saying(`{"status":{"code":"200"},"data":[` + strings.Repeat(`{"id":"a"},`, million) + `{"id":"a"}]}`), true, true, "argo/AllTenants"},
	{"100 levels", saying(strings.Repeat(`{"data":[{"result":`, 50) + "1" + strings.Repeat("}]}", 50)), true, false, ""},
	{"100 000 levels", saying(strings.Repeat("[", 1e5)), true, false, ""},
	{"duplicate keys", saying(`{"status":{"code":"200"},"status":{"code":"200"},"data":[],"data":[],"result":{},"result":{}}`), true, false, ""},
	{"a name without end, twice", saying(`{"` + strings.Repeat("n", 200<<10) + `":1,"` + strings.Repeat("n", 200<<10) + `":2}`), true, false, ""},
	{"not a number", saying(`{"data":[NaN],"result":NaN}`), true, false, ""},
	{"a number without end", saying(`{"data":[{"id":1e999999}],"result":1e999999,"port":` + strings.Repeat("9", 4000) + `}`), false, false, ""},
	{"half a surrogate", saying(`{"data":[{"id":"\ud800"}],"result":{"message":"\ud800"}}`), true, false, ""},
	{"cookies", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "MARKER-cookie", Path: "/"})
		saying("{}")(w, r)
	}, false, false, ""},
	{"informational answers without end", func(w http.ResponseWriter, r *http.Request) {
		for range 100 {
			w.WriteHeader(http.StatusEarlyHints)
		}
		saying("{}")(w, r)
	}, false, false, ""},
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

// TestHostileServers lets every operation meet servers that mean harm: it ends with a clear error,
// in bounded memory, and keeps nothing. It does not run beside other tests, since it looks at the
// memory of the program.
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
		op := s.operation(of)
		if all := iterators(client.value)[name]; all != nil {
			h.stream(t, s.name+"/"+name, all)
			continue
		}
		if h.heavy && !strings.HasPrefix(name, "Acknowledge") {
			if left == 0 || op.Class != tenantkit.Read {
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
		if err == nil && h.fails && op.expect == rest.JSON && name == op.Name {
			t.Errorf("%s/%s succeeded", s.name, name)
		}
		checkClear(t, s.name+"/"+name, err)
	}
}

// stream iterates over all elements of a list, of which each is forgotten, and looks at what is in
// memory meanwhile.
func (h hostile) stream(t *testing.T, name string, all iter.Seq2[string, error]) {
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	elements, most := 0, int64(0)
	var failed error
	for _, err := range all {
		if failed = err; err != nil {
			break
		}
		if elements++; elements%(million/5) == 0 {
			runtime.GC() // without it, HeapAlloc counts garbage too
			runtime.ReadMemStats(&now)
			most = max(most, int64(now.HeapAlloc)-int64(before.HeapAlloc))
		}
	}
	if most > 64<<20 {
		t.Errorf("%s took %d MiB of memory", name, most>>20)
	}
	if h.streams == name && (failed != nil || elements != million+1) || h.fails && h.streams != name && failed == nil {
		t.Errorf("%s: %d elements, %v", name, elements, failed)
	}
	checkClear(t, name, failed)
}

// iterators are the calls of a client that give one element at a time, by their names: each gives
// the element's id.
func iterators(value any) map[string]iter.Seq2[string, error] {
	ctx := context.Background()
	switch c := value.(type) {
	case *argo.Client:
		return map[string]iter.Seq2[string, error]{"AllTenants": ids(c.AllTenants(ctx), func(t *argo.Tenant) string { return t.ID })}
	case *autoid.Client:
		return map[string]iter.Seq2[string, error]{"AllSinks": ids(c.AllSinks(ctx, nil), func(s *autoid.Sink) string { return s.ID })}
	case *keboola.Client:
		return map[string]iter.Seq2[string, error]{
			"AllProjects": ids(c.AllProjects(ctx), func(p *keboola.Project) string { return p.PID }),
			"AllUsers":    ids(c.AllUsers(ctx), func(u *keboola.User) string { return u.Login }),
		}
	}
	return nil
}

func ids[T any](all iter.Seq2[*T, error], id func(*T) string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for item, err := range all {
			text := ""
			if err == nil {
				text = id(item)
			}
			if !yield(text, err) {
				return
			}
		}
	}
}

// checkClear looks at the error of a call, or of a long run.
func checkClear(t *testing.T, name string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var failed *tenantkit.Error
	var run *autoid.BulkError
	if !errors.As(err, &failed) && !errors.As(err, &run) || len(err.Error()) > 8<<10 {
		t.Errorf("%s: %T of %d bytes: %.300v", name, err, len(err.Error()), err)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "MARKER") {
		t.Errorf("%s: a secret is shown: %v", name, err)
	}
}

// call returns the call of the name. One that nobody has written down fails, where a nil function
// would end all tests at once.
func (c client) call(name string) call {
	if made := c.calls[name]; made != nil {
		return made
	}
	return func(context.Context, ...tenantkit.Option) (any, error) {
		return nil, errors.New("operation " + name + " has no call in clients_test.go")
	}
}
