package autoid_test

import (
	"io"
	"net/http"
	"runtime"
	"testing"

	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit/datasink/autoid"
)

// Memory does not grow with the number of items. Not parallel, since it looks at the memory of the
// whole program.
func TestConstantMemory(t *testing.T) {
	const n = 400_000
	client := newClient(t, roundTrip(accept))
	var early, late uint64 // the largest live heap in the first tenth of the run, and later
	calls := 0
	result, err := client.AcknowledgeAssignments(t.Context(), users(n), autoid.BulkOptions{Progress: func(p autoid.BulkProgress) {
		if calls++; calls%20 != 0 {
			return
		}
		runtime.GC()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		if p.Done < n/10 {
			early = max(early, memory.HeapAlloc)
		} else {
			late = max(late, memory.HeapAlloc)
		}
	}})
	if err != nil || result.Done != n {
		t.Fatalf("%s, %v", counts(result), err)
	}
	t.Logf("live heap: %d KiB in the first tenth of the run, %d KiB later", early>>10, late>>10)
	if late > early+(1<<20) {
		t.Errorf("the live heap grew from %d KiB to %d KiB", early>>10, late>>10)
	}
}

// accept takes everything at once.
func accept(req *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return nil, err
	}
	return httpmock.NewStringResponse(http.StatusOK, `{"message":"ok"}`), nil
}
