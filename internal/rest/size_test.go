package rest

import (
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
)

// bufferedBody tells the size of the buffer that it is first read into, and of the largest.
type bufferedBody struct {
	io.Reader
	first, most, read int
}

func (b *bufferedBody) Read(p []byte) (int, error) {
	if b.first == 0 {
		b.first = len(p)
	}
	b.most = max(b.most, b.read+len(p))
	n, err := b.Reader.Read(p)
	b.read += n
	return n, err
}

func (b *bufferedBody) Close() error { return nil }

// An answer of unknown length is read into a buffer for one as long as the last of its operation, within bounds.
func TestFirstBuffer(t *testing.T) {
	t.Parallel()
	var body *bufferedBody
	status := http.StatusOK
	c := newTestClient(t, roundTripper(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, ContentLength: -1, Request: req}, nil
	}))
	for _, step := range []struct {
		name   string
		op     *Operation
		length int
		status int
		want   int
	}{
		{"the first answer", &listThings, 100_000, http.StatusOK, firstBytes},
		{"one as long", &listThings, 100_000, http.StatusOK, 100_001},
		{"one that is longer", &listThings, 2_000_000, http.StatusOK, 100_001},
		{"one after a very long one", &listThings, 10, http.StatusOK, maxFirstBytes},
		{"one after a short one", &listThings, 20_000, http.StatusOK, firstBytes},
		{"a refusal", &listThings, 10, http.StatusNotFound, firstBytes},
		{"one after a refusal", &listThings, 10, http.StatusOK, 20_001},
		{"another operation", &queryThings, 10, http.StatusOK, firstBytes},
	} {
		body = &bufferedBody{Reader: strings.NewReader(`["` + strings.Repeat("x", step.length-4) + `"]`)}
		status = step.status
		err := c.Do(t.Context(), step.op, Call{Into: new([]string)}, nil)
		if (err == nil) != (step.status == http.StatusOK) {
			t.Fatalf("%s: %v", step.name, err)
		}
		if body.first != step.want {
			t.Errorf("%s: a buffer of %d bytes, want %d", step.name, body.first, step.want)
		}
	}
}

// What is too long is not read into a buffer of twice the bound, whatever the bound.
func TestLastBuffer(t *testing.T) {
	t.Parallel()
	for _, bound := range []int64{firstBytes, 3*firstBytes + 7, 1 << 20, math.MaxInt64} {
		length := int(min(bound, 1<<20))
		body := &bufferedBody{Reader: strings.NewReader(`["` + strings.Repeat("x", length) + `"]`)}
		c := newTestClient(t, roundTripper(func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, ContentLength: -1, Request: req}, nil
		}))
		err := c.Do(t.Context(), &listThings, Call{Into: new([]string)}, []tenantkit.Option{tenantkit.WithMaxResponseBytes(bound)})
		if tooLong := bound < math.MaxInt64; (err != nil) != tooLong {
			t.Errorf("a bound of %d: %v", bound, err)
		}
		if int64(body.most)-bound > bound/2 {
			t.Errorf("a buffer of %d bytes for a bound of %d", body.most, bound)
		}
	}
}
