package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/tenant/argo"
)

// wanted is what the file says. What it leaves out stays on the service as it is.
type wanted struct {
	Info struct {
		Name        string `json:"name"`
		Email       string `json:"email"`
		Description string `json:"description"`
		Image       string `json:"image"`
		Website     string `json:"website"`
	} `json:"info"`
	Topology struct {
		Type string `json:"type"`
		Feed string `json:"feed"`
	} `json:"topology"`
	DBConf []wantedDatabase `json:"db_conf"`
	Users  []wantedUser     `json:"users"`
}

// wantedDatabase names the variable of the environment that holds the password, so that no secret
// is in the file.
type wantedDatabase struct {
	Store       string `json:"store"`
	Server      string `json:"server"`
	Port        int    `json:"port"`
	Database    string `json:"database"`
	Username    string `json:"username"`
	PasswordEnv string `json:"password_env"`
}

// wantedUser is known by its e-mail address, since the server makes the ids.
type wantedUser struct {
	Name  string      `json:"name"`
	Email string      `json:"email"`
	Roles []argo.Role `json:"roles"`
}

// errFile is a file that cannot be used. Nothing is sent then.
var errFile = errors.New("the file cannot be used")

func readFile(path string, getenv func(string) string) (*argo.Tenant, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFile, err)
	}
	w := new(wanted)
	decoder := json.NewDecoder(bytes.NewReader(data))
	// A misspelt name must not pass for one that was left out.
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(w); err != nil {
		return nil, fmt.Errorf("%w: %s%s: %w", errFile, path, lineOf(data, err), err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: %s: something stands behind the tenant", errFile, path)
	}
	tenant, err := w.tenant(getenv)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errFile, path, err)
	}
	return tenant, nil
}

// lineOf returns the line of a mistake, where the error knows it.
func lineOf(data []byte, err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var offset int64
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
	default:
		return ""
	}
	return fmt.Sprintf(":%d", 1+bytes.Count(data[:offset], []byte("\n")))
}

// tenant returns the desired state, with the passwords from the environment. The library checks it.
func (w *wanted) tenant(getenv func(string) string) (*argo.Tenant, error) {
	tenant := &argo.Tenant{
		Info: argo.Info{
			Name: w.Info.Name, Email: w.Info.Email, Description: w.Info.Description,
			Image: w.Info.Image, Website: w.Info.Website,
		},
		Topology: argo.Topology{Type: w.Topology.Type, Feed: w.Topology.Feed},
	}
	for i, db := range w.DBConf {
		conf := argo.DBConf{
			Store: db.Store, Server: db.Server, Port: db.Port, Database: db.Database, Username: db.Username,
		}
		if db.PasswordEnv != "" {
			conf.Password = tenantkit.NewSecret(getenv(db.PasswordEnv))
			if conf.Password.IsZero() {
				return nil, fmt.Errorf("db_conf.%d.password_env: the variable %s is not set", i, db.PasswordEnv)
			}
		}
		tenant.DBConf = append(tenant.DBConf, conf)
	}
	for _, user := range w.Users {
		tenant.Users = append(tenant.Users, argo.User{Name: user.Name, Email: user.Email, Roles: user.Roles})
	}
	return tenant, nil
}
