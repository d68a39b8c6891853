package keboolatest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/tenantkit/tenantkit/internal/fake"
)

var roles = []string{
	"admin", "dashboardOnly", "editor", "editorInvite", "editorUserAdmin", "explorer", "explorerOnly", "keboolaEditorPlus", "readOnlyUser",
	"readOnlyNoExport",
}

func (s *Server) addUserToProject(r *Request) fake.Response {
	p, rejection := s.project(r)
	if p == nil {
		return rejection
	}
	user, rejection := s.user(r, 4)
	if user == nil {
		return rejection
	}
	var sent struct{ Role string }
	if err := json.Unmarshal(r.Body, &sent); err != nil {
		return s.reject(http.StatusBadRequest, "The body is not valid JSON")
	}
	if !slices.Contains(roles, sent.Role) {
		return s.reject(http.StatusUnprocessableEntity, "Parameter role must be one of %q", roles)
	}
	if s.goodDataDown {
		return s.applicationError()
	}
	p.Members[user.Login] = sent.Role
	return noContent()
}

func (s *Server) removeUserFromProject(r *Request) fake.Response {
	p, rejection := s.project(r)
	if p == nil {
		return rejection
	}
	user, rejection := s.user(r, 4)
	if user == nil {
		return rejection
	}
	if _, member := p.Members[user.Login]; !member {
		return s.reject(http.StatusNotFound, "User %s is not in project %s", user.Login, p.PID)
	}
	if s.goodDataDown {
		return s.applicationError()
	}
	delete(p.Members, user.Login)
	return noContent()
}

// claims answers with what signs a login on.
func (s *Server) claims(login string) fake.Response {
	key := "encryptedClaims"
	if s.misspelt {
		key = "enryptedClaims"
	}
	return fake.JSON(http.StatusOK, map[string]string{
		key:           "-----BEGIN PGP MESSAGE-----\n\nclaims of " + login + "\n-----END PGP MESSAGE-----\n",
		"ssoProvider": "keboola.com",
	})
}

func (s *Server) userSSO(r *Request) fake.Response {
	user, rejection := s.user(r, 2)
	if user == nil {
		return rejection
	}
	return s.claims(user.Login)
}

func (s *Server) projectAccess(r *Request) fake.Response {
	p, rejection := s.project(r)
	if p == nil {
		return rejection
	}
	if s.now().Before(p.CreatedOn.Add(s.ssoDelay)) {
		return s.reject(http.StatusBadRequest, "Access to project %s is not ready yet", p.PID)
	}
	if s.goodDataDown {
		return s.applicationError()
	}
	login := "access-" + p.PID + "@provisioning.keboola.com"
	if s.findUser(login) == nil {
		s.addUser(User{Login: login, SSOProvider: "keboola.com"})
	}
	p.Members[login] = "admin"
	return s.claims(login)
}

func (s *Server) projectCredentials(r *Request) fake.Response {
	p, rejection := s.project(r)
	if p == nil {
		return rejection
	}
	if s.goodDataDown {
		return s.applicationError()
	}
	login := fmt.Sprintf("user%d@provisioning.keboola.com", s.sequence+1)
	user := s.addUser(User{Login: login, Password: fmt.Sprintf("password-%d", s.sequence+1)})
	p.Members[user.Login] = "admin"
	return fake.JSON(http.StatusOK, map[string]string{"login": user.Login, "password": user.Password})
}
