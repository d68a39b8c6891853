package keboolatest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// A User is what the server holds of a GoodData user.
type User struct {
	// Login is in lower case, however it was given.
	Login                                             string
	UID                                               string
	Password, FirstName, LastName, Email, SSOProvider string
	CreatedOn                                         time.Time
	CreatedBy                                         string
	CreatedByID                                       int
}

// storedUser is a User with its place in the list.
type storedUser struct {
	User
	place int
}

func (u *storedUser) number() int { return u.place }

// AddUser adds a user, and returns its login. What is empty gets a value: Login, UID, CreatedOn,
// CreatedBy and CreatedByID.
func (s *Server) AddUser(user User) (login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addUser(user).Login
}

func (s *Server) addUser(user User) *storedUser {
	s.sequence++
	stored := &storedUser{user, s.sequence}
	if stored.Login == "" {
		stored.Login = fmt.Sprintf("user%d@clients.keboola.com", s.sequence)
	}
	stored.Login, stored.Email = strings.ToLower(stored.Login), strings.ToLower(stored.Email)
	if stored.UID == "" {
		stored.UID = newID(s.sequence)
	}
	if stored.CreatedOn.IsZero() {
		stored.CreatedOn = s.now()
	}
	if stored.CreatedBy == "" {
		stored.CreatedBy, stored.CreatedByID = "kbc", 1
	}
	s.users = append(s.users, stored)
	return stored
}

// AddForeignLogin makes a login exist in another GoodData domain, so that it can be neither created
// nor added to a project.
func (s *Server) AddForeignLogin(login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.foreign[strings.ToLower(login)] = true
}

// Users returns copies of the users in the order of their creation.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	users := make([]User, len(s.users))
	for i, u := range s.users {
		users[i] = u.User
	}
	return users
}

func (s *Server) findUser(login string) *storedUser {
	i := slices.IndexFunc(s.users, func(u *storedUser) bool { return u.Login == strings.ToLower(login) })
	if i < 0 {
		return nil
	}
	return s.users[i]
}

// user returns the user whose login is the segment of the request's path at the given place, or the
// answer that there is none.
func (s *Server) user(r *Request, place int) (*storedUser, fake.Response) {
	login, sent := pathSegment(r, "login", place)
	if user := s.findUser(login); user != nil {
		return user, fake.Response{}
	}
	if s.foreign[strings.ToLower(login)] {
		return nil, s.foreignLogin(login)
	}
	return nil, s.reject(http.StatusNotFound, "User %s not found in database", sent)
}

func (s *Server) foreignLogin(login string) fake.Response {
	return s.reject(http.StatusBadRequest, "User %s exists in another GoodData domain", login)
}

func (s *Server) listUsers(r *Request) fake.Response {
	return page(s, r, "/users/", s.users, func(u *storedUser) any {
		return struct {
			Login       string `json:"login"`
			UID         string `json:"uid"`
			CreatedOn   string `json:"createdOn"`
			CreatedBy   string `json:"createdBy"`
			CreatedByID int    `json:"createdById"`
		}{u.Login, u.UID, wireTime(u.CreatedOn.UTC()), u.CreatedBy, u.CreatedByID}
	})
}

func (s *Server) createUser(r *Request) fake.Response {
	var sent struct{ Login, Password, FirstName, LastName, Email, SSOProvider string }
	if err := json.Unmarshal(r.Body, &sent); err != nil {
		return s.reject(http.StatusBadRequest, "The body is not valid JSON")
	}
	for _, required := range []struct{ name, value string }{
		{"login", sent.Login}, {"password", sent.Password}, {"firstName", sent.FirstName}, {"lastName", sent.LastName},
	} {
		if required.value == "" {
			return s.reject(http.StatusUnprocessableEntity, "Parameter %s is required", required.name)
		}
	}
	switch {
	case utf8.RuneCountInString(sent.Password) < minPassword:
		return s.reject(http.StatusUnprocessableEntity, "Password must have at least %d characters", minPassword)
	case s.foreign[strings.ToLower(sent.Login)]:
		return s.foreignLogin(sent.Login)
	case s.findUser(sent.Login) != nil:
		return s.reject(http.StatusUnprocessableEntity, "User %s already exists", sent.Login)
	case s.goodDataDown:
		return s.applicationError()
	}
	user := s.addUser(User{
		Login: sent.Login, Password: sent.Password, FirstName: sent.FirstName, LastName: sent.LastName, Email: sent.Email,
		SSOProvider: sent.SSOProvider,
	})
	return fake.JSON(http.StatusCreated, map[string]string{"uid": user.UID})
}

func (s *Server) deleteUser(r *Request) fake.Response {
	user, rejection := s.user(r, 2)
	if user == nil {
		return rejection
	}
	query, rejection := s.deletion(r)
	if query == nil {
		return rejection
	}
	s.users = slices.DeleteFunc(s.users, func(other *storedUser) bool { return other == user })
	for _, p := range s.projects {
		delete(p.Members, user.Login)
	}
	return noContent()
}
