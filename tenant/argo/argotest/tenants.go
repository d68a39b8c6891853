package argotest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// maxDocument is the largest document, in bytes, that the database takes.
const maxDocument = 16 << 20

// A Tenant is what the server holds of a tenant.
type Tenant struct {
	// ID is made by the server where it is empty. The others are as they were sent.
	ID       string   `json:"id"`
	Info     Info     `json:"info"`
	DBConf   []DBConf `json:"db_conf,omitempty"`
	Topology Topology `json:"topology"`
	Users    []User   `json:"users,omitempty"`
	Status   *Status  `json:"-"` // nil when it was never set, or wiped
}

// Info describes a tenant. Times are "YYYY-MM-DD hh:mm:ss".
type Info struct {
	// All but the last two are as they were sent.
	Name        string `json:"name"`
	Email       string `json:"email"`
	Description string `json:"description"`
	Image       string `json:"image"`
	Website     string `json:"website"`
	Created     string `json:"created"`
	Updated     string `json:"updated"`
}

// DBConf is one database of a tenant.
type DBConf struct {
	// All are as they were sent; the server looks at none.
	Store    string `json:"store"`
	Server   string `json:"server"`
	Port     int    `json:"port"`
	Database string `json:"database"`
	Username string `json:"username"`
	Password string `json:"password"`
}

// Topology says where the topology of a tenant comes from.
type Topology struct {
	// Both are as they were sent; the server looks at none.
	Type string `json:"type"`
	Feed string `json:"feed"`
}

func (t Tenant) clone() Tenant {
	t.DBConf = slices.Clone(t.DBConf)
	t.Users = cloneUsers(t.Users)
	if t.Status != nil {
		status := t.Status.clone()
		t.Status = &status
	}
	return t
}

// AddTenant stores a tenant without any of the checks of the API, and returns its id. What is empty
// and always set on the real server is made: the id, the times, and the ids and keys of users.
func (s *Server) AddTenant(tenant Tenant) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	tenant = tenant.clone()
	if tenant.ID == "" {
		tenant.ID = newID()
	}
	if tenant.Info.Created == "" {
		tenant.Info.Created = s.timestamp()
	}
	if tenant.Info.Updated == "" {
		tenant.Info.Updated = tenant.Info.Created
	}
	for i := range tenant.Users {
		if tenant.Users[i].ID == "" {
			tenant.Users[i].ID = newID()
		}
		if tenant.Users[i].APIKey == "" {
			tenant.Users[i].APIKey = newKey()
		}
	}
	s.tenants = append(s.tenants, tenant)
	return tenant.ID
}

// Tenants returns copies of all tenants, in the order in which they were made.
func (s *Server) Tenants() []Tenant {
	s.mu.Lock()
	defer s.mu.Unlock()
	tenants := make([]Tenant, len(s.tenants))
	for i, tenant := range s.tenants {
		tenants[i] = tenant.clone()
	}
	return tenants
}

// find returns the stored tenant, nil when there is none. The caller holds s.mu.
func (s *Server) find(id string) *Tenant {
	for i := range s.tenants {
		if s.tenants[i].ID == id {
			return &s.tenants[i]
		}
	}
	return nil
}

func (s *Server) nameTaken(name string) bool {
	return slices.ContainsFunc(s.tenants, func(t Tenant) bool { return t.Info.Name == name })
}

func (s *Server) timestamp() string {
	return s.now().Format("2006-01-02 15:04:05")
}

func (s *Server) listTenants(r *Request, role Role) fake.Response {
	list := []Tenant{}
	for _, tenant := range s.tenants {
		visible := Tenant{ID: tenant.ID, Info: tenant.Info, Topology: tenant.Topology}
		switch role {
		case RoleRestricted:
		case RoleUI:
			visible.Users = uiUsers(tenant.Users)
			if len(visible.Users) == 0 {
				continue
			}
		default:
			visible = tenant
		}
		list = append(list, visible)
	}
	return success(r, http.StatusOK, "Success", list)
}

func (s *Server) createTenant(r *Request, _ Role) fake.Response {
	var tenant Tenant
	if json.Unmarshal(r.Body, &tenant) != nil {
		return malformed(r)
	}
	if s.nameTaken(tenant.Info.Name) {
		return conflict(r, sameNameDetails)
	}
	for i := range tenant.Users {
		tenant.Users[i].ID = newID()
		if tenant.Users[i].APIKey == "" {
			tenant.Users[i].APIKey = newKey()
		}
	}
	tenant.ID = newID()
	if key, taken := s.takenKey(tenant); taken {
		return conflict(r, sameKeyDetails(key))
	}
	tenant.Info.Created = s.timestamp()
	tenant.Info.Updated = tenant.Info.Created
	if tenant.tooLarge() {
		return crashed()
	}
	s.tenants = append(s.tenants, tenant)
	return created(r, "Tenant was successfully created", tenant.ID)
}

func (s *Server) getTenant(r *Request, _ Role) fake.Response {
	tenant := s.find(r.Value("tenantID"))
	if tenant == nil {
		return tenantNotFound(r)
	}
	return success(r, http.StatusOK, "Success", []Tenant{*tenant})
}

// updateTenant replaces the tenant; its status is lost with the rest.
func (s *Server) updateTenant(r *Request, _ Role) fake.Response {
	var tenant Tenant
	if json.Unmarshal(r.Body, &tenant) != nil {
		return malformed(r)
	}
	stored := s.find(r.Value("tenantID"))
	if stored == nil {
		return tenantNotFound(r)
	}
	tenant.ID = stored.ID
	if key, taken := s.takenKey(tenant); taken {
		return conflict(r, sameKeyDetails(key))
	}
	if tenant.Info.Name != stored.Info.Name && s.nameTaken(tenant.Info.Name) {
		return conflict(r, sameNameDetails)
	}
	ids := make(map[string]string)
	for _, user := range stored.Users {
		ids[user.APIKey] = user.ID
	}
	for i, user := range tenant.Users {
		id, known := ids[user.APIKey]
		if !known {
			id = newID()
		}
		tenant.Users[i].ID = id
	}
	tenant.Info.Created = stored.Info.Created
	tenant.Info.Updated = s.timestamp()
	if tenant.tooLarge() {
		return crashed()
	}
	*stored = tenant
	return success(r, http.StatusOK, "Tenant successfully updated", nil)
}

func (s *Server) deleteTenant(r *Request, _ Role) fake.Response {
	id := r.Value("tenantID")
	if s.find(id) == nil {
		return tenantNotFound(r)
	}
	s.tenants = slices.DeleteFunc(s.tenants, func(t Tenant) bool { return t.ID == id })
	return success(r, http.StatusOK, "Tenant Successfully Deleted", nil)
}

// tooLarge says whether the database would refuse the tenant. The database counts another encoding
// than JSON, which makes no difference but close to the limit.
func (t Tenant) tooLarge() bool {
	document := struct {
		Tenant
		Status *Status `json:"status"`
	}{t, t.Status}
	var size byteCounter
	encoder := json.NewEncoder(&size)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(document) != nil || size > maxDocument
}

// byteCounter counts what is written to it.
type byteCounter int

func (c *byteCounter) Write(p []byte) (int, error) {
	*c += byteCounter(len(p))
	return len(p), nil
}

// newID makes a version 4 UUID.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// newKey makes a key of 64 hex digits.
func newKey() string {
	var b [32]byte
	rand.Read(b[:])
	return fmt.Sprintf("%x", b)
}
