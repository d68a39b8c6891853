package autoid

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit/internal/atomicfile/atomicfiletest"
)

// A save is cut off after each of its bytes, fails at each of its steps, or dies there: Load then
// gives the old state or the new one.
func TestTornCheckpoints(t *testing.T) {
	t.Parallel()
	state := func(to int64) BulkState {
		return BulkState{Operation: "AcknowledgeRoles", Settled: []Span{{0, to}}, Done: to, First: Fingerprint{Items: 9, Checksum: "a"}}
	}
	data, err := json.Marshal(state(2))
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range atomicfiletest.Faults(len(data) + len("\n")) {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "checkpoint")
			good := &fileCheckpoint{path: path}
			if err := good.Save(t.Context(), state(1)); err != nil {
				t.Fatal(err)
			}
			killed, err := atomicfiletest.Try(func() error { return (&fileCheckpoint{path, fault.Disk}).Save(t.Context(), state(2)) })
			if err := fault.Check(killed, err); err != nil {
				t.Error(err)
			}
			want := state(1)
			if fault.Replaced {
				want = state(2)
			}
			got, err := good.Load(t.Context())
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("error %v, state (-want +got):\n%s", err, diff)
			}
			if files, err := os.ReadDir(filepath.Dir(path)); err != nil || !killed && len(files) != 1 {
				t.Errorf("left behind: %v, %v", files, err)
			}
		})
	}
}
