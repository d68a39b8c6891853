package keboola_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit/provisioning/keboola"
)

// The exported types also work with encoding/json.
func TestStandardJSON(t *testing.T) {
	t.Parallel()
	var got []keboola.Project
	if err := json.Unmarshal([]byte(testdata(t, "answers/projects-lenient.json")), &got); err != nil {
		t.Fatal(err)
	}
	want := []keboola.Project{
		{PID: "one", CreatedBy: "kbc", CreatedByID: "17"}, {PID: "two", CreatedBy: "3"}, {PID: "three", CreatedByID: "12345678901234567890"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("projects differ (-want +got):\n%s", diff)
	}
	encoded, err := json.Marshal(got[0])
	if want := `{"pid":"one","createdBy":"kbc","createdById":"17"}`; err != nil || string(encoded) != want {
		t.Errorf("encoded %s, %v; want %s", encoded, err, want)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]keboola.Text{
		`"a\u010d"`: "ač", `1`: "1", `-1.5e3`: "-1.5e3", `null`: "", `true`: "true", `{"a":[1]}`: `{"a":[1]}`, `""`: "",
	} {
		got := keboola.Text("before")
		if err := got.UnmarshalJSON([]byte(data)); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", data, got, err, want)
		}
	}
	got := keboola.Text("before")
	if err := got.UnmarshalJSON([]byte(`"\x"`)); err == nil || got != "before" {
		t.Errorf("broken text: %q, %v", got, err)
	}
}
