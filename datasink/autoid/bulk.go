package autoid

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// The defaults of [BulkOptions].
const (
	defaultBatchItems      = 500
	defaultBatchBytes      = 64 << 10
	defaultParallel        = 4
	defaultCheckpointEvery = time.Second
	defaultMaxRefused      = 100
	defaultMaxFailed       = 5
)

// BulkOptions says how a long run sends its items. The zero value is good.
type BulkOptions struct {
	// BatchItems is the largest number of items in a request. 0 means 500.
	BatchItems int
	// BatchBytes bounds the JSON of the items in a request; a single item above it is sent
	// alone. 0 means 64 KiB, which is below what usual servers and gateways take.
	BatchBytes int
	// Parallel is the largest number of requests at a time. 0 means 4.
	Parallel int

	// Progress is told the counts whenever a request is answered for good. Refused is told each
	// item that the service, or a check before anything is sent, refused; State counts such an
	// item as settled only after Refused has returned. Both are called one at a time, and the
	// run waits for them. A panic in one of them ends the run, and comes out of the call. Each
	// may be nil.
	Progress func(BulkProgress)
	Refused  func(BulkRefusal)

	// Resume is the State of an earlier run over the same items: what is settled is skipped.
	// The zero value starts anew.
	Resume BulkState
	// Checkpoint keeps the State outside of the program, so that a run goes on where a killed
	// one ended. It takes the place of Resume. It may be nil.
	Checkpoint Checkpoint
	// CheckpointEvery is the least time between two saves, apart from that at the end. What was
	// done since the last save is done again after a kill, which changes nothing. 0 means 1
	// second.
	CheckpointEvery time.Duration

	// MaxRefused is the number of items that may be refused in a row before the run stops: then
	// the service refuses something other than these items. They count as refused all the same,
	// and as settled: where the mistake was another one, start anew. How the service answers at
	// a wrong base URL is not documented; where it is not seen to be that (see
	// [Client.AcknowledgeAssignments]), this bound is what ends the run. 0 means 100, negative
	// means no bound.
	MaxRefused int
	// MaxFailed is the number of requests that may fail in a row, each after all repetitions of
	// the retry policy, before the run stops: then the service is down. 0 means 5, negative
	// means no bound.
	MaxFailed int
}

// BulkProgress counts the items of a run.
type BulkProgress struct {
	// Read is the number of items that were taken from the sequence. Each is in one of the
	// counts that follow.
	Read int64
	// Skipped were settled in an earlier run.
	Skipped int64
	// Done were accepted.
	Done int64
	// Refused were refused, each on its own: to send it again does not help.
	Refused int64
	// Unknown were sent, and no answer tells what became of them.
	Unknown int64
	// Open have surely not been applied: they wait, are on their way, or, at the end of a run,
	// were not sent or not accepted.
	Open int64
	// Rate is the number of items settled per second since the run began.
	Rate float64
	// Elapsed is the time since the run began.
	Elapsed time.Duration
}

// BulkResult is what a run came to.
type BulkResult struct {
	BulkProgress
	// State says which items are settled: done or refused, in this run or an earlier one. Give
	// it to the next run's [BulkOptions].Resume, with the same items, to do the rest.
	State BulkState
	// UnknownItems are the positions of the items of Unknown. The next run sends them again,
	// which changes nothing for those that were applied.
	UnknownItems []Span
	// OpenItems are the positions of the items of Open. Items that were not read are in neither
	// list.
	OpenItems []Span
}

// BulkRefusal is an item that was refused on its own.
type BulkRefusal struct {
	// Position is the place of the item in the sequence, from 0 on.
	Position int64
	// Item is the [AssignmentStatus], [RuleStatus] or [RoleStatus].
	Item any
	// Err is why: a [tenantkit.Error] of the service, or a [tenantkit.ValidationError].
	Err error
}

// A BulkError reports a run after which not every item is done. It wraps Err. Its outcome, see
// [tenantkit.OutcomeOf], is that of the whole run: that of Err if no item was applied, otherwise
// unknown, since others were not. Progress has the counts.
type BulkError struct {
	// Operation is "AcknowledgeAssignments" or the like.
	Operation string
	// Progress are the counts at the end.
	Progress BulkProgress
	// Stopped tells that the run ended before its items did.
	Stopped bool
	// Err is the reason why the run stopped, or else the first error of an item. It is or wraps
	// a [tenantkit.Error] or a [tenantkit.ValidationError].
	Err error
}

// Error tells the counts and the reason.
func (e *BulkError) Error() string {
	p, verb, advice := e.Progress, "ended", "resume it with the State of its result, or its Checkpoint, over the same items, to do the rest"
	switch {
	case errors.Is(e.Err, ErrOtherItems):
		advice = "give it the items of the earlier run, or start anew without that State or with another Checkpoint"
	case !e.Stopped && p.Unknown+p.Open == 0:
		advice = "the refused items do not become better by sending them again"
	}
	if e.Stopped {
		verb = "stopped"
	}
	return fmt.Sprintf("%s: %s: the run %s: of %d items read %d are done or skipped, %d refused, %d unknown, %d open: %v (%s)",
		service, e.Operation, verb, p.Read, p.Done+p.Skipped, p.Refused, p.Unknown, p.Open, e.Err, advice)
}

// Unwrap returns Err.
func (e *BulkError) Unwrap() error { return e.Err }

// Outcome returns the outcome of the whole run.
func (e *BulkError) Outcome() tenantkit.Outcome {
	if p := e.Progress; p.Skipped+p.Done+p.Refused+p.Unknown > 0 {
		return tenantkit.OutcomeUnknown
	}
	// No item was applied.
	return tenantkit.OutcomeOf(e.Err)
}

// AcknowledgeAssignments sets the status of any number of assignment decisions, in batches of
// [Client.UpdateAssignmentStatus], of which several are on their way at a time. Memory does not
// grow with the number of items, only with that of the failed ones.
//
//   - Two items for the same user and entitlement are applied in the order given: the second is
//     sent after the first is answered.
//   - Each batch is repeated on failure like any idempotent write. One that fails after all is left
//     behind as unknown or open, with all later items for the same users and entitlements, and the
//     run goes on, until [BulkOptions].MaxFailed of them fail in a row.
//   - A batch that is refused for what it holds (400, 404, 409, 410, 413, 422) is split until the
//     refused items stand alone. Any other refusal, such as 401, stops the run. So does a 404 that
//     is an HTML page, or says that there is no such path ("Cannot POST"): the base URL is wrong,
//     or the service is not there.
//   - When the context ends, so do the requests on their way. To stop without that, end the
//     sequence.
//
// The error is nil when every item is done, a [tenantkit.ValidationError], or that of a checkpoint
// that cannot be read, when the run could not begin, and else a [BulkError], with a result that
// says what is done, and from which another run does the rest. The sequence is iterated over once,
// in the caller's goroutine; one that waits must end its wait with the context. It must not change
// an item, or the list in it, that it has given. The options are those of each request, but
// [tenantkit.WithResponse], which requests at the same time cannot share.
func (c *Client) AcknowledgeAssignments(ctx context.Context, items iter.Seq[AssignmentStatus], options BulkOptions, opts ...tenantkit.Option) (BulkResult, error) {
	return acknowledge(ctx, c, &acknowledgeAssignments, items, options, opts, c.UpdateAssignmentStatus)
}

// AcknowledgeRules does for rule decisions what [Client.AcknowledgeAssignments] does for
// assignments, with [Client.UpdateRuleStatus]. The order is kept for each entitlement and
// justification, whatever the order of its conditions.
func (c *Client) AcknowledgeRules(ctx context.Context, items iter.Seq[RuleStatus], options BulkOptions, opts ...tenantkit.Option) (BulkResult, error) {
	return acknowledge(ctx, c, &acknowledgeRules, items, options, opts, c.UpdateRuleStatus)
}

// AcknowledgeRoles does for exported roles what [Client.AcknowledgeAssignments] does for
// assignments, with [Client.UpdateRoleStatus]. The order is kept for each role.
func (c *Client) AcknowledgeRoles(ctx context.Context, items iter.Seq[RoleStatus], options BulkOptions, opts ...tenantkit.Option) (BulkResult, error) {
	return acknowledge(ctx, c, &acknowledgeRoles, items, options, opts, c.UpdateRoleStatus)
}

// withDefaults returns the options with the defaults in place of zeros.
func (o BulkOptions) withDefaults(op *rest.Operation) (BulkOptions, error) {
	for _, number := range []struct {
		field string
		value *int
		zero  int
		least int
	}{
		{"BatchItems", &o.BatchItems, defaultBatchItems, 1}, {"BatchBytes", &o.BatchBytes, defaultBatchBytes, 1},
		{"Parallel", &o.Parallel, defaultParallel, 1}, {"MaxRefused", &o.MaxRefused, defaultMaxRefused, -1}, {"MaxFailed", &o.MaxFailed, defaultMaxFailed, -1},
	} {
		if *number.value == 0 {
			*number.value = number.zero
		}
		if *number.value < 0 && number.least > 0 {
			return o, op.Invalid("options."+number.field, "it is negative")
		}
	}
	if o.CheckpointEvery < 0 {
		return o, op.Invalid("options.CheckpointEvery", "it is negative")
	}
	if o.CheckpointEvery == 0 {
		o.CheckpointEvery = defaultCheckpointEvery
	}
	if o.Checkpoint != nil && !o.Resume.isZero() {
		return o, op.Invalid("options.Resume", "a Checkpoint takes its place: give one of the two")
	}
	return o, nil
}

// checkShared refuses options that requests at the same time cannot share, or that cannot be used
// at all.
func checkShared(op *rest.Operation, opts []tenantkit.Option) error {
	var settings tenantkit.Settings
	for _, opt := range opts {
		if opt == nil {
			return op.Invalid("opts", "an option is nil")
		}
		if err := opt(&settings); err != nil {
			return op.Invalid("opts", "%v", err)
		}
	}
	if settings.Response != nil {
		return op.Invalid("opts", "WithResponse: requests at the same time cannot share a response")
	}
	return nil
}
