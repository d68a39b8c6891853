package argo_test

import (
	"testing"
	"time"

	"github.com/tenantkit/tenantkit/tenant/argo"
)

// FuzzTime reads whatever a server may write for a time: it is the time that is written, or an
// error.
func FuzzTime(f *testing.F) {
	for _, seed := range []string{
		"2015-10-20 02:08:04", "", "2015-10-20T02:08:04Z", "0000-00-00 00:00:00", "2015-02-30 00:00:00", "2015-10-20 02:08:04.5", "20-10-2015 02:08:04", "\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := argo.Time(text).In(time.UTC)
		if err != nil {
			if !got.IsZero() {
				t.Errorf("%q is %v and an error", text, got)
			}
			return
		}
		again, err := argo.Time(got.Format("2006-01-02 15:04:05.999999999")).In(time.UTC)
		if err != nil || !again.Equal(got) {
			t.Errorf("%q is %v, and that is %v, %v", text, got, again, err)
		}
	})
}
