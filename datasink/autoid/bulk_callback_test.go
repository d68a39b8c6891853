package autoid_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/datasink/autoid"
)

// A callback runs where nobody could recover from its panic; so that comes to the caller, who can.
func TestCallbackPanics(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken callback")
	item := autoid.BulkOptions{BatchItems: 2}
	tests := map[string]func(*autoid.BulkOptions){
		"progress": func(o *autoid.BulkOptions) { o.Progress = func(autoid.BulkProgress) { panic(broken) } },
		"refused":  func(o *autoid.BulkOptions) { o.Refused = func(autoid.BulkRefusal) { panic(broken) } },
		"a save under way": func(o *autoid.BulkOptions) {
			o.Checkpoint, o.CheckpointEvery = brokenCheckpoint{func() { panic(broken) }}, time.Nanosecond
		},
		"the last save": func(o *autoid.BulkOptions) {
			o.Checkpoint, o.CheckpointEvery = brokenCheckpoint{func() { panic(broken) }}, time.Hour*24
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				service := &bulkService{takes: always(time.Second), answer: func(request int, _ []string) (int, error) {
					if name == "refused" {
						return http.StatusBadRequest, nil
					}
					return 0, nil
				}}
				options := item
				change(&options)
				defer func() {
					err, _ := recover().(error)
					if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "broken callback") {
						t.Errorf("recovered %v", err)
					}
					if service.flying != 0 {
						t.Errorf("%d requests are still on their way", service.flying)
					}
				}()
				_, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(20), options)
				t.Errorf("returned %v", err)
			})
		})
	}
}

// A callback that ends its goroutine, as t.Fatal does, ends the run.
func TestCallbackDoesNotReturn(t *testing.T) {
	t.Parallel()
	tests := map[string]autoid.BulkOptions{
		"progress": {Progress: func(autoid.BulkProgress) { runtime.Goexit() }},
		"save":     {Checkpoint: brokenCheckpoint{runtime.Goexit}, CheckpointEvery: time.Nanosecond},
	}
	for name, options := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				options.BatchItems = 2
				ended := make(chan error, 1)
				go func() {
					defer close(ended)
					_, err := newClient(t, &bulkService{takes: always(time.Second)}).AcknowledgeAssignments(t.Context(), users(20), options)
					ended <- err
				}()
				if err := <-ended; name == "progress" && (err == nil || !strings.Contains(err.Error(), "a callback did not return")) {
					t.Errorf("returned %v", err)
				}
			})
		})
	}
}

// brokenCheckpoint fails to save.
type brokenCheckpoint struct{ save func() }

func (brokenCheckpoint) Lock(ctx context.Context) (context.Context, func() error, error) {
	return coord.Local().Lock(ctx, "")
}

func (brokenCheckpoint) Load(context.Context) (autoid.BulkState, error) {
	return autoid.BulkState{}, nil
}

func (c brokenCheckpoint) Save(context.Context, autoid.BulkState) error {
	c.save()
	return nil
}

// The end of the context is no failure of a run that has nothing left to do.
func TestCanceledAfterAll(t *testing.T) {
	t.Parallel()
	for _, full := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			options := autoid.BulkOptions{BatchItems: 10, Progress: func(p autoid.BulkProgress) {
				if p.Done == 95 {
					cancel()
				}
			}}
			if full {
				options.Checkpoint, options.CheckpointEvery = fullDisk{}, time.Hour
			}
			result, err := newClient(t, &bulkService{takes: always(time.Second)}).AcknowledgeAssignments(ctx, users(95), options)
			if result.Done != 95 || errors.Is(err, errFull) != full || (err != nil) != full {
				t.Errorf("%s, %v", counts(result), err)
			}
		})
	}
}

var errFull = errors.New("the disk is full")

type fullDisk struct{}

func (fullDisk) Lock(ctx context.Context) (context.Context, func() error, error) {
	return coord.Local().Lock(ctx, "")
}

func (fullDisk) Load(context.Context) (autoid.BulkState, error) { return autoid.BulkState{}, nil }
func (fullDisk) Save(context.Context, autoid.BulkState) error   { return errFull }
