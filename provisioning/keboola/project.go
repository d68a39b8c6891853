package keboola

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
)

// KeboolaToken names one of the GoodData authorization tokens of Keboola, under which a project can
// be made.
type KeboolaToken string

// The tokens of Keboola. Projects under the demo token end after 30 days.
const (
	KeboolaTokenDemo       KeboolaToken = "demo"
	KeboolaTokenProduction KeboolaToken = "production"
)

// Project is a GoodData project of the Keboola project.
type Project struct {
	// PID is the project's id in GoodData.
	PID string `json:"pid"`
	// Token is the GoodData authorization token that the project was made under: the name of
	// one of Keboola's, or your own. Only [Client.GetProject] gives it. [Project.KeboolaToken]
	// tells which of Keboola's it is.
	Token tenantkit.Secret `json:"token,omitzero"`
	// CreatedOn is when the project was made.
	CreatedOn time.Time `json:"createdOn,omitzero"`
	// CreatedBy and CreatedByID are the name and the id of who made it: of a Storage API token,
	// as it seems; neither is explained.
	CreatedBy   Text `json:"createdBy,omitzero"`
	CreatedByID Text `json:"createdById,omitzero"`
	// ExpiresOn is when the project ends; the zero time where it does not, or where the service
	// does not tell.
	ExpiresOn time.Time `json:"expiresOn,omitzero"`
}

// KeboolaToken returns which of Keboola's tokens the project was made under. It is empty for a
// token of your own, and for a project whose Token is not known.
func (p *Project) KeboolaToken() KeboolaToken {
	switch token := KeboolaToken(strings.TrimPrefix(p.Token.Reveal(), "keboola_")); token {
	case KeboolaTokenDemo, KeboolaTokenProduction:
		return token
	default:
		return ""
	}
}

func (p *Project) check() error {
	return errorIf(p.PID == "", "it has no pid")
}

// ListProjectsOptions says which page to list.
type ListProjectsOptions struct {
	// Next is what an earlier page gave as its Next; empty means the first page.
	Next string
}

// ListProjects returns one page of the projects. Go on with the Next that it gives, which can be
// stored, until that is empty; or use [Client.AllProjects]. The server decides how many projects a
// page holds, and it may be none in the middle. Nil options mean the first page. It is
// retried like any read.
//
// A page that names itself as the next one is an error.
func (c *Client) ListProjects(ctx context.Context, options *ListProjectsOptions, opts ...tenantkit.Option) (*tenantkit.Page[Project], error) {
	var next string
	if options != nil {
		next = options.Next
	}
	return pager(c, &listProjects, (*Project).check).Page(ctx, next, opts)
}

// AllProjects iterates over all projects. Nothing is sent before the first iteration. The next page
// is fetched while the loop handles this one, so that two are in memory at most; leaving the loop
// ends that. A second iteration asks the server again. An error is the last thing that it yields,
// also where the pages turn in a circle. Each page is repeated on failure like any read.
func (c *Client) AllProjects(ctx context.Context, opts ...tenantkit.Option) iter.Seq2[*Project, error] {
	return pager(c, &listProjects, (*Project).check).All(ctx, opts)
}

// GetProject returns one project, with its token. An unknown one is [tenantkit.ErrNotFound], also
// where the service answers 400. It is retried like any read.
func (c *Client) GetProject(ctx context.Context, pid string, opts ...tenantkit.Option) (*Project, error) {
	project := new(Project)
	err := c.client().Do(ctx, &getProject, rest.Call{Path: []string{pid}, Into: project, Check: project.check}, opts)
	if err != nil {
		return nil, err
	}
	return project, nil
}

// NewProject describes a project to create. Exactly one of KeboolaToken and CustomToken must be
// given.
type NewProject struct {
	// Name is the project's title in GoodData.
	Name string `json:"name"`
	// KeboolaToken makes the project under one of Keboola's tokens, within the quota.
	KeboolaToken KeboolaToken `json:"keboolaToken,omitempty"`
	// CustomToken makes the project under an authorization token that GoodData gave to you.
	CustomToken tenantkit.Secret `json:"customToken,omitempty"`
}

func (p *NewProject) validate(op *rest.Operation) error {
	switch {
	case p == nil:
		return op.Invalid("project", "it is nil")
	case blank(p.Name):
		return op.Invalid("project.name", "it is empty")
	case p.KeboolaToken == "" && p.CustomToken.IsZero():
		return op.Invalid("project.keboolaToken", "exactly one of keboolaToken and customToken must be given, and there is none")
	case p.KeboolaToken != "" && !p.CustomToken.IsZero():
		return op.Invalid("project.customToken", "exactly one of keboolaToken and customToken must be given, and there are both")
	case p.KeboolaToken != "" && p.KeboolaToken != KeboolaTokenDemo && p.KeboolaToken != KeboolaTokenProduction:
		return op.Invalid("project.keboolaToken", "%q is neither %q nor %q; a token of your own is a customToken", string(p.KeboolaToken),
			KeboolaTokenDemo, KeboolaTokenProduction)
	}
	return nil
}

// blank tells whether a text that must be given is not.
func blank(text string) bool { return strings.TrimSpace(text) == "" }

// CreatedProject is what the service tells of a project that it created.
type CreatedProject struct {
	// PID is the project's id in GoodData.
	PID string `json:"pid"`
}

// CreateProject creates a project, which spends quota unless it has a CustomToken, and may take
// minutes: each attempt has 5 minutes, or what WithTimeout gives to this call.
//
// Like any write, it is repeated only when it surely was not applied. After an error
// [tenantkit.OutcomeOf] tells what is known: with [tenantkit.OutcomeUnknown] or
// [tenantkit.OutcomeApplied], look at [Client.AllProjects] for a project made since, before you try
// again. A used up quota is refused.
func (c *Client) CreateProject(ctx context.Context, project *NewProject, opts ...tenantkit.Option) (*CreatedProject, error) {
	op := &createProject
	if err := project.validate(op); err != nil {
		return nil, err
	}
	created := new(CreatedProject)
	err := c.client().Do(ctx, op, rest.Call{Body: project, Into: created, Check: func() error {
		return errorIf(created.PID == "", "it has no pid")
	}}, opts)
	if err != nil {
		return nil, err
	}
	return created, nil
}

// CreatedProjectWithUser is what the service tells of a project and a user that it created. The
// password is told only here.
type CreatedProjectWithUser struct {
	// PID is the project's id in GoodData.
	PID string `json:"pid"`
	// UID is the user's id in GoodData. It may be empty.
	UID string `json:"uid"`
	// Login and Password are what the user logs in to GoodData with.
	Login    string           `json:"login"`
	Password tenantkit.Secret `json:"password"`
}

type withUser struct {
	User bool `url:"user"`
}

// CreateProjectWithUser creates a project like [Client.CreateProject], and a service user for it.
// The user is not in the project: add it with [Client.AddUserToProject].
//
// Like any write, it is repeated only when it surely was not applied. After an error of another
// outcome there may be a project with a user whose password is lost: delete it with
// [Client.DeleteProject] and its option User.
func (c *Client) CreateProjectWithUser(ctx context.Context, project *NewProject, opts ...tenantkit.Option) (*CreatedProjectWithUser, error) {
	op := &createProjectWithUser
	if err := project.validate(op); err != nil {
		return nil, err
	}
	created := new(CreatedProjectWithUser)
	err := c.client().Do(ctx, op, rest.Call{Query: withUser{true}, Body: project, Into: created, Check: func() error {
		return errorIf(created.PID == "" || created.Login == "" || created.Password.IsZero(), "it lacks pid, login or password")
	}}, opts)
	if err != nil {
		return nil, err
	}
	return created, nil
}

// DeleteProjectOptions says what else the deletion of a project does.
type DeleteProjectOptions struct {
	// User also deletes the service user that was made with the project.
	User bool `url:"user,omitempty"`
	// IgnoreGoodDataErrors deletes the project from Keboola's records although GoodData fails
	// to delete it.
	IgnoreGoodDataErrors bool `url:"ignoreGoodDataErrors,omitempty"`
}

// DeleteProject deletes a project. Nil options mean neither. An unknown one is
// [tenantkit.ErrNotFound], also where the service answers 400. It is retried like any
// idempotent write; one that is gone when a lost answer made the client repeat counts as deleted.
func (c *Client) DeleteProject(ctx context.Context, pid string, options *DeleteProjectOptions, opts ...tenantkit.Option) error {
	return c.client().Do(ctx, &deleteProject, rest.Call{Path: []string{pid}, Query: options}, opts)
}
