package autoid

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// Status says whether the system behind a data sink took a decision. A decision starts as [Nack].
// The type is open: a value that this package does not know is kept when it is read, and refused
// when it is to be sent.
type Status string

// The two that the API takes.
const (
	// Ack: the decision is applied downstream.
	Ack Status = "ack"
	// Nack: it is not, or not yet.
	Nack Status = "nack"
)

// RoleState is the state of a role. The type is open like [Status].
type RoleState string

// The three that the API takes.
const (
	RoleDraft     RoleState = "draft"
	RoleCandidate RoleState = "candidate"
	RoleActive    RoleState = "active"
)

// AssignmentStatus is the status of the decisions on some entitlements of a user.
type AssignmentStatus struct {
	// User is the user's id.
	User string `json:"user"`
	// Entitlements are the ids of the entitlements, one at least, sent exactly as they are: ids
	// from an export may hold percent-escapes, which are part of them.
	Entitlements []string `json:"entitlements"`
	// DatasinkStatus is what the status of each becomes: [Ack] or [Nack].
	DatasinkStatus Status `json:"datasink_status"`
}

// RuleStatus is the status of the decision on a rule.
type RuleStatus struct {
	// Entitlement is the id of the entitlement that the rule gives, sent exactly as it is.
	Entitlement string `json:"entitlement"`
	// Justification are the conditions of the rule, one at least, in the service's own writing
	// ("0B_COST_CENTER_OP_TS5"). They are sent exactly as they are: give back what the service
	// gave.
	Justification []string `json:"justification"`
	// DatasinkStatus is what the status becomes: [Ack] or [Nack].
	DatasinkStatus Status `json:"datasink_status"`
}

// RoleStatus is the status of an exported role.
type RoleStatus struct {
	// RoleID is the role's UUID.
	RoleID string `json:"role_id"`
	// Status is the state in which the role was exported.
	Status RoleState `json:"status"`
	// DatasinkStatus is what the status becomes: [Ack] or [Nack].
	DatasinkStatus Status `json:"datasink_status"`
}

// UpdateAssignmentStatus sets the status of assignment decisions in one request; for many, see
// [Client.AcknowledgeAssignments]. An entry that cannot be sent is a [tenantkit.ValidationError].
// Repeated on failure like any idempotent write.
//
// POST /api/datasink/update/status/assignments, with the API key.
func (c *Client) UpdateAssignmentStatus(ctx context.Context, assignments []AssignmentStatus, opts ...tenantkit.Option) error {
	return updateStatus(ctx, c, &updateAssignmentStatus, "assignments", assignments, struct {
		Assignments []AssignmentStatus `json:"assignments"`
	}{assignments}, opts)
}

// UpdateRuleStatus sets the status of rule decisions in one request; for many, see
// [Client.AcknowledgeRules]. An entry that cannot be sent is a [tenantkit.ValidationError].
// Repeated on failure like any idempotent write.
//
// POST /api/datasink/update/status/rules, with the API key.
func (c *Client) UpdateRuleStatus(ctx context.Context, rules []RuleStatus, opts ...tenantkit.Option) error {
	return updateStatus(ctx, c, &updateRuleStatus, "rules", rules, struct {
		Rules []RuleStatus `json:"rules"`
	}{rules}, opts)
}

// UpdateRoleStatus sets the status of exported roles in one request; for many, see
// [Client.AcknowledgeRoles]. An entry that cannot be sent is a [tenantkit.ValidationError].
// Repeated on failure like any idempotent write.
//
// POST /api/datasink/update/status/roles, with the API key.
func (c *Client) UpdateRoleStatus(ctx context.Context, roles []RoleStatus, opts ...tenantkit.Option) error {
	return updateStatus(ctx, c, &updateRoleStatus, "roles", roles, struct {
		Roles []RoleStatus `json:"roles"`
	}{roles}, opts)
}

// updateStatus checks the entries, which go by name in body, and sends body.
func updateStatus[T interface{ check() (string, string) }](ctx context.Context, c *Client, operation *rest.Operation, name string, entries []T, body any, opts []tenantkit.Option) error {
	op := operation
	if len(entries) == 0 {
		return op.Invalid(name, "there are none")
	}
	for i, entry := range entries {
		if field, reason := entry.check(); reason != "" {
			return op.Invalid(fmt.Sprintf("%s.%d.%s", name, i, field), "%s", reason)
		}
	}
	return c.do(ctx, op, rest.Call{Body: body}, opts)
}

// check returns the field that cannot be sent and why, or nothing.
func (s AssignmentStatus) check() (field, reason string) {
	if reason := rest.BadName(s.User); reason != "" {
		return "user", reason
	}
	if field, reason := badList("entitlements", s.Entitlements); reason != "" {
		return field, reason
	}
	return "datasink_status", badStatus(s.DatasinkStatus)
}

func (s RuleStatus) check() (field, reason string) {
	if reason := rest.BadName(s.Entitlement); reason != "" {
		return "entitlement", reason
	}
	if field, reason := badList("justification", s.Justification); reason != "" {
		return field, reason
	}
	return "datasink_status", badStatus(s.DatasinkStatus)
}

func (s RoleStatus) check() (field, reason string) {
	if reason := rest.BadName(s.RoleID); reason != "" {
		return "role_id", reason
	}
	switch s.Status {
	case RoleDraft, RoleCandidate, RoleActive:
		return "datasink_status", badStatus(s.DatasinkStatus)
	default:
		return "status", fmt.Sprintf("%q is none of draft, candidate and active", string(s.Status))
	}
}

func badStatus(status Status) string {
	if status == Ack || status == Nack {
		return ""
	}
	return fmt.Sprintf("%q is neither ack nor nack", string(status))
}

// maxID is the length of an id in bytes above which it is a mistake.
const maxID = 1024

// badID says why a text cannot be the id of a sink, or nothing.
func badID(id string) string {
	switch {
	case len(id) > maxID:
		return "it is longer than 1024 bytes"
	case strings.ContainsFunc(id, unicode.IsControl):
		return "it holds a control character"
	}
	return rest.BadName(id)
}

func badList(name string, texts []string) (field, reason string) {
	if len(texts) == 0 {
		return name, "it is empty"
	}
	for i, text := range texts {
		if reason := rest.BadName(text); reason != "" {
			return fmt.Sprintf("%s.%d", name, i), reason
		}
	}
	return "", ""
}
