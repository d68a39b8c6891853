package autoid

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// acknowledge sends the items in batches, by send.
func acknowledge[T bulkItem](ctx context.Context, c *Client, op *rest.Operation, items iter.Seq[T], options BulkOptions, opts []tenantkit.Option,
	send func(context.Context, []T, ...tenantkit.Option) error) (result BulkResult, err error) {
	switch {
	case c.client() == nil:
		return BulkResult{}, op.Invalid("client", "must be made by NewClient")
	case ctx == nil:
		return BulkResult{}, op.Invalid("ctx", "must not be nil")
	case items == nil:
		return BulkResult{}, op.Invalid("items", "must not be nil")
	}
	if err := checkShared(op, opts); err != nil {
		return BulkResult{}, err
	}
	options, err = options.withDefaults(op)
	if err != nil {
		return BulkResult{}, err
	}
	unlock := func() error { return nil }
	if options.Checkpoint != nil {
		var lockErr error
		if ctx, unlock, lockErr = options.Checkpoint.Lock(ctx); lockErr != nil {
			lockErr = fmt.Errorf("waiting for the lock of the checkpoint: %w", lockErr)
			return BulkResult{}, c.rest.Error(op, nil, tenantkit.OutcomeNotSent, lockErr)
		}
	}
	// Also if a callback panics.
	defer func() {
		if failed := unlock(); failed != nil && err == nil {
			failed = fmt.Errorf("the lock of the checkpoint could not be released: %w", failed)
			err = c.rest.Error(op, nil, tenantkit.OutcomeApplied, failed)
		}
	}()
	state, err := c.loadState(ctx, options, op)
	if err != nil {
		return BulkResult{}, err
	}
	r := &bulkRun[T]{
		BulkOptions: options, op: op, client: c.rest,
		send:    func(ctx context.Context, items []T) error { return send(ctx, items, opts...) },
		started: time.Now(), saved: time.Now(),
		before:  state,
		settled: slices.Clone(positions(state.Settled)),
		known:   recognizer{sum: hashSeed, want: state.First},
		busy:    make(map[uint64]struct{}),
		waiting: make(map[uint64]struct{}),
		left:    make(map[uint64]struct{}),
		changed: make(chan struct{}, 1),
	}
	return r.run(ctx, items)
}

// bulkRun is one run. The caller's goroutine reads the items and forms batches; each batch on its
// way has a goroutine of its own.
type bulkRun[T bulkItem] struct {
	BulkOptions
	op      *rest.Operation
	client  *rest.Client
	send    func(context.Context, []T) error
	started time.Time
	before  BulkState // the state that the run began with
	flights sync.WaitGroup
	changed chan struct{} // tells the reading goroutine that a batch is answered

	mu      sync.Mutex // guards what follows, and is held while callbacks run
	counts  BulkProgress
	settled positions
	unknown positions
	known   recognizer
	keys    []uint64            // of the item that is being taken
	early   []entry[T]          // taken before it was known that the items are those of the earlier run
	open    batch[T]            // is being filled
	held    []entry[T]          // items that wait for others of the same keys, in order
	busy    map[uint64]struct{} // the keys of the open batch and of those on their way
	waiting map[uint64]struct{} // the keys of the held items
	left    map[uint64]struct{} // the keys of the items left behind, which none of a later one may overtake
	flying  int                 // batches on their way

	refusedInRow, failedInRow int
	first                     error // the first refusal or failure
	stop                      error // why no further batch is sent
	panicked                  error // the panic of a callback, outside of the caller's goroutine
	canceled                  bool  // stop is that of the context
	whole                     bool  // the sequence has ended before the context did
	saving                    bool
	saved                     time.Time // when the checkpoint was last saved
}

// entry is an item that no batch holds yet.
type entry[T bulkItem] struct {
	item     T
	position int64
	keys     []uint64
	size     int
}

// batch are the items of a request.
type batch[T bulkItem] struct {
	items     []T
	positions []int64
	keys      []uint64
	size      int
}

func (b *batch[T]) add(e entry[T]) {
	b.items = append(b.items, e.item)
	b.positions = append(b.positions, e.position)
	b.keys = append(b.keys, e.keys...)
	b.size += e.size
}

// run reads the items, waits for the last batch, and tells what it came to.
func (r *bulkRun[T]) run(ctx context.Context, items iter.Seq[T]) (BulkResult, error) {
	ctx, cancel := context.WithCancel(ctx)
	// Also when the sequence or a callback panics, no goroutine stays behind.
	defer r.flights.Wait()
	defer cancel()
	ended := true
	for item := range items {
		if !r.take(ctx, item) {
			ended = false
			break
		}
	}
	if ended {
		r.end(ctx)
	}
	r.flights.Wait()
	if r.panicked != nil {
		panic(r.panicked)
	}
	return r.finish(ctx)
}

// take takes the next item of the sequence, and reports whether to go on.
func (r *bulkRun[T]) take(ctx context.Context, item T) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.halted(ctx) {
		return false
	}
	r.keys = item.appendKeys(r.keys[:0])
	e := entry[T]{item: item, position: r.counts.Read, keys: r.keys, size: item.size() + len(",")}
	if !r.known.add(e.keys, item.value()) {
		r.stop = ErrOtherItems
		return false
	}
	r.counts.Read++
	settled := r.settled.has(e.position)
	if settled {
		r.counts.Skipped++
	}
	if !r.known.verified() {
		if !settled {
			e.keys = slices.Clone(e.keys)
			r.early = append(r.early, e)
		}
		return true
	}
	for _, early := range r.early {
		if !r.admit(ctx, early) {
			return false
		}
	}
	r.early = nil
	return settled || r.admit(ctx, e)
}

// admit takes an item into the work, and reports whether to go on.
func (r *bulkRun[T]) admit(ctx context.Context, e entry[T]) bool {
	if field, reason := e.item.check(); reason != "" {
		r.refuse(e.item, e.position, r.op.Invalid(fmt.Sprintf("items.%d.%s", e.position, field), "%s", reason))
		return !r.halted(ctx)
	}
	for !r.place(ctx, e) {
		if !r.wait(ctx) {
			return false
		}
	}
	return true
}

// place puts the item into the open batch, or holds it back for others of the same keys; it reports
// false when there is no room. An item whose predecessor was left behind is left behind too: the
// next run sends both, in order.
func (r *bulkRun[T]) place(ctx context.Context, e entry[T]) bool {
	switch {
	case shares(r.left, e.keys):
		add(r.left, e.keys)
		return true
	case r.conflicts(e):
		if len(r.held) >= r.BatchItems {
			return false
		}
		e.keys = slices.Clone(e.keys)
		r.hold(e)
		return true
	case !r.fits(e):
		return false
	}
	r.put(e)
	if len(r.open.items) == r.BatchItems && r.flying < r.Parallel {
		r.begin(ctx)
	}
	return true
}

// conflicts tells whether an item of the same keys was taken before e, and is not answered.
func (r *bulkRun[T]) conflicts(e entry[T]) bool {
	return shares(r.busy, e.keys) || shares(r.waiting, e.keys)
}

func shares(set map[uint64]struct{}, keys []uint64) bool {
	return slices.ContainsFunc(keys, func(key uint64) bool { _, has := set[key]; return has })
}

func add(set map[uint64]struct{}, keys []uint64) {
	for _, key := range keys {
		set[key] = struct{}{}
	}
}

func (r *bulkRun[T]) fits(e entry[T]) bool {
	n := len(r.open.items)
	return n == 0 || n < r.BatchItems && r.open.size+e.size <= r.BatchBytes
}

func (r *bulkRun[T]) put(e entry[T]) {
	r.open.add(e)
	add(r.busy, e.keys)
}

func (r *bulkRun[T]) hold(e entry[T]) {
	r.held = append(r.held, e)
	add(r.waiting, e.keys)
}

// release gives back the keys of an answered batch, and moves the held items that they stood in the
// way of into the open one.
func (r *bulkRun[T]) release(keys []uint64) {
	for _, key := range keys {
		delete(r.busy, key)
	}
	held := r.held
	r.held = nil
	clear(r.waiting)
	for _, e := range held {
		switch {
		case shares(r.left, e.keys):
			add(r.left, e.keys)
		case !r.conflicts(e) && r.fits(e):
			r.put(e)
		default:
			r.hold(e)
		}
	}
}

// wait sends the open batch, or waits until another one is answered; it reports whether to go on.
func (r *bulkRun[T]) wait(ctx context.Context) bool {
	switch {
	case r.halted(ctx):
		return false
	case len(r.open.items) > 0 && r.flying < r.Parallel:
		r.begin(ctx)
		return true
	}
	r.mu.Unlock()
	select {
	case <-r.changed:
	case <-ctx.Done():
	}
	r.mu.Lock()
	return !r.halted(ctx)
}

// end sends what is left when the sequence has ended.
func (r *bulkRun[T]) end(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// Where the context has ended, the sequence may have ended for it, before its last item.
	r.whole = !r.halted(ctx)
	if r.whole && r.counts.Read < r.before.length() {
		r.stop = ErrOtherItems
	}
	for len(r.open.items)+len(r.held)+r.flying > 0 {
		if !r.wait(ctx) {
			return
		}
	}
}

// halted tells whether no further batch may be sent.
func (r *bulkRun[T]) halted(ctx context.Context) bool {
	if r.stop == nil && ctx.Err() != nil {
		r.stop, r.canceled = ctx.Err(), true
		if cause := context.Cause(ctx); !errors.Is(cause, r.stop) {
			r.stop = fmt.Errorf("%w: %w", r.stop, cause)
		}
	}
	return r.stop != nil
}

// begin sends the open batch on its way.
func (r *bulkRun[T]) begin(ctx context.Context) {
	sent := r.open
	r.open = batch[T]{items: make([]T, 0, len(sent.items)), positions: make([]int64, 0, len(sent.items)), keys: make([]uint64, 0, len(sent.keys))}
	r.flying++
	r.flights.Go(func() {
		whole := false
		defer r.catch(&whole)
		r.deliver(ctx, sent.items, sent.positions)
		r.mu.Lock()
		r.flying--
		r.release(sent.keys)
		r.mu.Unlock()
		r.wake()
		r.save(ctx, false)
		whole = true
	})
}

// deliver sends items until it is known what became of each, as far as that can be known.
func (r *bulkRun[T]) deliver(ctx context.Context, items []T, at []int64) {
	err := r.send(ctx, items)
	if !r.settle(ctx, items, at, err) {
		return
	}
	for _, half := range [][2]int{{0, len(items) / 2}, {len(items) / 2, len(items)}} {
		r.mu.Lock()
		halted := r.halted(ctx)
		r.mu.Unlock()
		if halted {
			return
		}
		r.deliver(ctx, items[half[0]:half[1]], at[half[0]:half[1]])
	}
}

// settle takes down what became of a request, and reports whether to look for the items that are to
// blame.
func (r *bulkRun[T]) settle(ctx context.Context, items []T, at []int64, err error) (split bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		r.refusedInRow, r.failedInRow = 0, 0
		for _, position := range at {
			r.settled.add(position)
		}
		r.counts.Done += int64(len(at))
		r.report()
	case blamesItems(err):
		r.failedInRow = 0
		if len(items) > 1 {
			return true
		}
		r.refuse(items[0], at[0], err)
	default:
		r.fail(ctx, items, at, err)
	}
	return false
}

// refuse takes down that an item was refused.
func (r *bulkRun[T]) refuse(item T, position int64, err error) {
	if r.Refused != nil {
		r.Refused(BulkRefusal{Position: position, Item: item, Err: err})
	}
	r.settled.add(position)
	r.counts.Refused++
	r.note(fmt.Errorf("item %d was refused: %w", position, err))
	if r.refusedInRow++; r.refusedInRow == r.MaxRefused && r.stop == nil {
		r.stop = fmt.Errorf("%d items were refused in a row, the last one with: %w", r.refusedInRow, err)
	}
	r.report()
}

// fail takes down that a request failed for a reason that is not in its items.
func (r *bulkRun[T]) fail(ctx context.Context, items []T, at []int64, err error) {
	for _, item := range items {
		add(r.left, item.appendKeys(nil))
	}
	if tenantkit.OutcomeOf(err) == tenantkit.OutcomeUnknown {
		for _, position := range at {
			r.unknown.add(position)
		}
		r.counts.Unknown += int64(len(at))
	}
	r.note(err)
	switch {
	case ctx.Err() != nil:
	case !mayPass(err):
		if r.stop == nil {
			r.stop = err
		}
	default:
		if r.failedInRow++; r.failedInRow == r.MaxFailed && r.stop == nil {
			r.stop = fmt.Errorf("%d requests failed in a row, the last one with: %w", r.failedInRow, err)
		}
	}
	r.report()
}

func (r *bulkRun[T]) note(err error) {
	if r.first == nil {
		r.first = err
	}
}

// progress returns the counts as of now.
func (r *bulkRun[T]) progress() BulkProgress {
	p := r.counts
	p.Open = p.Read - p.Skipped - p.Done - p.Refused - p.Unknown
	p.Elapsed = time.Since(r.started)
	if p.Elapsed > 0 {
		p.Rate = float64(p.Done+p.Refused) / p.Elapsed.Seconds()
	}
	return p
}

func (r *bulkRun[T]) report() {
	if r.Progress != nil {
		r.Progress(r.progress())
	}
}

// state returns the state to go on from.
func (r *bulkRun[T]) state() BulkState {
	state := BulkState{
		Operation: r.op.Name, Settled: slices.Clone(r.settled),
		Done: r.before.Done + r.counts.Done, Refused: r.before.Refused + r.counts.Refused,
		First: r.known.fingerprint(),
	}
	if !r.known.verified() {
		state.First = r.before.First
	}
	return state
}
