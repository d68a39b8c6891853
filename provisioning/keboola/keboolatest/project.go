package keboolatest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// A Project is what the server holds of a GoodData project.
type Project struct {
	// PID is the id, and Name the title.
	PID  string
	Name string
	// Token is "keboola_demo", "keboola_production", or the token that the project was made
	// with.
	Token       string
	CreatedOn   time.Time
	CreatedBy   string
	CreatedByID int
	// ExpiresOn is the zero time for a project that does not end.
	ExpiresOn time.Time
	// Members are the roles of the project's users by their logins.
	Members map[string]string
}

// storedProject is a Project with its place in the list.
type storedProject struct {
	Project
	place int
}

func (p *storedProject) number() int { return p.place }

func (p *Project) clone() Project {
	c := *p
	c.Members = maps.Clone(p.Members)
	return c
}

const (
	demoToken = "keboola_demo"
	prodToken = "keboola_production"
)

// AddProject adds a project beyond all quotas, and returns its PID. What is empty gets a value:
// PID, Token (keboola_production), CreatedOn, CreatedBy and CreatedByID.
func (s *Server) AddProject(project Project) (pid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addProject(project).PID
}

func (s *Server) addProject(project Project) *storedProject {
	s.sequence++
	stored := &storedProject{project.clone(), s.sequence}
	if stored.PID == "" {
		stored.PID = newID(s.sequence)
	}
	if stored.Token == "" {
		stored.Token = prodToken
	}
	if stored.CreatedOn.IsZero() {
		stored.CreatedOn = s.now()
	}
	if stored.CreatedBy == "" {
		stored.CreatedBy, stored.CreatedByID = "kbc", 1
	}
	members := make(map[string]string, len(stored.Members))
	for login, role := range stored.Members {
		members[strings.ToLower(login)] = role
	}
	stored.Members = members
	s.projects = append(s.projects, stored)
	return stored
}

// Projects returns copies of the projects in the order of their creation.
func (s *Server) Projects() []Project {
	s.mu.Lock()
	defer s.mu.Unlock()
	projects := make([]Project, len(s.projects))
	for i, p := range s.projects {
		projects[i] = p.clone()
	}
	return projects
}

// Project returns a copy of one project, and whether there is one.
func (s *Server) Project(pid string) (Project, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.projects {
		if p.PID == pid {
			return p.clone(), true
		}
	}
	return Project{}, false
}

// pathSegment returns a segment of the path as it was sent: the service does not decode @ and +, so
// that a name with an escape of those in it is unknown.
func pathSegment(r *Request, name string, place int) (value, sent string) {
	sent = strings.Split(r.Path, "/")[place]
	for _, escape := range []string{"%40", "%2b"} {
		if strings.Contains(strings.ToLower(sent), escape) {
			return "", sent
		}
	}
	return r.Value(name), sent
}

// project returns the project of the request's path, or the answer that there is none.
func (s *Server) project(r *Request) (*storedProject, fake.Response) {
	pid, sent := pathSegment(r, "pid", 2)
	for _, p := range s.projects {
		if p.PID == pid {
			return p, fake.Response{}
		}
	}
	return nil, s.reject(http.StatusNotFound, "Project %s not found in database", sent)
}

// shown is a project as lists have it.
type shown struct {
	PID         string  `json:"pid"`
	CreatedOn   string  `json:"createdOn"`
	CreatedBy   string  `json:"createdBy"`
	CreatedByID int     `json:"createdById"`
	ExpiresOn   *string `json:"expiresOn"`
}

func (p *storedProject) show() shown {
	out := shown{PID: p.PID, CreatedOn: wireTime(p.CreatedOn.UTC()), CreatedBy: p.CreatedBy, CreatedByID: p.CreatedByID}
	if !p.ExpiresOn.IsZero() {
		end := wireTime(p.ExpiresOn.UTC())
		out.ExpiresOn = &end
	}
	return out
}

func (s *Server) listProjects(r *Request) fake.Response {
	return page(s, r, "/projects/", s.projects, func(p *storedProject) any { return p.show() })
}

func (s *Server) getProject(r *Request) fake.Response {
	p, rejection := s.project(r)
	if p == nil {
		return rejection
	}
	out := p.show()
	// Where a project does not end, a list has null, and the project itself no such key.
	return fake.JSON(http.StatusOK, struct {
		PID         string  `json:"pid"`
		Token       string  `json:"token"`
		CreatedOn   string  `json:"createdOn"`
		CreatedBy   string  `json:"createdBy"`
		CreatedByID int     `json:"createdById"`
		ExpiresOn   *string `json:"expiresOn,omitempty"`
	}{out.PID, p.Token, out.CreatedOn, out.CreatedBy, out.CreatedByID, out.ExpiresOn})
}

// create makes the project that a request asks for, or returns the answer that it cannot be.
func (s *Server) create(r *Request) (*storedProject, fake.Response) {
	var sent struct{ Name, KeboolaToken, CustomToken string }
	if err := json.Unmarshal(r.Body, &sent); err != nil {
		return nil, s.reject(http.StatusBadRequest, "The body is not valid JSON")
	}
	switch {
	case sent.Name == "":
		return nil, s.reject(http.StatusUnprocessableEntity, "Parameter name is required")
	case (sent.KeboolaToken == "") == (sent.CustomToken == ""):
		return nil, s.reject(http.StatusUnprocessableEntity, "One of keboolaToken and customToken is required")
	case s.goodDataDown:
		return nil, s.applicationError()
	}
	project := Project{Name: sent.Name, Token: sent.CustomToken}
	quota := -1
	switch sent.KeboolaToken {
	case "demo":
		project.Token, quota = demoToken, s.demo
		project.ExpiresOn = s.now().Add(demoLife)
	case "production":
		project.Token, quota = prodToken, s.prod
	case "":
	default:
		return nil, s.reject(http.StatusUnprocessableEntity, "Parameter keboolaToken must be one of demo, production")
	}
	used := 0
	for _, p := range s.projects {
		if p.Token == project.Token {
			used++
		}
	}
	if quota >= 0 && used >= quota {
		return nil, s.reject(http.StatusUnprocessableEntity, "Allowed projects count limit reached")
	}
	return s.addProject(project), fake.Response{}
}

func (s *Server) createProject(r *Request) fake.Response {
	p, rejection := s.create(r)
	if p == nil {
		return rejection
	}
	return fake.JSON(http.StatusCreated, map[string]string{"pid": p.PID})
}

// serviceLogin begins the login of the user that is made with a project.
func serviceLogin(pid string) string { return "service-" + pid + "-" + keboolaProjectID + "@" }

func (s *Server) createProjectWithUser(r *Request) fake.Response {
	p, rejection := s.create(r)
	if p == nil {
		return rejection
	}
	user := s.addUser(User{Login: serviceLogin(p.PID) + "clients.keboola.com", Password: "password-of-" + p.PID, FirstName: "KBC", LastName: "Service"})
	return fake.JSON(http.StatusCreated, struct {
		PID      string `json:"pid"`
		UID      string `json:"uid"`
		Login    string `json:"login"`
		Password string `json:"password"`
	}{p.PID, user.UID, user.Login, user.Password})
}

func (s *Server) deleteProject(r *Request) fake.Response {
	p, rejection := s.project(r)
	if p == nil {
		return rejection
	}
	query, rejection := s.deletion(r)
	if query == nil {
		return rejection
	}
	s.projects = slices.DeleteFunc(s.projects, func(other *storedProject) bool { return other == p })
	if truthy(query, "user") {
		login := strings.ToLower(serviceLogin(p.PID))
		s.users = slices.DeleteFunc(s.users, func(u *storedUser) bool { return strings.HasPrefix(u.Login, login) })
	}
	return noContent()
}
