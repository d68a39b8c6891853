package autoid

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// Span are the positions From, From+1, … To-1.
type Span struct {
	// From is the first position, where the first item of a sequence has 0, and To the one
	// behind the last.
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// BulkState says which items of a sequence are settled, so that a later run can do the rest. It is
// small: a few spans while all goes well, and about one more for each request that failed. It can
// be stored as JSON.
type BulkState struct {
	// Operation is "AcknowledgeAssignments" or the like; empty in the zero value, which is the
	// state before the first run.
	Operation string `json:"operation"`
	// Settled are the positions of the items that were done or refused, in order.
	Settled []Span `json:"settled"`
	// Done and Refused count them, over all runs.
	Done    int64 `json:"done"`
	Refused int64 `json:"refused"`
	// First are the number of items at the beginning of the sequence, 1000 at the most, and a
	// checksum of them. By it a run recognizes the items of an earlier one.
	First Fingerprint `json:"first"`
}

// Fingerprint identifies items by a checksum.
type Fingerprint struct {
	// Items is how many items the checksum is of.
	Items int64 `json:"items"`
	// Checksum is hexadecimal. It is no protection against items that are made to have it.
	Checksum string `json:"checksum"`
}

// ErrOtherItems is why a run stops that is to go on from the state of an earlier one, and gets a
// sequence that begins differently, or ends before the last item that was settled.
var ErrOtherItems = errors.New("these are not the items of the earlier run: its State, or its checkpoint, belongs to another sequence")

// maxFingerprint is the number of items that are looked at to recognize a sequence.
const maxFingerprint = 1000

func (s BulkState) isZero() bool {
	return s.Operation == "" && len(s.Settled) == 0 && s.Done == 0 && s.Refused == 0 && s.First == Fingerprint{}
}

// check says why no run can go on from the state.
func (s BulkState) check(op *rest.Operation) error {
	if s.isZero() {
		return nil
	}
	if s.Operation != op.Name {
		return op.Invalid("state.operation", "it is of a run of %q", s.Operation)
	}
	var end int64
	for i, span := range s.Settled {
		if span.From < end || i > 0 && span.From == end || span.To <= span.From {
			return op.Invalid("state.settled", "the spans are not in order")
		}
		end = span.To
	}
	if s.Done < 0 || s.Refused < 0 {
		return op.Invalid("state.done", "it, or refused, is negative")
	}
	if s.First.Items < 0 || s.First.Items > maxFingerprint || s.First.Items == 0 && end > 0 {
		return op.Invalid("state.first", "%d items cannot be recognized", s.First.Items)
	}
	return nil
}

// length is how many items the sequence has at least.
func (s BulkState) length() int64 {
	if len(s.Settled) == 0 {
		return s.First.Items
	}
	return max(s.First.Items, s.Settled[len(s.Settled)-1].To)
}

// loadState returns the state to continue from.
func (c *Client) loadState(ctx context.Context, o BulkOptions, op *rest.Operation) (BulkState, error) {
	state := o.Resume
	if o.Checkpoint != nil {
		var err error
		if state, err = o.Checkpoint.Load(ctx); err != nil {
			return state, c.rest.Error(op, nil, tenantkit.OutcomeNotSent, fmt.Errorf("the checkpoint cannot be read: %w", err))
		}
	}
	return state, state.check(op)
}

// positions is a set of positions, as spans in order that do not touch.
type positions []Span

// at returns the index of the first span that ends after position.
func (p positions) at(position int64) int {
	return sort.Search(len(p), func(i int) bool { return p[i].To > position })
}

func (p positions) has(position int64) bool {
	i := p.at(position)
	return i < len(p) && p[i].From <= position
}

// add adds a position that is not in the set.
func (p *positions) add(position int64) {
	s := *p
	i := s.at(position)
	after := i > 0 && s[i-1].To == position
	before := i < len(s) && s[i].From == position+1
	switch {
	case after && before:
		s[i-1].To = s[i].To
		*p = slices.Delete(s, i, i+1)
	case after:
		s[i-1].To++
	case before:
		s[i].From--
	default:
		*p = slices.Insert(s, i, Span{position, position + 1})
	}
}

// without returns the positions below end that are in none of the sets.
func without(end int64, sets ...positions) []Span {
	all := slices.Concat(sets...)
	slices.SortFunc(all, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	var rest []Span
	var at int64
	for _, span := range append(all, Span{end, end}) {
		if from := min(span.From, end); from > at {
			rest = append(rest, Span{at, from})
		}
		at = max(at, span.To)
	}
	return rest
}

// recognizer takes the fingerprint of a sequence, and compares it with that of an earlier run.
type recognizer struct {
	sum     uint64
	items   int64
	want    Fingerprint
	differs bool
}

// verified tells whether the sequence begins like that of the earlier run.
func (r *recognizer) verified() bool { return r.items >= r.want.Items && !r.differs }

// add takes the next item of the sequence, and reports whether it may still be that of the earlier
// run.
func (r *recognizer) add(keys []uint64, value string) bool {
	if r.items == maxFingerprint {
		return true
	}
	for _, key := range keys {
		r.sum = hashNumber(r.sum, key)
	}
	r.sum = hash(r.sum, value)
	r.items++
	r.differs = r.items == r.want.Items && r.fingerprint() != r.want
	return !r.differs
}

func (r *recognizer) fingerprint() Fingerprint {
	return Fingerprint{r.items, strconv.FormatUint(r.sum, 16)}
}
