package autoid_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

func raw(text string) json.RawMessage { return json.RawMessage(text) }

func TestReadSinks(t *testing.T) {
	t.Parallel()
	request := at(t, "2021-10-01T10:01:19.937Z")
	logs := raw("[\n      {\n        \"message\": \"log 1\"\n      },\n      {\n        \"message\": \"log 2\"\n      }\n    ]")
	tests := []struct {
		name string
		file string
		want []autoid.Sink
	}{
		{"query as documented", "query.json", []autoid.Sink{
			{ID: "b72c15b7-7dcb-44ac-b1d3-162565e360b4", Name: "IIQ", Timestamps: autoid.Timestamps{Certify: at(t, "2021-11-19T11:01:19.937Z"), AutoRequest: request}},
			{ID: "9501810e-1480-4f41-80d4-bc97154fddeb", Name: "IIQ", Timestamps: autoid.Timestamps{Certify: at(t, "2021-11-20T09:01:19.937Z"), AutoRequest: request}},
		}},
		{"logs as documented", "query_logs.json", []autoid.Sink{
			{ID: "5f8c48c5-8f70-43a0-a9a6-61d1b017dac7", Name: "IIQ", Timestamps: autoid.Timestamps{Certify: request, Revoke: at(t, "2021-10-23T10:01:19.937Z")}, Logs: logs},
			{ID: "9c68c658-2d7d-487c-a0ce-6d9cdcc7eaf7", Name: "IIQ", Timestamps: autoid.Timestamps{Certify: request, Revoke: request}, Logs: logs},
		}},
		{"odd kinds, nulls, unknown fields", "query_odd.json", []autoid.Sink{
			{
				ID: "17", Config: raw(`{"port": 12345678901234567890, "ratio": 0.10000000000000000001, "nested": {"a": [1, null]}}`),
				Timestamps: autoid.Timestamps{
					AutoCertify: at(t, "2021-11-19T10:01:19.937Z"), AutoRequest: at(t, "2021-11-19T10:01:19.937Z"),
					Certify: at(t, "2021-11-19T10:01:19.9375Z"), RolePublish: at(t, "2021-11-19T10:01:19Z"),
				},
				Logs:  raw(`{"logs": [{"n": 9007199254740993}]}`),
				Extra: map[string]json.RawMessage{"owner": raw(`{"dn": "cn=admin", "gid": 9007199254740993}`)},
			},
			{ID: "9c68c658-2d7d-487c-a0ce-6d9cdcc7eaf7", Name: "nothing else"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, &recorder{status: http.StatusOK, body: testdata(t, test.file)})
			queried, err := client.QuerySinks(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, queried); diff != "" {
				t.Errorf("QuerySinks (-want +got):\n%s", diff)
			}
			logs, err := client.QueryLogs(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, logs); diff != "" {
				t.Errorf("QueryLogs (-want +got):\n%s", diff)
			}
			var streamed []autoid.Sink
			for sink, err := range client.AllSinks(t.Context(), nil) {
				if err != nil {
					t.Fatal(err)
				}
				streamed = append(streamed, *sink)
			}
			if diff := cmp.Diff(test.want, streamed); diff != "" {
				t.Errorf("AllSinks (-want +got):\n%s", diff)
			}
		})
	}
}

// The other spelling of each timestamp, and encoding/json as the reader.
func TestBothSpellings(t *testing.T) {
	t.Parallel()
	want := autoid.Timestamps{
		AutoCertify: at(t, "2021-01-01T00:00:00.001Z"), AutoRequest: at(t, "2021-01-01T00:00:00.002Z"), Certify: at(t, "2021-01-01T00:00:00.003Z"),
		Revoke: at(t, "2021-01-01T00:00:00.004Z"), RolePublish: at(t, "2021-01-01T00:00:00.005Z"),
	}
	camel := `"autoCertifyTimestamp":"2021-01-01T00:00:00.001Z","autoRequestTimestamp":"2021-01-01T00:00:00.002Z",` +
		`"certifyTimestamp":"2021-01-01T00:00:00.003Z","revokeTimestamp":"2021-01-01T00:00:00.004Z","rolePublishTimestamp":"2021-01-01T00:00:00.005Z"`
	snake := `"auto_certify_timestamp":"2021-01-01T00:00:00.001Z","auto_request_timestamp":"2021-01-01T00:00:00.002Z",` +
		`"certify_timestamp":"2021-01-01T00:00:00.003Z","revoke_timestamp":"2021-01-01T00:00:00.004Z","role_publish_timestamp":"2021-01-01T00:00:00.005Z"`
	older := strings.ReplaceAll(snake, "2021-", "1999-")
	for name, text := range map[string]string{"camel": camel, "snake": snake, "both": older + "," + camel} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sink autoid.Sink
			if err := json.Unmarshal([]byte(`{"id":"x",`+text+`}`), &sink); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(autoid.Sink{ID: "x", Timestamps: want}, sink); diff != "" {
				t.Errorf("Sink (-want +got):\n%s", diff)
			}
			var alone autoid.Timestamps
			if err := json.Unmarshal([]byte(`{`+text+`}`), &alone); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, alone); diff != "" {
				t.Errorf("Timestamps (-want +got):\n%s", diff)
			}
			written, err := json.Marshal(sink)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := string(written), `{"id":"x",`+camel+`}`; got != want {
				t.Errorf("written as %s, want %s", got, want)
			}
			if written, err = json.Marshal(alone); err != nil || string(written) != `{`+camel+`}` {
				t.Errorf("timestamps written as %s, %v", written, err)
			}
		})
	}
}

func TestReadTimes(t *testing.T) {
	t.Parallel()
	tests := map[string]string{ // JSON of a time: the time, or nothing for one that is refused
		`"2021-11-19T10:01:19.937Z"`:            "2021-11-19T10:01:19.937Z",
		`"2021-11-19t10:01:19.937z"`:            "2021-11-19T10:01:19.937Z",
		`" 2021-11-19T10:01:19Z "`:              "2021-11-19T10:01:19Z",
		`"2021-11-19T10:01:19.937+0130"`:        "2021-11-19T08:31:19.937Z",
		`"2021-11-19T10:01:19,5-07:00"`:         "2021-11-19T17:01:19.5Z",
		`"2021-11-19T10:01:19+02"`:              "2021-11-19T08:01:19Z",
		`"2021-11-19 10:01:19.123456789 +0000"`: "2021-11-19T10:01:19.123456789Z",
		`"2021-11-19T10:01:19"`:                 "2021-11-19T10:01:19Z",
		`"2021-11-19T10:01"`:                    "2021-11-19T10:01:00Z",
		`"2021-11-19"`:                          "2021-11-19T00:00:00Z",
		`1637316079937`:                         "2021-11-19T10:01:19.937Z",
		`1.637316079937e12`:                     "2021-11-19T10:01:19.937Z",
		`"1637316079937"`:                       "2021-11-19T10:01:19.937Z",
		`-1`:                                    "1969-12-31T23:59:59.999Z",
		`"yesterday"`:                           "",
		`"2021-13-19T10:01:19Z"`:                "",
		`1e300`:                                 "",
		`"NaN"`:                                 "",
		`{"gt":"2021-11-19T10:01:19Z"}`:         "",
		`true`:                                  "",
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			var sink autoid.Sink
			err := json.Unmarshal([]byte(`{"certifyTimestamp":`+text+`}`), &sink)
			if want == "" {
				if err == nil {
					t.Errorf("read as %v, want an error", sink.Timestamps.Certify)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !sink.Timestamps.Certify.Equal(at(t, want)) || sink.Timestamps.Certify.Location() != time.UTC {
				t.Errorf("read as %v, want %v", sink.Timestamps.Certify, want)
			}
		})
	}
}

// A bound between two milliseconds must let pass what it would if the service knew finer times.
func TestThresholdsBetweenMilliseconds(t *testing.T) {
	t.Parallel()
	between := at(t, "2021-11-19T10:01:19.9375Z")
	tests := []struct {
		name      string
		threshold autoid.Threshold
		want      string
	}{
		{"none", autoid.Threshold{}, `{}`},
		{"gt", autoid.Threshold{Lower: autoid.GT(between)}, `{"gt":"2021-11-19T10:01:19.937Z"}`},
		{"gte", autoid.Threshold{Lower: autoid.GTE(between)}, `{"gte":"2021-11-19T10:01:19.938Z"}`},
		{"lt", autoid.Threshold{Upper: autoid.LT(between)}, `{"lt":"2021-11-19T10:01:19.938Z"}`},
		{"lte", autoid.Threshold{Upper: autoid.LTE(between)}, `{"lte":"2021-11-19T10:01:19.937Z"}`},
		{"another zone", autoid.Threshold{Lower: autoid.GT(between.In(time.FixedZone("", 3600)))}, `{"gt":"2021-11-19T10:01:19.937Z"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(test.threshold)
			if err != nil || string(got) != test.want {
				t.Errorf("%s, %v; want %s", got, err, test.want)
			}
			if test.threshold.IsZero() != (test.want == `{}`) {
				t.Errorf("IsZero is %v", test.threshold.IsZero())
			}
		})
	}
}

func TestShapes(t *testing.T) {
	t.Parallel()
	type config struct {
		Host string      `json:"host"`
		Port json.Number `json:"port"`
		Wait time.Duration
	}
	var sink autoid.Sink
	if err := sink.SetConfig(config{"a<b", "12345678901234567890", time.Second}); err != nil {
		t.Fatal(err)
	}
	if got, want := string(sink.Config), `{"host":"a<b","port":12345678901234567890,"Wait":1000000000}`; got != want {
		t.Errorf("config %s, want %s", got, want)
	}
	var typed config
	if err := sink.DecodeConfig(&typed); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config{"a<b", "12345678901234567890", time.Second}, typed); diff != "" {
		t.Errorf("DecodeConfig (-want +got):\n%s", diff)
	}
	// Through an any and back, which is where float64 would round.
	var any map[string]any
	if err := sink.DecodeConfig(&any); err != nil {
		t.Fatal(err)
	}
	if err := sink.SetLogs(any); err != nil {
		t.Fatal(err)
	}
	if got, want := string(sink.Logs), `{"Wait":1000000000,"host":"a<b","port":12345678901234567890}`; got != want {
		t.Errorf("logs %s, want %s", got, want)
	}
	any = nil
	if err := sink.DecodeLogs(&any); err != nil || any["port"] != json.Number("12345678901234567890") {
		t.Errorf("DecodeLogs: %v, %v", any, err)
	}

	for name, err := range map[string]error{
		"config that is no JSON":       sink.SetConfig(math.NaN()),
		"logs that are no JSON":        sink.SetLogs(func() {}),
		"a secret":                     sink.SetConfig(struct{ Password tenantkit.Secret }{tenantkit.NewSecret("hidden")}),
		"no config":                    (&autoid.Sink{}).DecodeConfig(&any),
		"no logs":                      (&autoid.Sink{}).DecodeLogs(&any),
		"config of another kind":       (&autoid.Sink{Config: raw(`[]`)}).DecodeConfig(&any),
		"two values":                   (&autoid.Sink{Config: raw(`{} {}`)}).DecodeConfig(&any),
		"a target that is no pointer":  sink.DecodeConfig(any),
		"a target that is not at all":  sink.DecodeConfig(nil),
		"logs into a target of a kind": sink.DecodeLogs(new(int)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if strings.Contains(string(sink.Config), "hidden") {
		t.Errorf("the secret is in the config: %s", sink.Config)
	}
	if err := sink.SetLogs(map[string]tenantkit.Secret{"password": tenantkit.NewSecret("hidden")}); err != nil || string(sink.Logs) != `{"password":"[redacted]"}` {
		t.Errorf("logs with a secret: %s, %v", sink.Logs, err)
	}
}

// code is bytes that it writes as text itself.
type code string

func (c code) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%x", string(c)), nil }

// What is written is looked at, not what it is made of.
func TestShapesThatWriteThemselves(t *testing.T) {
	t.Parallel()
	var sink autoid.Sink
	for _, test := range []struct {
		config any
		want   string
	}{
		{map[string]any{"code": code("\xff\xfe")}, `{"code":"fffe"}`},
		{map[string]string{"text": "\uFFFD"}, "{\"text\":\"\uFFFD\"}"},
		{map[string]string{"text": `\ufffd`}, `{"text":"\\ufffd"}`},
	} {
		if err := sink.SetConfig(test.config); err != nil || string(sink.Config) != test.want {
			t.Errorf("%v: %s, %v; want %s", test.config, sink.Config, err, test.want)
		}
	}
	if err := sink.SetConfig(map[string]any{"text": "\xff"}); err == nil {
		t.Errorf("bytes that are no text became %s", sink.Config)
	}
}

func TestLogEntries(t *testing.T) {
	t.Parallel()
	tests := []struct {
		logs string
		want []string
		ok   bool
	}{
		{`[{"n": 9007199254740993}, "x"]`, []string{`{"n": 9007199254740993}`, `"x"`}, true},
		{`{"logs": [1, 2]}`, []string{"1", "2"}, true},
		{`{"logs": [1], "more": true}`, []string{"1"}, true},
		{`[]`, []string{}, true},
		{`{"logs": {"logs": []}}`, nil, false},
		{`{"logs": null}`, nil, false},
		{`{"lines": [1]}`, nil, false},
		{`"text"`, nil, false},
		{`null`, nil, false},
		{``, nil, false},
	}
	for _, test := range tests {
		t.Run(test.logs, func(t *testing.T) {
			t.Parallel()
			entries, ok := (&autoid.Sink{Logs: raw(test.logs)}).LogEntries()
			var got []string
			if entries != nil {
				got = []string{}
			}
			for _, entry := range entries {
				got = append(got, string(entry))
			}
			if ok != test.ok || !cmp.Equal(test.want, got) {
				t.Errorf("%q, %v; want %q, %v", got, ok, test.want, test.ok)
			}
		})
	}
}

// What a sink holds, the unknown included, survives a read and a write.
func TestSinkRoundTrip(t *testing.T) {
	t.Parallel()
	server := autoidtest.Start(t, autoidtest.WithAnswersAsPrinted())
	server.AddSinks(autoidtest.Sink{
		ID: sinkID, Name: "IIQ", Config: raw(`{"port":12345678901234567890}`), CertifyTimestamp: "2021-11-19T10:01:19.937Z",
		AutoRequestTimestamp: "2021-11-19T10:01:20.000Z", Extra: map[string]json.RawMessage{"owner": raw(`{"gid":9007199254740993}`)},
	})
	client := toServer(t, server)
	sinks, err := client.QuerySinks(t.Context(), &autoid.SinkFilter{ID: sinkID})
	if err != nil || len(sinks) != 1 {
		t.Fatalf("%d sinks, %v", len(sinks), err)
	}
	sinks[0].Name = "renamed"
	if err := client.UpdateSink(t.Context(), &sinks[0]); err != nil {
		t.Fatal(err)
	}
	want := []autoidtest.Sink{{
		ID: sinkID, Name: "renamed", Config: raw(`{"port":12345678901234567890}`), CertifyTimestamp: "2021-11-19T10:01:19.937Z",
		AutoRequestTimestamp: "2021-11-19T10:01:20.000Z", Extra: map[string]json.RawMessage{"owner": raw(`{"gid":9007199254740993}`)},
	}}
	if diff := cmp.Diff(want, server.Sinks()); diff != "" {
		t.Errorf("the service's sinks (-want +got):\n%s", diff)
	}
}

func TestNewSinkID(t *testing.T) {
	t.Parallel()
	client := newClient(t, &recorder{status: http.StatusOK})
	seen := make(map[string]bool)
	for range 100 {
		id := autoid.NewSinkID()
		if seen[id] || id[14] != '4' || !strings.ContainsRune("89ab", rune(id[19])) {
			t.Fatalf("%q is no new UUID of version 4", id)
		}
		seen[id] = true
		if err := client.CreateSink(t.Context(), &autoid.Sink{ID: id, Name: "x"}); err != nil {
			t.Fatal(err)
		}
	}
}

// A deletion whose answer was lost is done when the sink is gone.
func TestDeleteAgain(t *testing.T) {
	t.Parallel()
	server := autoidtest.Start(t)
	server.AddSinks(autoidtest.Sink{ID: sinkID, Name: "IIQ"})
	client := toServer(t, server, quickly())
	server.Fail("DeleteSink", autoidtest.Fault{ResetAfter: true})
	if err := client.DeleteSink(t.Context(), sinkID); err != nil {
		t.Errorf("with a lost answer: %v", err)
	}
	if err := client.DeleteSink(t.Context(), sinkID); !errors.Is(err, tenantkit.ErrNotFound) {
		t.Errorf("of an unknown sink: %v", err)
	}
}

func TestEnsureSink(t *testing.T) {
	t.Parallel()
	sink := &autoid.Sink{ID: sinkID, Name: "IIQ"}
	here := autoidtest.Sink{ID: sinkID, Name: "IIQ"}
	tests := []struct {
		name      string
		before    []autoidtest.Sink
		create    []autoidtest.Fault
		query     []autoidtest.Fault
		wantErr   error
		wantCalls string
		wantSinks int
	}{
		{name: "at once", wantCalls: "C", wantSinks: 1},
		{name: "the answer is lost", create: []autoidtest.Fault{{ResetAfter: true}}, wantCalls: "CQ", wantSinks: 1},
		{name: "the request is lost", create: []autoidtest.Fault{{ResetBefore: true}}, wantCalls: "CQC", wantSinks: 1},
		{name: "lost twice, then the answer", create: []autoidtest.Fault{{ResetBefore: true}, {ResetBefore: true}, {ResetAfter: true}}, wantCalls: "CQCQCQ", wantSinks: 1},
		{name: "lost for ever", create: []autoidtest.Fault{{ResetBefore: true, Times: -1}}, wantErr: errAny, wantCalls: "CQCQCQ"},
		{name: "a failure that was applied", create: []autoidtest.Fault{{Status: 500, Applied: true}}, wantCalls: "CQ", wantSinks: 1},
		{name: "it exists", before: []autoidtest.Sink{here}, wantCalls: "CQ", wantSinks: 1},
		{name: "another one has the id", before: []autoidtest.Sink{{ID: sinkID, Name: "other"}}, wantErr: tenantkit.ErrConflict, wantCalls: "CQ", wantSinks: 1},
		{name: "refused", create: []autoidtest.Fault{{Status: 400}}, wantErr: tenantkit.ErrBadRequest, wantCalls: "CQ"},
		{name: "not allowed", create: []autoidtest.Fault{{Status: 403}}, wantErr: tenantkit.ErrForbidden, wantCalls: "C"},
		{name: "no look", create: []autoidtest.Fault{{ResetAfter: true}}, query: []autoidtest.Fault{{Status: 403}}, wantErr: tenantkit.ErrForbidden, wantCalls: "CQ", wantSinks: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := autoidtest.Start(t)
			server.AddSinks(test.before...)
			server.Fail("CreateSink", test.create...)
			server.Fail("QuerySinks", test.query...)
			_, err := toServer(t, server, quickly()).EnsureSink(t.Context(), sink)
			switch {
			case test.wantErr == nil && err != nil, test.wantErr == errAny && err == nil,
				test.wantErr != nil && test.wantErr != errAny && !errors.Is(err, test.wantErr):
				t.Errorf("error %v, want %v", err, test.wantErr)
			}
			if errors.Is(err, tenantkit.ErrConflict) && !strings.Contains(err.Error(), `the id `+sinkID+` belongs to a sink of the name "other"`) {
				t.Errorf("error %q does not say who has the id", err)
			}
			var calls strings.Builder
			for _, r := range server.Requests() {
				calls.WriteString(r.Operation[:1])
			}
			if calls.String() != test.wantCalls {
				t.Errorf("calls %s, want %s", calls.String(), test.wantCalls)
			}
			if got := len(server.Sinks()); got != test.wantSinks {
				t.Errorf("%d sinks, want %d", got, test.wantSinks)
			}
		})
	}
	t.Run("input", func(t *testing.T) {
		t.Parallel()
		var invalid *tenantkit.ValidationError
		if _, err := newClient(t, &recorder{}).EnsureSink(t.Context(), nil); !errors.As(err, &invalid) {
			t.Errorf("no sink: %v", err)
		}
	})
	t.Run("a service that does not filter", func(t *testing.T) {
		t.Parallel()
		service := &recorder{answers: []answer{
			{err: errors.New("broken")}, {status: 200, body: `[{"id":"b72c15b7-7dcb-44ac-b1d3-162565e360b4","name":"IIQ"}]`}, {status: 200, body: "ok"},
		}}
		if _, err := newClient(t, service).EnsureSink(t.Context(), sink); err != nil || len(service.sent) != 3 {
			t.Errorf("%d requests, %v", len(service.sent), err)
		}
	})
	t.Run("a service that writes ids in small letters", func(t *testing.T) {
		t.Parallel()
		service := &recorder{answers: []answer{{err: errors.New("broken")}, {status: 200, body: `[{"id":"` + sinkID + `","name":"IIQ"}]`}}}
		if _, err := newClient(t, service).EnsureSink(t.Context(), &autoid.Sink{ID: strings.ToUpper(sinkID), Name: "IIQ"}); err != nil || len(service.sent) != 2 {
			t.Errorf("%d requests, %v", len(service.sent), err)
		}
	})
	t.Run("unknown outcome of a failed look", func(t *testing.T) {
		t.Parallel()
		service := &recorder{answers: []answer{{err: errors.New("broken")}}}
		client, err := autoid.NewClient(base, autoid.Credentials{Tokens: auth.StaticToken("token")}, transport(service), tenantkit.WithRetry(tenantkit.NoRetry()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.EnsureSink(t.Context(), sink); tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown {
			t.Errorf("outcome %v of %v", tenantkit.OutcomeOf(err), err)
		}
	})
}

// errAny stands for any error.
var errAny = errors.New("any error")
