package proof

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/datasink/autoid"
)

// TestFields sets every argument, and every field of every argument, of every call in turn to
// something bad: texts that are empty, end a header, leave a path, are no text at all or have no
// end, numbers that are negative or the largest, and nil. Either it is refused by an error that
// names the place, and nothing is sent; or the server sees the requests of good input with that
// value in it, byte for byte.
func TestFields(t *testing.T) {
	t.Parallel()
	for _, s := range services {
		stand := s.start(serverOptions{})
		client := stand.connect(t)
		methods, goods := inputs(client.value), client.good
		client.close()
		stand.server.Close()
		for name := range goods {
			method, _, _ := strings.Cut(name, ",")
			if method == "Reconcile" {
				continue // it sends no more than differs: see the tests of the packages
			}
			if !methods[method].IsValid() {
				t.Errorf("%s has good input, and is no method", name)
				continue
			}
			t.Run(s.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				tryFields(t, s, name, method)
			})
		}
	}
}

// trial is a call with arguments that can be changed.
type trial struct {
	service service
	name    string // of the good input
	method  string
	stand   *stand
	sent    *recorder
	client  client
}

func begin(t *testing.T, s service, name, method string) *trial {
	stand := s.start(serverOptions{call: method})
	r := &recorder{next: stand.server.RoundTripper()}
	return &trial{s, name, method, stand, r, stand.connect(t, tenantkit.WithHTTPClient(&http.Client{Transport: r}), tenantkit.WithRetry(tenantkit.NoRetry()))}
}

func (c *trial) end() {
	c.client.close()
	c.stand.server.Close()
}

// args returns new arguments, which can be set.
func (c *trial) args() []reflect.Value {
	types := inputs(c.client.value)[c.method].Type()
	var args []reflect.Value
	for i, given := range c.client.good[c.name]() {
		in := types.In(i + 1)
		if in.Kind() == reflect.Func && reflect.TypeOf(given).Kind() == reflect.Slice {
			in = reflect.TypeOf(given)
		}
		arg := reflect.New(in).Elem()
		arg.Set(reflect.ValueOf(given).Convert(in))
		args = append(args, arg)
	}
	return args
}

// call makes the call, and returns its error.
func (c *trial) call(args []reflect.Value) error {
	c.sent.requests = nil
	method := inputs(c.client.value)[c.method]
	in := []reflect.Value{reflect.ValueOf(context.Background())}
	for i, arg := range args {
		if is := method.Type().In(i + 1); is.Kind() == reflect.Func && arg.Kind() == reflect.Slice {
			arg = iterator(is, arg)
		}
		in = append(in, arg)
	}
	return errorOf(method.Call(in))
}

// iterator makes an iter.Seq of a slice.
func iterator(is reflect.Type, items reflect.Value) reflect.Value {
	return reflect.MakeFunc(is, func(in []reflect.Value) []reflect.Value {
		for i := range items.Len() {
			if !in[0].Call([]reflect.Value{items.Index(i)})[0].Bool() {
				break
			}
		}
		return nil
	})
}

func (c *trial) sites(args []reflect.Value, visit func(site)) {
	parameters := signatures()[exportOf(c.client.value, c.method)][1:] // without ctx
	for i, arg := range args {
		sites(arg, parameters[i], []string{parameters[i]}, func() {}, visit)
	}
}

func tryFields(t *testing.T, s service, name, method string) {
	c := begin(t, s, name, method)
	if err := c.call(c.args()); err != nil && !refusedByServer[name] {
		t.Errorf("good input fails: %v", err)
	}
	base := slices.Clone(c.sent.requests)
	var all []site
	c.sites(c.args(), func(at site) {
		all = append(all, at)
		if at.now.IsZero() && !mayStayEmpty[at.path] {
			t.Errorf("%s is not set in the good input, so that no bad one is made of what is in it", at.path)
		}
	})
	c.end()
	c = begin(t, s, name, method)
	defer func() { c.end() }()
	for i, at := range all {
		for _, b := range badOf(at.is) {
			if b.what == "10 MiB" && !at.isID() && !c.inPath(at) {
				b.value = huge[:hugeText]
			}
			args, n := c.args(), 0
			c.sites(args, func(at site) {
				if n == i {
					at.set(b.as(at.is))
				}
				n++
			})
			// Not read by a server, which takes its time.
			c.sent.deaf = b.what == "10 MiB"
			err := c.call(args)
			c.sent.deaf = false
			if problem := c.judge(at, b, base, err); problem != "" {
				t.Errorf("%s is %s: %s; error %.300v", at.path, b.what, problem, err)
			}
			if err == nil {
				// What it changed is not for the next one.
				c.end()
				c = begin(t, s, name, method)
			}
		}
	}
}

// inPath tells whether the place is one that the call has in its path.
func (c *trial) inPath(at site) bool {
	return at.is.Kind() == reflect.String && strings.Contains(c.service.pathOf(c.method), "{"+at.path+"}")
}

// judge says what is wrong with what became of bad input, or nothing.
func (c *trial) judge(at site, b bad, base []received, err error) string {
	if err != nil && len(err.Error()) > 4096 {
		return "the text of the error is long"
	}
	invalid := refusalIn(err)
	inPath := c.inPath(at)
	excused := notRefused[at.path] || notRefused[at.path[strings.LastIndexAny(at.path, ".")+1:]]
	switch {
	case invalid != nil && len(c.sent.requests) > 0:
		return "it is refused, and something was sent"
	case invalid != nil && (!at.named(invalid.Field) && alsoNamed[invalid.Field] == "" && !namesKey(at, b, invalid) || invalid.Reason == "" || invalid.Operation == ""):
		return "the refusal names " + invalid.Field
	case invalid != nil:
		return ""
	case err != nil && len(c.sent.requests) == 0 && strings.HasSuffix(c.name, ", resumed"):
		return "" // items of another run, or a state of another: refused as a whole
	case inPath && neverInPaths[b.what], neverSent[b.what] && !excused, b.what == "10 MiB" && at.isID() && !excused:
		return "it is not refused"
	case b.what == "10 MiB":
		return ""
	}
	for _, request := range c.sent.requests {
		if request.problem != "" {
			return request.problem
		}
	}
	if own, good := c.own(c.sent.requests), c.own(base); c.isOperation() && !slices.EqualFunc(own, good, received.sameShape) {
		return fmt.Sprintf("%d requests are sent, or to another place than the %d of good input", len(own), len(good))
	}
	if text, ok := b.value.(string); ok && isText(at.is) && text != "" && len(c.sent.requests) > 0 && !excused &&
		!slices.ContainsFunc(c.sent.requests, func(r received) bool { return slices.Contains(r.texts, text) }) {
		return "it is accepted, and did not arrive as it is"
	}
	return ""
}

// namesKey reports whether a refusal names the bad key of a map, or says of the object that a
// member name is wrong, or names a state to go on from as a whole.
func namesKey(at site, b bad, refusal *tenantkit.ValidationError) bool {
	field := refusal.Field
	text, ok := b.value.(string)
	named := strings.Contains(field, strings.ToValidUTF8(text, "\uFFFD")) || strings.Contains(refusal.Reason, "member names")
	return ok && strings.HasSuffix(at.path, "[key]") && named ||
		strings.HasPrefix(at.path, "options.Resume") && strings.HasPrefix(field, "state.")
}

// isOperation tells whether a call is one operation, and not made of several.
func (c *trial) isOperation() bool { return c.service.own[c.method] == "" }

// own returns the requests of the call itself, without those that got it a token.
func (c *trial) own(requests []received) []received {
	return slices.DeleteFunc(slices.Clone(requests), func(r received) bool { return r.operation != c.method })
}

func (r received) sameShape(other received) bool {
	return r.method == other.method && r.segments == other.segments
}

// refusalIn returns the refusal of input in an error, also where a long run tells of it.
func refusalIn(err error) *tenantkit.ValidationError {
	var run *autoid.BulkError
	if errors.As(err, &run) {
		err = run.Err
	}
	var invalid *tenantkit.ValidationError
	errors.As(err, &invalid)
	return invalid
}

// received is a request as a server reads it.
type received struct {
	operation, method, url string
	segments               int      // of its path
	texts                  []string // all that it says: segments of the path, values of the query and of headers, texts and names in its body
	problem                string
}

// recorder writes each request down as it would go over the wire, and reads it as a server does.
type recorder struct {
	next     http.RoundTripper
	mu       sync.Mutex
	requests []received
	deaf     bool // it does not look, and answers with an error
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	called, _ := tenantkit.OperationFromContext(req.Context())
	if r.deaf && called.Name != "Login" {
		r.requests = append(r.requests, received{operation: called.Name})
		return nil, errors.New("nobody listens")
	}
	body, err := bodyOf(req)
	if err != nil {
		return nil, err
	}
	got := read(req, body)
	got.operation = called.Name
	r.requests = append(r.requests, got)
	if body != nil {
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	return r.next.RoundTrip(req)
}

func read(req *http.Request, body []byte) received {
	sent := req.Clone(req.Context())
	if body != nil {
		sent.Body, sent.ContentLength, sent.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	}
	var wire bytes.Buffer
	if err := sent.Write(&wire); err != nil {
		return received{problem: "it cannot be written: " + err.Error()}
	}
	reader := bufio.NewReader(&wire)
	seen, err := http.ReadRequest(reader)
	if err != nil {
		return received{problem: "it cannot be read: " + err.Error()}
	}
	arrived, err := io.ReadAll(seen.Body)
	got := received{method: seen.Method, url: seen.RequestURI}
	switch {
	case err != nil || !bytes.Equal(arrived, body):
		got.problem = "its body did not arrive"
	case reader.Buffered() > 0 || wire.Len() > 0:
		got.problem = "there is more than one request"
	case seen.Header.Get("X-Evil") != "" || len(seen.Header) > 8:
		got.problem = "a header was put in"
	case !utf8.Valid(arrived):
		got.problem = "its body is not UTF-8"
	}
	for segment := range strings.SplitSeq(seen.URL.EscapedPath(), "/") {
		text, err := url.PathUnescape(segment)
		if err != nil || strings.ContainsFunc(text, unicode.IsControl) || text == "." || text == ".." {
			got.problem = "its path is " + seen.URL.EscapedPath()
		}
		got.texts = append(got.texts, text)
		got.segments++
	}
	query, err := url.ParseQuery(seen.URL.RawQuery)
	if err != nil {
		got.problem = "its query is " + seen.URL.RawQuery
	}
	for name, values := range query {
		got.texts = append(append(got.texts, name), values...)
	}
	for _, values := range seen.Header {
		got.texts = append(got.texts, values...)
		for _, value := range values {
			_, token, _ := strings.Cut(value, " ")
			got.texts = append(got.texts, token)
		}
	}
	if len(body) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		for token, err := decoder.Token(); err != io.EOF; token, err = decoder.Token() {
			if err != nil {
				got.problem = "its body is no JSON: " + err.Error()
				break
			}
			if text, ok := token.(string); ok {
				got.texts = append(got.texts, text)
			}
		}
	}
	return got
}
