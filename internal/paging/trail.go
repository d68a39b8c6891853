// Package paging remembers which pages of a list were read, so that a list that never ends is found
// out.
package paging

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
)

// A Trail is the pages that an iteration over a list has read. It keeps hashes, so that its memory
// does not grow with the length of URLs. It is safe for concurrent use.
type Trail struct {
	mu    sync.Mutex
	seed  maphash.Seed
	seen  map[uint64]struct{}
	pages int
}

type trailKey struct{}

// NewContext returns a context with a new Trail, for the calls of one iteration.
func NewContext(ctx context.Context) context.Context {
	return context.WithValue(ctx, trailKey{}, &Trail{seed: maphash.MakeSeed(), seen: make(map[uint64]struct{})})
}

// FromContext returns the trail of an iteration, or a new one for a page that is read on its own.
// It reports which.
func FromContext(ctx context.Context) (trail *Trail, iterating bool) {
	if trail, ok := ctx.Value(trailKey{}).(*Trail); ok {
		return trail, true
	}
	return &Trail{seed: maphash.MakeSeed(), seen: make(map[uint64]struct{})}, false
}

var errLoop = errors.New("the next page is one that was read before: the list would never end")

// Step records that a page was read, under the names by which it was asked for and found, and
// returns an error if next was read before, or if the list has more than maxPages pages. Zero means
// no limit.
func (t *Trail) Step(asked, found, next string, maxPages int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range []string{asked, found} {
		t.seen[maphash.String(t.seed, name)] = struct{}{}
	}
	if _, again := t.seen[maphash.String(t.seed, next)]; again {
		return errLoop
	}
	t.pages++
	if t.pages == maxPages {
		return fmt.Errorf("the list has more than %d pages, the limit of WithMaxPages", maxPages)
	}
	return nil
}
