package browsertest

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
)

var screenshots = flag.String("screenshots", "", "`folder` to write pictures of the page to")

// patience is the longest that one test may take.
const patience = time.Minute

// What all tests share.
var (
	program string          // the sandbox
	browser context.Context // with the browser's process
)

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	executable, err := findBrowser()
	if err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "sandbox-browsertest-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program = filepath.Join(dir, "sandbox")
	build := exec.Command("go", "build", "-o", program, "./examples/sandbox")
	build.Dir = filepath.Join("..", "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("building the sandbox: %w\n%s", err, out)
	}

	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(executable), chromedp.UserDataDir(filepath.Join(dir, "profile")), chromedp.Headless, chromedp.NoFirstRun,
		chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.WSURLReadTimeout(time.Minute),
	}
	if os.Geteuid() == 0 {
		// The browser's own sandbox does not work for root.
		options = append(options, chromedp.NoSandbox)
	}
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancelAllocator()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	if err := chromedp.Do(ctx); err != nil {
		return 1, fmt.Errorf("starting %s: %w", executable, err)
	}
	browser = ctx
	return m.Run(), nil
}

// findBrowser returns the browser's program. Without one the tests fail: they would say nothing.
func findBrowser() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", errors.New("these tests need Chromium, and there is none: on Debian, apt-get install --no-install-recommends chromium")
}

// sandbox is a running program.
type sandbox struct {
	page    string
	baseURL string // of ARGO
	key     string
	said    string
	cmd     *exec.Cmd
	argo    *argo.Client
}

var (
	pageLine       = regexp.MustCompile(`(?m)^What becomes of it all is on (http://.*)$`)
	argoLines      = regexp.MustCompile(`(?m)^base URL +(http://.*/api/v2)\nAPI key +(.*)$`)
	credentialLine = regexp.MustCompile(`(?m)^(?:API key|.*token.*|password.*)  +(\S+)$`)
)

// start starts a sandbox that ends with the test.
func start(t *testing.T) *sandbox {
	t.Helper()
	cmd := exec.Command(program)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			// It may have ended by itself, as a test wanted.
			_ = cmd.Process.Signal(os.Interrupt)
			if err := cmd.Wait(); err != nil {
				t.Errorf("the sandbox ended with %v", err)
			}
		}
	})
	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "Ctrl-C ends it."; {
		said.WriteString(lines.Text() + "\n")
	}
	// It says no more, and must not be kept waiting by a full pipe.
	go func() { _, _ = io.Copy(io.Discard, out) }()
	page, service := pageLine.FindStringSubmatch(said.String()), argoLines.FindStringSubmatch(said.String())
	if page == nil || service == nil {
		t.Fatalf("no addresses in %s", &said)
	}
	client, err := argo.NewClient(service[1], auth.StaticToken(service[2]))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return &sandbox{page: page[1], baseURL: service[1], key: service[2], said: said.String(), cmd: cmd, argo: client}
}

// create makes a tenant, and so a request for the page to show.
func (s *sandbox) create(t *testing.T, name string) {
	t.Helper()
	if _, err := s.argo.CreateTenant(t.Context(), &argo.Tenant{Info: argo.Info{Name: name}}); err != nil {
		t.Fatal(err)
	}
}

// step is what is done in a tab.
type step = chromedp.Action[chromedp.Void]

// command is the step that sends a command of the DevTools protocol.
func command[P, R any](c cdp.Command[P, R], params P) step {
	return func(ctx context.Context, target *chromedp.Target) (void chromedp.Void, err error) {
		_, err = cdp.Call(ctx, target, c, params)
		return void, err
	}
}

// script is the step that runs JavaScript.
func script(text string) step { return chromedp.Evaluate[chromedp.Void](text) }

// tab is a tab of the browser.
type tab struct {
	ctx    context.Context
	mu     sync.Mutex
	errors []string
}

// open opens a tab that ends with the test. In the end its console must hold no error, unless the
// test took them out.
func open(t *testing.T, address string, before ...step) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	// The tab lives as long as the context of its first step, which must have no end of its
	// own.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	ctx, cancelTime := context.WithTimeout(ctx, patience)
	t.Cleanup(cancelTime)
	b := &tab{ctx: ctx}
	if err := chromedp.Listen(ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch event := event.(type) {
		case *runtime.EventExceptionThrown:
			b.errors = append(b.errors, event.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			b.errors = append(b.errors, fmt.Sprintf("console.%s", event.Type))
		case *log.EventEntryAdded:
			b.errors = append(b.errors, fmt.Sprintf("%s: %s %s", event.Entry.Level, event.Entry.Text, event.Entry.URL))
		}
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, text := range b.takeErrors() {
			t.Errorf("in the console: %s", text)
		}
	})
	b.do(t, before...)
	b.do(t, chromedp.Navigate(address))
	return b
}

func (b *tab) takeErrors() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.errors
	b.errors = nil
	return taken
}

func (b *tab) do(t *testing.T, steps ...step) {
	t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// run returns what an action gives.
func run[T any](t *testing.T, b *tab, action chromedp.Action[T]) T {
	t.Helper()
	value, err := chromedp.Run(b.ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// eval returns the value of an expression of JavaScript.
func eval[T any](t *testing.T, b *tab, expression string) T {
	t.Helper()
	return run(t, b, chromedp.Evaluate[T](expression))
}

// await waits until an expression is true, over loads of the page as well.
func (b *tab) await(t *testing.T, expression string) {
	t.Helper()
	var err error
	for ctx := b.ctx; ctx.Err() == nil; {
		var reached bool
		// In between two pages there is nothing to ask.
		if reached, err = chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); reached && err == nil {
			return
		}
		timer := time.NewTimer(20 * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	t.Fatalf("it never came to %s: %v", expression, err)
}

// live is the page when it is told of changes.
const live = `document.getElementById('status').textContent === 'Live'`

// rows is the number of requests on the page.
func rows(n int) string {
	return fmt.Sprintf(`document.querySelectorAll('#rows tr[data-tone]').length === %d`, n)
}

func (b *tab) picture(t *testing.T, name string) {
	t.Helper()
	if *screenshots == "" {
		return
	}
	png := run(t, b, chromedp.FullScreenshot(100))
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}
