// Package payload holds the answers that all contenders read, and the shapes that a program written
// by hand would read them into.
package payload

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Paths of the answers.
const (
	TenantPath   = "/api/v2/admin/tenants/6ac7d684-1f8e-4a02-a502-720e8f11e50b"
	TenantsPath  = "/api/v2/admin/tenants"
	ProjectsPath = "/projects"
	SinksPath    = "/api/datasink/query"
	StatusPath   = "/api/datasink/update/status/assignments"
)

// TenantID is the id in TenantPath.
const TenantID = "6ac7d684-1f8e-4a02-a502-720e8f11e50b"

// Tenants is ARGO's answer with tenants, or with one.
type Tenants struct {
	Status struct {
		Message string `json:"message"`
		Code    string `json:"code"`
	} `json:"status"`
	Data []Tenant `json:"data"`
}

// Tenant is a tenant of ARGO.
type Tenant struct {
	ID   string `json:"id"`
	Info struct {
		Name        string `json:"name"`
		Email       string `json:"email"`
		Description string `json:"description"`
		Image       string `json:"image"`
		Website     string `json:"website"`
		Created     string `json:"created"`
		Updated     string `json:"updated"`
	} `json:"info"`
	DBConf []struct {
		Store    string `json:"store"`
		Server   string `json:"server"`
		Port     int    `json:"port"`
		Database string `json:"database"`
		Username string `json:"username"`
		Password string `json:"password"`
	} `json:"db_conf"`
	Topology struct {
		Type string `json:"type"`
		Feed string `json:"feed"`
	} `json:"topology"`
	Users []User `json:"users"`
}

// User is a user of a tenant.
type User struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Email  string   `json:"email"`
	APIKey string   `json:"api_key"`
	Roles  []string `json:"roles"`
}

// Project is a project in a Keboola page.
type Project struct {
	PID         string  `json:"pid"`
	CreatedOn   string  `json:"createdOn"`
	CreatedBy   string  `json:"createdBy"`
	CreatedByID any     `json:"createdById"`
	ExpiresOn   *string `json:"expiresOn"`
}

// Sink is a data sink.
type Sink struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Config      json.RawMessage `json:"config"`
	Certify     string          `json:"certifyTimestamp"`
	AutoRequest string          `json:"autoRequestTimestamp"`
}

// The answers.
var (
	OneTenant   = tenantsHead + tenant(0) + tenantsTail
	Tenants100  = tenantsHead + list(100, tenant) + tenantsTail
	Projects100 = "[" + list(100, project) + "]"
	Sinks100    = "[" + list(100, sink) + "]"
)

const (
	tenantsHead = `{"status":{"message":"Success","code":"200"},"data":[`
	tenantsTail = `]}`
)

func list(n int, element func(int) string) string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = element(i)
	}
	return strings.Join(texts, ",")
}

func tenant(i int) string {
	id := TenantID
	if i > 0 {
		id = fmt.Sprintf("6ac7d684-1f8e-4a02-a502-%012d", i)
	}
	return fmt.Sprintf(`{"id":%q,"info":{"name":"TENANT-%d","email":"admin@tenant%[2]d.example.org","description":"Monitoring of the sites of tenant %[2]d",`+
		`"image":"https://tenant%[2]d.example.org/logo.png","website":"https://tenant%[2]d.example.org","created":"2026-03-04 10:11:12","updated":"2026-03-05 10:11:12"},`+
		`"db_conf":[{"store":"main","server":"db.example.org","port":27017,"database":"argo_TENANT-%[2]d","username":"tenant","password":"not-a-real-password"}],`+
		`"topology":{"type":"GOCDB","feed":"gocdb%[2]d.example.org"},"users":[`+
		`{"id":"acb74194-553a-11e9-8647-d663bd873d%02[3]d","name":"Ada","email":"ada@tenant%[2]d.example.org","api_key":"0c9c6a0d66b1f4b0f7e5%[2]d","roles":["admin","viewer"]},`+
		`{"id":"acb74194-553a-11e9-8647-d663bd873e%02[3]d","name":"Ben","email":"ben@tenant%[2]d.example.org","api_key":"1c9c6a0d66b1f4b0f7e5%[2]d","roles":["viewer"]}]}`, id, i, i%100)
}

func project(i int) string {
	expires := `"2027-04-11T12:00:00.000Z"`
	if i%2 == 1 {
		expires = "null"
	}
	return fmt.Sprintf(`{"pid":"wasc4gjy5sphvlt0wjx5fqys5q%06d","createdOn":"2026-03-07T22:23:12.000Z","createdBy":"kbc","createdById":%d,"expiresOn":%s}`, i, i, expires)
}

func sink(i int) string {
	return fmt.Sprintf(`{"id":"b72c15b7-7dcb-44ac-b1d3-%012d","name":"IIQ %d","config":{"host":"iiq.example.org","port":8443,"path":"/identityiq"},`+
		`"certifyTimestamp":"2026-11-19T11:01:19.937Z","autoRequestTimestamp":"2026-10-01T10:01:19.937Z"}`, i, i)
}

// TenantStream returns an answer with n tenants, which is written as it is read.
func TenantStream(n int) io.ReadCloser { return &stream{left: n, rest: tenantsHead} }

type stream struct {
	left   int
	opened bool
	ended  bool
	rest   string
}

func (s *stream) Read(p []byte) (int, error) {
	total := 0
	for total < len(p) {
		if s.rest == "" {
			switch {
			case s.left > 0:
				s.rest = streamed[s.left%len(streamed)]
				if !s.opened {
					s.rest = s.rest[1:]
				}
				s.opened = true
				s.left--
			case !s.ended:
				s.rest, s.ended = tenantsTail, true
			case total == 0:
				return 0, io.EOF
			default:
				return total, nil
			}
		}
		n := copy(p[total:], s.rest)
		s.rest = s.rest[n:]
		total += n
	}
	return total, nil
}

func (s *stream) Close() error { return nil }

// streamed are tenants with a comma before each, so many that no cache of texts holds them all.
var streamed = func() (texts [100]string) {
	for i := range texts {
		texts[i] = "," + tenant(i)
	}
	return texts
}()
