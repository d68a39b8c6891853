package argotest

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func postUser(t *testing.T, s *Server, tenantID, body string) int {
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.BaseURL()+"/admin/tenants/"+tenantID+"/users", strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0
	}
	req.Header.Set("x-api-key", DefaultKey)
	req.Header.Set("Accept", "application/json")
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Error(err)
	}
	return resp.StatusCode
}

// All changes that read before the first one writes are answered with success, and one of them is
// kept.
func TestSimultaneousUserChangesGetLost(t *testing.T) {
	t.Parallel()
	const changes = 5
	inWindow := new(sync.WaitGroup)
	inWindow.Add(changes)
	s := Start(t, func(s *settings) {
		s.server.window = func(<-chan struct{}) {
			inWindow.Done()
			inWindow.Wait()
		}
	})
	id := s.AddTenant(Tenant{Info: Info{Name: "a"}})
	var clients sync.WaitGroup
	for range changes {
		clients.Go(func() {
			if status := postUser(t, s, id, `{"name":"u"}`); status != http.StatusCreated {
				t.Errorf("status = %d, want 201", status)
			}
		})
	}
	clients.Wait()
	if kept := len(s.Users(id)); kept != 1 {
		t.Errorf("%d users kept, want 1", kept)
	}
	if n := s.Applied("CreateUser"); n != changes {
		t.Errorf("Applied = %d, want %d", n, changes)
	}
}

func TestSimultaneousUserChangesAreKeptByDefault(t *testing.T) {
	t.Parallel()
	const changes = 20
	s := Start(t)
	id := s.AddTenant(Tenant{Info: Info{Name: "a"}})
	var clients sync.WaitGroup
	for range changes {
		clients.Go(func() { postUser(t, s, id, `{"name":"u"}`) })
	}
	clients.Wait()
	if kept := len(s.Users(id)); kept != changes {
		t.Errorf("%d users kept, want %d", kept, changes)
	}
}

// The tenant may be gone when a change is written back.
func TestTenantDeletedWithinTheWindow(t *testing.T) {
	t.Parallel()
	var s *Server
	s = Start(t, func(set *settings) {
		set.server.window = func(<-chan struct{}) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.tenants = nil
		}
	})
	id := s.AddTenant(Tenant{})
	if status := postUser(t, s, id, `{}`); status != http.StatusNotFound {
		t.Errorf("status = %d, want 404", status)
	}
}

func TestWithLostUserChanges(t *testing.T) {
	t.Parallel()
	s := Start(t, WithLostUserChanges(time.Nanosecond))
	id := s.AddTenant(Tenant{})
	if status := postUser(t, s, id, `{}`); status != http.StatusCreated || len(s.Users(id)) != 1 {
		t.Errorf("status = %d, %d users", status, len(s.Users(id)))
	}
	closed := make(chan struct{})
	close(closed)
	set := settings{server: &Server{}}
	WithLostUserChanges(time.Hour)(&set)
	set.server.window(closed) // must not take the hour
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		size int
		char string
		want bool
	}{
		"small":                   {1, "a", false},
		"just below":              {maxDocument - 1000, "a", false},
		"above":                   {maxDocument, "a", true},
		"what JSON might enlarge": {maxDocument / 2, "<", false},
	} {
		tenant := Tenant{Info: Info{Description: strings.Repeat(tt.char, tt.size)}}
		if got := tenant.tooLarge(); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
