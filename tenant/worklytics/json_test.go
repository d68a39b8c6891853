package worklytics_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

// An exported type works with the standard library: stored, logged, read again.
func TestDataConnectionAsJSON(t *testing.T) {
	t.Parallel()
	connection := worklytics.DataConnection{
		ID: "4818059952914432", NumericID: true, IntegrationID: "x", Settings: map[string]string{"a": "b", "both": "text"},
		OtherSettings: map[string]json.RawMessage{"n": raw("1"), "both": raw("2")},
		Extra:         map[string]json.RawMessage{"creationDate": raw(`"2024-05-31"`), "z": raw("[]")},
	}
	const want = `{"id":4818059952914432,"integrationId":"x","settings":{"a":"b","both":"text","n":1},"creationDate":"2024-05-31","z":[]}`
	for name, value := range map[string]any{"value": connection, "pointer": &connection} {
		got, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	revealed, err := tenantkit.Reveal(connection)
	if err != nil || string(revealed) != want {
		t.Errorf("Reveal: %s, %v", revealed, err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "connection", connection)
	if !strings.Contains(log.String(), `"connection":`+want) {
		t.Errorf("logged %s", &log)
	}
	if got, err := json.Marshal(worklytics.DataConnection{}); err != nil || string(got) != `{"settings":{}}` {
		t.Errorf("the zero connection is %s, %v", got, err)
	}
}

func TestDataConnectionThatIsNoJSON(t *testing.T) {
	t.Parallel()
	for name, connection := range map[string]worklytics.DataConnection{
		"number":  {ID: "x", NumericID: true},
		"setting": {OtherSettings: map[string]json.RawMessage{"a": raw("{")}},
		"extra":   {Extra: map[string]json.RawMessage{"a": raw("}")}},
		"twice":   {ID: "1", Extra: map[string]json.RawMessage{"id": raw("2")}},
	} {
		if got, err := json.Marshal(connection); err == nil {
			t.Errorf("%s: got %s", name, got)
		}
	}
	for name, text := range map[string]string{
		"id": `{"id":[]}`, "integration": `{"integrationId":false}`, "settings": `{"settings":[]}`, "list": `[1]`, "text": `"x"`,
	} {
		var got worklytics.DataConnection
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// Whatever can be read is written so that it is read alike, without the loss of a digit.
func FuzzDataConnection(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatal("there is no seed")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, text := range []string{
		`{}`, `null`, `{"id":1e400}`, `{"id":-0.0}`, `{"id":"\ud83d\ude00"}`, `{"settings":{"":"","a":"\u0000"}}`, `{"id":null,"integrationId":12}`,
		`{"ID":1,"Settings":{}}`, `{"a":1,"a":2}`, `{"settings":{"a":{"b":[{}]}}}`, "\ufeff{}", `{"id":""}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var first, second worklytics.DataConnection
		if json.Unmarshal(data, &first) != nil {
			return
		}
		written, err := json.Marshal(first)
		if err != nil {
			t.Fatalf("%s was read, and cannot be written: %v", data, err)
		}
		if err := json.Unmarshal(written, &second); err != nil {
			t.Fatalf("%s cannot be read again: %v", written, err)
		}
		again, err := json.Marshal(second)
		if err != nil || !bytes.Equal(written, again) {
			t.Fatalf("%s became %s (%v)", written, again, err)
		}
		if first.ID != second.ID || first.NumericID != second.NumericID || first.IntegrationID != second.IntegrationID {
			t.Fatalf("%s: the identity changed: %v, %v", data, first, second)
		}
		if diff := cmp.Diff(first.Settings, second.Settings); first.Settings != nil && diff != "" {
			t.Fatalf("settings (-first +second):\n%s", diff)
		}
		if len(first.OtherSettings) != len(second.OtherSettings) || len(first.Extra) != len(second.Extra) {
			t.Fatalf("something was lost: %v, %v", first, second)
		}
		// What is wrong with it is nothing to fall over.
		_ = first.Validate()
	})
}

// No refusal makes a call fail otherwise than with what it says.
func FuzzErrorResponse(f *testing.F) {
	for _, text := range []string{
		`{"message":"x"}`, `{"error":{"message":"x","errors":[{"message":"y"}]}}`, `{"errors":["a",{"error":"b"}]}`, `[[[[[["x"]]]]]]`,
		`{"code":1e9,"status":"S"}`, `"x"`, `null`, `<html>`, `{"error":`, "\xff", `{"message":"a","message":"b"}`, ``,
	} {
		f.Add(text, uint16(400))
	}
	f.Fuzz(func(t *testing.T, body string, status uint16) {
		code := 400 + int(status)%200
		client, mock := mocked(t)
		respond(mock, code, "", body)
		_, err := client.GetDataConnection(t.Context(), "1")
		if err == nil || !strings.Contains(err.Error(), "GetDataConnection") {
			t.Fatalf("got %v", err)
		}
		if code == 401 && !strings.Contains(err.Error(), hint401) {
			t.Fatalf("the hint is lost: %v", err)
		}
	})
}
