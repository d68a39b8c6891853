package worklyticstest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// A DataConnection is one that the server has, or is given.
type DataConnection struct {
	// ID is made by the server where it is empty. IntegrationID is as it was sent.
	ID            string
	IntegrationID string
	// Settings hold values as encoding/json decodes them, with numbers as [json.Number].
	Settings map[string]any
	// Extra holds all other fields, but for the dates of the server.
	Extra map[string]any
	// Created and Updated are the dates of the server. They are not looked at in a connection
	// that is given.
	Created, Updated time.Time
}

// connection is a DataConnection as its fields are sent.
type connection struct {
	id               string
	fields           map[string]any
	created, updated time.Time
}

// The fields that the server sets.
const (
	idField      = "id"
	createdField = "creationDate"
	updatedField = "lastUpdateDate"
)

// firstID is the ID of the first connection, of the size that the API's documentation shows. The
// others follow in steps.
const (
	firstID = 4818059952914432
	stepID  = 98765431
)

// Add adds a connection without looking at it, and returns its ID, which is made when it is empty.
// One with the same ID is replaced.
func (s *Server) Add(given DataConnection) string {
	fields := maps.Clone(given.Extra)
	if fields == nil {
		fields = make(map[string]any)
	}
	fields["integrationId"], fields["settings"] = given.IntegrationID, maps.Clone(given.Settings)
	s.mu.Lock()
	defer s.mu.Unlock()
	id := given.ID
	if id == "" {
		id = s.newID()
	}
	s.remove(id)
	s.connections = append(s.connections, &connection{id: id, fields: fields, created: s.now(), updated: s.now()})
	return id
}

// Remove removes a connection, as if another program had deleted it.
func (s *Server) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(id)
}

// DataConnection returns a connection, and whether the server has it.
func (s *Server) DataConnection(id string) (DataConnection, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.find(id)
	if found == nil {
		return DataConnection{}, false
	}
	return found.public(), true
}

// DataConnections returns all connections, in the order in which they were created.
func (s *Server) DataConnections() []DataConnection {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]DataConnection, len(s.connections))
	for i, c := range s.connections {
		all[i] = c.public()
	}
	return all
}

func (c *connection) public() DataConnection {
	public := DataConnection{ID: c.id, Extra: maps.Clone(c.fields), Created: c.created, Updated: c.updated}
	public.IntegrationID, _ = c.fields["integrationId"].(string)
	settings, _ := c.fields["settings"].(map[string]any)
	public.Settings = maps.Clone(settings)
	delete(public.Extra, "integrationId")
	delete(public.Extra, "settings")
	return public
}

// The caller of the following holds s.mu, as handlers do.

func (s *Server) newID() string {
	s.made++
	return strconv.FormatInt(firstID+(s.made-1)*stepID, 10)
}

func (s *Server) find(id string) *connection {
	at := slices.IndexFunc(s.connections, func(c *connection) bool { return c.id == id })
	if at < 0 {
		return nil
	}
	return s.connections[at]
}

func (s *Server) remove(id string) {
	s.connections = slices.DeleteFunc(s.connections, func(c *connection) bool { return c.id == id })
}

func (s *Server) create(r *Request) fake.Response {
	fields, problems := read(r)
	if _, ok := fields[idField]; ok {
		problems = append(problems, "id: it is made by the service")
	}
	if len(problems) > 0 {
		return invalid(problems)
	}
	made := &connection{id: s.newID(), created: s.now()}
	s.connections = append(s.connections, made)
	return s.store(made, fields)
}

func (s *Server) get(r *Request) fake.Response {
	found := s.find(r.Value("id"))
	if found == nil {
		return missing()
	}
	return s.show(found)
}

func (s *Server) update(r *Request) fake.Response {
	found := s.find(r.Value("id"))
	if found == nil {
		return missing()
	}
	fields, problems := read(r)
	if fields[idField] != s.shownID(found) {
		problems = append(problems, "id: it must be that of the path, and as the service wrote it")
	}
	if len(problems) > 0 {
		return invalid(problems)
	}
	return s.store(found, fields)
}

func (s *Server) delete(r *Request) fake.Response {
	if s.find(r.Value("id")) == nil {
		return missing()
	}
	s.remove(r.Value("id"))
	return fake.Response{}
}

// store replaces the fields, but for those that the server sets.
func (s *Server) store(c *connection, fields map[string]any) fake.Response {
	for _, field := range []string{idField, createdField, updatedField} {
		delete(fields, field)
	}
	c.fields, c.updated = fields, s.now()
	return s.show(c)
}

func (s *Server) show(c *connection) fake.Response {
	shown := maps.Clone(c.fields)
	shown[idField] = s.shownID(c)
	shown[createdField] = c.created.UTC().Format(time.RFC3339)
	shown[updatedField] = c.updated.UTC().Format(time.RFC3339)
	return fake.JSON(http.StatusOK, shown)
}

// shownID returns the ID as it is written. One that was given and is no number is text in any case.
func (s *Server) shownID(c *connection) any {
	if s.textIDs || strings.Trim(c.id, "0123456789") != "" {
		return c.id
	}
	return json.Number(c.id)
}

func missing() fake.Response {
	return rejection(http.StatusNotFound, "there is no such data connection")
}

func invalid(problems []string) fake.Response {
	return rejection(http.StatusBadRequest, "the data connection is malformed or invalid", problems...)
}

// read returns the object that was sent, and what is wrong with it.
func read(r *Request) (fields map[string]any, problems []string) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, []string{"the Content-Type is not application/json"}
	}
	decoder := json.NewDecoder(bytes.NewReader(r.Body))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil || fields == nil {
		return nil, []string{"the body is not a JSON object"}
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, []string{"there is text behind the JSON object"}
	}
	return fields, check(fields)
}

// check says what the documentation says of an object.
func check(fields map[string]any) (problems []string) {
	integration, _ := fields["integrationId"].(string)
	if integration == "" {
		problems = append(problems, "integrationId: it is missing")
	}
	settings, ok := fields["settings"].(map[string]any)
	if !ok {
		return append(problems, "settings: it is missing")
	}
	has := func(key string) bool {
		text, _ := settings[key].(string)
		return text != ""
	}
	need := []string{}
	switch settings["PROXY_DEPLOYMENT_KIND"] {
	case "AWS":
		need = append(need, "PROXY_AWS_REGION", "PROXY_AWS_ROLE_ARN")
	case "GCP":
	default:
		problems = append(problems, "settings.PROXY_DEPLOYMENT_KIND: it is neither AWS nor GCP")
	}
	if strings.HasPrefix(integration, "github-") {
		need = append(need, "GITHUB_ORGANIZATION")
	}
	for _, key := range need {
		if !has(key) {
			problems = append(problems, "settings."+key+": it is missing")
		}
	}
	if !has("PROXY_ENDPOINT") && !has("PROXY_BUCKET_NAME") && !has("PROXY_BUCKET") {
		problems = append(problems, "settings.PROXY_ENDPOINT: it is missing, and there is no bucket")
	}
	return problems
}
