package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// streamed collects what a stream gives. It fails the test when anything follows an error.
func streamed(t *testing.T, seq iter.Seq2[*thing, error]) (ids []string, err error) {
	t.Helper()
	for item, failed := range seq {
		if err != nil {
			t.Errorf("%v, %v after the error %v", item, failed, err)
		}
		if err = failed; err == nil {
			ids = append(ids, item.ID+item.Name)
		} else if item != nil {
			t.Errorf("an element %+v beside the error %v", item, err)
		}
	}
	return ids, err
}

func stream(t *testing.T, c *Client, member string, opts ...tenantkit.Option) ([]string, error) {
	t.Helper()
	return streamed(t, Stream[thing](t.Context(), c, &listThings, Call{}, member, opts))
}

func TestStreamShapes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, member, body string
		want               []string
		text               string // of the error
	}{
		{"array", "", `[{"id":"a"},{"id":"b"}]`, []string{"a", "b"}, ""},
		{"blanks", "", " [ {\"id\":\"a\"} \n,\t{\"id\":\"b\"} ] \n", []string{"a", "b"}, ""},
		{"empty array", "", `[]`, nil, ""},
		{"null", "", `null`, nil, ""},
		{"unknown fields", "", `[{"x":[1,{"id":"no"}],"id":"a"}]`, []string{"a"}, ""},
		{"member", "data", `{"data":[{"id":"a"}]}`, []string{"a"}, ""},
		{"member among others", "data", `{"status":{"data":[1]},"data":[{"id":"a"}],"more":1}`, []string{"a"}, ""},
		{"empty member", "data", `{"data":[]}`, nil, ""},
		{"null member", "data", `{"data":null,"status":{}}`, nil, ""},
		{"escaped name", "data", `{"d\u0061ta":[{"id":"a"}]}`, []string{"a"}, ""},
		{"absent member", "data", `{"status":{}}`, nil, `the object has no member "data"`},
		{"empty object", "data", `{}`, nil, `the object has no member "data"`},
		{"other case", "data", `{"Data":[]}`, nil, `the object has no member "data"`},
		{"member is an object", "data", `{"data":{"id":"a"}}`, nil, "expected a list, got an object"},
		{"member is a text", "data", `{"data":"no"}`, nil, "expected a list, got text"},
		{"object for an array", "", `{"id":"a"}`, nil, "expected a list, got an object"},
		{"number", "", `7`, nil, "expected a list, got a number"},
		{"array for an object", "data", `[{"id":"a"}]`, nil, "expected an object, got a list"},
		{"null for an object", "data", `null`, nil, "expected an object, got null"},
		{"no JSON", "", `<html>`, nil, "invalid character '<'"},
		{"empty", "", ``, nil, "it is empty"},
		{"blank", "data", " \n", nil, "it is empty"},
		{"element of another type", "", `[{"id":"a"},{"id":7},{"id":"c"}]`, []string{"a"}, "/1/id"},
		{"first element of another type", "", `[{"id":7}]`, nil, "/0/id"},
		{"no comma", "", `[{"id":"a"} {"id":"b"}]`, []string{"a"}, "invalid character '{'"},
		{"comma too many", "", `[{"id":"a"},]`, []string{"a"}, "invalid character"},
		{"ends in the array", "", `[{"id":"a"}`, []string{"a"}, "unexpected EOF"},
		{"ends after a comma", "", `[{"id":"a"},`, []string{"a"}, "unexpected EOF"},
		{"ends in an element", "", `[{"id":"a"},{"id":`, []string{"a"}, "unexpected EOF"},
		{"ends before the array", "data", `{"status":{}`, nil, "unexpected EOF"},
		{"ends in the first element", "", `[{"id"`, nil, "unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, newMemory(t, jsonStep(tt.body)), tenantkit.WithRetry(tenantkit.NoRetry()))
			got, err := stream(t, c, tt.member)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("elements differ (-want +got):\n%s", diff)
			}
			if (err == nil) != (tt.text == "") || err != nil && !strings.Contains(err.Error(), "invalid response: ") || err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Errorf("err = %v, want %q in it", err, tt.text)
			}
		})
	}
}

// A stream is repeated until its first element is there, without a trace of what was there before.
func TestStream_RetriedBeforeItsFirstElement(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]step{
		"refused":                     errorStep(503, ""),
		"no answer":                   {err: errReset},
		"broken before the array":     {body: " ", cut: errReset},
		"broken in the first element": {body: `[{"name":"old",`, cut: errReset},
		"time-out in it":              {body: `[{"name":"old",`, stuck: true},
		"empty":                       {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				server := newMemory(t, first, jsonStep(`[{"id":"a"},{"id":"b"}]`))
				got, err := stream(t, newTestClient(t, server), "")
				if name == "empty" {
					if err == nil || len(server.sent()) != 1 {
						t.Errorf("err = %v after %d requests", err, len(server.sent()))
					}
					return
				}
				if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" || err != nil || len(server.sent()) != 2 {
					t.Errorf("err = %v after %d requests; elements differ (-want +got):\n%s", err, len(server.sent()), diff)
				}
			})
		})
	}
}

// A stream that breaks after an element ends with the error: what was yielded cannot be taken back.
func TestStreamBreaksMidWay(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server := newMemory(t, step{body: `[{"id":"a"},{"id":"b"},{"id`, cut: errReset}, jsonStep(`[]`))
	var response tenantkit.Response
	got, err := stream(t, newTestClient(t, server, tenantkit.WithLogger(logger)), "", tenantkit.WithResponse(&response))
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" || len(server.sent()) != 1 {
		t.Errorf("%d requests; elements differ (-want +got):\n%s", len(server.sent()), diff)
	}
	failed := failedWith(t, err)
	if !errors.Is(err, errReset) || failed.Attempts != 1 || failed.StatusCode != 200 || response.StatusCode != 200 || response.Attempts != 1 {
		t.Errorf("error = %+v, response %+v", failed, response)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "connection reset") {
		t.Errorf("logged %q, want one line with the error", log.String())
	}
}

// The log has one line for a stream that ends well, too, and its duration is that of the whole.
func TestStreamIsLoggedOnce(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c := newTestClient(t, newMemory(t, step{body: `[{"id":"a"},{"id":"b"}]`, slow: time.Second}), tenantkit.WithLogger(logger))
		var response tenantkit.Response
		if _, err := stream(t, c, "", tenantkit.WithResponse(&response)); err != nil {
			t.Fatal(err)
		}
		if response.Duration < 20*time.Second || response.Elapsed != response.Duration {
			t.Errorf("response = %+v", response)
		}
		if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), fmt.Sprint("duration=", response.Duration)) {
			t.Errorf("logged %q", log.String())
		}
	})
}

// The bound holds for each element, not for the list.
func TestStreamBound(t *testing.T) {
	t.Parallel()
	element := func(n int) string { return `{"id":"` + strings.Repeat("x", n-len(`{"id":""}`)) + `"}` }
	const bound = 100
	tests := map[string]struct {
		body, member string
		n            int
		long         bool
	}{
		"at the bound":            {"[" + strings.TrimSuffix(strings.Repeat(element(bound)+",", 1000), ",") + "]", "", 1000, false},
		"over the bound":          {"[" + element(bound) + "," + element(bound+1) + "]", "", 1, true},
		"first over the bound":    {"[" + element(bound+1) + "]", "", 0, true},
		"far over the bound":      {"[" + element(bound) + "," + element(1<<20) + "]", "", 1, true},
		"skipped, at the bound":   {`{"status":"` + strings.Repeat("x", 70) + `","data":[` + element(bound) + "]}", "data", 1, false},
		"skipped, over the bound": {`{"status":"` + strings.Repeat("x", 1<<20) + `","data":[` + element(bound) + "]}", "data", 0, true},
		"many skipped":            {`{` + strings.Repeat(`"x":1,`, 1) + strings.Join(numbered(1<<16), "") + `"data":[]}`, "data", 0, true},
		"behind the list":         {`{"data":[` + element(bound) + `],"status":"` + strings.Repeat("x", 1<<20) + `"}`, "data", 1, false},
	}
	for name, tt := range tests {
		for _, slow := range []time.Duration{0, 1} {
			if slow > 0 && len(tt.body) > 1<<18 {
				continue
			}
			t.Run(fmt.Sprint(name, "/", slow), func(t *testing.T) {
				t.Parallel()
				virtual(t, func(t *testing.T) {
					c := newTestClient(t, newMemory(t, step{body: tt.body, slow: slow}), tenantkit.WithMaxResponseBytes(bound))
					got, err := stream(t, c, tt.member)
					if len(got) != tt.n || tt.long != errors.Is(err, wire.ErrTooLong) || !tt.long && err != nil {
						t.Errorf("%d elements, err = %v, want %d, too long = %t", len(got), err, tt.n, tt.long)
					}
				})
			})
		}
	}
}

func numbered(n int) []string {
	var members []string
	for i := range n {
		members = append(members, fmt.Sprintf(`"%d":1,`, i))
	}
	return members
}

// The time-out bounds each wait for the server. What the caller does between elements takes as long
// as it takes.
func TestStreamTimeout(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		step step
		work time.Duration
		n    int
		fail bool
	}{
		"slow caller":         {jsonStep(`[{"id":"a"},{"id":"b"},{"id":"c"}]`), time.Hour, 3, false},
		"slow caller, server": {step{body: `[{"id":"a"},{"id":"b"},{"id":"c"}]`, slow: 6 * time.Second}, time.Hour, 3, false},
		"server too slow":     {step{body: `[{"id":"a"},{"id":"b"},{"id":"c"}]`, slow: 8 * time.Second}, 0, 0, true},
		"answer too late":     {step{delay: 8 * time.Second, body: `[{"id":"a"}]`}, 0, 0, true},
		"hangs behind it":     {step{body: `[{"id":"a"}]`, endless: true, slow: time.Second}, 0, 1, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				c := newTestClient(t, newMemory(t, tt.step), tenantkit.WithTimeout(7*time.Second), tenantkit.WithRetry(tenantkit.NoRetry()))
				n := 0
				for _, err := range Stream[thing](t.Context(), c, &listThings, Call{}, "", nil) {
					if err != nil {
						if !tt.fail || !errors.Is(err, os.ErrDeadlineExceeded) {
							t.Errorf("err = %v", err)
						}
						wantSentinels(t, err)
						break
					}
					n++
					time.Sleep(tt.work)
				}
				if n != tt.n {
					t.Errorf("%d elements, want %d", n, tt.n)
				}
			})
		})
	}
}

// What a server sends behind the list keeps nobody waiting for longer than a time-out.
func TestStreamEndsBehindItsList(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]step{
		"hangs":  {body: `[{"id":"a"}]`, stuck: true},
		"drips":  {body: `[{"id":"a"}]`, endless: true, slow: time.Second},
		"floods": {body: `[{"id":"a"}]`, endless: true},
		"breaks": {body: `[{"id":"a"}]`, cut: errReset},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				started := time.Now()
				got, err := stream(t, newTestClient(t, newMemory(t, s), tenantkit.WithTimeout(20*time.Second)), "")
				if len(got) != 1 || err != nil {
					t.Errorf("%v, %v", got, err)
				}
				if elapsed := time.Since(started); elapsed > 40*time.Second {
					t.Errorf("took %v", elapsed)
				}
			})
		})
	}
}

// The caller's context ends a stream at once, also where elements are there to be decoded.
func TestStreamCancelled(t *testing.T) {
	t.Parallel()
	cause := errors.New("enough")
	for name, s := range map[string]step{
		"elements at hand": jsonStep(`[` + strings.Repeat(`{"id":"a"},`, 100) + `{"id":"b"}]`),
		"waiting":          {body: `[{"id":"a"},{"id":"b"}]`, slow: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				c := newTestClient(t, newMemory(t, s))
				n := 0
				var last error
				for _, err := range Stream[thing](ctx, c, &listThings, Call{}, "", nil) {
					if err != nil {
						last = err
						continue
					}
					n++
					cancel(cause)
				}
				if n != 1 {
					t.Errorf("%d elements, want 1", n)
				}
				wantSentinels(t, last, context.Canceled, cause)
				if strings.Count(last.Error(), "context canceled") != 1 {
					t.Errorf("text = %q", last)
				}
			})
		})
	}
}

// A stream can be begun again, and does nothing until it is.
func TestStreamTwice(t *testing.T) {
	t.Parallel()
	server := newMemory(t, jsonStep(`[{"id":"a"},{"id":"b"}]`))
	seq := Stream[thing](t.Context(), newTestClient(t, server), &listThings, Call{}, "", nil)
	if len(server.sent()) != 0 {
		t.Error("sent before it was iterated over")
	}
	for range 2 {
		if got, err := streamed(t, seq); len(got) != 2 || err != nil {
			t.Errorf("%v, %v", got, err)
		}
	}
	if len(server.sent()) != 2 {
		t.Errorf("%d requests", len(server.sent()))
	}
}

func TestStreamOfBadInput(t *testing.T) {
	t.Parallel()
	server := newMemory(t)
	_, err := streamed(t, Stream[thing](t.Context(), newTestClient(t, server), &getThing, Call{Path: []string{".."}}, "", nil))
	wantInvalid(t, err, "GetThing", "thingID", "not a name")
	if len(server.sent()) != 0 {
		t.Error("a request was sent")
	}
}

// Elements do not share memory: each may be kept.
func TestStreamedElementsMayBeKept(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, newMemory(t, jsonStep(`[{"id":"a","name":"x"},{"id":"b"},{"name":"c"}]`)))
	var all []*thing
	for item, err := range Stream[thing](t.Context(), c, &listThings, Call{}, "", nil) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, item)
	}
	if diff := cmp.Diff([]*thing{{ID: "a", Name: "x"}, {ID: "b"}, {Name: "c"}}, all); diff != "" {
		t.Errorf("differ (-want +got):\n%s", diff)
	}
}

// Breaking out of the loop lets go of the server in its middle.
func TestStreamBreak(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	server := newHTTPServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `[{"id":"a"}`)
		for http.NewResponseController(w).Flush() == nil {
			if _, err := io.WriteString(w, `,{"id":"b"}`); err != nil || r.Context().Err() != nil {
				break
			}
		}
		close(gone)
	})
	c := newAPIClient(t, testAPI(), server.URL, tenantkit.NewTransport())
	for _, err := range Stream[thing](t.Context(), c, &listThings, Call{}, "", nil) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	<-gone
}

// The memory of a stream does not grow with the list. Not in parallel: the memory is that of the
// process.
func TestStreamMemory(t *testing.T) {
	const elements = 100_000
	element := `{"id":"a1","name":"` + strings.Repeat("n", 500) + `"},`
	server := newHTTPServer(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status":{"code":"200"},"data":[`)
		for range elements - 1 {
			_, _ = io.WriteString(w, element)
		}
		_, _ = io.WriteString(w, strings.TrimSuffix(element, ",")+`]}`)
	})
	c := newAPIClient(t, testAPI(), server.URL, tenantkit.NewTransport())
	heap := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before, most, n := heap(), uint64(0), 0
	for _, err := range Stream[thing](t.Context(), c, &listThings, Call{}, "data", nil) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%10_000 == 5000 {
			most = max(most, heap())
		}
	}
	if n != elements || most > before+2<<20 {
		t.Errorf("%d elements, heap grew by %d KiB", n, (most-before)>>10)
	}
}
