package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

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

// wantedDatabase names the variable of the environment that holds the password, so that no secret is in the file.
type wantedDatabase struct {
	Store       string `json:"store"`
	Server      string `json:"server"`
	Port        int    `json:"port"`
	Database    string `json:"database"`
	Username    string `json:"username"`
	PasswordEnv string `json:"password_env"`

	password tenantkit.Secret
}

// wantedUser is known by its e-mail address, since the server makes the ids, and takes any name and address twice.
type wantedUser struct {
	Name  string      `json:"name"`
	Email string      `json:"email"`
	Roles []argo.Role `json:"roles"`
}

// is reports whether the user of the service is the one of the file.
func (u *wantedUser) is(user argo.User) bool { return strings.EqualFold(u.Email, user.Email) }

// errFile is a file that cannot be used. Nothing is sent then.
var errFile = errors.New("the file cannot be used")

func readFile(path string, getenv func(string) string) (*wanted, error) {
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
	if err := w.complete(getenv); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errFile, path, err)
	}
	return w, nil
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

// complete checks the file, and takes the passwords from the environment.
func (w *wanted) complete(getenv func(string) string) error {
	if w.Info.Name == "" {
		return errors.New("info.name is missing")
	}
	for i := range w.DBConf {
		database := &w.DBConf[i]
		if database.Store == "" || slices.ContainsFunc(w.DBConf[:i], func(d wantedDatabase) bool { return d.Store == database.Store }) {
			return fmt.Errorf("db_conf.%d.store is missing, or there twice", i)
		}
		if database.PasswordEnv == "" {
			continue
		}
		database.password = tenantkit.Secret(getenv(database.PasswordEnv))
		if database.password == "" {
			return fmt.Errorf("db_conf.%d.password_env: the variable %s is not set", i, database.PasswordEnv)
		}
	}
	for i, user := range w.Users {
		if user.Name == "" || user.Email == "" {
			return fmt.Errorf("users.%d: name and email are needed", i)
		}
		if slices.ContainsFunc(w.Users[:i], func(u wantedUser) bool { return u.is(argo.User{Email: user.Email}) }) {
			return fmt.Errorf("users.%d.email: %s is there twice", i, user.Email)
		}
	}
	return nil
}

// change brings the tenant, but not its users, to what the file says, and returns what it changed.
func (w *wanted) change(tenant *argo.Tenant) (changed []string) {
	for _, field := range []struct {
		name, wanted string
		is           *string
	}{
		{"name", w.Info.Name, &tenant.Info.Name},
		{"email", w.Info.Email, &tenant.Info.Email},
		{"description", w.Info.Description, &tenant.Info.Description},
		{"image", w.Info.Image, &tenant.Info.Image},
		{"website", w.Info.Website, &tenant.Info.Website},
		{"topology.type", w.Topology.Type, &tenant.Topology.Type},
		{"topology.feed", w.Topology.Feed, &tenant.Topology.Feed},
	} {
		if field.wanted != "" && field.wanted != *field.is {
			*field.is = field.wanted
			changed = append(changed, field.name)
		}
	}
	for _, database := range w.DBConf {
		if database.change(tenant) {
			changed = append(changed, "db_conf of "+database.Store)
		}
	}
	return changed
}

func (d *wantedDatabase) change(tenant *argo.Tenant) (changed bool) {
	i := slices.IndexFunc(tenant.DBConf, func(is argo.DBConf) bool { return is.Store == d.Store })
	if i < 0 {
		i = len(tenant.DBConf)
		tenant.DBConf = append(tenant.DBConf, argo.DBConf{Store: d.Store})
		changed = true
	}
	is := &tenant.DBConf[i]
	password := d.password
	if password == "" {
		password = is.Password
	}
	if is.Server != d.Server || is.Port != d.Port || is.Database != d.Database || is.Username != d.Username || is.Password != password {
		is.Server, is.Port, is.Database, is.Username, is.Password = d.Server, d.Port, d.Database, d.Username, password
		changed = true
	}
	return changed
}

// change returns what is to be written of the user, and what of it is another than now.
func (u *wantedUser) change(user argo.User) (write *argo.User, changed []string) {
	write = &argo.User{ID: user.ID}
	if u.Name != user.Name {
		write.Name = u.Name
		changed = append(changed, "name")
	}
	if len(u.Roles) > 0 && !slices.Equal(slices.Sorted(slices.Values(u.Roles)), slices.Sorted(slices.Values(user.Roles))) {
		write.Roles = u.Roles
		changed = append(changed, "roles")
	}
	return write, changed
}
