package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"

	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

// config is what the YAML file says.
type config struct {
	Tenant      string
	BaseURL     string
	Connections []worklytics.DesiredConnection
}

// readConfig reads the file, and names all that is wrong with it at once.
func readConfig(path string, known bool) (*config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, problems := parseConfig(data, known)
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s:\n  %s", path, strings.Join(problems, "\n  "))
	}
	return c, nil
}

func parseConfig(data []byte, known bool) (*config, []string) {
	// Values are taken as YAML reads them, to find those that it does not read as text: 0123
	// would become 83.
	var file struct {
		Tenant      any    `yaml:"tenant"`
		BaseURL     string `yaml:"baseURL"`
		Connections []struct {
			Name        string         `yaml:"name"`
			Integration string         `yaml:"integration"`
			Settings    map[string]any `yaml:"settings"`
		} `yaml:"connections"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict())
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		// Without the lines of the file, which may hold secrets.
		return nil, []string{yaml.FormatError(err, false, false)}
	}
	var more any
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, []string{"there is more than one document"}
	}
	c := &config{BaseURL: file.BaseURL}
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	tenant, ok := file.Tenant.(string)
	if !ok {
		add("tenant: it must be text: put the 21 digits in quotes")
	}
	c.Tenant = tenant
	if c.BaseURL == "" {
		c.BaseURL = worklytics.DefaultBaseURL
	}
	if len(file.Connections) == 0 {
		add("connections: there are none")
	}
	for i, given := range file.Connections {
		wanted := worklytics.DesiredConnection{
			Name: given.Name, IntegrationID: worklytics.IntegrationID(given.Integration), Settings: make(map[string]string, len(given.Settings)),
		}
		switch {
		case given.Name == "" || strings.ContainsFunc(given.Name, unicode.IsControl) || strings.Contains(given.Name, "="):
			add("connections[%d]: name: it must not be empty, nor hold = or control characters", i)
			continue
		case slices.ContainsFunc(c.Connections, func(d worklytics.DesiredConnection) bool { return d.Name == given.Name }):
			add("connections[%d]: name: there is another %s", i, given.Name)
			continue
		}
		problems = append(problems, readSettings(&wanted, given.Settings, known)...)
		c.Connections = append(c.Connections, wanted)
	}
	return c, problems
}

// readSettings fills the settings of d, and returns the problems of the connection.
func readSettings(d *worklytics.DesiredConnection, given map[string]any, known bool) (problems []string) {
	for _, key := range slices.Sorted(maps.Keys(given)) {
		text, ok := given[key].(string)
		if !ok {
			problems = append(problems, fmt.Sprintf("%s: settings.%s: YAML does not read it as text: put it in quotes", d.Name, key))
		}
		d.Settings[key] = text
	}
	if len(problems) > 0 {
		return problems
	}
	isThis := func(i worklytics.Integration) bool { return i.ID == d.IntegrationID }
	if known && d.IntegrationID != "" && !slices.ContainsFunc(worklytics.Integrations(), isThis) {
		problems = append(problems, fmt.Sprintf("%s: integrationId: %q is none of the integrations that are known", d.Name, d.IntegrationID))
	}
	connection := worklytics.DataConnection{IntegrationID: d.IntegrationID, Settings: d.Settings}
	var invalid *worklytics.InvalidConnectionError
	if errors.As(connection.Validate(), &invalid) {
		for _, problem := range invalid.Problems {
			problems = append(problems, d.Name+": "+problem.Field+": "+problem.Reason)
		}
	}
	return problems
}

// host returns where the service is. A base URL that is none has none; the client tells of it.
func (c *config) host() string {
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return ""
	}
	return u.Host
}
