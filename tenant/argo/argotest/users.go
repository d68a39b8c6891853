package argotest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// A User is what the server holds of a user of a tenant.
type User struct {
	// ID and APIKey are made by the server where they are empty.
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Email  string   `json:"email"`
	APIKey string   `json:"api_key"`
	Roles  []string `json:"roles,omitempty"`
}

// cloneUsers keeps the difference between no users and an empty list of them, which readers of the
// API see.
func cloneUsers(users []User) []User {
	users = slices.Clone(users)
	for i := range users {
		users[i].Roles = slices.Clone(users[i].Roles)
	}
	return users
}

// Users returns copies of the users of a tenant, nil when there is no such tenant.
func (s *Server) Users(tenantID string) []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	tenant := s.find(tenantID)
	if tenant == nil {
		return nil
	}
	return cloneUsers(tenant.Users)
}

// uiUsers returns the users with the role admin_ui; one that has it twice is listed twice.
func uiUsers(users []User) []User {
	var list []User
	for _, user := range users {
		for _, role := range user.Roles {
			if role == "admin_ui" {
				list = append(list, user)
			}
		}
	}
	return list
}

func sameKeyDetails(key string) string {
	return "More than one users found using the key: " + key
}

// takenKey returns the first key of the tenant's users that two users would have, within the tenant
// or with another one.
func (s *Server) takenKey(tenant Tenant) (string, bool) {
	seen := make(map[string]bool)
	for _, other := range s.tenants {
		if other.ID == tenant.ID {
			continue
		}
		for _, user := range other.Users {
			seen[user.APIKey] = true
		}
	}
	for _, user := range tenant.Users {
		if seen[user.APIKey] {
			return user.APIKey, true
		}
		seen[user.APIKey] = true
	}
	return "", false
}

func (s *Server) listUsers(r *Request, _ Role) fake.Response {
	tenant := s.find(r.Value("tenantID"))
	if tenant == nil {
		return tenantNotFound(r)
	}
	return success(r, http.StatusOK, "Success", tenant.Users)
}

func (s *Server) getUser(r *Request, _ Role) fake.Response {
	tenant := s.find(r.Value("tenantID"))
	if tenant == nil {
		return tenantNotFound(r)
	}
	i := userIndex(tenant.Users, r.Value("userID"))
	if i < 0 {
		return userNotFound(r)
	}
	return success(r, http.StatusOK, "Success", []User{tenant.Users[i]})
}

// findUser looks through all tenants.
func (s *Server) findUser(r *Request, _ Role) fake.Response {
	for _, tenant := range s.tenants {
		i := userIndex(tenant.Users, r.Value("userID"))
		if i < 0 {
			continue
		}
		user := tenant.Users[i]
		// A query that cannot be parsed counts for what could be parsed of it.
		if query, _ := url.ParseQuery(r.RawQuery); query.Get("export") == "flat" {
			return fake.Response{Header: header(r), Body: indent(user, jsonType)}
		}
		return success(r, http.StatusOK, "User was successfully retrieved", []User{user})
	}
	return tenantNotFound(r)
}

func userIndex(users []User, id string) int {
	return slices.IndexFunc(users, func(u User) bool { return u.ID == id })
}

// changeUsers lets change work on a copy of the tenant and writes the copy back, without the
// status. The answer of change stands for a failure when it has a status, and then nothing is
// written; done makes the answer of success.
func (s *Server) changeUsers(r *Request, change func(*Tenant) fake.Response, done func() fake.Response) fake.Response {
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := s.find(r.Value("tenantID"))
	if stored == nil {
		return tenantNotFound(r)
	}
	tenant := stored.clone()
	if response := change(&tenant); response.Status != 0 {
		return response
	}
	if key, taken := s.takenKey(tenant); taken {
		return conflict(r, sameKeyDetails(key))
	}
	s.waitUnlocked()
	if stored = s.find(tenant.ID); stored == nil {
		return tenantNotFound(r)
	}
	tenant.Info.Updated = s.timestamp()
	tenant.Status = nil
	if tenant.tooLarge() {
		return databaseError(r, "an inserted document is too large")
	}
	*stored = tenant
	return done()
}

// waitUnlocked waits for the window in which changes get lost, and lets others do theirs meanwhile.
func (s *Server) waitUnlocked() {
	if s.window == nil {
		return
	}
	s.mu.Unlock()
	defer s.mu.Lock()
	s.window(s.Done())
}

func (s *Server) createUser(r *Request, _ Role) fake.Response {
	var user User
	change := func(tenant *Tenant) fake.Response {
		if json.Unmarshal(r.Body, &user) != nil {
			return malformed(r)
		}
		user.ID, user.APIKey = newID(), newKey()
		tenant.Users = append(tenant.Users, user)
		return fake.Response{}
	}
	return s.changeUsers(r, change, func() fake.Response { return created(r, "User was successfully created", user.ID) })
}

func (s *Server) updateUser(r *Request, _ Role) fake.Response {
	change := func(tenant *Tenant) fake.Response {
		var sent User
		if json.Unmarshal(r.Body, &sent) != nil {
			return malformed(r)
		}
		i := userIndex(tenant.Users, r.Value("userID"))
		if i < 0 {
			return userNotFound(r)
		}
		user := &tenant.Users[i]
		for _, field := range []struct {
			to   *string
			from string
		}{{&user.Name, sent.Name}, {&user.Email, sent.Email}, {&user.APIKey, sent.APIKey}} {
			if field.from != "" {
				*field.to = field.from
			}
		}
		if len(sent.Roles) > 0 {
			user.Roles = sent.Roles
		}
		return fake.Response{}
	}
	return s.changeUsers(r, change, func() fake.Response {
		return success(r, http.StatusOK, "User succesfully updated", nil)
	})
}

func (s *Server) deleteUser(r *Request, _ Role) fake.Response {
	change := func(tenant *Tenant) fake.Response {
		i := userIndex(tenant.Users, r.Value("userID"))
		if i < 0 {
			return userNotFound(r)
		}
		tenant.Users = slices.Delete(tenant.Users, i, i+1)
		return fake.Response{}
	}
	return s.changeUsers(r, change, func() fake.Response {
		return success(r, http.StatusOK, "User succesfully deleted", nil)
	})
}

func (s *Server) renewAPIKey(r *Request, _ Role) fake.Response {
	key := newKey()
	change := func(tenant *Tenant) fake.Response {
		i := userIndex(tenant.Users, r.Value("userID"))
		if i < 0 {
			return userNotFound(r)
		}
		tenant.Users[i].APIKey = key
		return fake.Response{}
	}
	return s.changeUsers(r, change, func() fake.Response {
		return success(r, http.StatusOK, "User api key succesfully renewed", struct {
			APIKey string `json:"api_key"`
		}{key})
	})
}
