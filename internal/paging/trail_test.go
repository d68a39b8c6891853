package paging

import (
	"strings"
	"testing"
)

func TestTrailStep(t *testing.T) {
	t.Parallel()
	trail, iterating := FromContext(t.Context())
	if iterating {
		t.Error("a context without a trail has one")
	}
	if again, ok := FromContext(NewContext(t.Context())); !ok || again == trail {
		t.Error("a context with a trail has none of its own")
	}
	for _, step := range []struct{ asked, found, next, want string }{
		{"", "https://h/1", "https://h/2", ""},
		{"https://h/2", "https://h/2x", "https://h/3", ""},
		{"https://h/3", "https://h/3", "https://h/3", "was read before"},
		{"https://h/3", "https://h/3", "https://h/1", "was read before"},
		{"https://h/3", "https://h/3", "https://h/2", "was read before"},
		{"https://h/3", "https://h/3", "https://h/2x", "was read before"},
		{"https://h/3", "https://h/3", "https://h/4", "more than 3 pages"},
	} {
		err := trail.Step(step.asked, step.found, step.next, 3)
		if (err == nil) != (step.want == "") || err != nil && !strings.Contains(err.Error(), step.want) {
			t.Errorf("Step(%q, %q) = %v, want %q", step.found, step.next, err, step.want)
		}
	}
	if err := trail.Step("https://h/4", "https://h/4", "https://h/5", 0); err != nil {
		t.Errorf("without a limit: %v", err)
	}
}
