package argotest

import (
	"net/http"
	"slices"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// A Role is what an administrator may do. As in the records of the real server the restrictions are
// flags; with both, RoleRestricted counts.
type Role int

const (
	// RoleSuperAdmin may do all.
	RoleSuperAdmin Role = 0
	// RoleRestricted may list tenants without their databases and users, read a status, and
	// find a user by its id.
	RoleRestricted Role = 1
	// RoleUI may list the tenants that have a user with the role admin_ui, with those users
	// only, read a status, and find a user by its id.
	RoleUI Role = 2
)

// effective is the one role that counts.
func (r Role) effective() Role {
	if r&RoleRestricted != 0 {
		return RoleRestricted
	}
	return r
}

// guard puts the checks of the real server, in its order, before the handler.
func (s *Server) guard(op operation) func(*Request) fake.Response {
	return func(r *Request) fake.Response {
		s.mu.Lock()
		flags, known := s.keys[r.Header.Get("X-Api-Key")]
		s.mu.Unlock()
		role := flags.effective()
		accept := r.Header.Get("Accept")
		switch {
		case !known:
			return reject(r, http.StatusUnauthorized, accept, unauthorized)
		case role != RoleSuperAdmin && !slices.Contains(op.allowed, role):
			return reject(r, http.StatusForbidden, accept, forbidden)
		case accept != jsonType && accept != xmlType:
			return reject(r, http.StatusNotAcceptable, jsonType, notAcceptable)
		}
		if !op.locksItself {
			s.mu.Lock()
			defer s.mu.Unlock()
		}
		return op.handle(r, role)
	}
}

// guardOther puts the checks of the real server before the handler of another resource.
func (s *Server) guardOther(handle func(*Request) fake.Response) func(*Request) fake.Response {
	return func(r *Request) fake.Response {
		key, accept := r.Header.Get("X-Api-Key"), r.Header.Get("Accept")
		switch {
		case key == "" || !s.isKey(key):
			return reject(r, http.StatusUnauthorized, accept, unauthorized)
		case accept != jsonType && accept != xmlType:
			return reject(r, http.StatusNotAcceptable, jsonType, notAcceptable)
		}
		return handle(r)
	}
}

// isKey reports whether an administrator or a user of a tenant has the key.
func (s *Server) isKey(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, admin := s.keys[key]
	return admin || slices.ContainsFunc(s.tenants, func(tenant Tenant) bool {
		return slices.ContainsFunc(tenant.Users, func(user User) bool { return user.APIKey == key })
	})
}
