package main

import (
	"fmt"
	"strings"

	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// The fakes share the types of their faults and requests.
type (
	fault   = argotest.Fault
	request = argotest.Request
)

// faker is what the fakes have in common.
type faker interface {
	Fail(operation string, faults ...fault)
	Recover()
	OnRequest(func(request))
	ForgetRequests()
	Close()
}

// system is one fake, and what is told of it.
type system struct {
	id, name, about string
	fake            faker
	baseURL         string
	credentials     []credential
	commands        []command
	operations      []string        // that faults can be asked for
	reads           map[string]bool // those of the operations that change nothing
	holds           func() holdings
	secrets         func() []string // that the fake holds now
}

// credential is a made-up secret that opens a fake.
type credential struct{ name, value string }

// holdings is what a fake holds.
type holdings struct {
	Counts []count
	Items  []item
}

type count struct {
	Number    int
	One, Many string
}

// Name is the noun that fits the number.
func (c count) Name() string {
	if c.Number == 1 {
		return c.One
	}
	return c.Many
}

type item struct{ Kind, Name, Detail string }

// operation adds an operation of the client's table.
func (s *system) operation(name, class string) {
	if s.reads == nil {
		s.reads = make(map[string]bool)
	}
	s.operations = append(s.operations, name)
	s.reads[name] = class == "read"
}

// command is a request that one may paste into a shell.
type command struct {
	title       string
	method, url string
	headers     []string
	user        string // and password, of Basic authentication
	body        string // JSON
	status      int    // of the answer
	again       int    // of the answer to the same request once more, where it is another
}

func (c command) comment() string {
	if c.again == 0 {
		return fmt.Sprintf("%s (%d)", c.title, c.status)
	}
	return fmt.Sprintf("%s (%d, then %d)", c.title, c.status, c.again)
}

// String is the line for curl.
func (c command) String() string {
	words := []string{"curl", "-sS", "-i"}
	if c.method != "GET" {
		words = append(words, "-X", c.method)
	}
	words = append(words, quote(c.url))
	if c.user != "" {
		words = append(words, "-u", quote(c.user))
	}
	for _, header := range c.headers {
		words = append(words, "-H", quote(header))
	}
	if c.body != "" {
		words = append(words, "-H", quote("Content-Type: application/json"), "-d", quote(c.body))
	}
	return strings.Join(words, " ")
}

// quote makes one word for a shell.
func quote(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
