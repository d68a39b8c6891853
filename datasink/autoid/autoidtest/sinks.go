package autoidtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// Sink is a data sink as the server keeps it.
type Sink struct {
	// ID, Name and Config are as they were sent.
	ID     string
	Name   string
	Config json.RawMessage
	// The times are texts such as 2021-11-19T10:01:19.937Z.
	AutoCertifyTimestamp string
	AutoRequestTimestamp string
	CertifyTimestamp     string
	RevokeTimestamp      string
	RolePublishTimestamp string
	// Logs is the JSON that was last sent, nil when none was.
	Logs json.RawMessage
	// Extra are fields that the documentation does not know.
	Extra map[string]json.RawMessage
}

// sink is a Sink as its fields, those of Extra among them.
type sink map[string]json.RawMessage

const timeFormat = "2006-01-02T15:04:05.000Z"

// The names of the timestamps, with the other spelling that the documentation's answers mix in.
var timestamps = map[string]string{
	"autoCertifyTimestamp": "auto_certify_timestamp",
	"autoRequestTimestamp": "auto_request_timestamp",
	"certifyTimestamp":     "certify_timestamp",
	"revokeTimestamp":      "revoke_timestamp",
	"rolePublishTimestamp": "role_publish_timestamp",
}

// What is printed in the other spelling. Of the two that the documentation shows in each answer,
// the first is printed one way, and the second the other way; what it does not show is shared out.
var (
	printedInQuery = []string{"autoRequestTimestamp", "autoCertifyTimestamp"}
	printedInLogs  = []string{"certifyTimestamp", "autoRequestTimestamp", "rolePublishTimestamp"}
)

// AddSinks adds sinks, or replaces those of the same id.
func (s *Server) AddSinks(sinks ...Sink) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, given := range sinks {
		fields := given.fields()
		if i := s.find(given.ID); i >= 0 {
			s.sinks[i] = &fields
		} else {
			s.sinks = append(s.sinks, &fields)
		}
	}
}

func (s Sink) fields() sink {
	fields := make(sink)
	for name, raw := range map[string]json.RawMessage{"config": s.Config, "logs": s.Logs} {
		if raw != nil {
			fields[name] = bytes.Clone(raw)
		}
	}
	for name, text := range map[string]string{
		"id": s.ID, "name": s.Name, "autoCertifyTimestamp": s.AutoCertifyTimestamp, "autoRequestTimestamp": s.AutoRequestTimestamp,
		"certifyTimestamp": s.CertifyTimestamp, "revokeTimestamp": s.RevokeTimestamp, "rolePublishTimestamp": s.RolePublishTimestamp,
	} {
		if text != "" {
			// A text always has JSON.
			fields[name], _ = json.Marshal(text)
		}
	}
	maps.Copy(fields, s.Extra)
	return fields
}

// Sinks returns copies of all sinks in the order of their creation.
func (s *Server) Sinks() []Sink {
	s.mu.Lock()
	defer s.mu.Unlock()
	sinks := make([]Sink, 0, len(s.sinks))
	for _, kept := range s.sinks {
		sinks = append(sinks, kept.plain())
	}
	return sinks
}

func (f sink) text(name string) string {
	var text string
	// Fields of another kind have no text, and what is in them was checked before.
	_ = json.Unmarshal(f[name], &text)
	return text
}

func (f sink) plain() Sink {
	plain := Sink{
		ID: f.text("id"), Name: f.text("name"), Config: bytes.Clone(f["config"]), Logs: bytes.Clone(f["logs"]),
		AutoCertifyTimestamp: f.text("autoCertifyTimestamp"), AutoRequestTimestamp: f.text("autoRequestTimestamp"),
		CertifyTimestamp: f.text("certifyTimestamp"), RevokeTimestamp: f.text("revokeTimestamp"), RolePublishTimestamp: f.text("rolePublishTimestamp"),
	}
	for name, value := range f {
		if _, known := timestamps[name]; known || slices.Contains([]string{"id", "name", "config", "logs"}, name) {
			continue
		}
		if plain.Extra == nil {
			plain.Extra = make(map[string]json.RawMessage)
		}
		plain.Extra[name] = bytes.Clone(value)
	}
	return plain
}

// find returns the index of a sink, or -1.
func (s *Server) find(id string) int {
	return slices.IndexFunc(s.sinks, func(kept *sink) bool { return kept.text("id") == id })
}

// fields reads the body of a request, which must be an object with the given texts, and good
// timestamps.
func fields(r *Request, required ...string) (sink, error) {
	var sent sink
	if err := json.Unmarshal(r.Body, &sent); err != nil || sent == nil {
		return nil, fmt.Errorf("the body is not a JSON object")
	}
	for _, name := range required {
		if sent.text(name) == "" {
			return nil, fmt.Errorf("%s is required", name)
		}
	}
	for name := range timestamps {
		if value, given := sent[name]; given {
			if _, err := time.Parse(timeFormat, sent.text(name)); err != nil {
				return nil, fmt.Errorf("%s must be a text like %s: %s", name, timeFormat, value)
			}
		}
	}
	return sent, nil
}

func (s *Server) createSink(r *Request) fake.Response {
	sent, err := fields(r, "id", "name")
	if err != nil {
		return refusal(http.StatusBadRequest, err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.find(sent.text("id")) >= 0 {
		return refusal(http.StatusConflict, "a data sink with this id exists")
	}
	s.sinks = append(s.sinks, &sent)
	return s.accepted(true)
}

func (s *Server) updateSink(r *Request) fake.Response {
	return s.change(r, false, []string{"id", "name"}, func(kept *sink, sent sink) error {
		maps.Copy(*kept, sent)
		return nil
	})
}

func (s *Server) deleteSink(r *Request) fake.Response {
	return s.change(r, false, []string{"id"}, func(kept *sink, _ sink) error {
		s.sinks = slices.DeleteFunc(s.sinks, func(other *sink) bool { return other == kept })
		return nil
	})
}

func (s *Server) updateTimestamps(r *Request) fake.Response {
	return s.change(r, true, []string{"id"}, func(kept *sink, sent sink) error {
		for name := range timestamps {
			if value, given := sent[name]; given {
				(*kept)[name] = value
			}
		}
		return nil
	})
}

func (s *Server) updateLogs(r *Request) fake.Response {
	return s.change(r, true, []string{"id"}, func(kept *sink, sent sink) error {
		logs, given := sent["logs"]
		if !given || string(logs) == "null" {
			return fmt.Errorf("logs is required")
		}
		(*kept)["logs"] = logs
		return nil
	})
}

// change applies a request to the sink that it names.
func (s *Server) change(r *Request, jsonAsPrinted bool, required []string, apply func(kept *sink, sent sink) error) fake.Response {
	sent, err := fields(r, required...)
	if err != nil {
		return refusal(http.StatusBadRequest, err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(sent.text("id"))
	if i < 0 {
		return refusal(http.StatusNotFound, "there is no data sink with this id")
	}
	if err := apply(s.sinks[i], sent); err != nil {
		return refusal(http.StatusBadRequest, err.Error())
	}
	return s.accepted(jsonAsPrinted)
}
