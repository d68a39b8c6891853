package autoid

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
)

// A set of positions holds what was added, in spans that do not touch.
func TestPositions(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 0))
		const n = 200
		var set positions
		added := make(map[int64]bool)
		for _, p := range random.Perm(n)[:random.IntN(n)] {
			set.add(int64(p))
			added[int64(p)] = true
		}
		end := int64(-1)
		for _, span := range set {
			if span.From <= end || span.To <= span.From {
				t.Fatalf("spans %v touch, or are not in order", set)
			}
			end = span.To
		}
		for p := range int64(n) {
			if set.has(p) != added[p] {
				t.Fatalf("has(%d) is %v in %v", p, set.has(p), set)
			}
		}
		var rest positions = without(n, set)
		for p := range int64(n + 10) {
			if rest.has(p) != (!added[p] && p < n) {
				t.Fatalf("position %d: %v in what is left of %v", p, rest.has(p), set)
			}
		}
	}
}

func TestWithout(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		end  int64
		sets []positions
		want []Span
	}{
		{"nothing of nothing", 0, nil, nil},
		{"nothing taken", 5, nil, []Span{{0, 5}}},
		{"all taken", 5, []positions{{{0, 2}}, {{2, 5}}}, nil},
		{"two sets", 10, []positions{{{0, 2}, {6, 7}}, {{3, 5}}}, []Span{{2, 3}, {5, 6}, {7, 10}}},
		{"beyond the end", 4, []positions{{{2, 9}, {11, 12}}}, []Span{{0, 2}}},
		{"wholly beyond the end", 4, []positions{{{7, 9}}}, []Span{{0, 4}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, without(test.end, test.sets...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The size of an item is never below what is sent, and hardly above it.
func TestItemSize(t *testing.T) {
	t.Parallel()
	texts := []string{"a", "john.doe", `quote " and \ backslash`, "tab\tand\x00control\u007f", "ü€😀\u2028", "<&>/"}
	for _, text := range texts {
		for name, item := range map[string]bulkItem{
			"assignment": AssignmentStatus{User: text, Entitlements: []string{text, "e"}, DatasinkStatus: Ack},
			"rule":       RuleStatus{Entitlement: text, Justification: []string{text}, DatasinkStatus: Nack},
			"role":       RoleStatus{RoleID: text, Status: RoleCandidate, DatasinkStatus: Ack},
		} {
			sent, err := tenantkit.Reveal(item)
			if err != nil {
				t.Fatal(err)
			}
			if size := item.size(); size < len(sent) || size > len(sent)+12 {
				t.Errorf("%s of %q: %d bytes are expected, and %d sent: %s", name, text, size, len(sent), sent)
			}
		}
	}
}

// A checkpoint holds hashes, so they must be the same in all versions.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	r := recognizer{sum: hashSeed}
	for _, item := range []bulkItem{
		AssignmentStatus{User: "john.doe", Entitlements: []string{"e1", "e2"}, DatasinkStatus: Ack},
		RuleStatus{Entitlement: "e1", Justification: []string{"b", "a"}, DatasinkStatus: Nack},
		RoleStatus{RoleID: "027D9A1D", Status: RoleDraft, DatasinkStatus: Ack},
	} {
		r.add(item.appendKeys(nil), item.value())
	}
	if diff := cmp.Diff(Fingerprint{3, "580426b7b6e264cd"}, r.fingerprint()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Different things have different keys, however their names are put together.
func TestKeys(t *testing.T) {
	t.Parallel()
	keys := func(item bulkItem) []uint64 { return item.appendKeys(nil) }
	a := keys(AssignmentStatus{User: "ab", Entitlements: []string{"c"}})
	b := keys(AssignmentStatus{User: "a", Entitlements: []string{"bc", "c"}})
	if a[0] == b[0] || a[0] == b[1] || b[0] == b[1] {
		t.Errorf("keys %v and %v", a, b)
	}
	one := keys(RuleStatus{Entitlement: "e", Justification: []string{"b", "a"}})
	if !cmp.Equal(one, keys(RuleStatus{Entitlement: "e", Justification: []string{"a", "b"}})) {
		t.Error("the order of a justification makes another rule")
	}
	if cmp.Equal(one, keys(RuleStatus{Entitlement: "e", Justification: []string{"a"}})) {
		t.Error("two rules have one key")
	}
	if !cmp.Equal(keys(RoleStatus{RoleID: "AB-1"}), keys(RoleStatus{RoleID: "ab-1"})) {
		t.Error("the case of a UUID makes another role")
	}
}

func FuzzReadSink(f *testing.F) {
	for _, seed := range []string{
		`{"id":"b72c15b7-7dcb-44ac-b1d3-162565e360b4","name":"IIQ","certifyTimestamp":"2021-11-19T11:01:19.937Z","auto_request_timestamp":"2021-10-01T10:01:19.937Z"}`,
		`{"id":17,"name":null,"config":{"n":12345678901234567890},"revoke_timestamp":1637316079937,"logs":[{"message":"log 1"}],"x":[1]}`,
		`{"rolePublishTimestamp":"2021-11-19 10:01:19+02","logs":{"logs":[]}}`,
		`{"config":{},"logs":[],"x":"&"}`, `{"certifyTimestamp":"","config":null}`, `[]`, `null`, `{"id":"\ud800"}`, `{"certify_timestamp":-62167219200000}`, `{"certify_timestamp":"9999-12-31T23:59:59-01"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var sink Sink
		if json.Unmarshal(data, &sink) != nil {
			return
		}
		// encoding/json looks at the whole before, so there is a list or there is not.
		if entries, ok := sink.LogEntries(); !ok && entries != nil {
			t.Errorf("entries %s, and none", entries)
		}
		if _, reason := sink.Timestamps.check(); reason != "" {
			return
		}
		written, err := json.Marshal(sink)
		if err != nil {
			t.Fatalf("%s was read, and cannot be written: %v", data, err)
		}
		var again Sink
		if err := json.Unmarshal(written, &again); err != nil {
			t.Fatalf("%s was written, and cannot be read: %v", written, err)
		}
		sink.Timestamps = cut(sink.Timestamps)
		if diff := cmp.Diff(sink, again, cmp.Transformer("JSON", compacted)); diff != "" {
			t.Errorf("%s (-read +read again):\n%s", data, diff)
		}
	})
}

// cut returns the times as they are written.
func cut(t Timestamps) Timestamps {
	return Timestamps{floor(t.AutoCertify), floor(t.AutoRequest), floor(t.Certify), floor(t.Revoke), floor(t.RolePublish)}
}

// compacted is JSON without the choices that its writer has.
func compacted(raw json.RawMessage) string {
	var value any
	if raw == nil {
		return ""
	}
	if err := decodeShape(raw, &value); err != nil {
		return err.Error()
	}
	text, err := encodeShape(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func FuzzReadRefusal(f *testing.F) {
	for _, seed := range []string{
		`{"message":"no"}`, `{"error":{"message":"broken"},"code":17}`, `{"message":["a"],"details":{}}`, "name is required",
		"<html><head><title>502 Bad Gateway</title></head></html>", "<", "<<>><a", `{"message":`, `{"message":"\ud800"}`, "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		refusal := new(tenantkit.Error)
		readError(refusal, []byte(body))
		for _, text := range []string{refusal.Message, refusal.Code, refusal.Details} {
			if len(text) > maxMessage+len("…") {
				t.Errorf("a text of %d bytes", len(text))
			}
		}
	})
}
