package autoid_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/datasink/autoid"
)

// encoding/json would write another character in the place of what is no text, and say nothing.
func TestTextThatWouldBeChanged(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{"a text": "a\xff", "a text within": map[string][]string{"a": {"b\xff"}}, "a name": map[string]int{"a\xff": 1}} {
		var sink autoid.Sink
		for what, err := range map[string]error{
			"SetConfig": sink.SetConfig(value), "SetLogs": sink.SetLogs(value), "UpdateLogs": newClient(t, &bulkService{}).UpdateLogs(t.Context(), sinkID, value),
		} {
			if err == nil || !strings.Contains(err.Error(), "invalid UTF-8") {
				t.Errorf("%s of %s: %v", what, name, err)
			}
		}
		if sink.Config != nil || sink.Logs != nil {
			t.Errorf("%s is kept", name)
		}
	}
}

func TestRefusedBeforeARun(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 65<<10)
	service := &bulkService{}
	client := newClient(t, service)
	run := func(options autoid.BulkOptions) error {
		_, err := client.AcknowledgeAssignments(t.Context(), users(1), options)
		return err
	}
	_, sinksErr := client.QuerySinks(t.Context(), &autoid.SinkFilter{ID: long})
	_, logsErr := client.QueryLogs(t.Context(), &autoid.LogFilter{Name: "a\xff"})
	_, pathErr := autoid.FileCheckpoint("").Load(t.Context())
	for field, err := range map[string]error{
		"options.CheckpointEvery": run(autoid.BulkOptions{CheckpointEvery: -1}),
		"state.done":              run(autoid.BulkOptions{Resume: autoid.BulkState{Operation: "AcknowledgeAssignments", Done: -1}}),
		"id":                      sinksErr,
		"name":                    logsErr,
		"path":                    pathErr,
		"roles.0.role_id":         client.UpdateRoleStatus(t.Context(), []autoid.RoleStatus{{RoleID: long, Status: autoid.RoleActive, DatasinkStatus: autoid.Ack}}),
	} {
		var invalid *tenantkit.ValidationError
		if !errors.As(err, &invalid) || invalid.Field != field {
			t.Errorf("got %v, want a ValidationError of %s", err, field)
		}
	}
	if service.requests != 0 {
		t.Errorf("%d requests were sent", service.requests)
	}
	var none *autoid.Sink
	for what, err := range map[string]error{
		"a path of two lines": autoid.FileCheckpoint("a\nb").Save(t.Context(), autoid.BulkState{}), "SetLogs of nil": none.SetLogs("x"),
		"SetConfig of nil": none.SetConfig(1), "DecodeConfig of nil": none.DecodeConfig(new(int)), "DecodeLogs of nil": none.DecodeLogs(new(int)),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
