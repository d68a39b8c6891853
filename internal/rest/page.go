package rest

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/link"
)

// Pager reads a list that the server hands out in pages, each of them a JSON array.
type Pager[T any] struct {
	// Client sends Operation for each page.
	Client    *Client
	Operation *Operation
	// Call returns the call for the page that next leads to, and for the first page where next is empty.
	Call func(next string) Call
	// Next returns what leads to the page after the one in answer, empty after the last: [LinkURL], or what [LinkToken] returns.
	Next func(answer *http.Response) (string, error)
	// Check looks at each element, and returns an error where it is not what the operation promises; nil checks nothing.
	Check func(*T) error
}

// Page returns the page that next leads to, the first one where next is empty.
func (p *Pager[T]) Page(ctx context.Context, next string, opts []tenantkit.Option) (*tenantkit.Page[T], error) {
	page, err := p.fetch(ctx, next, newTrail(), opts)
	if err != nil {
		return nil, err
	}
	return page, nil
}

// All iterates over the elements of all pages. Each iteration starts anew, and sends nothing before it starts. While the caller
// handles one page, the next one is fetched; leaving the loop cancels that, and waits for its end. An error is the last that it
// yields.
func (p *Pager[T]) All(ctx context.Context, opts []tenantkit.Option) iter.Seq2[*T, error] {
	opts = slices.Clone(opts)
	return func(yield func(*T, error) bool) {
		if ctx == nil {
			yield(nil, p.Operation.Invalid("ctx", "it is nil"))
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		trail := newTrail()
		ahead := p.fetchAhead(ctx, "", trail, opts)
		defer func() {
			cancel()
			ahead.wait()
		}()
		for {
			page, err := ahead.take()
			more := err == nil && page.Next != ""
			if more {
				ahead = p.fetchAhead(ctx, page.Next, trail, opts)
			}
			if page != nil {
				for i := range page.Items {
					if i > 0 && ctx.Err() != nil {
						yield(nil, p.ended(ctx))
						return
					}
					if !yield(&page.Items[i], nil) {
						return
					}
				}
			}
			if err != nil {
				yield(nil, err)
			}
			if !more {
				return
			}
		}
	}
}

// ended is the error of an iteration whose context ended while the caller handled an element.
func (p *Pager[T]) ended(ctx context.Context) error {
	return p.Client.Error(p.Operation, p.Call("").Path, tenantkit.OutcomeNotSent, contextError(ctx))
}

// fetch calls for one page. Where nothing but the way to the next page is wrong with it, it comes together with the error.
func (p *Pager[T]) fetch(ctx context.Context, next string, trail *trail, opts []tenantkit.Option) (*tenantkit.Page[T], error) {
	page, good := new(tenantkit.Page[T]), false
	what := p.Call(next)
	what.Into = &page.Items
	what.Answered = func(answer *http.Response) error {
		for i := range page.Items {
			if p.Check == nil {
				break
			}
			if err := p.Check(&page.Items[i]); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
		good = true
		following, err := p.Next(answer)
		if err != nil || following == "" {
			return err
		}
		page.Next = following
		return trail.step(next, answer.Request.URL.String(), following)
	}
	err := p.Client.Do(ctx, p.Operation, what, opts)
	if !good {
		page = nil
	}
	return page, err
}

// fetching is one page on its way.
type fetching[T any] struct {
	ended    chan struct{}
	page     *tenantkit.Page[T]
	err      error
	response tenantkit.Response
	asked    *tenantkit.Response // where the caller wants to have response, or nil
	panicked any
}

// fetchAhead fetches a page while the caller does something else.
func (p *Pager[T]) fetchAhead(ctx context.Context, next string, trail *trail, opts []tenantkit.Option) *fetching[T] {
	f := &fetching[T]{ended: make(chan struct{}), err: errors.New("the goroutine that fetched a page was ended")}
	opts = append(slices.Clip(opts), func(s *tenantkit.Settings) error {
		trail.maxPages = s.MaxPages
		// The caller's own must not change under its hands while it handles the page before.
		if f.asked = s.Response; f.asked != nil {
			s.Response = &f.response
		}
		return nil
	})
	go func() {
		defer close(f.ended)
		defer func() { f.panicked = recover() }()
		f.page, f.err = p.fetch(ctx, next, trail, opts)
	}()
	return f
}

// wait waits for the end of the fetching. A panic of the caller's own code in it (a middleware, a token source) goes on in the
// caller's goroutine, where it can be recovered from.
func (f *fetching[T]) wait() {
	<-f.ended
	if f.panicked != nil {
		panic(f.panicked)
	}
}

// take returns what was fetched.
func (f *fetching[T]) take() (*tenantkit.Page[T], error) {
	f.wait()
	if f.asked != nil {
		*f.asked = f.response
	}
	return f.page, f.err
}

// trail remembers which pages of a list were read, as hashes, so that its memory does not grow with the length of URLs.
type trail struct {
	seed     maphash.Seed
	seen     map[uint64]struct{}
	pages    int
	maxPages int // 0 means no bound
}

func newTrail() *trail {
	return &trail{seed: maphash.MakeSeed(), seen: make(map[uint64]struct{})}
}

var errLoop = errors.New("it names as its next page one that was read before, so that the list would never end")

// step notes that a page was read, under each of its names, and refuses to go on to one that was read before.
func (t *trail) step(asked, url, next string) error {
	for _, name := range []string{asked, url} {
		t.seen[maphash.String(t.seed, name)] = struct{}{}
	}
	if _, again := t.seen[maphash.String(t.seed, next)]; again {
		return errLoop
	}
	t.pages++
	if t.pages == t.maxPages {
		return fmt.Errorf("there are more than %d pages, the bound of WithMaxPages", t.maxPages)
	}
	return nil
}

// LinkToken finds the next page by one query parameter of the link rel="next", whatever host and path that link names: for services
// whose links are wrong but for that, and for those behind a proxy that changes paths. A link without the parameter, or with an
// empty one, is that of the last page. Semicolons at the end are no part of a token.
func LinkToken(parameter string) func(*http.Response) (string, error) {
	return func(answer *http.Response) (string, error) {
		next, found, err := link.Next(answer.Header, answer.Request.URL)
		if err != nil || !found {
			return "", err
		}
		for pair := range strings.SplitSeq(next.RawQuery, "&") {
			if name, value, _ := strings.Cut(pair, "="); name == parameter {
				return unescape(strings.TrimRight(value, ";")), nil
			}
		}
		return "", nil
	}
}

// unescape decodes the value of a query parameter, and leaves what does not decode as it is: a token may look like anything.
func unescape(value string) string {
	if decoded, err := url.QueryUnescape(value); err == nil {
		return decoded
	}
	return value
}

// LinkURL finds the next page by the link rel="next", which must stay within the origin of the request.
func LinkURL(answer *http.Response) (string, error) {
	next, found, err := link.Next(answer.Header, answer.Request.URL)
	if err != nil || !found {
		return "", err
	}
	if err := link.CheckFollow(answer.Request.URL, next); err != nil {
		return "", err
	}
	// One spelling of the origin, so that a page is known again.
	next.Scheme, next.Host = answer.Request.URL.Scheme, answer.Request.URL.Host
	return next.String(), nil
}

// pageURL returns the URL of a page that an earlier answer named, or that a caller kept from then.
func (c *Client) pageURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, errors.New("it is not what an earlier page gave as Next")
	}
	if err := link.CheckFollow(c.base, u); err != nil {
		return nil, err
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}
