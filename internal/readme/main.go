// The program readme writes the table of operations into README.md, from the tables of the client
// packages themselves. It is run by go generate in the root folder; its test fails while README.md
// differs.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

type system struct {
	name       string
	operations []tenantkit.Operation
	client     reflect.Type
}

// systems are in the order of README's own table of them.
var systems = []system{
	{"Worklytics", worklytics.Operations(), reflect.TypeFor[*worklytics.Client]()},
	{"ARGO", argo.Operations(), reflect.TypeFor[*argo.Client]()},
	{"Keboola GoodData Provisioning", keboola.Operations(), reflect.TypeFor[*keboola.Client]()},
	{"Autonomous Identity", autoid.Operations(), reflect.TypeFor[*autoid.Client]()},
	{"Infoworks", infoworks.Operations(), reflect.TypeFor[*infoworks.Client]()},
}

const (
	begin = "<!-- operations: written by go generate -->\n"
	end   = "<!-- end of operations -->\n"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("readme: ")
	if err := rewrite("README.md"); err != nil {
		log.Fatal(err)
	}
}

func rewrite(path string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text, err := withTable(string(old))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// withTable returns the text with the table between its markers.
func withTable(text string) (string, error) {
	before, rest, opened := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		return "", errors.New("the table has no place: the lines " + strings.TrimSpace(begin) + " and " + strings.TrimSpace(end) + " are missing")
	}
	return before + begin + table() + end + after, nil
}

func table() string {
	var b strings.Builder
	b.WriteString("| system | class | methods of its client |\n| --- | --- | --- |\n")
	for _, s := range systems {
		name := "[" + s.name + "](" + s.folder() + ")"
		row := func(class string, calls []string) {
			if len(calls) > 0 {
				fmt.Fprintf(&b, "| %s | %s | `%s` |\n", name, class, strings.Join(calls, "` `"))
				name = ""
			}
		}
		for class := tenantkit.Read; class <= tenantkit.Never; class++ {
			row(class.String(), s.ofClass(class))
		}
		row("composed", s.others())
	}
	return b.String()
}

// folder returns where the package is, for a link to it.
func (s system) folder() string {
	return strings.TrimPrefix(s.client.Elem().PkgPath(), "github.com/tenantkit/tenantkit/")
}

func (s system) ofClass(class tenantkit.Class) []string {
	var names []string
	for _, op := range s.operations {
		if op.Class == class {
			names = append(names, op.Name)
		}
	}
	return names
}

// common are the methods that every client has, and that are not in the table.
var common = []string{"Call", "CallPage", "CloseIdleConnections", "Format"}

// others returns the client's methods that are made of operations: all that are left.
func (s system) others() []string {
	known := make(map[string]bool)
	for _, name := range common {
		known[name] = true
	}
	for _, op := range s.operations {
		known[op.Name] = true
	}
	var names []string
	for i := range s.client.NumMethod() {
		if name := s.client.Method(i).Name; !known[name] {
			names = append(names, name)
		}
	}
	return names
}
