package autoidtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// decision names what has a status.
type decision struct {
	kind   string // "assignment", "rule" or "role"
	of, on string
}

// status is the status of a decision; role is the state of a role.
type status struct{ datasink, role string }

func assignmentOf(user, entitlement string) decision {
	return decision{"assignment", user, entitlement}
}

func ruleOf(entitlement string, justification []string) decision {
	return decision{"rule", entitlement, strings.Join(slices.Sorted(slices.Values(justification)), "\x00")}
}

func roleOf(roleID string) decision { return decision{"role", roleID, ""} }

// AddAssignment adds the decision on an entitlement of a user, with the status nack.
func (s *Server) AddAssignment(user, entitlement string) {
	s.add(assignmentOf(user, entitlement), status{datasink: "nack"})
}

// AddRule adds the decision on a rule, with the status nack. The order of the justification does
// not matter.
func (s *Server) AddRule(entitlement string, justification ...string) {
	s.add(ruleOf(entitlement, justification), status{datasink: "nack"})
}

// AddRole adds an exported role in a state ("draft", "candidate", "active"), with the status nack.
func (s *Server) AddRole(roleID, state string) { s.add(roleOf(roleID), status{"nack", state}) }

func (s *Server) add(d decision, st status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decisions[d] = st
}

// AssignmentStatus returns the status of a decision on an assignment: "ack", "nack", or nothing
// when there is no such decision.
func (s *Server) AssignmentStatus(user, entitlement string) string {
	return s.status(assignmentOf(user, entitlement)).datasink
}

// RuleStatus returns the status of a decision on a rule, or nothing when there is no such decision.
func (s *Server) RuleStatus(entitlement string, justification ...string) string {
	return s.status(ruleOf(entitlement, justification)).datasink
}

// RoleStatus returns the state of a role and its status, or nothing when there is no such role.
func (s *Server) RoleStatus(roleID string) (state, datasinkStatus string) {
	found := s.status(roleOf(roleID))
	return found.role, found.datasink
}

func (s *Server) status(d decision) status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.decisions[d]
}

// DecisionCounts returns the number of decisions that the server keeps with the status ack, and
// with the status nack.
func (s *Server) DecisionCounts() (ack, nack int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.decisions {
		if st.datasink == "ack" {
			ack++
		} else {
			nack++
		}
	}
	return ack, nack
}

// StatusesSet returns how many times the status of a decision was set, to the same value as before
// or to another.
func (s *Server) StatusesSet() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.statuses
}

// change is a status to set.
type change struct {
	decision
	status
}

func (s *Server) updateAssignments(r *Request) fake.Response {
	var sent struct {
		Assignments []struct {
			User         string   `json:"user"`
			Entitlements []string `json:"entitlements"`
			Status       string   `json:"datasink_status"`
		} `json:"assignments"`
	}
	if err := json.Unmarshal(r.Body, &sent); err != nil {
		return refusal(http.StatusBadRequest, err.Error())
	}
	changes := make([]change, 0, len(sent.Assignments))
	for i, entry := range sent.Assignments {
		if entry.User == "" || len(entry.Entitlements) == 0 || slices.Contains(entry.Entitlements, "") {
			return refusal(http.StatusBadRequest, fmt.Sprintf("assignments[%d] needs a user and entitlements", i))
		}
		for _, entitlement := range entry.Entitlements {
			changes = append(changes, change{assignmentOf(entry.User, entitlement), status{datasink: entry.Status}})
		}
	}
	return s.set(changes)
}

func (s *Server) updateRules(r *Request) fake.Response {
	var sent struct {
		Rules []struct {
			Entitlement   string   `json:"entitlement"`
			Justification []string `json:"justification"`
			Status        string   `json:"datasink_status"`
		} `json:"rules"`
	}
	if err := json.Unmarshal(r.Body, &sent); err != nil {
		return refusal(http.StatusBadRequest, err.Error())
	}
	var changes []change
	for i, entry := range sent.Rules {
		if entry.Entitlement == "" || len(entry.Justification) == 0 {
			return refusal(http.StatusBadRequest, fmt.Sprintf("rules[%d] needs an entitlement and a justification", i))
		}
		changes = append(changes, change{ruleOf(entry.Entitlement, entry.Justification), status{datasink: entry.Status}})
	}
	return s.set(changes)
}

func (s *Server) updateRoles(r *Request) fake.Response {
	var sent struct {
		Roles []struct {
			RoleID string `json:"role_id"`
			State  string `json:"status"`
			Status string `json:"datasink_status"`
		} `json:"roles"`
	}
	if err := json.Unmarshal(r.Body, &sent); err != nil {
		return refusal(http.StatusBadRequest, err.Error())
	}
	var changes []change
	for i, entry := range sent.Roles {
		if entry.RoleID == "" || !slices.Contains([]string{"draft", "candidate", "active"}, entry.State) {
			return refusal(http.StatusBadRequest, fmt.Sprintf("roles[%d] needs a role_id, and a status draft, candidate or active", i))
		}
		changes = append(changes, change{roleOf(entry.RoleID), status{entry.Status, entry.State}})
	}
	return s.set(changes)
}

// set sets all of the statuses, or, where one cannot be set, none.
func (s *Server) set(changes []change) fake.Response {
	if len(changes) == 0 {
		return refusal(http.StatusBadRequest, "there is nothing to update")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range changes {
		if c.datasink != "ack" && c.datasink != "nack" {
			return refusal(http.StatusBadRequest, "datasink_status must be ack or nack")
		}
		if _, known := s.decisions[c.decision]; s.refuseUnknown && !known {
			return refusal(http.StatusBadRequest, "unknown "+c.kind+" of "+c.of)
		}
	}
	s.statuses += int64(len(changes))
	if !s.countOnly {
		for _, c := range changes {
			s.decisions[c.decision] = c.status
		}
	}
	return s.accepted(false)
}
