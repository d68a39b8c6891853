package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// state is what this program knows of the service, kept in a file: the IDs, since nobody else tells them. It holds no values of
// settings.
type state struct {
	Version int    `json:"version"`
	Tenant  string `json:"tenant"`
	Host    string `json:"host"`
	// Connections are those that were created, or are about to be, by their names.
	Connections map[string]entry `json:"connections"`

	path string
}

// entry is one connection. With neither ID nor Creating it was never created.
type entry struct {
	ID string `json:"id,omitempty"`
	// Settings are the keys that this program has set, so that it can tell those that it should remove from those of others.
	Settings []string `json:"settings,omitempty"`
	// Creating is when a creation was begun of which the end is not known.
	Creating time.Time `json:"creating,omitzero"`
}

const stateVersion = 1

// readState reads the file; one that is not there is a state without connections.
func readState(path string, wanted *config) (*state, error) {
	s := &state{Version: stateVersion, Tenant: wanted.Tenant, Host: wanted.host(), Connections: make(map[string]entry), path: path}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(s); err != nil {
		return nil, fmt.Errorf("%s: it is no state file: %w", path, err)
	}
	switch {
	case s.Version != stateVersion:
		return nil, fmt.Errorf("%s: it has version %d, and this program knows %d", path, s.Version, stateVersion)
	case s.Tenant != wanted.Tenant || s.Host != wanted.host():
		return nil, fmt.Errorf("%s: it is of tenant %s on %s; give another -state for tenant %s on %s", path, s.Tenant, s.Host, wanted.Tenant, wanted.host())
	case s.Connections == nil:
		s.Connections = make(map[string]entry)
	}
	return s, nil
}

// save replaces the file. After a kill, or a power failure, the file is either the old one or the new one.
func (s *state) save() (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("the state was not saved: %w", err)
		}
	}()
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	// What a killed run has left of it is nobody's any more: this one has the lock.
	temporary := s.path + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(data, '\n'))
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary, s.path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(s.path))
}

// set replaces what is known of a connection, in memory and in the file.
func (s *state) set(name string, e entry) error {
	s.Connections[name] = e
	return s.save()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
