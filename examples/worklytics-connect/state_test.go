package main

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// If the state cannot be read, nothing is created.
func TestState_Unreadable(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.write(asana)
	if err := os.WriteFile(s.state, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := s.try(apply); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("got %v\n%s", err, out)
	}
	if n := len(s.server.Requests()); n != 0 {
		t.Errorf("there were %d requests", n)
	}
}

// If the ID cannot be saved, it is printed.
func TestState_CannotSaveID(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.write(asana)
	s.options = append(s.options, onCreation(func() {
		if err := errors.Join(os.Rename(s.state, s.state+".away"), os.WriteFile(s.state, nil, 0o600)); err != nil {
			t.Error(err)
		}
	}))
	out, err := s.try(apply)
	made := s.server.DataConnections()
	if len(made) != 1 || err == nil {
		t.Fatalf("got %v, %v\n%s", made, err, out)
	}
	contains(t, out, "! asana: failed", "which was not stored", "Run with -adopt asana="+made[0].ID)
	if err := errors.Join(os.Remove(s.state), os.Rename(s.state+".away", s.state)); err != nil {
		t.Fatal(err)
	}
	if out, err := s.try(apply); err == nil {
		t.Errorf("it was created again:\n%s", out)
	}
	s.must(func(c *command) { c.adopt = map[string]string{"asana": made[0].ID} })
}
