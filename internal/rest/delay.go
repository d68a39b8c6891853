package rest

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/tenantkit/tenantkit"
)

// newDelays returns the waits between the attempts of one call: full jitter under a doubling bound. The library draws evenly
// around an interval, so half of the bound as interval and all of it as spread reach from zero to the bound.
func newDelays(policy tenantkit.RetryPolicy) *backoff.ExponentialBackOff {
	delays := backoff.NewExponentialBackOff()
	delays.InitialInterval = min(policy.BaseDelay, policy.MaxDelay) / 2
	delays.MaxInterval = policy.MaxDelay / 2
	delays.RandomizationFactor = 1
	delays.Multiplier = 2
	delays.MaxElapsedTime = 0
	delays.Reset()
	return delays
}

// retryAfter reads the header Retry-After, in seconds or as a date, and reports whether there is one that can be read. A date is
// taken relative to the answer's own Date, so that skewed clocks do not matter; one in the past means now.
func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(math.MaxInt64/time.Second) {
			return math.MaxInt64, true
		}
		return time.Duration(seconds) * time.Second, true
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return max(0, until.Sub(now)), true
}
