package infoworkstest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantkit/tenantkit/internal/fake"
)

func (s *Server) authenticate(r *fake.Request) fake.Response {
	query, err := url.ParseQuery(r.RawQuery)
	if err != nil {
		return reject(http.StatusBadRequest, codeInvalid)
	}
	if _, err := strconv.Atoi(query.Get("service_id")); query.Has("service_id") && err != nil {
		return reject(http.StatusBadRequest, codeInvalid)
	}
	user := s.byPassword(r)
	if user == nil {
		return wrongCredentials()
	}
	token, err := s.sign(user, "authenticate")
	if err != nil {
		return reject(http.StatusInternalServerError, codeInternal)
	}
	return respond("Authentication Success", map[string]any{
		"authentication_token": token, "is_authenticated": s.boolean(true), "user_id": user.ID,
	})
}

func (s *Server) makeAccessToken(r *fake.Request) fake.Response {
	user := s.byRefreshToken(r)
	if user == nil {
		return wrongCredentials()
	}
	token, err := s.sign(user, "refresh_token")
	if err != nil {
		return reject(http.StatusInternalServerError, codeInternal)
	}
	return respond("Authentication Success", map[string]any{"authentication_token": token})
}

func (s *Server) revokeAccessToken(_ *fake.Request, user *User) fake.Response {
	s.logOut(user.Email)
	return respond("Platform Security Response", "Token successfully blacklisted")
}

func (s *Server) validateToken(r *fake.Request) fake.Response {
	scheme, token := authorization(r)
	user, known := s.verify(token)
	if scheme != "bearer" || !known {
		return reject(http.StatusUnauthorized, codeLacksAccess)
	}
	return respond("", map[string]any{"is_valid": s.boolean(user != nil)})
}

// regenerateRefreshToken takes either kind of credential. The new token is not in the answer.
func (s *Server) regenerateRefreshToken(r *fake.Request) fake.Response {
	user := s.byRefreshToken(r)
	if user == nil {
		user = s.byPassword(r)
	}
	if user == nil {
		return reject(http.StatusUnauthorized, codeLacksAccess)
	}
	user.RefreshToken = newRefreshToken()
	return respond("Platform Security Response", "Successfully Blacklisted Refresh Token.")
}

func (s *Server) authoriseUser(r *fake.Request, user *User) fake.Response {
	var asked struct {
		EntityType string `json:"entityType"`
		Action     string `json:"action"`
		EntityID   string `json:"entityId"`
	}
	if !read(r, &asked) {
		return reject(http.StatusBadRequest, codeInvalid)
	}
	result := map[string]any{"is_authorised": s.boolean(false)}
	if s.allowed[permission{user.Email, asked.EntityType, asked.Action, asked.EntityID}] {
		token, err := s.sign(user, asked.Action)
		if err != nil {
			return reject(http.StatusInternalServerError, codeInternal)
		}
		result = map[string]any{"delegation_token": token, "is_authorised": s.boolean(true)}
	}
	return respond("", result)
}

func (s *Server) samlRedirectURL(r *fake.Request) fake.Response {
	if scheme, token := authorization(r); scheme != "" {
		if user, _ := s.verify(token); scheme != "bearer" || user == nil {
			return reject(http.StatusUnauthorized, codeLacksAccess)
		}
	}
	switch {
	case s.saml == "":
		return reject(http.StatusInternalServerError, codeInternal)
	case s.samlRedirect:
		return fake.Response{Status: http.StatusFound, Header: http.Header{"Location": {s.saml}}}
	}
	return fake.JSON(http.StatusOK, map[string]string{"Location": s.saml})
}

func (s *Server) userData(r *fake.Request, _ *User) fake.Response {
	var asked struct {
		UserIDs         []string `json:"userIds"`
		SearchAttribute string   `json:"searchAttribute"`
	}
	if !read(r, &asked) || len(asked.UserIDs) == 0 {
		return reject(http.StatusBadRequest, codeInvalid)
	}
	users := []string{}
	for _, id := range asked.UserIDs {
		if found := s.inDirectory(asked.SearchAttribute, id); found != nil {
			// What is in these texts is not public; JSON is a guess.
			entry, err := json.Marshal(map[string]string{"email": found.Email, "login": found.Login})
			if err != nil {
				return reject(http.StatusInternalServerError, codeInternal)
			}
			users = append(users, string(entry))
		}
	}
	return fake.JSON(http.StatusOK, map[string]any{"users": users})
}

func (s *Server) inDirectory(attribute, value string) *DirectoryUser {
	i := slices.IndexFunc(s.directory, func(u DirectoryUser) bool {
		if attribute == "email" {
			return strings.EqualFold(u.Email, value)
		}
		return strings.EqualFold(u.Login, value)
	})
	if i < 0 {
		return nil
	}
	return &s.directory[i]
}

type syncedUser struct {
	Email string `json:"email"`
	ID    string `json:"id"`
	Error string `json:"error,omitempty"`
}

// bulkLDAPSync takes either kind of credential.
func (s *Server) bulkLDAPSync(r *fake.Request) fake.Response {
	if s.byPassword(r) == nil && s.byRefreshToken(r) == nil {
		return wrongCredentials()
	}
	asked := struct {
		SearchOn     string   `json:"search_on"`
		SearchList   []string `json:"search_list"`
		ShouldUpdate bool     `json:"should_update"`
		ShouldAdd    bool     `json:"should_add"`
	}{ShouldUpdate: true, ShouldAdd: true}
	if !read(r, &asked) || len(asked.SearchList) == 0 {
		return reject(http.StatusBadRequest, codeInvalid)
	}
	added, updated, failed, existing := []syncedUser{}, []syncedUser{}, []syncedUser{}, 0
	for _, value := range asked.SearchList {
		found := s.inDirectory(asked.SearchOn, value)
		if found == nil {
			failed = append(failed, syncedUser{Email: value, Error: "User not found in LDAP."})
			continue
		}
		user := s.user(found.Email)
		if user != nil {
			existing++
		}
		switch {
		case found.Error != "":
			id := ""
			if user != nil {
				id = user.ID
			}
			failed = append(failed, syncedUser{found.Email, id, found.Error})
		case user == nil && asked.ShouldAdd:
			user = s.addUser(User{Email: found.Email})
			added = append(added, syncedUser{Email: user.Email, ID: user.ID})
		case user != nil && asked.ShouldUpdate:
			updated = append(updated, syncedUser{Email: user.Email, ID: user.ID})
		}
	}
	return respond("Successfully synced ldap users", map[string]any{
		"new_users_count": len(added), "existing_user_count": existing, "added": added, "updated": updated, "failed": failed,
	})
}

const defaultLimit = 10

// listUsers answers as every list of Infoworks does: with a next link from the root, and an empty
// result at the end.
func (s *Server) listUsers(r *fake.Request, _ *User) fake.Response {
	query, err := url.ParseQuery(r.RawQuery)
	if err != nil {
		return reject(http.StatusBadRequest, codeInvalid)
	}
	limit, offset := defaultLimit, 0
	for name, value := range map[string]*int{"limit": &limit, "offset": &offset} {
		if !query.Has(name) {
			continue
		}
		if *value, err = strconv.Atoi(query.Get(name)); err != nil || *value < 0 {
			return reject(http.StatusBadRequest, codeInvalid)
		}
	}
	type profile struct {
		Name  string `json:"name"`
		Email string `json:"email"`
	}
	type user struct {
		ID           string   `json:"id"`
		Profile      profile  `json:"profile"`
		Roles        []string `json:"roles"`
		RefreshToken string   `json:"refresh_token"`
	}
	page := []user{}
	rest := s.users[min(offset, len(s.users)):]
	for _, u := range rest[:min(limit, len(rest))] {
		page = append(page, user{u.ID, profile{u.Name, u.Email}, u.Roles, u.RefreshToken})
	}
	path := func(offset int) string {
		return basePath + "/admin/users?limit=" + strconv.Itoa(limit) + "&offset=" + strconv.Itoa(offset)
	}
	return fake.JSON(http.StatusOK, map[string]any{
		"message": "Successfully listed users", "limit": limit, "offset": offset, "total_count": len(s.users), "result": page,
		"links": map[string]string{"base": basePath + "/admin/users", "self": path(offset), "next": path(offset + limit)},
	})
}

// read decodes the body of a request, and says whether it is JSON of the right shape.
func read(r *fake.Request, into any) bool {
	decoder := json.NewDecoder(bytes.NewReader(r.Body))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into) == nil
}
