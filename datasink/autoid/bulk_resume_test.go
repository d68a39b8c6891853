package autoid_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/datasink/autoid"
)

func TestCancel(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, 5 * time.Millisecond, 12 * time.Millisecond, 25 * time.Millisecond} {
		t.Run(after.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				service := &bulkService{takes: always(10 * time.Millisecond)}
				ctx, cancel := context.WithCancelCause(t.Context())
				reason := errors.New("the operator went home")
				timer := time.AfterFunc(after, func() { cancel(reason) })
				defer timer.Stop()
				if after == 0 {
					cancel(reason)
				}
				started := time.Now()
				result, err := newClient(t, service).AcknowledgeAssignments(ctx, users(1000), autoid.BulkOptions{BatchItems: 10, MaxFailed: 1})
				if !errors.Is(err, context.Canceled) || !errors.Is(err, reason) || strings.Contains(err.Error(), "in a row") {
					t.Errorf("error %v", err)
				}
				var failed *autoid.BulkError
				if !errors.As(err, &failed) || !failed.Stopped {
					t.Errorf("error %#v", err)
				}
				if took := time.Since(started); took != after {
					t.Errorf("ended after %v", took)
				}
				done := int64(after/(10*time.Millisecond)) * 40
				if after == 0 {
					if counts(result) != "read 0 skipped 0 done 0 refused 0 unknown 0 open 0" {
						t.Error(counts(result))
					}
				} else if result.Done != done || result.Unknown != 40 || result.Open == 0 {
					t.Errorf("%s, want %d done, 40 unknown, some open", counts(result), done)
				}
				checkPositions(t, result)
				again, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(1000), autoid.BulkOptions{Resume: result.State})
				if err != nil || again.Skipped != done {
					t.Errorf("again: %s, %v", counts(again), err)
				}
				service.checkAll(t, 1000)
			})
		})
	}
}

// A sequence that ends because the context did must not look complete.
func TestSequenceEndsWithContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		items := func(yield func(autoid.AssignmentStatus) bool) {
			for item := range users(5) {
				if !yield(item) {
					return
				}
			}
			cancel()
		}
		result, err := newClient(t, &bulkService{}).AcknowledgeAssignments(ctx, items, autoid.BulkOptions{})
		if !errors.Is(err, context.Canceled) || counts(result) != "read 5 skipped 0 done 0 refused 0 unknown 0 open 5" {
			t.Errorf("%s, %v", counts(result), err)
		}
	})
}

// The sequence is not read further ahead than the requests need.
func TestReadsNoFurther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &bulkService{takes: always(time.Second)}
		var read atomic.Int64
		items := func(yield func(autoid.AssignmentStatus) bool) {
			for item := range users(10_000) {
				read.Add(1)
				if !yield(item) {
					return
				}
			}
		}
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := newClient(t, service).AcknowledgeAssignments(t.Context(), items, autoid.BulkOptions{BatchItems: 10, Parallel: 3}); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		// Three batches on their way, the next one full, and one item that finds no room.
		if got := read.Load(); got != 41 {
			t.Errorf("%d items are read while three batches of ten wait, want 41", got)
		}
		group.Wait()
	})
}

func TestProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &bulkService{takes: always(10 * time.Millisecond), answer: bad(400, "u3")}
		var got []string
		_, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(8), autoid.BulkOptions{
			BatchItems: 4, Parallel: 1, Progress: func(p autoid.BulkProgress) {
				got = append(got, fmt.Sprintf("%v: read %d done %d refused %d open %d rate %.0f", p.Elapsed, p.Read, p.Done, p.Refused, p.Open, p.Rate))
			},
		})
		want := []string{
			"20ms: read 8 done 2 refused 0 open 6 rate 100",
			"40ms: read 8 done 3 refused 0 open 5 rate 75",
			"50ms: read 8 done 3 refused 1 open 4 rate 80",
			"60ms: read 8 done 7 refused 1 open 0 rate 133",
		}
		if diff := cmp.Diff(want, got); diff != "" || err == nil {
			t.Errorf("error %v; progress (-want +got):\n%s", err, diff)
		}
	})
}

// A panic of the caller's own code comes through, and leaves nothing behind.
func TestPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &bulkService{takes: always(time.Hour)}
		defer func() {
			if got := recover(); got != "broken sequence" {
				t.Errorf("recovered %v", got)
			}
			if service.flying != 0 {
				t.Errorf("%d requests are still on their way", service.flying)
			}
		}()
		_, err := newClient(t, service).AcknowledgeAssignments(t.Context(), func(yield func(autoid.AssignmentStatus) bool) {
			for item := range users(10) {
				yield(item)
			}
			panic("broken sequence")
		}, autoid.BulkOptions{BatchItems: 2})
		t.Errorf("returned %v", err)
	})
}

func TestBulkInput(t *testing.T) {
	t.Parallel()
	good := users(1)
	state := func(change func(*autoid.BulkState)) autoid.BulkOptions {
		s := autoid.BulkState{Operation: "AcknowledgeAssignments", Settled: []autoid.Span{{From: 0, To: 1}}, First: autoid.Fingerprint{Items: 1, Checksum: "x"}}
		change(&s)
		return autoid.BulkOptions{Resume: s}
	}
	ctx := t.Context()
	tests := []struct {
		name    string
		field   string
		ctx     context.Context
		items   iter.Seq[autoid.AssignmentStatus]
		options autoid.BulkOptions
		opts    []tenantkit.Option
	}{
		{"no context", "ctx", nil, good, autoid.BulkOptions{}, nil},
		{"no items", "items", ctx, nil, autoid.BulkOptions{}, nil},
		{"items", "options.BatchItems", ctx, good, autoid.BulkOptions{BatchItems: -1}, nil},
		{"bytes", "options.BatchBytes", ctx, good, autoid.BulkOptions{BatchBytes: -1}, nil},
		{"parallel", "options.Parallel", ctx, good, autoid.BulkOptions{Parallel: -1}, nil},
		{"two states", "options.Resume", ctx, good, autoid.BulkOptions{Resume: autoid.BulkState{Done: 1}, Checkpoint: autoid.FileCheckpoint("x")}, nil},
		{"a nil option", "opts", ctx, good, autoid.BulkOptions{}, []tenantkit.Option{nil}},
		{"a bad option", "opts", ctx, good, autoid.BulkOptions{}, []tenantkit.Option{tenantkit.WithMaxResponseBytes(0)}},
		{"a shared response", "opts", ctx, good, autoid.BulkOptions{}, []tenantkit.Option{tenantkit.WithResponse(new(tenantkit.Response))}},
		{"another operation", "state.operation", ctx, good, state(func(s *autoid.BulkState) { s.Operation = "AcknowledgeRules" }), nil},
		{"no operation", "state.operation", ctx, good, state(func(s *autoid.BulkState) { s.Operation = "" }), nil},
		{"an empty span", "state.settled", ctx, good, state(func(s *autoid.BulkState) { s.Settled[0].To = 0 }), nil},
		{"a negative span", "state.settled", ctx, good, state(func(s *autoid.BulkState) { s.Settled[0].From = -1 }), nil},
		{"spans that touch", "state.settled", ctx, good, state(func(s *autoid.BulkState) { s.Settled = append(s.Settled, autoid.Span{From: 1, To: 2}) }), nil},
		{"no fingerprint", "state.first", ctx, good, state(func(s *autoid.BulkState) { s.First = autoid.Fingerprint{} }), nil},
		{"too large a fingerprint", "state.first", ctx, good, state(func(s *autoid.BulkState) { s.First.Items = 1001 }), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			service := &bulkService{}
			result, err := newClient(t, service).AcknowledgeAssignments(test.ctx, test.items, test.options, test.opts...)
			var invalid *tenantkit.ValidationError
			if !errors.As(err, &invalid) || invalid.Operation != "AcknowledgeAssignments" || invalid.Field != test.field {
				t.Errorf("error %v, want a ValidationError of %s", err, test.field)
			}
			if service.requests != 0 || result.Read != 0 {
				t.Errorf("%d requests, %+v", service.requests, result)
			}
		})
	}
	var none *autoid.Client
	for name, call := range map[string]func() error{
		"assignments": func() error { _, err := none.AcknowledgeAssignments(ctx, good, autoid.BulkOptions{}); return err },
		"rules": func() error {
			_, err := none.AcknowledgeRules(ctx, slices.Values([]autoid.RuleStatus{}), autoid.BulkOptions{})
			return err
		},
		"roles": func() error {
			_, err := new(autoid.Client).AcknowledgeRoles(ctx, slices.Values([]autoid.RoleStatus{}), autoid.BulkOptions{})
			return err
		},
	} {
		var invalid *tenantkit.ValidationError
		if err := call(); !errors.As(err, &invalid) || invalid.Field != "client" {
			t.Errorf("%s without a client: %v", name, err)
		}
	}
}

// A state is good for the items that it was made of, and for no others.
func TestResumeOtherItems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		items iter.Seq[autoid.AssignmentStatus]
		sent  int // requests before the difference shows
	}{
		{"another item among the first", replaced(users(3000), 500, autoid.AssignmentStatus{User: "other", Entitlements: []string{"e"}, DatasinkStatus: autoid.Ack}), 0},
		{"another status among the first", replaced(users(3000), 0, autoid.AssignmentStatus{User: "u0", Entitlements: []string{"e"}, DatasinkStatus: autoid.Nack}), 0},
		{"fewer than the fingerprint has", users(900), 0},
		{"nothing", users(0), 0},
		{"fewer than are settled", users(1500), 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				// A run of 3000 items, of which those of one batch are unknown.
				service := &bulkService{answer: func(request int, _ []string) (int, error) { return map[bool]int{true: 500}[request == 1], nil }}
				first, err := newClient(t, service, tenantkit.WithRetry(tenantkit.NoRetry())).AcknowledgeAssignments(t.Context(), users(3000), autoid.BulkOptions{Parallel: 1})
				if err == nil || counts(first) != "read 3000 skipped 0 done 2500 refused 0 unknown 500 open 0" {
					t.Fatalf("%s, %v", counts(first), err)
				}
				before := service.requests
				second, err := newClient(t, service).AcknowledgeAssignments(t.Context(), test.items, autoid.BulkOptions{Resume: first.State})
				if !errors.Is(err, autoid.ErrOtherItems) || strings.Contains(err.Error(), "to do the rest") ||
					!strings.HasSuffix(err.Error(), "start anew without that State or with another Checkpoint)") {
					t.Errorf("error %v", err)
				}
				if got := service.requests - before; got > test.sent {
					t.Errorf("%d requests were sent", got)
				}
				if test.sent == 0 {
					if diff := cmp.Diff(first.State, second.State); diff != "" {
						t.Errorf("state (-before +after):\n%s", diff)
					}
				}
			})
		})
	}
	t.Run("a sequence that ends with its context", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			service := &bulkService{}
			first, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(700), autoid.BulkOptions{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cut := func(yield func(autoid.AssignmentStatus) bool) {
				for item := range users(100) {
					if !yield(item) {
						return
					}
				}
				cancel()
			}
			if _, err := newClient(t, service).AcknowledgeAssignments(ctx, cut, autoid.BulkOptions{Resume: first.State}); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
		})
	})
	t.Run("what the first items left open", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			service := &bulkService{answer: func(request int, _ []string) (int, error) { return map[bool]int{true: 500}[request == 0], nil }}
			first, err := newClient(t, service, tenantkit.WithRetry(tenantkit.NoRetry())).AcknowledgeAssignments(t.Context(), users(3000), autoid.BulkOptions{Parallel: 1})
			if err == nil || first.Unknown != 500 {
				t.Fatalf("%s, %v", counts(first), err)
			}
			before := service.requests
			second, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(3000), autoid.BulkOptions{Resume: first.State})
			if err != nil || counts(second) != "read 3000 skipped 2500 done 500 refused 0 unknown 0 open 0" || service.requests != before+1 {
				t.Errorf("%s in %d requests, %v", counts(second), service.requests-before, err)
			}
			service.checkAll(t, 3000)
		})
	})
	t.Run("more items than before", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			service := &bulkService{}
			first, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(700), autoid.BulkOptions{})
			if err != nil {
				t.Fatal(err)
			}
			second, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(2000), autoid.BulkOptions{Resume: first.State})
			if err != nil || counts(second) != "read 2000 skipped 700 done 1300 refused 0 unknown 0 open 0" || second.State.First.Items != 1000 {
				t.Errorf("%s, %v, %+v", counts(second), err, second.State)
			}
			service.checkAll(t, 2000)
		})
	})
}

// replaced is a sequence with another item at a position.
func replaced(items iter.Seq[autoid.AssignmentStatus], position int, other autoid.AssignmentStatus) iter.Seq[autoid.AssignmentStatus] {
	return func(yield func(autoid.AssignmentStatus) bool) {
		at := 0
		for item := range items {
			if at == position {
				item = other
			}
			at++
			if !yield(item) {
				return
			}
		}
	}
}
