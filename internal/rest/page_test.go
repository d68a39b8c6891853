package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
)

// entry is an element of the lists in these tests.
type entry struct {
	Name string `json:"name"`
}

var listEntries = Operation{Name: "ListEntries", Method: http.MethodGet, Path: "/entries", Class: tenantkit.Read}

type tokenQuery struct {
	Token string `url:"token,omitempty"`
}

// book is a server with pages: the token of a request leads to a page, and each page names the
// token of the next.
type book struct {
	pages map[string]leaf
	took  time.Duration // of each exchange
	asked []string      // the tokens of the requests, in order
	ended []error       // why exchanges were given up
}

type leaf struct {
	names  []string
	next   string
	header http.Header
	status int
}

func (b *book) RoundTrip(req *http.Request) (*http.Response, error) {
	token := req.URL.Query().Get("token")
	b.asked = append(b.asked, token)
	if b.took > 0 {
		timer := time.NewTimer(b.took)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-req.Context().Done():
			b.ended = append(b.ended, req.Context().Err())
			return nil, req.Context().Err()
		}
	}
	page := b.pages[token]
	var items []string
	for _, name := range page.names {
		items = append(items, fmt.Sprintf(`{"name":%q}`, name))
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if page.next != "" {
		header.Set("Link", fmt.Sprintf("<https://elsewhere.example/x?token=%s>; rel=\"next\"", url.QueryEscape(page.next)))
	}
	for name, values := range page.header {
		header[name] = values
	}
	status := page.status
	if status == 0 {
		status = http.StatusOK
	}
	// Without Request, like some middlewares.
	return &http.Response{
		StatusCode: status, Header: header, ContentLength: -1,
		Body: io.NopCloser(strings.NewReader("[" + strings.Join(items, ",") + "]")),
	}, nil
}

// pager returns one that reads the book by tokens.
func (b *book) pager(t *testing.T, opts ...tenantkit.Option) *Pager[entry] {
	t.Helper()
	opts = append([]tenantkit.Option{tenantkit.WithHTTPClient(&http.Client{Transport: b}), tenantkit.WithRetry(tenantkit.NoRetry())}, opts...)
	client, err := New(API{Service: "library"}, "https://library.example/api", opts)
	if err != nil {
		t.Fatal(err)
	}
	return &Pager[entry]{
		Client: client, Operation: &listEntries,
		Call: func(next string) Call { return Call{Query: tokenQuery{next}} },
		Next: LinkToken("token"),
		Check: func(e *entry) error {
			if e.Name == "" {
				return errors.New("it has no name")
			}
			return nil
		},
	}
}

func threePages() *book {
	return &book{pages: map[string]leaf{
		"":  {names: []string{"a", "b"}, next: "2"},
		"2": {next: "3&="},
		// An empty page in the middle, and a token that needs escaping.
		"3&=": {names: []string{"c"}},
	}}
}

// collect returns what an iteration yields: the names of the elements, and the error.
func collect(p *Pager[entry], ctx context.Context, opts ...tenantkit.Option) (names []string, err error) {
	for e, failed := range p.All(ctx, opts) {
		if failed != nil {
			err = failed
			continue
		}
		names = append(names, e.Name)
	}
	return names, err
}

func TestAllReadsEveryPage(t *testing.T) {
	t.Parallel()
	b := threePages()
	all := b.pager(t).All(t.Context(), nil)
	if len(b.asked) != 0 {
		t.Fatalf("asked for %q before the first iteration", b.asked)
	}
	for round := 1; round <= 2; round++ {
		var names []string
		for e, err := range all {
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, e.Name)
		}
		if diff := cmp.Diff([]string{"a", "b", "c"}, names); diff != "" {
			t.Errorf("round %d: names differ (-want +got):\n%s", round, diff)
		}
	}
	if diff := cmp.Diff([]string{"", "2", "3&=", "", "2", "3&="}, b.asked); diff != "" {
		t.Errorf("requests differ (-want +got):\n%s", diff)
	}
}

// While the caller handles a page, the next one is fetched: both times overlap, and never more than
// one page is ahead.
func TestAllFetchesOnePageAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const pages = 10
		b := &book{pages: map[string]leaf{}, took: 2 * time.Millisecond}
		for i := range pages {
			page := leaf{names: []string{fmt.Sprint(i)}, next: fmt.Sprint("t", i+1)}
			if i == pages-1 {
				page.next = ""
			}
			b.pages[map[bool]string{true: "", false: fmt.Sprint("t", i)}[i == 0]] = page
		}
		begin, handled := time.Now(), 0
		for _, err := range b.pager(t).All(t.Context(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			handled++
			time.Sleep(2 * time.Millisecond)
			synctest.Wait()
			if want := min(handled+1, pages); len(b.asked) != want {
				t.Errorf("after %d pages %d were asked for, want %d", handled, len(b.asked), want)
			}
		}
		if took := time.Since(begin); handled != pages || took != (pages+1)*2*time.Millisecond {
			t.Errorf("%d pages took %v, want %d in %v", handled, took, pages, (pages+1)*2*time.Millisecond)
		}
	})
}

// Leaving the loop ends the fetching of the next page; the bubble fails where a goroutine is left.
func TestAllEndsWithItsLoop(t *testing.T) {
	t.Parallel()
	for _, leave := range []string{"break", "panic", "cancelled context"} {
		t.Run(leave, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := threePages()
				b.took = time.Minute
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				begin := time.Now()
				var names []string
				var last error
				func() {
					defer func() {
						if r := recover(); (r != nil) != (leave == "panic") {
							t.Errorf("recovered %v", r)
						}
					}()
					for e, err := range b.pager(t, tenantkit.WithTimeout(-1)).All(ctx, nil) {
						if last = err; err != nil {
							continue
						}
						names = append(names, e.Name)
						time.Sleep(time.Second)
						switch leave {
						case "break":
							return
						case "panic":
							panic("the caller's")
						case "cancelled context":
							cancel()
						}
					}
				}()
				if diff := cmp.Diff([]string{"a"}, names); diff != "" {
					t.Errorf("names differ (-want +got):\n%s", diff)
				}
				if (last != nil) != (leave == "cancelled context") || last != nil && !errors.Is(last, context.Canceled) {
					t.Errorf("last error = %v", last)
				}
				if took := time.Since(begin); took > time.Minute+2*time.Second {
					t.Errorf("the loop was left after %v", took)
				}
				if len(b.asked) != 2 || len(b.ended) != 1 {
					t.Errorf("asked for %q, given up %v; want the second of two given up", b.asked, b.ended)
				}
			})
		})
	}
}

func TestAllFailures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		pages map[string]leaf
		opts  []tenantkit.Option
		names []string
		asked []string
		text  string
	}{
		{
			"a refused page", map[string]leaf{"": {names: []string{"a"}, next: "2"}, "2": {status: 403}}, nil,
			[]string{"a"}, []string{"", "2"}, "403 Forbidden",
		},
		{
			"a page without a name in it", map[string]leaf{"": {names: []string{"a"}, next: "2"}, "2": {names: []string{"b", ""}}}, nil,
			[]string{"a"}, []string{"", "2"}, "element 1: it has no name",
		},
		{
			"a page that names itself", map[string]leaf{"": {names: []string{"a"}, next: "2"}, "2": {names: []string{"b"}, next: "2"}}, nil,
			[]string{"a", "b"}, []string{"", "2"}, "one that was read before",
		},
		{
			"a circle", map[string]leaf{"": {names: []string{"a"}, next: "2"}, "2": {next: "3"}, "3": {names: []string{"c"}, next: "2"}}, nil,
			[]string{"a", "c"}, []string{"", "2", "3"}, "one that was read before",
		},
		{
			"an unreadable Link", map[string]leaf{"": {names: []string{"a"}, header: http.Header{"Link": {"next, please"}}}}, nil,
			[]string{"a"}, []string{""}, "Link header cannot be read",
		},
		{
			"more pages than allowed", threePages().pages, []tenantkit.Option{tenantkit.WithMaxPages(2)},
			[]string{"a", "b"}, []string{"", "2"}, "the list has more than 2 pages, the limit of WithMaxPages",
		},
		{
			"as many pages as allowed", threePages().pages, []tenantkit.Option{tenantkit.WithMaxPages(3)},
			[]string{"a", "b", "c"}, []string{"", "2", "3&="}, "",
		},
		{"a bad option", nil, []tenantkit.Option{tenantkit.WithMaxPages(0)}, nil, nil, "WithMaxPages: the bound must be positive"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &book{pages: tt.pages}
			names, err := collect(b.pager(t), t.Context(), tt.opts...)
			if diff := cmp.Diff(tt.names, names); diff != "" {
				t.Errorf("names differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.asked, b.asked); diff != "" {
				t.Errorf("requests differ (-want +got):\n%s", diff)
			}
			if (err == nil) != (tt.text == "") || err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error = %v, want one with %q", err, tt.text)
			}
			var failed *tenantkit.Error
			if errors.As(err, &failed) && (failed.Operation != "ListEntries" || failed.URL != "https://library.example/api/entries") {
				t.Errorf("the error names %s %s", failed.Operation, failed.URL)
			}
		})
	}
}

func TestAllOfBadInput(t *testing.T) {
	t.Parallel()
	b := threePages()
	var invalid *tenantkit.ValidationError
	if _, err := collect(b.pager(t), nil); !errors.As(err, &invalid) || invalid.Field != "ctx" {
		t.Errorf("nil context: %v", err)
	}
	if len(b.asked) != 0 {
		t.Errorf("asked for %q", b.asked)
	}
}

func TestAllCopiesItsOptions(t *testing.T) {
	t.Parallel()
	b := threePages()
	opts := make([]tenantkit.Option, 1, 8)
	opts[0] = tenantkit.WithMaxPages(3)
	all := b.pager(t).All(t.Context(), opts)
	opts[0] = tenantkit.WithMaxPages(1)
	for _, err := range all {
		if err != nil {
			t.Error(err)
		}
	}
	if extra := opts[:2][1]; extra != nil {
		t.Error("the caller's options were written behind their end")
	}
}

// The response that a caller asks for is that of the page that it handles, although the next one is
// already there.
func TestAllResponse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := threePages()
		for token, name := range map[string]string{"": "first", "3&=": "last"} {
			page := b.pages[token]
			page.header = http.Header{"X-Request-Id": {name}}
			b.pages[token] = page
		}
		var response tenantkit.Response
		var ids []string
		for _, err := range b.pager(t).All(t.Context(), []tenantkit.Option{tenantkit.WithResponse(&response)}) {
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			ids = append(ids, response.RequestID)
		}
		if diff := cmp.Diff([]string{"first", "first", "last"}, ids); diff != "" {
			t.Errorf("request ids differ (-want +got):\n%s", diff)
		}
	})
}

type panicking struct{}

func (panicking) RoundTrip(*http.Request) (*http.Response, error) { panic("in a middleware") }

type exiting struct{}

func (exiting) RoundTrip(*http.Request) (*http.Response, error) { runtime.Goexit(); return nil, nil }

func TestAllHandsPanicsToTheCaller(t *testing.T) {
	t.Parallel()
	swap := func(transport http.RoundTripper) tenantkit.Option {
		return tenantkit.WithHTTPClient(&http.Client{Transport: transport})
	}
	func() {
		defer func() {
			if r := recover(); r != "in a middleware" {
				t.Errorf("recovered %v", r)
			}
		}()
		names, err := collect(threePages().pager(t), t.Context(), swap(panicking{}))
		t.Errorf("no panic, but %q %v", names, err)
	}()
	if _, err := collect(threePages().pager(t), t.Context(), swap(exiting{})); err == nil {
		t.Error("an ended goroutine looks like the end of the list")
	}
}

func TestAllKeepsTwoPages(t *testing.T) {
	const pages = 8
	b := &book{pages: map[string]leaf{}}
	for i := range pages {
		next := fmt.Sprint(i + 1)
		if i == pages-1 {
			next = ""
		}
		b.pages[map[bool]string{true: "", false: fmt.Sprint(i)}[i == 0]] = leaf{names: []string{strings.Repeat("x", 1000)}, next: next}
	}
	var handled []weak.Pointer[entry]
	for e, err := range b.pager(t).All(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		handled = append(handled, weak.Make(e))
		e = nil
		runtime.GC()
		kept := 0
		for _, p := range handled {
			if p.Value() != nil {
				kept++
			}
		}
		if kept > 2 {
			t.Fatalf("%d pages are kept at page %d", kept, len(handled))
		}
	}
	if len(handled) != pages {
		t.Errorf("%d pages handled, want %d", len(handled), pages)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	b := threePages()
	p := b.pager(t)
	first, err := p.Page(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&tenantkit.Page[entry]{Items: []entry{{"a"}, {"b"}}, Next: "2"}, first); diff != "" {
		t.Errorf("the first page differs (-want +got):\n%s", diff)
	}
	last, err := p.Page(t.Context(), "3&=", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&tenantkit.Page[entry]{Items: []entry{{"c"}}}, last); diff != "" {
		t.Errorf("the last page differs (-want +got):\n%s", diff)
	}
	b.pages["4"] = leaf{names: []string{"d"}, next: "4"}
	if page, err := p.Page(t.Context(), "4", nil); page != nil || err == nil || !strings.Contains(err.Error(), "was read before") {
		t.Errorf("a page that names itself gave %v, %v", page, err)
	}
}
