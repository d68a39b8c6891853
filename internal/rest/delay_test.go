package rest

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
)

// The waits are drawn evenly from zero to a bound that doubles up to MaxDelay.
func TestFullJitter(t *testing.T) {
	t.Parallel()
	const samples = 4000
	tests := []struct {
		name      string
		base, max time.Duration
		bounds    []time.Duration
	}{
		{"default", 500 * time.Millisecond, 30 * time.Second, []time.Duration{
			500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second, 30 * time.Second,
		}},
		{"equal", time.Second, time.Second, []time.Duration{time.Second, time.Second}},
		{"base above max", 10 * time.Second, time.Second, []time.Duration{time.Second, time.Second}},
		{"not a power of two", 3 * time.Second, 10 * time.Second, []time.Duration{3 * time.Second, 6 * time.Second, 10 * time.Second, 10 * time.Second}},
		{"as long as can be", math.MaxInt64, math.MaxInt64, []time.Duration{math.MaxInt64, math.MaxInt64}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			longest := make([]time.Duration, len(tt.bounds))
			shortest := make([]time.Duration, len(tt.bounds))
			sum := make([]float64, len(tt.bounds))
			for n := range samples {
				delays := newDelays(tenantkit.RetryPolicy{BaseDelay: tt.base, MaxDelay: tt.max})
				for i := range tt.bounds {
					wait := delays.NextBackOff()
					if n == 0 {
						shortest[i] = wait
					}
					longest[i], shortest[i] = max(longest[i], wait), min(shortest[i], wait)
					sum[i] += float64(wait) / samples
				}
			}
			for i, bound := range tt.bounds {
				// The library adds a nanosecond to what it draws from.
				if shortest[i] < 0 || longest[i]-1 > bound {
					t.Errorf("wait %d: %v to %v, want 0 to %v", i+1, shortest[i], longest[i], bound)
				}
				if float64(longest[i]) < 0.98*float64(bound) || float64(shortest[i]) > 0.02*float64(bound) {
					t.Errorf("wait %d: %v to %v does not fill 0 to %v", i+1, shortest[i], longest[i], bound)
				}
				if mean := sum[i] / float64(bound); mean < 0.46 || mean > 0.54 {
					t.Errorf("wait %d: mean is %.2f of the bound, want half", i+1, mean)
				}
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	in := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	tests := []struct {
		name, value, date string
		want              time.Duration
		ok                bool
	}{
		{"none", "", "", 0, false},
		{"blank", "  ", "", 0, false},
		{"zero", "0", "", 0, true},
		{"seconds", "120", "", 2 * time.Minute, true},
		{"blanks around", " 7 ", "", 7 * time.Second, true},
		{"leading zeros", "007", "", 7 * time.Second, true},
		{"an hour", "3600", "", time.Hour, true},
		{"the longest duration", "9223372036", "", 9223372036 * time.Second, true},
		{"longer than a duration", "9223372037", "", math.MaxInt64, true},
		{"longer than an int64", "99999999999999999999999999", "", math.MaxInt64, true},
		{"negative", "-1", "", 0, false},
		{"signed", "+5", "", 0, false},
		{"fraction", "1.5", "", 2 * time.Second, true},
		{"fraction of a second", "0.001", "", time.Second, true},
		{"whole with a fraction", "2.0", "", 2 * time.Second, true},
		{"fraction only", ".5", "", time.Second, true},
		{"two points", "1.2.3", "", 0, false},
		{"a point", ".", "", 0, false},
		{"exponent", "1e3", "", 0, false},
		{"hexadecimal", "0x10", "", 0, false},
		{"unit", "5s", "", 0, false},
		{"other digits", "٣", "", 0, false},
		{"word", "soon", "", 0, false},
		{"two", "1, 2", "", 0, false},
		{"date", in(time.Minute), "", time.Minute, true},
		{"date in the past", in(-time.Minute), "", 0, true},
		{"date now", in(0), "", 0, true},
		{"RFC 850 date", now.Add(time.Minute).Format("Monday, 02-Jan-06 15:04:05 MST"), "", time.Minute, true},
		{"asctime date", now.Add(time.Minute).Format(time.ANSIC), "", time.Minute, true},
		{"date, server ahead", in(61 * time.Minute), in(time.Hour), time.Minute, true},
		{"date, server behind", in(-59 * time.Minute), in(-time.Hour), time.Minute, true},
		{"date, past by the server's clock", in(30 * time.Minute), in(time.Hour), 0, true},
		{"date, Date is garbage", in(time.Minute), "yesterday", time.Minute, true},
		{"seconds, whatever the Date", "5", in(time.Hour), 5 * time.Second, true},
		{"date far away", "Fri, 31 Dec 9999 23:59:59 GMT", "", math.MaxInt64, true},
		{"date far back", "Mon, 01 Jan 0001 00:00:00 GMT", "", 0, true},
		{"ISO date", now.Add(time.Minute).Format(time.RFC3339), "", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{"Retry-After": {tt.value}}
			if tt.date != "" {
				header.Set("Date", tt.date)
			}
			if got, ok := retryAfter(header, now); got != tt.want || ok != tt.ok {
				t.Errorf("retryAfter(%q, Date %q) = %v, %t, want %v, %t", tt.value, tt.date, got, ok, tt.want, tt.ok)
			}
		})
	}
	if got, ok := retryAfter(http.Header{}, now); got != 0 || ok {
		t.Errorf("without the header: %v, %t", got, ok)
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "0", "120", "9223372037", "-1", "soon", "1.5", "Mon, 04 May 2026 03:03:01 GMT", "Monday, 04-May-26 03:03:01 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		f.Add(seed, "")
		f.Add(seed, "Mon, 04 May 2026 03:02:01 GMT")
	}
	now := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value, date string) {
		wait, ok := retryAfter(http.Header{"Retry-After": {value}, "Date": {date}}, now)
		if wait < 0 || !ok && wait != 0 {
			t.Errorf("retryAfter(%q, %q) = %v, %t", value, date, wait, ok)
		}
		if again, _ := retryAfter(http.Header{"Retry-After": {" " + value + "\t"}, "Date": {date}}, now); again != wait {
			t.Errorf("blanks around %q change %v to %v", value, wait, again)
		}
	})
}

// How long a call waits when the server says how long.
func TestWaitsAsTheServerAsks(t *testing.T) {
	t.Parallel()
	date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	tests := []struct {
		name   string
		header func() http.Header
		policy tenantkit.RetryPolicy
		least  time.Duration
		most   time.Duration
	}{
		{"seconds", func() http.Header { return http.Header{"Retry-After": {"9"}} }, tenantkit.RetryPolicy{}, 9 * time.Second, 9 * time.Second},
		{"date", func() http.Header { return http.Header{"Retry-After": {date(9 * time.Second)}} }, tenantkit.RetryPolicy{}, 9 * time.Second, 9 * time.Second},
		{"date by a clock that is two hours ahead", func() http.Header {
			return http.Header{"Retry-After": {date(2*time.Hour + 9*time.Second)}, "Date": {date(2 * time.Hour)}}
		}, tenantkit.RetryPolicy{}, 9 * time.Second, 9 * time.Second},
		{"longer than MaxDelay", func() http.Header { return http.Header{"Retry-After": {"9"}} },
			tenantkit.RetryPolicy{MaxDelay: time.Second}, 9 * time.Second, 9 * time.Second},
		{"past date: by the policy", func() http.Header { return http.Header{"Retry-After": {date(-time.Hour)}} }, tenantkit.RetryPolicy{}, 0, 501 * time.Millisecond},
		{"zero: by the policy", func() http.Header { return http.Header{"Retry-After": {"0"}} }, tenantkit.RetryPolicy{}, 0, 501 * time.Millisecond},
		{"garbage: by the policy", func() http.Header { return http.Header{"Retry-After": {"soon"}} }, tenantkit.RetryPolicy{}, 0, 501 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				server := newMemory(t, step{status: 503, header: tt.header()}, jsonStep(`{}`))
				c := newTestClient(t, server, tenantkit.WithRetry(tt.policy))
				started := time.Now()
				if err := c.Do(t.Context(), &getThing, callOf(&getThing), nil); err != nil {
					t.Fatal(err)
				}
				if waited := time.Since(started); waited < tt.least || waited > tt.most {
					t.Errorf("waited %v, want %v to %v", waited, tt.least, tt.most)
				}
			})
		})
	}
}

// A server that asks for no wait, time and again, is not hammered all the same.
func TestWaitsAlthoughTheServerAsksForNone(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		c := newTestClient(t, newMemory(t, errorStep(503, "0")), tenantkit.WithRetry(tenantkit.RetryPolicy{MaxAttempts: 20}))
		started := time.Now()
		_ = c.Do(t.Context(), &getThing, callOf(&getThing), nil)
		if waited := time.Since(started); waited < time.Second {
			t.Errorf("19 repetitions within %v", waited)
		}
	})
}

// A wait that cannot fit ends the call at once, with the refusal in hand and the reason.
func TestWaitThatDoesNotFit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, retryAfter string
		deadline         time.Duration
		policy           tenantkit.RetryPolicy
		reason           string
	}{
		{"an hour, MaxElapsed", "3600", 0, tenantkit.RetryPolicy{}, "not retried: a wait of 1h0m0s does not fit into the 2m0s that the retry policy allows (MaxElapsed)"},
		{"an hour, deadline", "3600", time.Minute, tenantkit.RetryPolicy{MaxElapsed: -1},
			"not retried: a wait of 1h0m0s does not fit into the 1m0s left of the context's deadline"},
		{"exactly the deadline", "60", time.Minute, tenantkit.RetryPolicy{},
			"not retried: a wait of 1m0s does not fit into the 1m0s left of the context's deadline"},
		{"a second above MaxElapsed", "121", 0, tenantkit.RetryPolicy{}, "not retried: a wait of 2m1s does not fit into the 2m0s that the retry policy allows (MaxElapsed)"},
		{"longer than a duration", "99999999999999999999", 0, tenantkit.RetryPolicy{}, "MaxElapsed"},
		{"longer than a duration, deadline only", "99999999999999999999", time.Minute, tenantkit.RetryPolicy{MaxElapsed: -1}, "deadline"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				server := newMemory(t, errorStep(429, tt.retryAfter))
				c := newTestClient(t, server, tenantkit.WithRetry(tt.policy))
				ctx := t.Context()
				if tt.deadline != 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				started := time.Now()
				err := c.Do(ctx, &createThing, callOf(&createThing), nil)
				failed := failedWith(t, err)
				if waited := time.Since(started); waited != 0 {
					t.Errorf("the call took %v", waited)
				}
				if failed.Attempts != 1 || failed.StatusCode != 429 || failed.RetryAfter == 0 || failed.Outcome != rejected {
					t.Errorf("error = %+v", failed)
				}
				if failed.Err == nil || !strings.Contains(failed.Err.Error(), tt.reason) || !strings.Contains(err.Error(), tt.reason) {
					t.Errorf("reason = %v, want %q", failed.Err, tt.reason)
				}
				wantSentinels(t, err, tenantkit.ErrRateLimited)
			})
		})
	}
}

// MaxElapsed bounds the start of the last attempt, whatever took the time.
func TestMaxElapsed(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		server := newMemory(t, step{delay: 20 * time.Second, status: 500})
		c := newTestClient(t, server, tenantkit.WithRetry(tenantkit.RetryPolicy{MaxAttempts: 100, MaxElapsed: time.Minute, BaseDelay: 1, MaxDelay: 1}))
		started := time.Now()
		failed := failedWith(t, c.Do(t.Context(), &getThing, callOf(&getThing), nil))
		if elapsed := time.Since(started); elapsed < time.Minute || elapsed > 81*time.Second {
			t.Errorf("the call took %v", elapsed)
		}
		if failed.Attempts < 3 || failed.Attempts > 4 {
			t.Errorf("%d attempts", failed.Attempts)
		}
		if last := server.sent()[failed.Attempts-1].at.Sub(started); last > time.Minute {
			t.Errorf("the last attempt began after %v", last)
		}
		if failed.Attempts == 3 && !errors.Is(failed, tenantkit.ErrUnavailable) {
			t.Errorf("error = %v", failed)
		}
	})
}
