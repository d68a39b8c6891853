package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
)

var (
	ownRead  = tenantkit.Operation{Name: "Report", Method: http.MethodGet, Path: "/reports/{year}/{kind}", Class: tenantkit.Read}
	ownWrite = tenantkit.Operation{Method: http.MethodPost, Path: "/jobs", Class: tenantkit.Write}
	ownList  = tenantkit.Operation{Name: "Jobs", Method: http.MethodGet, Path: "/jobs", Class: tenantkit.Read}
)

func TestCall_Request(t *testing.T) {
	t.Parallel()
	server := newMemory(t, jsonStep(`{"id":"a1","password":"s3cret-of-response"}`), step{status: 400, body: `s3cret-of-response`}, jsonStep(`{}`))
	api := messageAPI()
	c := newAPIClient(t, api, testURL, server)
	var got secretThing
	params := tenantkit.CallParams{
		Path: map[string]string{"kind": "a b", "year": "2026"}, Query: url.Values{"q": {"x&y", "z"}}, Body: secretThing{ID: "b", Password: tenantkit.NewSecret("pw")},
	}
	if err := c.Call(t.Context(), ownRead, params, &got, nil); err != nil || got.ID != "a1" || got.Password.Reveal() != "s3cret-of-response" {
		t.Errorf("got %+v, %v", got, err)
	}
	sent := server.sent()[0]
	if sent.Method != http.MethodGet || sent.URL.String() != testURL+"/reports/2026/a%20b?q=x%26y&q=z" || sent.body != `{"id":"b","password":"pw"}` || sent.Header.Get("X-Api-Key") != testKey {
		t.Errorf("sent %s %s %s %v", sent.Method, sent.URL, sent.body, sent.Header)
	}
	if op, _ := tenantkit.OperationFromContext(sent.Context()); op.Name != "" {
		t.Errorf("the clone of a request has the operation %+v", op)
	}
	// What a response contained is known, and the default name is that of the method.
	err := c.Call(t.Context(), ownWrite, tenantkit.CallParams{}, nil, nil)
	failed := failedWith(t, err)
	if failed.Operation != "Call" || failed.Service != "things" || failed.Message != tenantkit.Redacted || failed.Outcome != rejected {
		t.Errorf("error = %+v", failed)
	}
	if err := c.Call(t.Context(), ownWrite, tenantkit.CallParams{}, nil, nil); err != nil {
		t.Errorf("without into: %v", err)
	}
}

func TestCall_ClassDecidesAboutRetries(t *testing.T) {
	t.Parallel()
	for class, want := range map[tenantkit.Class]int{tenantkit.Read: 3, tenantkit.Idempotent: 3, tenantkit.Write: 1, tenantkit.Never: 1} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead} {
			server := newMemory(t, errorStep(502, ""))
			op := tenantkit.Operation{Method: method, Path: "/x", Class: class}
			err := newTestClient(t, server, fastRetry()).Call(t.Context(), op, tenantkit.CallParams{}, nil, nil)
			if failed := failedWith(t, err); failed.Attempts != want || len(server.sent()) != want || failed.ReadOnly != (class == tenantkit.Read) {
				t.Errorf("%s %s: %d attempts, want %d; %v", class, method, failed.Attempts, want, err)
			}
		}
	}
}

func TestCall_Validation(t *testing.T) {
	t.Parallel()
	server := newMemory(t)
	c := newTestClient(t, server)
	op := func(change func(*tenantkit.Operation)) tenantkit.Operation {
		op := tenantkit.Operation{Name: "Op", Method: http.MethodGet, Path: "/a", Class: tenantkit.Read}
		change(&op)
		return op
	}
	good := op(func(*tenantkit.Operation) {})
	path := func(p string) tenantkit.Operation { return op(func(op *tenantkit.Operation) { op.Path = p }) }
	var none *thing
	tests := map[string]struct {
		op            tenantkit.Operation
		params        tenantkit.CallParams
		into          any
		field, reason string
	}{
		"service":               {op(func(op *tenantkit.Operation) { op.Service = "argo" }), tenantkit.CallParams{}, nil, "op.Service", "another client"},
		"no class":              {op(func(op *tenantkit.Operation) { op.Class = 0 }), tenantkit.CallParams{}, nil, "op.Class", "must be Read"},
		"unknown class":         {op(func(op *tenantkit.Operation) { op.Class = 5 }), tenantkit.CallParams{}, nil, "op.Class", "must be Read"},
		"no method":             {op(func(op *tenantkit.Operation) { op.Method = "" }), tenantkit.CallParams{}, nil, "op.Method", "not an HTTP method"},
		"method in lower case":  {op(func(op *tenantkit.Operation) { op.Method = "get" }), tenantkit.CallParams{}, nil, "op.Method", "not an HTTP method"},
		"CONNECT":               {op(func(op *tenantkit.Operation) { op.Method = "CONNECT" }), tenantkit.CallParams{}, nil, "op.Method", "not an HTTP method"},
		"no path":               {path(""), tenantkit.CallParams{}, nil, "op.Path", "must start with /"},
		"relative path":         {path("a"), tenantkit.CallParams{}, nil, "op.Path", "must start with /"},
		"other host":            {path("https://evil.example.org/a"), tenantkit.CallParams{}, nil, "op.Path", "must start with /"},
		"query in the path":     {path("/a?b"), tenantkit.CallParams{}, nil, "op.Path", "query"},
		"fragment":              {path("/a#b"), tenantkit.CallParams{}, nil, "op.Path", "query"},
		"line break":            {path("/a\r\nb"), tenantkit.CallParams{}, nil, "op.Path", ""},
		"control character":     {path("/a\x00"), tenantkit.CallParams{}, nil, "op.Path", ""},
		"dots":                  {path("/a/../b"), tenantkit.CallParams{}, nil, "op.Path", "segments"},
		"open placeholder":      {path("/a/{b"), tenantkit.CallParams{Path: map[string]string{"b": "x"}}, nil, "op.Path", "without }"},
		"no value":              {path("/a/{b}"), tenantkit.CallParams{}, nil, "params.Path", "{b}"},
		"surplus value":         {good, tenantkit.CallParams{Path: map[string]string{"b": "x"}}, nil, "params.Path", `"b"`},
		"surplus beside twice":  {path("/a/{b}/{b}"), tenantkit.CallParams{Path: map[string]string{"b": "x", "c": "y"}}, nil, "params.Path", `"c"`},
		"slash in a value":      {path("/a/{b}"), tenantkit.CallParams{Path: map[string]string{"b": "x/y"}}, nil, "b", "slash"},
		"dots in a value":       {path("/a/{b}"), tenantkit.CallParams{Path: map[string]string{"b": ".."}}, nil, "b", "step"},
		"empty value":           {path("/a/{b}"), tenantkit.CallParams{Path: map[string]string{"b": ""}}, nil, "b", "empty"},
		"secret in the query":   {good, tenantkit.CallParams{Query: url.Values{"k": {tenantkit.NewSecret("x").String()}}}, nil, "k", "secret"},
		"body":                  {good, tenantkit.CallParams{Body: make(chan int)}, nil, "body", ""},
		"lost secret":           {good, tenantkit.CallParams{Body: secretThing{Password: tenantkit.NewSecret(tenantkit.Redacted)}}, nil, "password", "read the object again"},
		"Items":                 {good, tenantkit.CallParams{Items: "x"}, nil, "params.Items", "CallPage"},
		"NextMember":            {good, tenantkit.CallParams{NextMember: "x"}, nil, "params.NextMember", "CallPage"},
		"Next":                  {good, tenantkit.CallParams{Next: "x"}, nil, "params.Next", "CallPage"},
		"into is a value":       {good, tenantkit.CallParams{}, thing{}, "into", "pointer"},
		"into is a nil pointer": {good, tenantkit.CallParams{}, none, "into", "pointer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantInvalid(t, c.Call(t.Context(), tt.op, tt.params, tt.into, nil), "Op", tt.field, tt.reason)
		})
	}
	t.Run("others", func(t *testing.T) {
		var missing *Client
		wantInvalid(t, missing.Call(t.Context(), good, tenantkit.CallParams{}, nil, nil), "Op", "client", "NewClient")
		_, err := missing.CallPage(t.Context(), good, tenantkit.CallParams{}, new([]thing), nil)
		wantInvalid(t, err, "Op", "client", "NewClient")
		var ctx context.Context
		wantInvalid(t, c.Call(ctx, good, tenantkit.CallParams{}, nil, nil), "Op", "ctx", "nil")
		for _, into := range []any{nil, []thing{}, (*[]thing)(nil)} {
			_, err = c.CallPage(t.Context(), good, tenantkit.CallParams{}, into, nil)
			wantInvalid(t, err, "Op", "into", "pointer")
		}
		for _, next := range []string{"x", "https://evil.example.org/v1/jobs", "http://things.example.org/v1/jobs", "https://u:p@things.example.org/v1/jobs"} {
			_, err = c.CallPage(t.Context(), good, tenantkit.CallParams{Next: next}, new([]thing), nil)
			wantInvalid(t, err, "Op", "next", "")
		}
	})
	if len(server.sent()) != 0 {
		t.Errorf("%d requests were sent", len(server.sent()))
	}
}

// pageStep is a page with a Link to the next one.
func pageStep(body, next string) step {
	s := jsonStep(body)
	if next != "" {
		s.header = http.Header{"Link": {"<" + next + `>; rel="next"`}, "Content-Type": {"application/json"}}
	}
	return s
}

func callPage(c *Client) func(context.Context, tenantkit.Operation, tenantkit.CallParams, any, ...tenantkit.Option) (string, error) {
	return func(ctx context.Context, op tenantkit.Operation, params tenantkit.CallParams, into any, opts ...tenantkit.Option) (string, error) {
		return c.CallPage(ctx, op, params, into, opts)
	}
}

// ids collects the elements of an iteration.
func ids(t *testing.T, c *Client, params tenantkit.CallParams, opts ...tenantkit.Option) (got []string, err error) {
	t.Helper()
	for item, err := range tenantkit.Pages[thing](t.Context(), callPage(c), ownList, params, opts...) {
		if err != nil {
			return got, err
		}
		got = append(got, item.ID)
	}
	return got, nil
}

func TestPages_OfAClient(t *testing.T) {
	t.Parallel()
	const more = testURL + "/jobs?page="
	plain := func(id string) string { return `[{"id":"` + id + `"}]` }
	member := func(id, next string) step {
		return jsonStep(`{"links":{"next":` + next + `},"data":{"result":[{"id":"` + id + `"}]}}`)
	}
	byMember := tenantkit.CallParams{Items: "data.result", NextMember: "links.next"}
	tests := map[string]struct {
		steps  []step
		params tenantkit.CallParams
		opts   []tenantkit.Option
		want   []string
		text   string
	}{
		"one page":        {[]step{pageStep(plain("a"), "")}, tenantkit.CallParams{}, nil, []string{"a"}, ""},
		"by Link":         {[]step{pageStep(plain("a"), more+"2"), pageStep(`[]`, "?page=3"), pageStep(plain("c"), "")}, tenantkit.CallParams{}, nil, []string{"a", "c"}, ""},
		"by member":       {[]step{member("a", `"`+more+`2"`), member("b", `"/v1/jobs?page=3#x"`), member("c", "null")}, byMember, nil, []string{"a", "b", "c"}, ""},
		"empty member":    {[]step{member("a", `""`)}, byMember, nil, []string{"a"}, ""},
		"null items":      {[]step{jsonStep(`{"data":{"result":null}}`)}, byMember, nil, nil, ""},
		"no items":        {[]step{jsonStep(`{"data":{}}`)}, byMember, nil, nil, `no member "data.result"`},
		"next no URL":     {[]step{member("a", `7`)}, byMember, nil, []string{"a"}, `"links.next" is not a URL`},
		"next broken":     {[]step{member("a", `"https://[x/"`)}, byMember, nil, []string{"a"}, `"links.next" is not a URL`},
		"resumed":         {[]step{pageStep(plain("b"), "")}, tenantkit.CallParams{Next: more + "2"}, nil, []string{"b"}, ""},
		"itself":          {[]step{pageStep(plain("a"), more+"2"), pageStep(plain("b"), more+"2")}, tenantkit.CallParams{}, nil, []string{"a", "b"}, "was read before"},
		"back to first":   {[]step{pageStep(plain("a"), more+"2"), pageStep(plain("b"), testURL+"/jobs")}, tenantkit.CallParams{}, nil, []string{"a", "b"}, "was read before"},
		"first by member": {[]step{member("a", `"?page=2"`), member("b", `"`+testURL+`/jobs#top"`)}, byMember, nil, []string{"a", "b"}, "was read before"},
		"other origin":    {[]step{pageStep(plain("a"), "https://evil.example.org/v1/jobs")}, tenantkit.CallParams{}, nil, []string{"a"}, "credentials stay"},
		"origin, member":  {[]step{member("a", `"https://evil.example.org/"`)}, byMember, nil, []string{"a"}, "credentials stay"},
		"plain http":      {[]step{member("a", `"http://things.example.org/"`)}, byMember, nil, []string{"a"}, "from https to"},
		"page limit":      {[]step{pageStep(plain("a"), more+"2"), pageStep(plain("b"), more+"3")}, tenantkit.CallParams{}, []tenantkit.Option{tenantkit.WithMaxPages(2)}, []string{"a", "b"}, "more than 2 pages"},
		"below the limit": {[]step{pageStep(plain("a"), more+"2"), pageStep(plain("b"), "")}, tenantkit.CallParams{}, []tenantkit.Option{tenantkit.WithMaxPages(2)}, []string{"a", "b"}, ""},
		"not an array":    {[]step{jsonStep(`{"id":"a"}`)}, tenantkit.CallParams{}, nil, nil, "expected a list"},
		"later failure":   {[]step{pageStep(plain("a"), more+"2"), errorStep(403, "")}, tenantkit.CallParams{}, nil, []string{"a"}, "403 Forbidden"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newMemory(t, tt.steps...)
			got, err := ids(t, newTestClient(t, server), tt.params, tt.opts...)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("elements differ (-want +got):\n%s", diff)
			}
			if (err == nil) != (tt.text == "") || err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error = %v, want one with %q", err, tt.text)
			}
			if len(server.sent()) != len(tt.steps) {
				t.Errorf("%d requests, want %d", len(server.sent()), len(tt.steps))
			}
			for _, request := range server.sent() {
				if request.URL.Host != "things.example.org" || request.Header.Get("X-Api-Key") != testKey {
					t.Errorf("sent to %s", request.URL)
				}
			}
		})
	}
}

func TestCallPage_NextCanBeResumed(t *testing.T) {
	t.Parallel()
	server := newMemory(t, pageStep(`[{"id":"a","password":"s3cret-of-page"}]`, "?page=2"), pageStep(`[{"id":"b"}]`, ""), step{status: 400, body: "s3cret-of-page"})
	c := newAPIClient(t, messageAPI(), testURL, server)
	var page []secretThing
	next, err := c.CallPage(t.Context(), ownList, tenantkit.CallParams{}, &page, nil)
	if err != nil || next != testURL+"/jobs?page=2" || len(page) != 1 {
		t.Fatalf("got %v, %q, %v", page, next, err)
	}
	last, err := c.CallPage(t.Context(), ownList, tenantkit.CallParams{Next: next}, &page, nil)
	if err != nil || last != "" || len(page) != 1 || page[0].ID != "b" || server.sent()[1].URL.RawQuery != "page=2" {
		t.Errorf("got %v, %q, %v", page, last, err)
	}
	// Secrets of a page are known like those of any response.
	_, err = c.CallPage(t.Context(), ownList, tenantkit.CallParams{}, &page, nil)
	if failed := failedWith(t, err); failed.Message != tenantkit.Redacted {
		t.Errorf("the message is %q", failed.Message)
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		server := newMemory(t, errorStep(429, "0"), jsonStep(`{}`))
		c := newTestClient(t, server, fastRetry(), tenantkit.WithRateLimit(0.5, 2))
		started := time.Now()
		for range 3 {
			if err := c.Do(t.Context(), &getThing, callOf(&getThing), nil); err != nil {
				t.Fatal(err)
			}
		}
		var at []time.Duration
		for _, request := range server.sent() {
			at = append(at, request.at.Sub(started).Round(100*time.Millisecond))
		}
		// Two at once, one of them retried, and then one in two seconds.
		if diff := cmp.Diff([]time.Duration{0, 0, 2 * time.Second, 4 * time.Second}, at); diff != "" {
			t.Errorf("times differ (-want +got):\n%s", diff)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(time.Second)
			cancel()
		}()
		err := c.Do(ctx, &createThing, callOf(&createThing), nil)
		wantSentinels(t, err, context.Canceled)
		if failed := failedWith(t, err); failed.Outcome != notSent || failed.Attempts != 0 || len(server.sent()) != 4 {
			t.Errorf("error = %+v after %d requests", failed, len(server.sent()))
		}
		synctest.Wait()
	})
}

func TestRetryStatus(t *testing.T) {
	t.Parallel()
	for _, class := range classes {
		for _, op := range class.ops {
			for _, status := range []int{409, 500, 418} {
				t.Run(fmt.Sprint(op.Name, status), func(t *testing.T) {
					t.Parallel()
					asked := 0
					policy := tenantkit.RetryPolicy{MaxAttempts: 3, BaseDelay: 1, RetryStatus: func(got tenantkit.Operation, s int) bool {
						asked++
						if got != op.Public() || s != status {
							t.Errorf("asked about %+v, %d", got, s)
						}
						return s == 418
					}}
					server := newMemory(t, errorStep(status, ""))
					err := newTestClient(t, server, tenantkit.WithRetry(policy)).Do(t.Context(), op, callOf(op), nil)
					safe := op.Class == tenantkit.Read || op.Class == tenantkit.Idempotent
					want := 1
					if safe && status != 409 {
						want = 3
					}
					if n := len(server.sent()); n != want || failedWith(t, err).Attempts != n {
						t.Errorf("%d requests, want %d", n, want)
					}
					if !safe && asked != 0 {
						t.Errorf("asked %d times about a %s", asked, op.Class)
					}
				})
			}
		}
	}
}

func TestOptions_WithoutEffect(t *testing.T) {
	t.Parallel()
	server := newMemory(t)
	c := newTestClient(t, server)
	for name, option := range map[string]tenantkit.Option{
		"WithMaxPages": tenantkit.WithMaxPages(3), "WithInsecureHTTP": tenantkit.WithInsecureHTTP(), "WithLocker": tenantkit.WithLocker(c.settings.Locker),
		"WithRateLimit": tenantkit.WithRateLimit(1, 1),
	} {
		opts := []tenantkit.Option{option}
		wantInvalid(t, c.Do(t.Context(), &getThing, callOf(&getThing), opts), "GetThing", "opts", name)
		wantInvalid(t, c.Call(t.Context(), ownWrite, tenantkit.CallParams{}, nil, opts), "Call", "opts", name)
		if name != "WithMaxPages" {
			_, err := c.CallPage(t.Context(), ownList, tenantkit.CallParams{}, new([]thing), opts)
			wantInvalid(t, err, "Jobs", "opts", name)
		}
	}
	if len(server.sent()) != 0 {
		t.Errorf("%d requests were sent", len(server.sent()))
	}
	// A client may have them.
	if _, err := New(testAPI(), testURL, []tenantkit.Option{tenantkit.WithMaxPages(3), tenantkit.WithRateLimit(1, 1), tenantkit.WithLocker(c.settings.Locker)}); err != nil {
		t.Error(err)
	}
	for _, option := range []tenantkit.Option{tenantkit.WithRateLimit(0, 1), tenantkit.WithRateLimit(1, 0), tenantkit.WithRateLimit(-1, 1), tenantkit.WithLocker(nil)} {
		_, err := New(testAPI(), testURL, []tenantkit.Option{option})
		wantInvalid(t, err, "NewClient", "opts", "")
	}
}

// fakeLocker is a locker whose lock can be lost.
type fakeLocker struct {
	lose      context.CancelCauseFunc
	key       string
	unlockErr error
	lockErr   error
	unlocked  int
}

func (l *fakeLocker) Lock(ctx context.Context, key string) (context.Context, func() error, error) {
	if l.lockErr != nil {
		return nil, nil, l.lockErr
	}
	l.key = key
	held, cancel := context.WithCancelCause(ctx)
	l.lose = cancel
	return held, func() error {
		l.unlocked++
		cancel(nil)
		return l.unlockErr
	}, nil
}

var errEngine = errors.New("the engine is gone")
