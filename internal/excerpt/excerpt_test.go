package excerpt_test

import (
	"testing"

	"github.com/tenantkit/tenantkit/internal/excerpt"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		most int
		want string
	}{
		{"", 0, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"a", 0, "…"}, {"ab€", 5, "ab€"}, {"ab€", 4, "ab…"}, {"ab€", 3, "ab…"}, {"a\xff", 2, "a\xff"},
	} {
		if got := excerpt.Of(test.text, test.most); got != test.want {
			t.Errorf("Of(%q, %d) = %q, want %q", test.text, test.most, got, test.want)
		}
	}
}
