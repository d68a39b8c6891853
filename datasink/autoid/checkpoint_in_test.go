package autoid_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/datasink/autoid"
)

// Two runs on one checkpoint, one after the other however they start, send every item once.
func TestCheckpointIn_AdmitsOneRunAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &bulkService{}
		store, locker := coord.Memory(), coord.Local()
		var runs sync.WaitGroup
		for replica := range 2 {
			runs.Go(func() {
				roles := func(yield func(autoid.RoleStatus) bool) {
					for i := range 20 {
						role := autoid.RoleStatus{RoleID: fmt.Sprint("role-", i), Status: autoid.RoleActive, DatasinkStatus: autoid.Ack}
						if time.Sleep(time.Second); !yield(role) {
							return
						}
					}
				}
				options := autoid.BulkOptions{BatchItems: 5, Checkpoint: autoid.CheckpointIn(store, locker, "roles")}
				result, err := newClient(t, service).AcknowledgeRoles(t.Context(), roles, options)
				if err != nil || result.Done+result.Skipped != 20 {
					t.Errorf("replica %d: %+v, %v", replica, result, err)
				}
			})
		}
		runs.Wait()
		if n := service.requests; n != 4 {
			t.Errorf("%d requests for 4 batches", n)
		}
	})
}

// A run whose lock was lost does not overwrite the state of the run that has the lock now.
func TestCheckpointIn_StaleRunDoesNotOverwrite(t *testing.T) {
	t.Parallel()
	store := coord.Memory()
	stale, current := autoid.CheckpointIn(store, coord.Local(), "roles"), autoid.CheckpointIn(store, coord.Local(), "roles")
	for _, checkpoint := range []autoid.Checkpoint{stale, current} {
		if _, err := checkpoint.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	state := autoid.BulkState{Operation: "AcknowledgeRoles", Done: 2}
	if err := current.Save(t.Context(), state); err != nil {
		t.Fatal(err)
	}
	if err := stale.Save(t.Context(), autoid.BulkState{Operation: "AcknowledgeRoles", Done: 1}); !errors.Is(err, coord.ErrStale) {
		t.Errorf("the stale save returned %v", err)
	}
	if got, err := autoid.CheckpointIn(store, coord.Local(), "roles").Load(t.Context()); err != nil || got.Done != 2 {
		t.Errorf("stored %+v, %v", got, err)
	}
}

// What a checkpoint cannot do is the error of the run, before anything is sent.
func TestCheckpointIn_FailuresAreNotSent(t *testing.T) {
	t.Parallel()
	done, cancel := context.WithCancel(t.Context())
	cancel()
	broken := coord.Memory()
	if _, err := broken.Save(t.Context(), "k", []byte("no JSON"), ""); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		ctx        context.Context
		checkpoint autoid.Checkpoint
	}{
		"no store":            {t.Context(), autoid.CheckpointIn(nil, coord.Local(), "k")},
		"no locker":           {t.Context(), autoid.CheckpointIn(coord.Memory(), nil, "k")},
		"a done context":      {done, autoid.CheckpointIn(coord.Memory(), coord.Local(), "k")},
		"not a state":         {t.Context(), autoid.CheckpointIn(broken, coord.Local(), "k")},
		"a file in a missing": {t.Context(), autoid.FileCheckpoint("/nonexistent/directory/file")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := &bulkService{}
			roles := func(func(autoid.RoleStatus) bool) { t.Error("items are read") }
			_, err := newClient(t, service).AcknowledgeRoles(test.ctx, roles, autoid.BulkOptions{Checkpoint: test.checkpoint})
			var failed *tenantkit.Error
			if !errors.As(err, &failed) || failed.Operation != "AcknowledgeRoles" || tenantkit.OutcomeOf(err) != tenantkit.OutcomeNotSent || service.requests > 0 {
				t.Errorf("%T %v, %d requests", err, err, service.requests)
			}
		})
	}
}
