package datasink_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/datasink"
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
		Assignments []datasink.AssignmentStatus
		Rules       []datasink.RuleStatus
		Roles       []datasink.RoleStatus
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
func users(n int) iter.Seq[datasink.AssignmentStatus] {
	return func(yield func(datasink.AssignmentStatus) bool) {
		for i := range n {
			if !yield(datasink.AssignmentStatus{User: fmt.Sprintf("u%d", i), Entitlements: []string{"e"}, DatasinkStatus: datasink.Ack}) {
				return
			}
		}
	}
}

func counts(r datasink.BulkResult) string {
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
		options      datasink.BulkOptions
		wantRequests int
		wantSize     int // of the first request
		wantMost     int // requests at a time
		wantBytes    int // at the most
		wantTime     time.Duration
	}{
		{"defaults", 20_000, datasink.BulkOptions{}, 40, 500, 4, 64 << 10, 50 * time.Millisecond},
		{"serial", 1000, datasink.BulkOptions{BatchItems: 10, Parallel: 1}, 100, 10, 1, 64 << 10, 500 * time.Millisecond},
		{"parallel", 1000, datasink.BulkOptions{BatchItems: 10, Parallel: 10}, 100, 10, 10, 64 << 10, 50 * time.Millisecond},
		{"by bytes", 1000, datasink.BulkOptions{BatchBytes: 1000}, 63, 16, 4, 1000 + len(`{"assignments":[]}`), 80 * time.Millisecond},
		{"single items are larger than a batch", 10, datasink.BulkOptions{BatchBytes: 1}, 10, 1, 4, 100, 15 * time.Millisecond},
		{"one item", 1, datasink.BulkOptions{}, 1, 1, 1, 100, 5 * time.Millisecond},
		{"nothing", 0, datasink.BulkOptions{}, 0, 0, 0, 0, 0},
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
				if test.items > 0 && !cmp.Equal(result.State.Settled, []datasink.Span{{From: 0, To: int64(test.items)}}) {
					t.Errorf("settled %v", result.State.Settled)
				}
			})
		})
	}
}

// randomItems are items for a few things, several for most of them, and the statuses of each thing in order.
func randomItems(random *rand.Rand, n int) (items []datasink.AssignmentStatus, statuses map[string][]string) {
	things := 1 + random.IntN(2*n/3)
	statuses = make(map[string][]string)
	for range n {
		item := datasink.AssignmentStatus{User: fmt.Sprint("u", random.IntN(things)), DatasinkStatus: datasink.Ack}
		if random.IntN(2) == 0 {
			item.DatasinkStatus = datasink.Nack
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
					datasink.BulkOptions{BatchItems: 1 + random.IntN(50), Parallel: 1 + random.IntN(8)})
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
				options := datasink.BulkOptions{BatchItems: 1 + random.IntN(20), Parallel: 1 + random.IntN(8), MaxFailed: -1}
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
		items := func(yield func(datasink.AssignmentStatus) bool) {
			for i := range 10_000 {
				// Every tenth item repeats the one before it.
				user := i
				if i%10 == 9 {
					user--
				}
				if !yield(datasink.AssignmentStatus{User: fmt.Sprint(user), Entitlements: []string{"e"}, DatasinkStatus: datasink.Ack}) {
					return
				}
			}
		}
		result, err := newClient(t, service).AcknowledgeAssignments(t.Context(), items, datasink.BulkOptions{BatchItems: 100})
		if err != nil || result.Done != 10_000 || service.violation != "" {
			t.Fatalf("%s, %v, %s", counts(result), err, service.violation)
		}
		if service.requests > 110 || result.Elapsed > 150*time.Millisecond {
			t.Errorf("%d requests took %v; without repetitions it is 100 in 125ms", service.requests, result.Elapsed)
		}
	})
}

func TestRulesAndRoles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &bulkService{takes: always(time.Millisecond)}
		client := newClient(t, service)
		rules := []datasink.RuleStatus{
			{Entitlement: "e1", Justification: []string{"a", "b"}, DatasinkStatus: datasink.Nack},
			{Entitlement: "e1", Justification: []string{"b", "a"}, DatasinkStatus: datasink.Ack},
			{Entitlement: "e1", Justification: []string{"a"}, DatasinkStatus: datasink.Ack},
			{Entitlement: "e1", Justification: []string{"a"}, DatasinkStatus: "?"},
		}
		result, err := client.AcknowledgeRules(t.Context(), slices.Values(rules), datasink.BulkOptions{})
		if got := counts(result); got != "read 4 skipped 0 done 3 refused 1 unknown 0 open 0" {
			t.Errorf("rules: %s, %v", got, err)
		}
		roles := []datasink.RoleStatus{
			{RoleID: "r1", Status: datasink.RoleDraft, DatasinkStatus: datasink.Nack},
			{RoleID: "r2", Status: datasink.RoleActive, DatasinkStatus: datasink.Ack},
			{RoleID: "r1", Status: datasink.RoleActive, DatasinkStatus: datasink.Ack},
			{RoleID: "r3", Status: "?", DatasinkStatus: datasink.Ack},
		}
		if result, err = client.AcknowledgeRoles(t.Context(), slices.Values(roles), datasink.BulkOptions{}); counts(result) != "read 4 skipped 0 done 3 refused 1 unknown 0 open 0" {
			t.Errorf("roles: %s, %v", counts(result), err)
		}
		want := map[string][]string{"e1 a b": {"nack", "ack"}, "e1 a": {"ack"}, "r1": {"draft nack", "active ack"}, "r2": {"active ack"}}
		if diff := cmp.Diff(want, service.history); diff != "" || service.violation != "" {
			t.Errorf("%s statuses (-want +got):\n%s", service.violation, diff)
		}
	})
}

// bad refuses requests with one of the users in it.
func bad(status int, names ...string) func(int, []string) (int, error) {
	return func(_ int, users []string) (int, error) {
		for _, name := range names {
			if slices.Contains(users, name) {
				return status, nil
			}
		}
		return 0, nil
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 404, 409, 410, 413, 422} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				service := &bulkService{takes: always(time.Millisecond), answer: bad(status, "u7", "u350", "u999")}
				var refused []string
				result, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(1000), datasink.BulkOptions{
					BatchItems: 100, Refused: func(r datasink.BulkRefusal) {
						var refusal *tenantkit.Error
						if !errors.As(r.Err, &refusal) || refusal.StatusCode != status {
							t.Errorf("item %d: %v", r.Position, r.Err)
						}
						refused = append(refused, fmt.Sprintf("%d %s", r.Position, r.Item.(datasink.AssignmentStatus).User))
					},
				})
				if got, want := counts(result), "read 1000 skipped 0 done 997 refused 3 unknown 0 open 0"; got != want {
					t.Errorf("%s, want %s", got, want)
				}
				slices.Sort(refused)
				if diff := cmp.Diff([]string{"350 u350", "7 u7", "999 u999"}, refused); diff != "" {
					t.Errorf("refused (-want +got):\n%s", diff)
				}
				// 10 batches, and for each bad item two requests at each of 7 halvings at the most.
				if service.requests > 10+3*14 || len(service.history) != 997 {
					t.Errorf("%d requests, %d statuses", service.requests, len(service.history))
				}
				var failed *datasink.BulkError
				if !errors.As(err, &failed) || failed.Stopped || failed.Operation != "AcknowledgeAssignments" || failed.Progress != result.BulkProgress {
					t.Fatalf("error %#v", err)
				}
				if want := "datasink: AcknowledgeAssignments: the run ended with 997 of 1000 items done or skipped, 3 refused, 0 unknown, 0 open: item "; !strings.HasPrefix(err.Error(), want) {
					t.Errorf("error %q, want it to begin with %q", err, want)
				}
				if tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown {
					t.Errorf("the outcome of all is said to be %v", tenantkit.OutcomeOf(err))
				}
				// What was refused is settled: another run has nothing to do.
				before := service.requests
				again, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(1000), datasink.BulkOptions{Resume: result.State})
				if err != nil || counts(again) != "read 1000 skipped 1000 done 0 refused 0 unknown 0 open 0" || service.requests != before {
					t.Errorf("again: %s, %v, %d requests", counts(again), err, service.requests-before)
				}
				if diff := cmp.Diff(result.State, again.State); diff != "" {
					t.Errorf("state of the second run (-first +second):\n%s", diff)
				}
			})
		})
	}
}

// An item that cannot be sent is refused without a request, and the others go on.
func TestItemsThatCannotBeSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &bulkService{}
		items := []datasink.AssignmentStatus{
			{User: "u0", Entitlements: []string{"e"}, DatasinkStatus: datasink.Ack},
			{User: "", Entitlements: []string{"e"}, DatasinkStatus: datasink.Ack},
			{User: "u1", Entitlements: []string{"e"}, DatasinkStatus: datasink.Nack},
		}
		var refusal datasink.BulkRefusal
		result, err := newClient(t, service).AcknowledgeAssignments(t.Context(), slices.Values(items), datasink.BulkOptions{Refused: func(r datasink.BulkRefusal) { refusal = r }})
		var invalid *tenantkit.ValidationError
		if !errors.As(refusal.Err, &invalid) || invalid.Field != "items.1.user" || refusal.Position != 1 {
			t.Errorf("refusal %+v", refusal)
		}
		if counts(result) != "read 3 skipped 0 done 2 refused 1 unknown 0 open 0" || err == nil {
			t.Errorf("%s, %v", counts(result), err)
		}
		service.checkAll(t, 2)
	})
}

func TestStops(t *testing.T) {
	t.Parallel()
	policy := tenantkit.WithRetry(tenantkit.RetryPolicy{MaxAttempts: 2, BaseDelay: time.Millisecond})
	tests := []struct {
		name         string
		options      datasink.BulkOptions
		answer       func(int, []string) (int, error)
		want         string
		wantRequests int // at the most
		is           error
		text         string
	}{
		{
			name: "the credential is refused", answer: func(int, []string) (int, error) { return 401, nil },
			want: "done 0 refused 0 unknown 0", wantRequests: 5, is: tenantkit.ErrUnauthenticated, text: "401 Unauthorized: answered",
		},
		{
			name: "the service is down", answer: func(int, []string) (int, error) { return 503, nil },
			want: "done 0 refused 0 unknown 80", wantRequests: 20, is: tenantkit.ErrUnavailable, text: "5 requests failed in a row",
		},
		{
			name: "the service has too much to do", answer: func(int, []string) (int, error) { return 429, nil }, options: datasink.BulkOptions{MaxFailed: 2},
			want: "done 0 refused 0 unknown 0", wantRequests: 14, is: tenantkit.ErrRateLimited, text: "2 requests failed in a row",
		},
		{
			name: "the network is gone", answer: func(int, []string) (int, error) { return 0, errors.New("connection reset") },
			want: "done 0 refused 0 unknown 80", wantRequests: 20, text: "connection reset",
		},
		{
			name: "all is refused", answer: func(int, []string) (int, error) { return 400, nil },
			options: datasink.BulkOptions{MaxRefused: 8, Parallel: 1},
			want:    "done 0 refused 8 unknown 0", wantRequests: 20, is: tenantkit.ErrBadRequest, text: "8 items were refused in a row",
		},
		{
			name: "something is refused now and then", answer: bad(400, "u5", "u17", "u18", "u44", "u90"), options: datasink.BulkOptions{MaxRefused: 3, Parallel: 1},
			want: "done 995 refused 5 unknown 0", wantRequests: 200, is: tenantkit.ErrBadRequest, text: "the run ended with",
		},
		{
			name:    "a failure now and then",
			answer:  func(request int, _ []string) (int, error) { return map[bool]int{true: 500}[request%20 < 2], nil },
			options: datasink.BulkOptions{Parallel: 1, MaxFailed: 2},
			want:    "done 940 refused 0 unknown 60", wantRequests: 120, is: tenantkit.ErrUnavailable, text: "the run ended with 940 of 1000",
		},
		{
			name: "no bound on failures", answer: func(int, []string) (int, error) { return 500, nil }, options: datasink.BulkOptions{MaxFailed: -1},
			want: "done 0 refused 0 unknown 1000", wantRequests: 200, is: tenantkit.ErrUnavailable, text: "the run ended with",
		},
		{
			name: "no bound on refusals", answer: func(int, []string) (int, error) { return 422, nil }, options: datasink.BulkOptions{MaxRefused: -1},
			want: "done 0 refused 1000 unknown 0", wantRequests: 2000, is: tenantkit.ErrBadRequest, text: "do not become better",
		},
		{
			name: "a redirect", answer: func(int, []string) (int, error) { return 302, nil },
			want: "done 0 refused 0 unknown 40", wantRequests: 4, text: "a redirect",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				service := &bulkService{takes: always(time.Millisecond), answer: test.answer}
				options := test.options
				options.BatchItems = 10
				result, err := newClient(t, service, policy).AcknowledgeAssignments(t.Context(), users(1000), options)
				if err == nil || !strings.Contains(err.Error(), test.text) || test.is != nil && !errors.Is(err, test.is) {
					t.Errorf("error %v, want %q, %v", err, test.text, test.is)
				}
				if got := fmt.Sprintf("done %d refused %d unknown %d", result.Done, result.Refused, result.Unknown); got != test.want {
					t.Errorf("%s, want %s", got, test.want)
				}
				if service.requests > test.wantRequests {
					t.Errorf("%d requests, want %d at the most", service.requests, test.wantRequests)
				}
				checkPositions(t, result)

				// A service that is well again gets the rest.
				service.answer = nil
				again, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(1000), datasink.BulkOptions{Resume: result.State})
				if err != nil || again.Skipped != result.Done+result.Refused || again.Done != 1000-again.Skipped || again.State.Done+again.State.Refused != 1000 {
					t.Errorf("again: %s, %v, state %+v", counts(again), err, again.State)
				}
				if got := int64(len(service.history)); got != 1000-result.Refused {
					t.Errorf("%d users were acknowledged, want all but the %d refused", got, result.Refused)
				}
			})
		})
	}
}

// checkPositions tells whether the lists of a result hold each item that was read once.
func checkPositions(t *testing.T, result datasink.BulkResult) {
	t.Helper()
	seen := make(map[int64]int)
	count := func(spans []datasink.Span) (n int64) {
		for _, span := range spans {
			for p := span.From; p < span.To; p++ {
				seen[p]++
				n++
			}
		}
		return n
	}
	settled, unknown, open := count(result.State.Settled), count(result.UnknownItems), count(result.OpenItems)
	if settled != result.Skipped+result.Done+result.Refused || unknown != result.Unknown || open != result.Open {
		t.Errorf("%d settled, %d unknown, %d open; the counts are %s", settled, unknown, open, counts(result))
	}
	for p := range result.Read {
		if seen[p] != 1 {
			t.Fatalf("item %d is in %d lists: %+v", p, seen[p], result)
		}
	}
}

// A batch that meets a passing failure is repeated, and nothing is left behind.
func TestRepeatedBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		attempts := make(map[string]int)
		service := &bulkService{takes: always(time.Millisecond), late: true, answer: func(_ int, users []string) (int, error) {
			attempts[users[0]]++
			switch {
			case attempts[users[0]] > 3:
				return 0, nil
			case len(users[0])%2 == 0:
				return 503, nil
			default:
				return 0, errors.New("connection reset")
			}
		}}
		result, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(1000), datasink.BulkOptions{BatchItems: 10})
		if err != nil || result.Done != 1000 {
			t.Errorf("%s, %v", counts(result), err)
		}
		service.checkAll(t, 1000)
	})
}

// What follows a lost status of the same thing must wait for the next run, which sends both: else the older one would come last.
func TestNothingOvertakesWhatFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		item := func(user string, status datasink.Status, entitlements ...string) datasink.AssignmentStatus {
			return datasink.AssignmentStatus{User: user, Entitlements: entitlements, DatasinkStatus: status}
		}
		items := []datasink.AssignmentStatus{
			item("u1", datasink.Nack, "e1"),
			item("u1", datasink.Ack, "e1"), // waits for the first, which fails
			item("u2", datasink.Ack, "e1"),
			item("u1", datasink.Nack, "e1", "e2"),
			item("u1", datasink.Ack, "e2"), // may not overtake the one before
			item("u3", datasink.Ack, "e1"),
		}
		// The first request for u1 fails for good, and may or may not have been applied.
		failures := 1
		service := &bulkService{takes: always(time.Millisecond), answer: func(_ int, users []string) (int, error) {
			if users[0] == "u1" && failures > 0 {
				failures--
				return 500, nil
			}
			return 0, nil
		}}
		first, err := newClient(t, service, tenantkit.WithRetry(tenantkit.NoRetry())).AcknowledgeAssignments(t.Context(), slices.Values(items), datasink.BulkOptions{BatchItems: 1})
		if err == nil || counts(first) != "read 6 skipped 0 done 2 refused 0 unknown 1 open 3" {
			t.Errorf("%s, %v", counts(first), err)
		}
		checkPositions(t, first)
		second, err := newClient(t, service).AcknowledgeAssignments(t.Context(), slices.Values(items), datasink.BulkOptions{Resume: first.State})
		if err != nil || counts(second) != "read 6 skipped 2 done 4 refused 0 unknown 0 open 0" {
			t.Errorf("%s, %v", counts(second), err)
		}
		want := map[string][]string{"u1 e1": {"nack", "ack", "nack"}, "u1 e2": {"nack", "ack"}, "u2 e1": {"ack"}, "u3 e1": {"ack"}}
		if diff := cmp.Diff(want, service.history); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
	})
}

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
				result, err := newClient(t, service).AcknowledgeAssignments(ctx, users(1000), datasink.BulkOptions{BatchItems: 10, MaxFailed: 1})
				if !errors.Is(err, context.Canceled) || !errors.Is(err, reason) || strings.Contains(err.Error(), "in a row") {
					t.Errorf("error %v", err)
				}
				var failed *datasink.BulkError
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
				again, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(1000), datasink.BulkOptions{Resume: result.State})
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
		items := func(yield func(datasink.AssignmentStatus) bool) {
			for item := range users(5) {
				if !yield(item) {
					return
				}
			}
			cancel()
		}
		result, err := newClient(t, &bulkService{}).AcknowledgeAssignments(ctx, items, datasink.BulkOptions{})
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
		items := func(yield func(datasink.AssignmentStatus) bool) {
			for item := range users(10_000) {
				read.Add(1)
				if !yield(item) {
					return
				}
			}
		}
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := newClient(t, service).AcknowledgeAssignments(t.Context(), items, datasink.BulkOptions{BatchItems: 10, Parallel: 3}); err != nil {
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
		_, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(8), datasink.BulkOptions{
			BatchItems: 4, Parallel: 1, Progress: func(p datasink.BulkProgress) {
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
		_, err := newClient(t, service).AcknowledgeAssignments(t.Context(), func(yield func(datasink.AssignmentStatus) bool) {
			for item := range users(10) {
				yield(item)
			}
			panic("broken sequence")
		}, datasink.BulkOptions{BatchItems: 2})
		t.Errorf("returned %v", err)
	})
}

func TestBulkInput(t *testing.T) {
	t.Parallel()
	good := users(1)
	state := func(change func(*datasink.BulkState)) datasink.BulkOptions {
		s := datasink.BulkState{Operation: "AcknowledgeAssignments", Settled: []datasink.Span{{From: 0, To: 1}}, First: datasink.Fingerprint{Items: 1, Checksum: "x"}}
		change(&s)
		return datasink.BulkOptions{Resume: s}
	}
	ctx := t.Context()
	tests := []struct {
		name    string
		field   string
		ctx     context.Context
		items   iter.Seq[datasink.AssignmentStatus]
		options datasink.BulkOptions
		opts    []tenantkit.Option
	}{
		{"no context", "ctx", nil, good, datasink.BulkOptions{}, nil},
		{"no items", "items", ctx, nil, datasink.BulkOptions{}, nil},
		{"items", "options.BatchItems", ctx, good, datasink.BulkOptions{BatchItems: -1}, nil},
		{"bytes", "options.BatchBytes", ctx, good, datasink.BulkOptions{BatchBytes: -1}, nil},
		{"parallel", "options.Parallel", ctx, good, datasink.BulkOptions{Parallel: -1}, nil},
		{"two states", "options.Resume", ctx, good, datasink.BulkOptions{Resume: datasink.BulkState{Done: 1}, Checkpoint: datasink.FileCheckpoint("x")}, nil},
		{"a nil option", "opts", ctx, good, datasink.BulkOptions{}, []tenantkit.Option{nil}},
		{"a bad option", "opts", ctx, good, datasink.BulkOptions{}, []tenantkit.Option{tenantkit.WithMaxResponseBytes(0)}},
		{"a shared response", "opts", ctx, good, datasink.BulkOptions{}, []tenantkit.Option{tenantkit.WithResponse(new(tenantkit.Response))}},
		{"another operation", "state.operation", ctx, good, state(func(s *datasink.BulkState) { s.Operation = "AcknowledgeRules" }), nil},
		{"no operation", "state.operation", ctx, good, state(func(s *datasink.BulkState) { s.Operation = "" }), nil},
		{"an empty span", "state.settled", ctx, good, state(func(s *datasink.BulkState) { s.Settled[0].To = 0 }), nil},
		{"a negative span", "state.settled", ctx, good, state(func(s *datasink.BulkState) { s.Settled[0].From = -1 }), nil},
		{"spans that touch", "state.settled", ctx, good, state(func(s *datasink.BulkState) { s.Settled = append(s.Settled, datasink.Span{From: 1, To: 2}) }), nil},
		{"no fingerprint", "state.first", ctx, good, state(func(s *datasink.BulkState) { s.First = datasink.Fingerprint{} }), nil},
		{"too large a fingerprint", "state.first", ctx, good, state(func(s *datasink.BulkState) { s.First.Items = 1001 }), nil},
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
	var none *datasink.Client
	for name, call := range map[string]func() error{
		"assignments": func() error { _, err := none.AcknowledgeAssignments(ctx, good, datasink.BulkOptions{}); return err },
		"rules": func() error {
			_, err := none.AcknowledgeRules(ctx, slices.Values([]datasink.RuleStatus{}), datasink.BulkOptions{})
			return err
		},
		"roles": func() error {
			_, err := new(datasink.Client).AcknowledgeRoles(ctx, slices.Values([]datasink.RoleStatus{}), datasink.BulkOptions{})
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
		items iter.Seq[datasink.AssignmentStatus]
		sent  int // requests before the difference shows
	}{
		{"another item among the first", replaced(users(3000), 500, datasink.AssignmentStatus{User: "other", Entitlements: []string{"e"}, DatasinkStatus: datasink.Ack}), 0},
		{"another status among the first", replaced(users(3000), 0, datasink.AssignmentStatus{User: "u0", Entitlements: []string{"e"}, DatasinkStatus: datasink.Nack}), 0},
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
				first, err := newClient(t, service, tenantkit.WithRetry(tenantkit.NoRetry())).AcknowledgeAssignments(t.Context(), users(3000), datasink.BulkOptions{Parallel: 1})
				if err == nil || counts(first) != "read 3000 skipped 0 done 2500 refused 0 unknown 500 open 0" {
					t.Fatalf("%s, %v", counts(first), err)
				}
				before := service.requests
				second, err := newClient(t, service).AcknowledgeAssignments(t.Context(), test.items, datasink.BulkOptions{Resume: first.State})
				if !errors.Is(err, datasink.ErrOtherItems) {
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
			first, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(700), datasink.BulkOptions{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cut := func(yield func(datasink.AssignmentStatus) bool) {
				for item := range users(100) {
					if !yield(item) {
						return
					}
				}
				cancel()
			}
			if _, err := newClient(t, service).AcknowledgeAssignments(ctx, cut, datasink.BulkOptions{Resume: first.State}); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
		})
	})
	t.Run("what the first items left open", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			service := &bulkService{answer: func(request int, _ []string) (int, error) { return map[bool]int{true: 500}[request == 0], nil }}
			first, err := newClient(t, service, tenantkit.WithRetry(tenantkit.NoRetry())).AcknowledgeAssignments(t.Context(), users(3000), datasink.BulkOptions{Parallel: 1})
			if err == nil || first.Unknown != 500 {
				t.Fatalf("%s, %v", counts(first), err)
			}
			before := service.requests
			second, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(3000), datasink.BulkOptions{Resume: first.State})
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
			first, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(700), datasink.BulkOptions{})
			if err != nil {
				t.Fatal(err)
			}
			second, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(2000), datasink.BulkOptions{Resume: first.State})
			if err != nil || counts(second) != "read 2000 skipped 700 done 1300 refused 0 unknown 0 open 0" || second.State.First.Items != 1000 {
				t.Errorf("%s, %v, %+v", counts(second), err, second.State)
			}
			service.checkAll(t, 2000)
		})
	})
}

// replaced is a sequence with another item at a position.
func replaced(items iter.Seq[datasink.AssignmentStatus], position int, other datasink.AssignmentStatus) iter.Seq[datasink.AssignmentStatus] {
	return func(yield func(datasink.AssignmentStatus) bool) {
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
