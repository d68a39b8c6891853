package autoid_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/datasink/autoid"
)

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
				result, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(1000), autoid.BulkOptions{
					BatchItems: 100, Refused: func(r autoid.BulkRefusal) {
						var refusal *tenantkit.Error
						if !errors.As(r.Err, &refusal) || refusal.StatusCode != status {
							t.Errorf("item %d: %v", r.Position, r.Err)
						}
						refused = append(refused, fmt.Sprintf("%d %s", r.Position, r.Item.(autoid.AssignmentStatus).User))
					},
				})
				if got, want := counts(result), "read 1000 skipped 0 done 997 refused 3 unknown 0 open 0"; got != want {
					t.Errorf("%s, want %s", got, want)
				}
				slices.Sort(refused)
				if diff := cmp.Diff([]string{"350 u350", "7 u7", "999 u999"}, refused); diff != "" {
					t.Errorf("refused (-want +got):\n%s", diff)
				}
				// 10 batches, and for each bad item two requests at each of 7
				// halvings at the most.
				if service.requests > 10+3*14 || len(service.history) != 997 {
					t.Errorf("%d requests, %d statuses", service.requests, len(service.history))
				}
				var failed *autoid.BulkError
				if !errors.As(err, &failed) || failed.Stopped || failed.Operation != "AcknowledgeAssignments" || failed.Progress != result.BulkProgress {
					t.Fatalf("error %#v", err)
				}
				if want := "autoid: AcknowledgeAssignments: the run ended: of 1000 items read 997 are done or skipped, 3 refused, 0 unknown, 0 open: item "; !strings.HasPrefix(err.Error(), want) {
					t.Errorf("error %q, want it to begin with %q", err, want)
				}
				if tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown {
					t.Errorf("the outcome of all is said to be %v", tenantkit.OutcomeOf(err))
				}
				// What was refused is settled: another run has nothing to do.
				before := service.requests
				again, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(1000), autoid.BulkOptions{Resume: result.State})
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
		items := []autoid.AssignmentStatus{
			{User: "u0", Entitlements: []string{"e"}, DatasinkStatus: autoid.Ack},
			{User: "", Entitlements: []string{"e"}, DatasinkStatus: autoid.Ack},
			{User: "u1", Entitlements: []string{"e"}, DatasinkStatus: autoid.Nack},
		}
		var refusal autoid.BulkRefusal
		result, err := newClient(t, service).AcknowledgeAssignments(t.Context(), slices.Values(items), autoid.BulkOptions{Refused: func(r autoid.BulkRefusal) { refusal = r }})
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
		options      autoid.BulkOptions
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
			name: "the service has too much to do", answer: func(int, []string) (int, error) { return 429, nil }, options: autoid.BulkOptions{MaxFailed: 2},
			want: "done 0 refused 0 unknown 0", wantRequests: 14, is: tenantkit.ErrRateLimited, text: "2 requests failed in a row",
		},
		{
			name: "the network is gone", answer: func(int, []string) (int, error) { return 0, errors.New("connection reset") },
			want: "done 0 refused 0 unknown 80", wantRequests: 20, text: "connection reset",
		},
		{
			name: "all is refused", answer: func(int, []string) (int, error) { return 400, nil },
			options: autoid.BulkOptions{MaxRefused: 8, Parallel: 1},
			want:    "done 0 refused 8 unknown 0", wantRequests: 20, is: tenantkit.ErrBadRequest, text: "8 items were refused in a row",
		},
		{
			name: "something is refused now and then", answer: bad(400, "u5", "u17", "u18", "u44", "u90"), options: autoid.BulkOptions{MaxRefused: 3, Parallel: 1},
			want: "done 995 refused 5 unknown 0", wantRequests: 200, is: tenantkit.ErrBadRequest, text: "the run ended: ",
		},
		{
			name:    "a failure now and then",
			answer:  func(request int, _ []string) (int, error) { return map[bool]int{true: 500}[request%20 < 2], nil },
			options: autoid.BulkOptions{Parallel: 1, MaxFailed: 2},
			want:    "done 940 refused 0 unknown 60", wantRequests: 120, is: tenantkit.ErrUnavailable, text: "the run ended: of 1000 items read 940 are done",
		},
		{
			name: "no bound on failures", answer: func(int, []string) (int, error) { return 500, nil }, options: autoid.BulkOptions{MaxFailed: -1},
			want: "done 0 refused 0 unknown 1000", wantRequests: 200, is: tenantkit.ErrUnavailable, text: "the run ended: ",
		},
		{
			name: "no bound on refusals", answer: func(int, []string) (int, error) { return 422, nil }, options: autoid.BulkOptions{MaxRefused: -1},
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
				again, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(1000), autoid.BulkOptions{Resume: result.State})
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
func checkPositions(t *testing.T, result autoid.BulkResult) {
	t.Helper()
	seen := make(map[int64]int)
	count := func(spans []autoid.Span) (n int64) {
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
		result, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(1000), autoid.BulkOptions{BatchItems: 10})
		if err != nil || result.Done != 1000 {
			t.Errorf("%s, %v", counts(result), err)
		}
		service.checkAll(t, 1000)
	})
}

// What follows a lost status of the same thing must wait for the next run, which sends both: else
// the older one would come last.
func TestNothingOvertakesWhatFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		item := func(user string, status autoid.Status, entitlements ...string) autoid.AssignmentStatus {
			return autoid.AssignmentStatus{User: user, Entitlements: entitlements, DatasinkStatus: status}
		}
		items := []autoid.AssignmentStatus{
			item("u1", autoid.Nack, "e1"),
			item("u1", autoid.Ack, "e1"), // waits for the first, which fails
			item("u2", autoid.Ack, "e1"),
			item("u1", autoid.Nack, "e1", "e2"),
			item("u1", autoid.Ack, "e2"), // may not overtake the one before
			item("u3", autoid.Ack, "e1"),
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
		first, err := newClient(t, service, tenantkit.WithRetry(tenantkit.NoRetry())).AcknowledgeAssignments(t.Context(), slices.Values(items), autoid.BulkOptions{BatchItems: 1})
		if err == nil || counts(first) != "read 6 skipped 0 done 2 refused 0 unknown 1 open 3" {
			t.Errorf("%s, %v", counts(first), err)
		}
		checkPositions(t, first)
		second, err := newClient(t, service).AcknowledgeAssignments(t.Context(), slices.Values(items), autoid.BulkOptions{Resume: first.State})
		if err != nil || counts(second) != "read 6 skipped 2 done 4 refused 0 unknown 0 open 0" {
			t.Errorf("%s, %v", counts(second), err)
		}
		want := map[string][]string{"u1 e1": {"nack", "ack", "nack"}, "u1 e2": {"nack", "ack"}, "u2 e1": {"ack"}, "u3 e1": {"ack"}}
		if diff := cmp.Diff(want, service.history); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
	})
}
