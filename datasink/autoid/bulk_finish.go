package autoid

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tenantkit/tenantkit"
)

// save saves the state, if it is time to, or last. An error stops the run.
func (r *bulkRun[T]) save(ctx context.Context, last bool) {
	if r.Checkpoint == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.saving || !last && time.Since(r.saved) < r.CheckpointEvery {
		return
	}
	r.saving = true
	state := r.state()
	err := func() error {
		r.mu.Unlock()
		defer r.mu.Lock()
		// Also after the end of the context: what is done is done.
		return r.Checkpoint.Save(context.WithoutCancel(ctx), state)
	}()
	r.saving, r.saved = false, time.Now()
	if err != nil && r.stop == nil {
		r.stop = fmt.Errorf("the checkpoint cannot be saved: %w", err)
	}
}

// finish tells what the run came to, when nothing is on its way any more.
func (r *bulkRun[T]) finish(ctx context.Context) (BulkResult, error) {
	if p := r.progress(); r.canceled && r.whole && p.Open+p.Unknown == 0 {
		r.stop = nil // too late to stop anything
	}
	r.save(ctx, true)
	r.mu.Lock()
	defer r.mu.Unlock()
	result := BulkResult{
		BulkProgress: r.progress(), State: r.state(), UnknownItems: slices.Clone(r.unknown),
		OpenItems: without(r.counts.Read, r.settled, r.unknown),
	}
	failed := &BulkError{Operation: r.op.Name, Progress: result.BulkProgress, Stopped: r.stop != nil, Err: r.stop}
	switch {
	case failed.Stopped:
	case r.first != nil:
		failed.Err = r.first
	default:
		return result, nil
	}
	failed.Err = r.typed(failed.Err)
	return result, failed
}

// typed returns err if it is of a request or of its input, and otherwise an error of the run that
// wraps it.
func (r *bulkRun[T]) typed(err error) error {
	var failed *tenantkit.Error
	var invalid *tenantkit.ValidationError
	if errors.As(err, &failed) || errors.As(err, &invalid) {
		return err
	}
	return r.client.Error(r.op, nil, tenantkit.OutcomeUnknown, err)
}
