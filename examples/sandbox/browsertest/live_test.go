package browsertest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// get sends a request as any client would, and ignores what comes back.
func get(t *testing.T, address string, headers ...string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		req.Header.Set(name, value)
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
}

// A request shows up without a reload, and what is open on the page stays open.
func TestLive(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := open(t, s.page)
	b.await(t, live)
	b.await(t, `document.querySelector('#argo-counts dd').textContent === '2' && `+rows(0))
	b.do(t, script(`window.loadedOnce = true;
		window.told = 0;
		new MutationObserver(() => window.told++).observe(document.getElementById('news'), { childList: true })`), chromedp.Click(`article[aria-labelledby=argo] summary`))

	s.create(t, "Cassini")
	b.await(t, rows(1)+` && document.querySelector('#argo-counts dd').textContent === '3'`)
	for selector, want := range map[string]string{
		"#rows .system": "ARGO", "#rows .operation": "CreateTenant", "#rows code": "POST /api/v2/admin/tenants", "#rows .status": "201", "#rows .outcome": "applied",
	} {
		if got := eval[string](t, b, fmt.Sprintf(`document.querySelector(%q).innerText`, selector)); got != want {
			t.Errorf("%s: %q, want %q", selector, got, want)
		}
	}
	b.do(t, chromedp.Click(`#rows summary`))
	b.await(t, `document.activeElement.closest('tr') !== null`)

	get(t, s.baseURL+"/admin/tenants/nobody", "x-api-key: "+s.key, "Accept: application/json")
	b.await(t, rows(2)+` && document.querySelector('#rows tr .outcome').innerText === 'refused'`)
	for what, expression := range map[string]string{
		"the page is the one that was loaded": `window.loadedOnce === true`,
		"the names are open":                  `document.querySelector('article[aria-labelledby=argo] details').open && document.getElementById('argo-items').innerText.includes('Cassini')`,
		"the body is open":                    `document.querySelector('#rows tr:nth-child(2) details').open`,
		"the focus is where it was":           `document.activeElement === document.querySelector('#rows tr:nth-child(2) summary')`,
		"there is one announcement":           `window.told === 1 && document.getElementById('news').textContent === '1 new request'`,
	} {
		if !eval[bool](t, b, expression) {
			t.Errorf("not so: %s", what)
		}
	}
}

// Names of clients are text, and no secret gets into the page.
func TestTextsAndSecrets(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := open(t, s.page)
	b.await(t, live)
	s.create(t, `<script>window.hacked = true</script><img src=x onerror="window.hacked = true">`)
	get(t, s.baseURL+"/admin/tenants/"+url.PathEscape("<script>window.hacked = true</script>")+"?token=abc&x="+s.key, "x-api-key: my-own-wrong-key")
	get(t, s.baseURL+"/my-own-wrong-key")
	var secrets []string
	for _, found := range credentialLine.FindAllStringSubmatch(s.said, -1) {
		secrets = append(secrets, found[1])
		s.create(t, "it is "+found[1])
	}
	if len(secrets) < 8 {
		t.Fatalf("only %d credentials are printed", len(secrets))
	}
	b.await(t, rows(3+len(secrets)))
	b.do(t, chromedp.Reload())
	b.await(t, live)
	text := eval[string](t, b, `document.documentElement.outerHTML`)
	for _, secret := range append(secrets, "my-own-wrong-key") {
		if strings.Contains(text, secret) {
			t.Errorf("%q is on the page", secret)
		}
	}
	if !strings.Contains(text, "it is [hidden]") || !strings.Contains(text, "token=[hidden]") {
		t.Error("nothing is hidden on the page")
	}
	if eval[bool](t, b, `'hacked' in window || document.querySelector('main script, main img') !== null`) {
		t.Error("what a client sent became a part of the page")
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := open(t, s.page)
	b.await(t, live)
	b.do(t, chromedp.Click(`#pause`))
	b.await(t, `document.getElementById('status').textContent === 'Paused' && document.getElementById('pause').getAttribute('aria-pressed') === 'true'`)
	// The page is asked for twice behind the event, by which time one that is not paused shows
	// the request.
	b.do(t, script(`window.asked = 0;
		const ask = () => fetch('/').then((answer) => answer.text()).then((page) => { if (page.includes('CreateTenant')) window.asked++ });
		new EventSource('/events').addEventListener('change', () => ask().then(ask))`))
	s.create(t, "Cassini")
	b.await(t, `window.asked >= 2`)
	if !eval[bool](t, b, rows(0)) {
		t.Error("a paused page goes on")
	}
	b.do(t, chromedp.Click(`#pause`))
	b.await(t, live+` && `+rows(1))
}

func TestFaultForm(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := open(t, s.page)
	b.await(t, live)
	b.do(t,
		chromedp.SetValue(`select[name=operation]`, "argo.CreateTenant"), chromedp.SetValue(`select[name=fault]`, "unavailable"),
		chromedp.Focus(`form button`), chromedp.KeyEvent(kb.Enter),
	)
	b.await(t, `document.getElementById('armed').innerText === 'The next CreateTenant of ARGO: 503 with Retry-After, not applied'`)
	b.await(t, live)
	s.create(t, "Cassini") // which the client does twice
	b.await(t, rows(2)+` && document.querySelector('#rows tr:nth-child(2) .outcome').innerText === 'fault, not applied\n503 with Retry-After'`)
	b.await(t, `document.getElementById('armed').innerText === 'No fault waits for a request.'`)
}

// front stands between a browser and a sandbox, to break their connections.
type front struct {
	*httptest.Server
	down    atomic.Bool
	refused chan struct{} // closed at the first request that was refused while it was down
}

func newFront(t *testing.T, page string) *front {
	t.Helper()
	target, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, ErrorHandler: func(http.ResponseWriter, *http.Request, error) {}}
	f := &front{refused: make(chan struct{})}
	var once sync.Once
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.down.Load() {
			once.Do(func() { close(f.refused) })
			http.Error(w, "not now", http.StatusBadGateway)
			return
		}
		// An end of the browser's connection is no panic to tell of.
		defer func() {
			if failed := recover(); failed != nil && failed != http.ErrAbortHandler {
				panic(failed)
			}
		}()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

// A page whose stream ends, or is refused for a while, connects again by itself, and shows what it
// missed.
func TestReconnect(t *testing.T) {
	t.Parallel()
	s := start(t)
	f := newFront(t, s.page)
	b := open(t, f.URL+"/")
	b.await(t, live)

	f.CloseClientConnections()
	b.await(t, `document.getElementById('status').dataset.state === 'lost'`)
	s.create(t, "while it was cut off")
	b.await(t, live+` && `+rows(1))

	f.down.Store(true)
	f.CloseClientConnections()
	b.await(t, `document.getElementById('status').textContent === 'Connection lost, trying again'`)
	s.create(t, "while it was refused")
	<-f.refused
	f.down.Store(false)
	b.await(t, live+` && `+rows(2))
	// What the browser says of the broken connections.
	connection := regexp.MustCompile(`net::ERR_|status of 502`)
	for _, text := range b.takeErrors() {
		if !connection.MatchString(text) {
			t.Errorf("in the console: %s", text)
		}
	}
}

// Without JavaScript the page is the server's, and the form works.
func TestWithoutScript(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.create(t, "Cassini")
	b := open(t, s.page, command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	// The request is told of when it has ended, which is after its answer.
	for !strings.Contains(run(t, b, chromedp.Text(`#rows`)), "CreateTenant") {
		b.do(t, chromedp.Reload())
	}
	for selector, want := range map[string]string{"#status": "Reload the page to see what is new", "#argo-counts": "tenants 3 users 3 status 1"} {
		if got := strings.Join(strings.Fields(run(t, b, chromedp.Text(selector))), " "); got != want {
			t.Errorf("%s: %q, want %q", selector, got, want)
		}
	}
	b.do(t, chromedp.WaitNotVisible(`#pause`))
	b.do(t, chromedp.Click(`form button`), chromedp.WaitVisible(`#armed b`))
}

// Ctrl-C ends a sandbox that is shown in a browser, in good order.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := open(t, s.page)
	b.await(t, live)
	began := time.Now()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("the sandbox ended with %v", err)
	}
	t.Logf("it ended within %v", time.Since(began))
	b.await(t, `document.getElementById('status').dataset.state === 'lost'`)
	b.takeErrors()
}
