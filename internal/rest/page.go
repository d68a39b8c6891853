package rest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/link"
	"github.com/tenantkit/tenantkit/internal/paging"
)

// A Pager reads a list that the server returns in pages, each of them a JSON array.
type Pager[T any] struct {
	// Client sends Operation for each page.
	Client    *Client
	Operation *Operation
	// Call returns the call for the page that next leads to, or for the first page if next is
	// empty.
	Call func(next string) Call
	// Next returns the next page that a response names, or "" after the last: [LinkURL], or the
	// result of [LinkToken].
	Next func(response *http.Response) (string, error)
	// Check returns an error if an element is not what the operation promises. If nil, nothing
	// is checked.
	Check func(*T) error
}

// Page returns the page that next leads to, or the first one if next is empty.
func (p *Pager[T]) Page(ctx context.Context, next string, opts []tenantkit.Option) (*tenantkit.Page[T], error) {
	page := new(tenantkit.Page[T])
	var err error
	if page.Next, err = p.fetch(ctx, next, &page.Items, opts); err != nil {
		return nil, err
	}
	return page, nil
}

// All iterates over the elements of all pages, see [tenantkit.Pages].
func (p *Pager[T]) All(ctx context.Context, opts []tenantkit.Option) iter.Seq2[*T, error] {
	callPage := func(ctx context.Context, _ tenantkit.Operation, params tenantkit.CallParams, into any, opts ...tenantkit.Option) (string, error) {
		return p.fetch(ctx, params.Next, into.(*[]T), opts)
	}
	return tenantkit.Pages[T](ctx, callPage, p.Operation.Public(), tenantkit.CallParams{}, opts...)
}

// fetch reads the page that next leads to into items, and returns the page after it. If nothing but
// the way to the next page is wrong, items are kept together with the error.
func (p *Pager[T]) fetch(ctx context.Context, next string, items *[]T, opts []tenantkit.Option) (following string, err error) {
	params, checked := p.Call(next), false
	params.Into = items
	params.Pages = true
	params.CheckResponse = func(response *http.Response) error {
		for i := range *items {
			if p.Check == nil {
				break
			}
			if err := p.Check(&(*items)[i]); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
		checked = true
		return nil
	}
	following, err = p.Client.fetchPage(ctx, p.Operation, params, next, p.Next, opts)
	if !checked {
		*items = nil
	}
	return following, err
}

// fetchPage calls for one page, and returns the page after it as nextOf finds it.
func (c *Client) fetchPage(ctx context.Context, op *Operation, params Call, asked string, nextOf func(*http.Response) (string, error), opts []tenantkit.Option) (following string, err error) {
	check := params.CheckResponse
	maxPages := 0
	opts = append(opts[:len(opts):len(opts)], func(s *tenantkit.Settings) error {
		maxPages = s.MaxPages
		return nil
	})
	params.CheckResponse = func(response *http.Response) error {
		if check != nil {
			if err := check(response); err != nil {
				return err
			}
		}
		var err error
		if following, err = nextOf(response); err != nil || following == "" {
			return err
		}
		trail, iterating := paging.FromContext(ctx)
		if !iterating {
			maxPages = 0
		}
		return trail.Step(asked, response.Request.URL.String(), following, maxPages)
	}
	if err := c.Do(ctx, op, params, opts); err != nil {
		return "", err
	}
	return following, nil
}

// LinkToken finds the next page by one query parameter of the link rel="next", whatever host and
// path that link names: for services whose links are wrong but for that, and for those behind a
// proxy that changes paths. A link without the parameter, or with an empty one, is that of the last
// page. Semicolons at the end are no part of a token.
func LinkToken(parameter string) func(*http.Response) (string, error) {
	return func(response *http.Response) (string, error) {
		next, found, err := link.Next(response.Header, response.Request.URL)
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

// unescape decodes the value of a query parameter, and leaves what does not decode as it is: a
// token may look like anything.
func unescape(value string) string {
	if decoded, err := url.QueryUnescape(value); err == nil {
		return decoded
	}
	return value
}

// LinkURL finds the next page by the link rel="next", which must stay within the origin of the
// request.
func LinkURL(response *http.Response) (string, error) {
	next, found, err := link.Next(response.Header, response.Request.URL)
	if err != nil || !found {
		return "", err
	}
	if err := link.CheckFollow(response.Request.URL, next); err != nil {
		return "", err
	}
	// One spelling of the origin, so that a page is known again.
	next.Scheme, next.Host = response.Request.URL.Scheme, response.Request.URL.Host
	return next.String(), nil
}

// pageURL returns the URL of a page that an earlier response named, or that a caller kept.
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
