package tenantkit_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
)

// numbers is a list of pages, each with two elements, as the method CallPage of a client returns
// them.
type numbers struct {
	pages   int
	started []string // the pages asked for
	fetch   func(ctx context.Context, page int) error
}

func (n *numbers) callPage(ctx context.Context, _ tenantkit.Operation, params tenantkit.CallParams, into any, opts ...tenantkit.Option) (string, error) {
	var settings tenantkit.Settings
	for _, opt := range opts {
		if err := opt(&settings); err != nil {
			return "", err
		}
	}
	if ctx == nil {
		return "", &tenantkit.ValidationError{Field: "ctx"}
	}
	if err := ctx.Err(); err != nil {
		return "", &tenantkit.Error{Err: err, Outcome: tenantkit.OutcomeNotSent}
	}
	n.started = append(n.started, params.Next)
	page, _ := strconv.Atoi(params.Next)
	if settings.Response != nil {
		settings.Response.StatusCode = 200 + page
	}
	if n.fetch != nil {
		if err := n.fetch(ctx, page); err != nil {
			return "", err
		}
	}
	*into.(*[]int) = []int{2 * page, 2*page + 1}
	if page+1 == n.pages {
		return "", nil
	}
	return strconv.Itoa(page + 1), nil
}

func TestPages_AllElements(t *testing.T) {
	t.Parallel()
	n := &numbers{pages: 3}
	list := tenantkit.Pages[int](t.Context(), n.callPage, tenantkit.Operation{}, tenantkit.CallParams{})
	if len(n.started) != 0 {
		t.Error("something is sent before the iteration starts")
	}
	for range 2 {
		var got []int
		for i, err := range list {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, *i)
		}
		if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5}, got); diff != "" {
			t.Errorf("elements differ (-want +got):\n%s", diff)
		}
	}
	if diff := cmp.Diff([]string{"", "1", "2", "", "1", "2"}, n.started); diff != "" {
		t.Errorf("pages differ (-want +got):\n%s", diff)
	}
}

func TestPages_StartsWithNext(t *testing.T) {
	t.Parallel()
	n := &numbers{pages: 3}
	for i, err := range tenantkit.Pages[int](t.Context(), n.callPage, tenantkit.Operation{}, tenantkit.CallParams{Next: "2"}) {
		if err != nil || *i < 4 {
			t.Errorf("got %v, %v", i, err)
		}
	}
	if !slices.Equal(n.started, []string{"2"}) {
		t.Errorf("asked for %q", n.started)
	}
}

// While the caller handles a page, the next one is on its way, and no other.
func TestPages_Prefetches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var active, most atomic.Int32
		n := &numbers{pages: 4, fetch: func(context.Context, int) error {
			most.Store(max(most.Load(), active.Add(1)))
			time.Sleep(time.Second)
			active.Add(-1)
			return nil
		}}
		started := time.Now()
		for range tenantkit.Pages[int](t.Context(), n.callPage, tenantkit.Operation{}, tenantkit.CallParams{}) {
			time.Sleep(time.Second / 2)
		}
		// The first page, three more behind the handling of each page, and the handling of
		// the last.
		if took := time.Since(started); took != 5*time.Second || most.Load() != 1 {
			t.Errorf("took %v with %d requests at a time", took, most.Load())
		}
	})
}

func TestPages_LeavingCancels(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ended error
		n := &numbers{pages: 4, fetch: func(ctx context.Context, page int) error {
			if page == 0 {
				return nil
			}
			<-ctx.Done()
			time.Sleep(time.Minute) // the loop waits for it
			ended = ctx.Err()
			return ended
		}}
		started := time.Now()
		for range tenantkit.Pages[int](t.Context(), n.callPage, tenantkit.Operation{}, tenantkit.CallParams{}) {
			synctest.Wait() // for the request of the next page
			break
		}
		if !errors.Is(ended, context.Canceled) || time.Since(started) != time.Minute {
			t.Errorf("the request ended with %v after %v", ended, time.Since(started))
		}
	})
}

func TestPages_PanicReachesTheCaller(t *testing.T) {
	t.Parallel()
	for _, leave := range []bool{false, true} {
		panicking := make(chan struct{})
		n := &numbers{pages: 3, fetch: func(_ context.Context, page int) error {
			if page == 1 {
				close(panicking)
				panic("of a middleware")
			}
			return nil
		}}
		func() {
			defer func() {
				if got := recover(); got != "of a middleware" {
					t.Errorf("leave %t: recovered %v", leave, got)
				}
			}()
			for range tenantkit.Pages[int](t.Context(), n.callPage, tenantkit.Operation{}, tenantkit.CallParams{}) {
				if leave {
					<-panicking
					break
				}
			}
		}()
	}
}

func TestPages_ContextDoneBetweenElements(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := &numbers{pages: 1}
	var got []int
	var failed error
	for i, err := range tenantkit.Pages[int](ctx, n.callPage, tenantkit.Operation{}, tenantkit.CallParams{}) {
		if failed = err; err == nil {
			got = append(got, *i)
			cancel()
		}
	}
	if !slices.Equal(got, []int{0}) || !errors.Is(failed, context.Canceled) || tenantkit.OutcomeOf(failed) != tenantkit.OutcomeNotSent || len(n.started) != 1 {
		t.Errorf("got %v, %v after %d requests", got, failed, len(n.started))
	}
}

// The response is that of the page whose elements are handled, not that of the next page.
func TestPages_WithResponse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := &numbers{pages: 3}
		var response tenantkit.Response
		list := tenantkit.Pages[int](t.Context(), n.callPage, tenantkit.Operation{}, tenantkit.CallParams{},
			tenantkit.WithResponse(&response))
		for i, err := range list {
			synctest.Wait() // for the next page
			if err != nil || response.StatusCode != 200+*i/2 {
				t.Errorf("element %d: response %d, %v", *i, response.StatusCode, err)
			}
		}
	})
}

func TestPages_EndsWithTheFirstError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	n := &numbers{pages: 9, fetch: func(_ context.Context, page int) error {
		if page == 2 {
			return broken
		}
		return nil
	}}
	elements, errs := 0, 0
	for i, err := range tenantkit.Pages[int](t.Context(), n.callPage, tenantkit.Operation{}, tenantkit.CallParams{}) {
		if err != nil {
			if errs++; err != broken || i != nil {
				t.Errorf("got %v, %v", i, err)
			}
		} else {
			elements++
		}
	}
	if elements != 4 || errs != 1 || len(n.started) != 3 {
		t.Errorf("%d elements, %d errors, %d requests", elements, errs, len(n.started))
	}
}

func TestPages_Validation(t *testing.T) {
	t.Parallel()
	var none context.Context
	for name, list := range map[string]func(func(*int, error) bool){
		"no function": tenantkit.Pages[int](t.Context(), nil, tenantkit.Operation{}, tenantkit.CallParams{}),
		"no context":  tenantkit.Pages[int](none, new(numbers).callPage, tenantkit.Operation{}, tenantkit.CallParams{}),
	} {
		n := 0
		for i, err := range list {
			var invalid *tenantkit.ValidationError
			if n++; i != nil || !errors.As(err, &invalid) {
				t.Errorf("%s: got %v, %v", name, i, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d iterations", name, n)
		}
	}
}
