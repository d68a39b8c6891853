package autoid_test

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/datasink/autoid"
)

// bulkService takes statuses in virtual time, and watches how they come.
type bulkService struct {
	takes  func(request int) time.Duration
	answer func(request int, users []string) (status int, err error) // 0 means 200
	late   bool                                                      // an error of answer comes after the statuses are set

	mu        sync.Mutex
	requests  int
	sizes     []int // items of each request
	bytes     int   // the longest body
	flying    int
	most      int
	inFlight  map[string]bool
	history   map[string][]string // the statuses of each thing, in order
	violation string
}

func (s *bulkService) RoundTrip(req *http.Request) (*http.Response, error) {
	data, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	keys, users, statuses := readStatuses(data)
	s.mu.Lock()
	if s.inFlight == nil {
		s.inFlight, s.history = make(map[string]bool), make(map[string][]string)
	}
	number := s.requests
	s.requests++
	s.sizes = append(s.sizes, len(users))
	s.bytes = max(s.bytes, len(data))
	s.flying++
	s.most = max(s.most, s.flying)
	for _, key := range keys {
		if s.inFlight[key] {
			s.violation = key + " is on its way twice"
		}
		s.inFlight[key] = true
	}
	s.mu.Unlock()

	if s.takes != nil {
		timer := time.NewTimer(s.takes(number))
		select {
		case <-timer.C:
		case <-req.Context().Done():
			timer.Stop()
			err = req.Context().Err()
		}
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.flying--
	for _, key := range keys {
		delete(s.inFlight, key)
	}
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if s.answer != nil {
		if answered, failed := s.answer(number, users); failed != nil || answered != 0 {
			status, err = answered, failed
		}
	}
	if status == http.StatusOK || s.late {
		for i, key := range keys {
			s.history[key] = append(s.history[key], statuses[i])
		}
	}
	if err != nil {
		return nil, err
	}
	return httpmock.NewStringResponse(status, `{"message":"answered"}`), nil
}

// readStatuses returns what a body sets the status of, with the first name of each item.
func readStatuses(data []byte) (keys, names, statuses []string) {
	var sent struct {
		Assignments []autoid.AssignmentStatus
		Rules       []autoid.RuleStatus
		Roles       []autoid.RoleStatus
	}
	if err := json.Unmarshal(data, &sent); err != nil {
		return []string{err.Error()}, nil, []string{""}
	}
	for _, a := range sent.Assignments {
		names = append(names, a.User)
		for _, e := range a.Entitlements {
			keys, statuses = append(keys, a.User+" "+e), append(statuses, string(a.DatasinkStatus))
		}
	}
	for _, r := range sent.Rules {
		names = append(names, r.Entitlement)
		keys = append(keys, r.Entitlement+" "+strings.Join(slices.Sorted(slices.Values(r.Justification)), " "))
		statuses = append(statuses, string(r.DatasinkStatus))
	}
	for _, r := range sent.Roles {
		names = append(names, r.RoleID)
		keys, statuses = append(keys, r.RoleID), append(statuses, string(r.Status)+" "+string(r.DatasinkStatus))
	}
	return keys, names, statuses
}

func always(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }

// users are n items, each of a user of its own: u0, u1, …
func users(n int) iter.Seq[autoid.AssignmentStatus] {
	return func(yield func(autoid.AssignmentStatus) bool) {
		for i := range n {
			if !yield(autoid.AssignmentStatus{User: fmt.Sprintf("u%d", i), Entitlements: []string{"e"}, DatasinkStatus: autoid.Ack}) {
				return
			}
		}
	}
}

func counts(r autoid.BulkResult) string {
	return fmt.Sprintf("read %d skipped %d done %d refused %d unknown %d open %d", r.Read, r.Skipped, r.Done, r.Refused, r.Unknown, r.Open)
}

// checkAll tells whether exactly the first n users were acknowledged, each once at least.
func (s *bulkService) checkAll(t *testing.T, n int) {
	t.Helper()
	if len(s.history) != n {
		t.Errorf("%d users were acknowledged, want %d", len(s.history), n)
	}
	for i := range n {
		if len(s.history[fmt.Sprintf("u%d e", i)]) == 0 {
			t.Fatalf("user %d was not acknowledged", i)
		}
	}
	if s.violation != "" {
		t.Error(s.violation)
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		items        int
		options      autoid.BulkOptions
		wantRequests int
		wantSize     int // of the first request
		wantMost     int // requests at a time
		wantBytes    int // at the most
		wantTime     time.Duration
	}{
		{"defaults", 20_000, autoid.BulkOptions{}, 40, 500, 4, 64 << 10, 50 * time.Millisecond},
		{"serial", 1000, autoid.BulkOptions{BatchItems: 10, Parallel: 1}, 100, 10, 1, 64 << 10, 500 * time.Millisecond},
		{"parallel", 1000, autoid.BulkOptions{BatchItems: 10, Parallel: 10}, 100, 10, 10, 64 << 10, 50 * time.Millisecond},
		{"by bytes", 1000, autoid.BulkOptions{BatchBytes: 1000}, 63, 16, 4, 1000 + len(`{"assignments":[]}`), 80 * time.Millisecond},
		{"single items are larger than a batch", 10, autoid.BulkOptions{BatchBytes: 1}, 10, 1, 4, 100, 15 * time.Millisecond},
		{"one item", 1, autoid.BulkOptions{}, 1, 1, 1, 100, 5 * time.Millisecond},
		{"nothing", 0, autoid.BulkOptions{}, 0, 0, 0, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				service := &bulkService{takes: always(5 * time.Millisecond)}
				started := time.Now()
				result, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(test.items), test.options)
				if err != nil {
					t.Fatal(err)
				}
				service.checkAll(t, test.items)
				if got, want := counts(result), fmt.Sprintf("read %d skipped 0 done %d refused 0 unknown 0 open 0", test.items, test.items); got != want {
					t.Errorf("%s, want %s", got, want)
				}
				if service.requests != test.wantRequests || service.most != test.wantMost || len(service.sizes) > 0 && service.sizes[0] != test.wantSize || service.bytes > test.wantBytes {
					t.Errorf("%d requests, %d at a time, %d items in the first, %d bytes in the longest; want %d, %d, %d, %d",
						service.requests, service.most, slices.Max(service.sizes), service.bytes, test.wantRequests, test.wantMost, test.wantSize, test.wantBytes)
				}
				if got := time.Since(started); got != test.wantTime || result.Elapsed != got {
					t.Errorf("took %v, and the result says %v; want %v", got, result.Elapsed, test.wantTime)
				}
				if result.Elapsed > 0 && result.Rate != float64(test.items)/result.Elapsed.Seconds() {
					t.Errorf("rate %v", result.Rate)
				}
				if test.items > 0 && !cmp.Equal(result.State.Settled, []autoid.Span{{From: 0, To: int64(test.items)}}) {
					t.Errorf("settled %v", result.State.Settled)
				}
			})
		})
	}
}

// randomItems are items for a few things, several for most of them, and the statuses of each thing
// in order.
func randomItems(random *rand.Rand, n int) (items []autoid.AssignmentStatus, statuses map[string][]string) {
	things := 1 + random.IntN(2*n/3)
	statuses = make(map[string][]string)
	for range n {
		item := autoid.AssignmentStatus{User: fmt.Sprint("u", random.IntN(things)), DatasinkStatus: autoid.Ack}
		if random.IntN(2) == 0 {
			item.DatasinkStatus = autoid.Nack
		}
		for e := range 3 {
			if random.IntN(2) == 0 || e == 2 && len(item.Entitlements) == 0 {
				item.Entitlements = append(item.Entitlements, fmt.Sprint("e", e))
				key := fmt.Sprintf("%s e%d", item.User, e)
				statuses[key] = append(statuses[key], string(item.DatasinkStatus))
			}
		}
		items = append(items, item)
	}
	return items, statuses
}

// Whatever comes, the statuses of one thing arrive in the order given, and never two at a time.
func TestOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 0))
				const n = 1500
				items, want := randomItems(random, n)
				delays := make([]time.Duration, n+1)
				for i := range delays {
					delays[i] = time.Duration(random.IntN(1000)) * time.Microsecond
				}
				service := &bulkService{takes: func(request int) time.Duration { return delays[request] }}
				result, err := newClient(t, service).AcknowledgeAssignments(t.Context(), slices.Values(items),
					autoid.BulkOptions{BatchItems: 1 + random.IntN(50), Parallel: 1 + random.IntN(8)})
				if err != nil || result.Done != n {
					t.Fatalf("%s, %v", counts(result), err)
				}
				if service.violation != "" {
					t.Error(service.violation)
				}
				if diff := cmp.Diff(want, service.history); diff != "" {
					t.Errorf("statuses (-want +got):\n%.2000s", diff)
				}
			})
		})
	}
}

// Runs that fail here and there, and are resumed, end with the last status of each thing.
func TestOrderWithFailures(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 1))
				const n = 600
				items, want := randomItems(random, n)
				fails := make([]bool, 100_000)
				for i := range fails {
					fails[i] = random.IntN(5) == 0
				}
				service := &bulkService{takes: always(time.Millisecond), late: seed%2 == 0, answer: func(request int, _ []string) (int, error) {
					return map[bool]int{true: 500}[fails[request]], nil
				}}
				options := autoid.BulkOptions{BatchItems: 1 + random.IntN(20), Parallel: 1 + random.IntN(8), MaxFailed: -1}
				client := newClient(t, service, tenantkit.WithRetry(tenantkit.NoRetry()))
				for runs := 0; ; runs++ {
					result, err := client.AcknowledgeAssignments(t.Context(), slices.Values(items), options)
					checkPositions(t, result)
					if err == nil {
						break
					}
					if runs > 200 {
						t.Fatalf("no end after %d runs: %v", runs, err)
					}
					options.Resume = result.State
				}
				if service.violation != "" {
					t.Error(service.violation)
				}
				for key, statuses := range want {
					got := service.history[key]
					if len(got) < len(statuses) || got[len(got)-1] != statuses[len(statuses)-1] || !service.late && !cmp.Equal(statuses, got) {
						t.Errorf("%s got %v, want %v", key, got, statuses)
					}
				}
			})
		})
	}
}

// A few repetitions among many items must not make the batches small.
func TestRepetitionsKeepBatchesFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &bulkService{takes: always(5 * time.Millisecond)}
		items := func(yield func(autoid.AssignmentStatus) bool) {
			for i := range 10_000 {
				// Every tenth item repeats the one before it.
				user := i
				if i%10 == 9 {
					user--
				}
				if !yield(autoid.AssignmentStatus{User: fmt.Sprint(user), Entitlements: []string{"e"}, DatasinkStatus: autoid.Ack}) {
					return
				}
			}
		}
		result, err := newClient(t, service).AcknowledgeAssignments(t.Context(), items, autoid.BulkOptions{BatchItems: 100})
		if err != nil || result.Done != 10_000 || service.violation != "" {
			t.Fatalf("%s, %v, %s", counts(result), err, service.violation)
		}
		// How many requests go out before an item that waits does follows from the turns of
		// the goroutines, within little.
		if service.requests > 150 || result.Elapsed > 250*time.Millisecond {
			t.Errorf("%d requests took %v; without repetitions it is 100 in 125ms", service.requests, result.Elapsed)
		}
	})
}

func TestRulesAndRoles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &bulkService{takes: always(time.Millisecond)}
		client := newClient(t, service)
		rules := []autoid.RuleStatus{
			{Entitlement: "e1", Justification: []string{"a", "b"}, DatasinkStatus: autoid.Nack},
			{Entitlement: "e1", Justification: []string{"b", "a"}, DatasinkStatus: autoid.Ack},
			{Entitlement: "e1", Justification: []string{"a"}, DatasinkStatus: autoid.Ack},
			{Entitlement: "e1", Justification: []string{"a"}, DatasinkStatus: "?"},
		}
		result, err := client.AcknowledgeRules(t.Context(), slices.Values(rules), autoid.BulkOptions{})
		if got := counts(result); got != "read 4 skipped 0 done 3 refused 1 unknown 0 open 0" {
			t.Errorf("rules: %s, %v", got, err)
		}
		roles := []autoid.RoleStatus{
			{RoleID: "r1", Status: autoid.RoleDraft, DatasinkStatus: autoid.Nack},
			{RoleID: "r2", Status: autoid.RoleActive, DatasinkStatus: autoid.Ack},
			{RoleID: "r1", Status: autoid.RoleActive, DatasinkStatus: autoid.Ack},
			{RoleID: "r3", Status: "?", DatasinkStatus: autoid.Ack},
		}
		if result, err = client.AcknowledgeRoles(t.Context(), slices.Values(roles), autoid.BulkOptions{}); counts(result) != "read 4 skipped 0 done 3 refused 1 unknown 0 open 0" {
			t.Errorf("roles: %s, %v", counts(result), err)
		}
		want := map[string][]string{"e1 a b": {"nack", "ack"}, "e1 a": {"ack"}, "r1": {"draft nack", "active ack"}, "r2": {"active ack"}}
		if diff := cmp.Diff(want, service.history); diff != "" || service.violation != "" {
			t.Errorf("%s statuses (-want +got):\n%s", service.violation, diff)
		}
	})
}
