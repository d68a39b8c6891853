package keboola_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
)

// Bad input is refused before anything is sent.
func TestValidation(t *testing.T) {
	t.Parallel()
	type client = *keboola.Client
	type newUser = keboola.NewUser
	create := func(project *keboola.NewProject) func(context.Context, client) error {
		return func(ctx context.Context, c client) error { _, err := c.CreateProject(ctx, project); return err }
	}
	user := func(change func(*newUser)) func(context.Context, client) error {
		u := &newUser{Login: "a@b.org", Password: tenantkit.NewSecret("1234567"), FirstName: "A", LastName: "B"}
		change(u)
		return func(ctx context.Context, c client) error { _, err := c.CreateUser(ctx, u); return err }
	}
	tests := []struct {
		name  string
		call  func(context.Context, client) error
		field string
		text  string
	}{
		{"no project", create(nil), "project", "nil"},
		{"no name", create(&keboola.NewProject{KeboolaToken: "demo"}), "project.name", "empty"},
		{"blank name", create(&keboola.NewProject{Name: " \t", KeboolaToken: "demo"}), "project.name", "empty"},
		{"no token", create(&keboola.NewProject{Name: "n"}), "project.keboolaToken", "exactly one"},
		{"two tokens", create(&keboola.NewProject{Name: "n", KeboolaToken: "demo", CustomToken: tenantkit.NewSecret("MARKER")}), "project.customToken", "exactly one"},
		{"unknown token", create(&keboola.NewProject{Name: "n", KeboolaToken: "Demo"}), "project.keboolaToken", `"Demo" is neither "demo" nor "production"`},
		{"redacted token", create(&keboola.NewProject{Name: "n", CustomToken: tenantkit.NewSecret(tenantkit.Redacted)}), "customToken", "redacted"},
		{
			"no project with user",
			func(ctx context.Context, c client) error { _, err := c.CreateProjectWithUser(ctx, nil); return err },
			"project", "nil",
		},
		{"no user", func(ctx context.Context, c client) error { _, err := c.CreateUser(ctx, nil); return err }, "user", "nil"},
		{"no login", user(func(u *newUser) { u.Login = "" }), "user.login", "empty"},
		{"no first name", user(func(u *newUser) { u.FirstName = " " }), "user.firstName", "empty"},
		{"no last name", user(func(u *newUser) { u.LastName = "" }), "user.lastName", "empty"},
		{"no password", user(func(u *newUser) { u.Password = tenantkit.Secret{} }), "user.password", "it has 0 characters, and needs 7"},
		{"short password of long letters", user(func(u *newUser) { u.Password = tenantkit.NewSecret("ěščřžý") }), "user.password", "it has 6 characters, and needs 7"},
		{
			"unknown role",
			func(ctx context.Context, c client) error { return c.AddUserToProject(ctx, "p", "a@b", "owner") },
			"role", `"owner" is none of ["admin" "dashboardOnly" "editor" "editorInvite" "editorUserAdmin" "explorer" "explorerOnly" ` +
				`"keboolaEditorPlus" "readOnlyUser" "readOnlyNoExport"]`,
		},
		{"no pid", func(ctx context.Context, c client) error { _, err := c.GetProject(ctx, ""); return err }, "pid", "empty"},
		{"pid that leaves the path", func(ctx context.Context, c client) error { return c.DeleteProject(ctx, "..", nil) }, "pid", "step in a path"},
		{"pid with a slash", func(ctx context.Context, c client) error { _, err := c.ProjectAccess(ctx, "a/b"); return err }, "pid", "slash"},
		{"pid with a line break", func(ctx context.Context, c client) error { _, err := c.ProjectCredentials(ctx, "a\nb"); return err }, "pid", "control"},
		{"no login to delete", func(ctx context.Context, c client) error { return c.DeleteUser(ctx, "", nil) }, "login", "empty"},
		{"no login to sign on", func(ctx context.Context, c client) error { _, err := c.UserSSO(ctx, ""); return err }, "login", "empty"},
		{"no login to remove", func(ctx context.Context, c client) error { return c.RemoveUserFromProject(ctx, "p", "") }, "login", "empty"},
		{
			"a nil option",
			func(ctx context.Context, c client) error { _, err := c.ListUsers(ctx, nil, nil); return err },
			"opts", "nil",
		},
		{
			"a nil context",
			func(_ context.Context, c client) error {
				var ctx context.Context
				_, err := c.ListProjects(ctx, nil)
				return err
			},
			"ctx", "nil",
		},
		{
			"a nil context of an iterator",
			func(_ context.Context, c client) error {
				var ctx context.Context
				for _, err := range c.AllUsers(ctx) {
					return err
				}
				return nil
			},
			"ctx", "nil",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, mock := newMock(t)
			err := tt.call(t.Context(), c)
			var invalid *tenantkit.ValidationError
			if !errors.As(err, &invalid) {
				t.Fatalf("error = %v, want a ValidationError", err)
			}
			if invalid.Field != tt.field || !strings.Contains(invalid.Reason, tt.text) || shows(err.Error()) {
				t.Errorf("error = %v, want one of field %s with %q", err, tt.field, tt.text)
			}
			if tenantkit.OutcomeOf(err) != tenantkit.OutcomeNotSent || mock.GetTotalCallCount() != 0 {
				t.Errorf("outcome %v after %d requests", tenantkit.OutcomeOf(err), mock.GetTotalCallCount())
			}
		})
	}
}

// A password of exactly the least length passes.
func TestLeastPassword(t *testing.T) {
	t.Parallel()
	c, mock := newMock(t)
	always(mock, http.StatusCreated, `{"uid":"u"}`)
	if _, err := c.CreateUser(t.Context(), &keboola.NewUser{Login: "a@b", Password: tenantkit.NewSecret("ěščřžýá"), FirstName: "A", LastName: "B"}); err != nil {
		t.Error(err)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	roles := keboola.Roles()
	if len(roles) != 10 {
		t.Errorf("%d roles, want 10", len(roles))
	}
	roles[0] = "changed"
	for _, role := range keboola.Roles() {
		c, s := newMock(t)
		always(s, http.StatusNoContent, "")
		if err := c.AddUserToProject(t.Context(), "p", "a@b", role); err != nil {
			t.Error(err)
		}
	}
}

func TestNewClient(t *testing.T) {
	t.Parallel()
	token := auth.StaticToken(testToken)
	for _, base := range []string{keboola.BaseURLUS, keboola.BaseURLEU, keboola.BaseURLAU, "http://127.0.0.1:1/path/"} {
		if _, err := keboola.NewClient(base, token); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
	var invalid *tenantkit.ValidationError
	if _, err := keboola.NewClient(keboola.BaseURLUS, nil); !errors.As(err, &invalid) || invalid.Field != "storageToken" {
		t.Errorf("without a token: %v", err)
	}
	for _, base := range []string{"", "http://keboola.example", "https://user@keboola.example", "https://keboola.example/?a=b"} {
		if _, err := keboola.NewClient(base, token); !errors.As(err, &invalid) || invalid.Field != "baseURL" {
			t.Errorf("%q: %v", base, err)
		}
	}
}

func TestOperationsAreCopies(t *testing.T) {
	t.Parallel()
	keboola.Operations()[0].Name = "changed"
	if got := keboola.Operations()[0].Name; got != "ListProjects" {
		t.Errorf("the table was changed from outside: %s", got)
	}
}

func TestKeboolaToken(t *testing.T) {
	t.Parallel()
	for token, want := range map[tenantkit.Secret]keboola.KeboolaToken{
		tenantkit.NewSecret("keboola_demo"): "demo", tenantkit.NewSecret("keboola_production"): "production", tenantkit.NewSecret("demo"): "demo", tenantkit.NewSecret("production"): "production",
		tenantkit.Secret{}: "", tenantkit.NewSecret("my-own-token"): "", tenantkit.NewSecret("keboola_other"): "",
	} {
		if got := (&keboola.Project{Token: token}).KeboolaToken(); got != want {
			t.Errorf("%q is %q, want %q", token.Reveal(), got, want)
		}
	}
}
