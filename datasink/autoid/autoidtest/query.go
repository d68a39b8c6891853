package autoidtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/tenantkit/tenantkit/internal/fake"
)

func (s *Server) querySinks(r *Request) fake.Response {
	return s.query(r, timestampNames(), func(kept sink) map[string]json.RawMessage {
		return s.answer(kept, printedInQuery, "logs")
	})
}

func (s *Server) queryLogs(r *Request) fake.Response {
	return s.query(r, nil, func(kept sink) map[string]json.RawMessage {
		answer := s.answer(kept, printedInLogs, "config")
		// The documentation sends a list as {"logs": […]}, and shows it bare in answers.
		var wrapped map[string]json.RawMessage
		if json.Unmarshal(answer["logs"], &wrapped) == nil && len(wrapped) == 1 && wrapped["logs"] != nil {
			answer["logs"] = wrapped["logs"]
		}
		return answer
	})
}

func timestampNames() []string {
	var names []string
	for name := range timestamps {
		names = append(names, name)
	}
	return names
}

// answer is a sink as it is shown, without the field that has a query of its own, or none.
func (s *Server) answer(kept sink, printed []string, without string) map[string]json.RawMessage {
	answer := make(map[string]json.RawMessage, len(kept))
	for name, value := range kept {
		switch {
		case name == without:
			continue
		case s.printed && slices.Contains(printed, name):
			name = timestamps[name]
		}
		answer[name] = value
	}
	return answer
}

// threshold is the filter of a timestamp.
type threshold struct {
	GT, GTE, LT, LTE *string
}

// query answers with the sinks that match the filter in the request, which may be empty.
func (s *Server) query(r *Request, filters []string, show func(sink) map[string]json.RawMessage) fake.Response {
	sent := sink{}
	if len(r.Body) > 0 {
		if err := json.Unmarshal(r.Body, &sent); err != nil {
			return refusal(http.StatusBadRequest, "the filter is not a JSON object")
		}
	}
	thresholds := make(map[string]threshold)
	for _, name := range filters {
		value, given := sent[name]
		if !given {
			continue
		}
		var t threshold
		if err := json.Unmarshal(value, &t); err != nil {
			return refusal(http.StatusBadRequest, name+" is not a filter")
		}
		if err := t.check(); err != nil {
			return refusal(http.StatusBadRequest, name+": "+err.Error())
		}
		thresholds[name] = t
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []map[string]json.RawMessage{}
	for _, kept := range s.sinks {
		if matches(*kept, sent, "id") && matches(*kept, sent, "name") && within(*kept, thresholds) {
			found = append(found, show(*kept))
		}
	}
	return fake.JSON(http.StatusOK, found)
}

func matches(kept, filter sink, name string) bool {
	asked, given := filter[name]
	if !given || bytes.Equal(kept[name], asked) {
		return true
	}
	// Texts without escapes need not be decoded to differ, which matters among thousands of
	// sinks.
	if !bytes.ContainsRune(asked, '\\') && !bytes.ContainsRune(kept[name], '\\') && bytes.HasPrefix(asked, []byte(`"`)) && bytes.HasPrefix(kept[name], []byte(`"`)) {
		return false
	}
	return kept.text(name) == filter.text(name)
}

func (t threshold) check() error {
	if t.GT != nil && t.GTE != nil || t.LT != nil && t.LTE != nil {
		return fmt.Errorf("gt cannot be present with gte, nor lt with lte")
	}
	for _, text := range []*string{t.GT, t.GTE, t.LT, t.LTE} {
		if text == nil {
			continue
		}
		if _, err := time.Parse(timeFormat, *text); err != nil {
			return fmt.Errorf("%q is not like %s", *text, timeFormat)
		}
	}
	return nil
}

// within tells whether all timestamps are within their thresholds. The texts compare like the
// times, since all have one format.
func within(kept sink, thresholds map[string]threshold) bool {
	for name, t := range thresholds {
		value := kept.text(name)
		if value == "" ||
			t.GT != nil && value <= *t.GT || t.GTE != nil && value < *t.GTE ||
			t.LT != nil && value >= *t.LT || t.LTE != nil && value > *t.LTE {
			return false
		}
	}
	return true
}
