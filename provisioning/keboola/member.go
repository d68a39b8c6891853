package keboola

import (
	"context"
	"slices"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// Role is what a user may do in a project.
type Role string

// The roles of the API. The service makes GoodData's name of a role by adding "Role" to it.
const (
	RoleAdmin             Role = "admin"
	RoleDashboardOnly     Role = "dashboardOnly"
	RoleEditor            Role = "editor"
	RoleEditorInvite      Role = "editorInvite"
	RoleEditorUserAdmin   Role = "editorUserAdmin"
	RoleExplorer          Role = "explorer"
	RoleExplorerOnly      Role = "explorerOnly"
	RoleKeboolaEditorPlus Role = "keboolaEditorPlus"
	RoleReadOnlyUser      Role = "readOnlyUser"
	RoleReadOnlyNoExport  Role = "readOnlyNoExport"
)

var roles = []Role{
	RoleAdmin, RoleDashboardOnly, RoleEditor, RoleEditorInvite, RoleEditorUserAdmin, RoleExplorer, RoleExplorerOnly, RoleKeboolaEditorPlus,
	RoleReadOnlyUser, RoleReadOnlyNoExport,
}

// Roles returns the roles that the API knows.
func Roles() []Role { return slices.Clone(roles) }

// membership is the body that adds a user to a project.
type membership struct {
	Role Role `json:"role"`
}

// AddUserToProject gives a user a role in a project. The user must be one of this Keboola project's
// GoodData domain.
//
// What a second time does is not documented, so it is repeated like any write: only when it surely
// was not applied.
func (c *Client) AddUserToProject(ctx context.Context, pid, login string, role Role, opts ...tenantkit.Option) error {
	op := &addUserToProject
	if !slices.Contains(roles, role) {
		return op.Invalid("role", "%q is none of %q", string(role), roles)
	}
	return c.client().Do(ctx, op, rest.Call{Path: []string{pid, login}, Body: membership{role}}, opts)
}

// RemoveUserFromProject takes a user out of a project. It is retried like any idempotent
// write; a user that is gone from it when a lost answer made the client repeat counts as removed.
func (c *Client) RemoveUserFromProject(ctx context.Context, pid, login string, opts ...tenantkit.Option) error {
	return c.client().Do(ctx, &removeUserFromProject, rest.Call{Path: []string{pid, login}}, opts)
}
