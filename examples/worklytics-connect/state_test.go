package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var acme = &config{Tenant: "100000000000000000042", BaseURL: "https://intl.worklytics.co/tenant"}

func TestStateFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.json")
	s, err := readState(path, acme)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC)
	if err := s.set("a", entry{ID: "7", Settings: []string{"X"}}); err != nil {
		t.Fatal(err)
	}
	// What a killed run has left does not matter.
	if err := os.WriteFile(path+".new", []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.set("b", entry{Creating: begun}); err != nil {
		t.Fatal(err)
	}
	const want = `{
  "version": 1,
  "tenant": "100000000000000000042",
  "host": "intl.worklytics.co",
  "connections": {
    "a": {
      "id": "7",
      "settings": [
        "X"
      ]
    },
    "b": {
      "creating": "2026-11-21T18:00:00Z"
    }
  }
}
`
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v (%v)", info.Mode(), err)
	}
	if names, _ := filepath.Glob(path + "*"); len(names) != 1 {
		t.Errorf("there is more than the file: %v", names)
	}
	again, err := readState(path, &config{Tenant: acme.Tenant, BaseURL: "https://intl.worklytics.co/tenant-api"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Connections, again.Connections); diff != "" {
		t.Errorf("(-saved +read):\n%s", diff)
	}
}

func TestStatesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, says string }{
		{"empty", ``, "it is no state file"},
		{"cut off", `{"version":1`, "it is no state file"},
		{"something else", `{"name":"x"}`, "it is no state file"},
		{"later version", `{"version":2}`, "it has version 2"},
		{"other tenant", `{"version":1,"tenant":"1","host":"intl.worklytics.co"}`, "it is of tenant 1"},
		{"other host", `{"version":1,"tenant":"100000000000000000042","host":"dev.worklytics.co"}`, "on dev.worklytics.co"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "state.json")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := readState(path, acme); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
	t.Run("a directory", func(t *testing.T) {
		t.Parallel()
		if _, err := readState(t.TempDir(), acme); err == nil {
			t.Error("it was read")
		}
	})
	t.Run("null connections", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "state.json")
		if err := os.WriteFile(path, []byte(`{"version":1,"tenant":"100000000000000000042","host":"intl.worklytics.co","connections":null}`), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := readState(path, acme)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.set("a", entry{}); err != nil {
			t.Fatal(err)
		}
	})
}

// Where the state cannot be saved, nothing is created.
func TestStateThatCannotBeSaved(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.write(asana)
	if err := os.MkdirAll(filepath.Join(s.state+".new", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := s.try(apply); err == nil || !strings.Contains(err.Error(), "asana: the state was not saved") {
		t.Errorf("got %v\n%s", err, out)
	}
	if n := len(s.server.Requests()); n != 0 {
		t.Errorf("there were %d requests", n)
	}
}

// Where the ID cannot be saved, it is told.
func TestIDThatCannotBeSaved(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.write(asana)
	s.options = append(s.options, onCreation(func() {
		if err := os.MkdirAll(filepath.Join(s.state+".new", "x"), 0o700); err != nil {
			t.Error(err)
		}
	}))
	out, err := s.try(apply)
	made := s.server.DataConnections()
	if len(made) != 1 || err == nil || !strings.Contains(err.Error(), "run with -adopt asana="+made[0].ID) {
		t.Fatalf("got %v, %v\n%s", made, err, out)
	}
	if err := os.RemoveAll(s.state + ".new"); err != nil {
		t.Fatal(err)
	}
	if out, err := s.try(apply); err == nil {
		t.Errorf("it was created again:\n%s", out)
	}
	s.must(func(c *command) { c.adopt = map[string]string{"asana": made[0].ID} })
}

func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(path); err == nil || !strings.Contains(err.Error(), "another run is at work") {
		t.Errorf("got %v", err)
	}
	unlock()
	unlock, err = lock(path)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}
