package tenantkit

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"slices"

	"github.com/tenantkit/tenantkit/internal/paging"
)

// CallParams are the parameters of the methods Call and CallPage of a client.
type CallParams struct {
	// Path has a value for each placeholder of the operation's path, by its name.
	Path map[string]string
	// Query is the query of the URL. It must not contain a [Secret].
	Query url.Values
	// Body is sent as JSON, with the strings of its secrets. If nil, no body is sent.
	Body any

	// Items names the member of the response that holds the elements of a page ("result"), with
	// dots between the names of nested members. If it is empty, the response is an array. Only
	// CallPage uses it, and the fields below.
	Items string
	// NextMember names the member that holds the URL of the next page ("links.next"); a page
	// without elements is the last then. If it is empty, the URL is that of the header Link
	// with rel="next".
	NextMember string
	// Next is the page to fetch, as an earlier CallPage returned it. If it is empty, the first
	// page is fetched.
	Next string
}

// Pages iterates over the elements of all pages of a list, which callPage, the method CallPage of a
// client, fetches:
//
//	for report, err := range tenantkit.Pages[Report](ctx, client.CallPage, op, tenantkit.CallParams{Items: "data"}) {
//		...
//	}
//
// It starts with params.Next. While the caller handles one page, the next one is fetched; leaving
// the loop cancels that request, and waits for its end. Each iteration starts anew, and sends
// nothing before it starts. It ends with the first error. A next page on another origin, one that
// was read before, and more pages than [WithMaxPages] allows are errors.
func Pages[T any](ctx context.Context, callPage func(ctx context.Context, op Operation, params CallParams, into any, opts ...Option) (next string, err error), op Operation, params CallParams, opts ...Option) iter.Seq2[*T, error] {
	opts = slices.Clone(opts)
	return func(yield func(*T, error) bool) {
		if callPage == nil {
			yield(nil, &ValidationError{Operation: "Pages", Field: "callPage", Reason: "must not be nil"})
			return
		}
		if ctx == nil {
			_, err := callPage(ctx, op, params, new([]T), opts...)
			yield(nil, err)
			return
		}
		cancelable, cancel := context.WithCancel(paging.NewContext(ctx))
		fetch := func(next string) *prefetch[T] { return startFetch[T](cancelable, callPage, op, params, next, opts) }
		ahead := fetch(params.Next)
		defer func() {
			cancel()
			ahead.wait()
		}()
		done := func() error {
			if ctx.Err() == nil {
				return nil
			}
			// The error of a call whose context is done, which sends nothing.
			if _, err := callPage(ctx, op, params, new([]T), opts...); err != nil {
				return err
			}
			return context.Cause(ctx)
		}
		for {
			items, next, err := ahead.take()
			last := err != nil || next == ""
			if !last {
				ahead = fetch(next)
			}
			if !yieldItems(items, done, yield) {
				return
			}
			if err != nil {
				yield(nil, err)
			}
			if last {
				return
			}
		}
	}
}

// yieldItems yields the elements of a page until done returns an error, which it yields as well. It
// reports whether to go on.
func yieldItems[T any](items []T, done func() error, yield func(*T, error) bool) bool {
	for i := range items {
		if i > 0 {
			if err := done(); err != nil {
				yield(nil, err)
				return false
			}
		}
		if !yield(&items[i], nil) {
			return false
		}
	}
	return true
}

// prefetch is a page on its way.
type prefetch[T any] struct {
	done     chan struct{}
	items    []T
	next     string
	err      error
	response Response
	wanted   *Response // where the caller wants to have response; nil if it does not
	panicked any
}

// startFetch fetches a page in a goroutine.
func startFetch[T any](ctx context.Context, callPage func(context.Context, Operation, CallParams, any, ...Option) (string, error), op Operation, params CallParams, next string, opts []Option) *prefetch[T] {
	f := &prefetch[T]{done: make(chan struct{}), err: fmt.Errorf("%s: the goroutine that fetched a page ended", op.Name)}
	params.Next = next
	opts = append(slices.Clip(opts), func(s *Settings) error {
		// The caller's own must not change while it handles the page before.
		if f.wanted = s.Response; f.wanted != nil {
			s.Response = &f.response
		}
		return nil
	})
	go func() {
		defer close(f.done)
		defer func() { f.panicked = recover() }()
		f.next, f.err = callPage(ctx, op, params, &f.items, opts...)
	}()
	return f
}

// wait waits for the end of the fetch. A panic of the caller's own code in it (a middleware, a
// token source) continues in the caller's goroutine, where it can be recovered from.
func (f *prefetch[T]) wait() {
	<-f.done
	if f.panicked != nil {
		panic(f.panicked)
	}
}

// take returns the page. Its elements may come together with an error.
func (f *prefetch[T]) take() (items []T, next string, err error) {
	f.wait()
	if f.wanted != nil {
		*f.wanted = f.response
	}
	return f.items, f.next, f.err
}
