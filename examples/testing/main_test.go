package main

import (
	"bytes"
	"errors"
	"flag"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// The command itself is tested with the fake's URL on its command line, and the key in its
// environment.
func TestCommand(t *testing.T) {
	server := newService(t)
	t.Setenv("OFFBOARD_TEST_KEY", argotest.DefaultKey)
	for name, test := range map[string]struct {
		args []string
		want string
		fail error
	}{
		"demo":     {[]string{"-demo"}, "removed ada@example.org from 2 tenants: physics, chemistry\n", nil},
		"service":  {[]string{"-url", server.BaseURL(), "-key-env", "OFFBOARD_TEST_KEY", "-email", "grace@example.org"}, "removed grace@example.org from 2 tenants: physics, chemistry\n", nil},
		"no email": {[]string{"-url", server.BaseURL()}, "-url and -email are needed", errUsage},
		"argument": {[]string{"-demo", "more"}, "nothing else", errUsage},
		"unknown":  {[]string{"-x"}, "-x", errUsage},
		"help":     {[]string{"-h"}, "-email address", flag.ErrHelp},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := run(t.Context(), test.args, &out, &out); !errors.Is(err, test.fail) || !strings.Contains(out.String(), test.want) {
				t.Errorf("error %v, output %q", err, &out)
			}
		})
	}
}
