package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
)

// record is an object as the services have them.
type record struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Email    string            `json:"email"`
	Website  string            `json:"website"`
	Created  string            `json:"created"`
	Updated  string            `json:"updated"`
	Count    int               `json:"count"`
	Active   bool              `json:"active"`
	Roles    []string          `json:"roles"`
	Settings map[string]string `json:"settings"`
	Owner    struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"owner"`
}

const recordText = `{"id":"6ac7d684-1f8e-4a02-a502-720e8f11e50b","name":"tenant-of-some-length","email":"admin@tenant.example.org",` +
	`"website":"https://tenant.example.org/","created":"2026-03-04 10:11:12","updated":"2026-03-05 10:11:12","count":42,"active":true,` +
	`"roles":["admin","viewer","editor"],"settings":{"region":"eu","tier":"gold","mode":"batch"},"owner":{"id":"1234","name":"Ada"},"unknown":[1,2,{"a":"b"}]}`

var listText = "[" + strings.TrimSuffix(strings.Repeat(recordText+",", 100), ",") + "]"

// fixed answers each request with the same bytes.
func fixed(text string) roundTripper {
	return func(req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(text)),
			ContentLength: int64(len(text)), Request: req, ProtoMajor: 1, ProtoMinor: 1,
		}, nil
	}
}

// floor is the call as one would write it by hand.
func floor(ctx context.Context, client *http.Client, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, testURL+"/things/a1", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "floor")
	req.Header.Set("X-Api-Key", testKey)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

func benchFloor[T any](b *testing.B, text string) {
	client := &http.Client{Transport: fixed(text)}
	b.ReportAllocs()
	for b.Loop() {
		if err := floor(b.Context(), client, new(T)); err != nil {
			b.Fatal(err)
		}
	}
}

func benchDo[T any](b *testing.B, text string, opts ...tenantkit.Option) {
	c := newTestClient(b, fixed(text))
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Do(b.Context(), &getThing, Call{Path: []string{"a1"}, Into: new(T)}, opts); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkObject(b *testing.B) {
	b.Run("floor", func(b *testing.B) { benchFloor[record](b, recordText) })
	b.Run("tenantkit", func(b *testing.B) { benchDo[record](b, recordText) })
	b.Run("tenantkit with an option", func(b *testing.B) { benchDo[record](b, recordText, tenantkit.WithTimeout(-1)) })
}

func BenchmarkList(b *testing.B) {
	b.Run("floor", func(b *testing.B) { benchFloor[[]record](b, listText) })
	b.Run("tenantkit", func(b *testing.B) { benchDo[[]record](b, listText) })
	b.Run("tenantkit streamed", func(b *testing.B) {
		c := newTestClient(b, fixed(listText))
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for _, err := range Stream[record](b.Context(), c, &listThings, Call{}, "", nil) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != 100 {
				b.Fatalf("%d elements", n)
			}
		}
	})
}

func BenchmarkStream(b *testing.B) {
	const elements = 10_000
	body := &endlessList{elements: elements}
	server := roundTripper(func(req *http.Request) (*http.Response, error) {
		body.sent, body.rest = 0, nil
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, ContentLength: -1, Request: req}, nil
	})
	b.Run("floor, json.Decoder", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			body.sent, body.rest = 0, nil
			decoder := json.NewDecoder(body)
			if _, err := decoder.Token(); err != nil {
				b.Fatal(err)
			}
			for decoder.More() {
				if err := decoder.Decode(new(record)); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("tenantkit", func(b *testing.B) {
		c := newTestClient(b, server)
		b.ReportAllocs()
		for b.Loop() {
			for _, err := range Stream[record](b.Context(), c, &listThings, Call{}, "", nil) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// endlessList is a list of records, written as it is read.
type endlessList struct {
	elements, sent int
	rest           []byte
}

func (l *endlessList) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		switch {
		case l.sent == 0:
			l.rest = []byte("[" + recordText)
		case l.sent < l.elements:
			l.rest = []byte("," + recordText)
		case l.sent == l.elements:
			l.rest = []byte("]")
		default:
			return 0, io.EOF
		}
		l.sent++
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func (l *endlessList) Close() error { return nil }

// BenchmarkErrorResponse is a refusal, with the removal of secrets from it.
func BenchmarkErrorResponse(b *testing.B) {
	for name, body := range map[string]string{"short": `{"error":"there is no such thing"}`, "64 KiB": strings.Repeat(`{"error":"there is \"no\" such thing"},`, 2000)} {
		b.Run(name, func(b *testing.B) {
			c := newTestClient(b, roundTripper(func(req *http.Request) (*http.Response, error) {
				resp, err := fixed(body)(req)
				resp.StatusCode = http.StatusNotFound
				return resp, err
			}))
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Do(b.Context(), &getThing, Call{Path: []string{"a1"}, Into: new(record)}, nil); err == nil {
					b.Fatal("no error")
				}
			}
		})
	}
}

// A call costs at most 15 allocations above one written by hand.
func TestAllocations(t *testing.T) {
	client := &http.Client{Transport: fixed(recordText)}
	c := newTestClient(t, fixed(recordText))
	byHand := testing.AllocsPerRun(200, func() {
		if err := floor(t.Context(), client, new(record)); err != nil {
			t.Fatal(err)
		}
	})
	ours := testing.AllocsPerRun(200, func() {
		if err := c.Do(t.Context(), &getThing, Call{Path: []string{"a1"}, Into: new(record)}, nil); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("%.0f allocations, %.0f by hand", ours, byHand)
	if ours > byHand+15+moreUnderRace {
		t.Errorf("%.0f allocations, want at most %.0f", ours, byHand+15+moreUnderRace)
	}
}
