package keboola_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

// calls are all operations with a good input.
var calls = map[string]func(context.Context, *keboola.Client) error{
	"ListProjects": func(ctx context.Context, c *keboola.Client) error {
		_, err := c.ListProjects(ctx, nil)
		return err
	},
	"GetProject":    func(ctx context.Context, c *keboola.Client) error { _, err := c.GetProject(ctx, "p"); return err },
	"DeleteProject": func(ctx context.Context, c *keboola.Client) error { return c.DeleteProject(ctx, "p", nil) },
	"CreateProject": func(ctx context.Context, c *keboola.Client) error {
		_, err := c.CreateProject(ctx, demo())
		return err
	},
	"CreateProjectWithUser": func(ctx context.Context, c *keboola.Client) error {
		_, err := c.CreateProjectWithUser(ctx, demo())
		return err
	},
	"ListUsers": func(ctx context.Context, c *keboola.Client) error { _, err := c.ListUsers(ctx, nil); return err },
	"CreateUser": func(ctx context.Context, c *keboola.Client) error {
		_, err := c.CreateUser(ctx, ada())
		return err
	},
	"DeleteUser": func(ctx context.Context, c *keboola.Client) error { return c.DeleteUser(ctx, "a@b", nil) },
	"UserSSO":    func(ctx context.Context, c *keboola.Client) error { _, err := c.UserSSO(ctx, "a@b"); return err },
	"AddUserToProject": func(ctx context.Context, c *keboola.Client) error {
		return c.AddUserToProject(ctx, "p", "a@b", keboola.RoleAdmin)
	},
	"RemoveUserFromProject": func(ctx context.Context, c *keboola.Client) error {
		return c.RemoveUserFromProject(ctx, "p", "a@b")
	},
	"ProjectAccess": func(ctx context.Context, c *keboola.Client) error {
		_, err := c.ProjectAccess(ctx, "p")
		return err
	},
	"ProjectCredentials": func(ctx context.Context, c *keboola.Client) error {
		_, err := c.ProjectCredentials(ctx, "p")
		return err
	},
}

// safe are the operations that may be repeated after a failure of any kind.
var safe = map[string]bool{
	"ListProjects": true, "GetProject": true, "DeleteProject": true, "ListUsers": true, "DeleteUser": true, "UserSSO": true,
	"RemoveUserFromProject": true,
}

var errNoHost = &net.DNSError{Err: "no such host", Name: "gooddata-provisioning.keboola.com", IsNotFound: true}

// What is sent again, after what. Nothing that creates or spends is, once it may have arrived.
func TestRepetition(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		answer    httpmock.Responder
		repeats   bool // of a call that may have arrived
		always    bool // of any call
		outcome   tenantkit.Outcome
		operation string
	}{
		{name: "connection lost", answer: httpmock.NewErrorResponder(errors.New("connection reset by peer")), repeats: true},
		{name: "no such host", answer: httpmock.NewErrorResponder(errNoHost), always: true, outcome: tenantkit.OutcomeNotSent},
		{name: "500", answer: refuse(500, ""), repeats: true},
		{name: "502", answer: refuse(502, ""), repeats: true},
		{name: "504", answer: refuse(504, ""), repeats: true},
		{name: "503", answer: refuse(503, ""), repeats: true},
		{name: "503 with a wait", answer: refuse(503, "1"), always: true, outcome: tenantkit.OutcomeRejected},
		{name: "429", answer: refuse(429, ""), always: true, outcome: tenantkit.OutcomeRejected},
		{name: "422", answer: refuse(422, ""), outcome: tenantkit.OutcomeRejected},
		{name: "403", answer: refuse(403, ""), outcome: tenantkit.OutcomeRejected},
	} {
		for name, call := range calls {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c, mock := newMock(t, tenantkit.WithRetry(tenantkit.RetryPolicy{MaxAttempts: 3}))
					mock.RegisterNoResponder(tt.answer)
					err := call(t.Context(), c)
					want := 1
					if tt.always || tt.repeats && safe[name] {
						want = 3
					}
					if err == nil || mock.GetTotalCallCount() != want {
						t.Errorf("%d attempts, want %d; error = %v", mock.GetTotalCallCount(), want, err)
					}
					if got := tenantkit.OutcomeOf(err); got != tt.outcome {
						t.Errorf("outcome %v, want %v", got, tt.outcome)
					}
				})
			})
		}
	}
}

// refuse answers with a status, and with Retry-After unless wait is empty.
func refuse(status int, wait string) httpmock.Responder {
	response := httpmock.NewStringResponse(status, "")
	if wait != "" {
		response.Header.Set("Retry-After", wait)
	}
	return httpmock.ResponderFromResponse(response)
}

// What was deleted although the answer was lost is deleted, however the service says that it is
// gone.
func TestDeletionAfterALostAnswer(t *testing.T) {
	t.Parallel()
	policy := tenantkit.WithRetry(tenantkit.RetryPolicy{BaseDelay: time.Millisecond})
	for _, tt := range []struct {
		name   string
		delete func(context.Context, *keboola.Client) error
	}{
		{"DeleteProject", func(ctx context.Context, c *keboola.Client) error { return c.DeleteProject(ctx, "p", nil) }},
		{"DeleteUser", func(ctx context.Context, c *keboola.Client) error { return c.DeleteUser(ctx, "a@b", nil) }},
		{"RemoveUserFromProject", func(ctx context.Context, c *keboola.Client) error {
			return c.RemoveUserFromProject(ctx, "p", "a@b")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, s := newFake(t, nil, policy)
			s.AddUser(keboolatest.User{Login: "a@b"})
			s.AddProject(keboolatest.Project{PID: "p", Members: map[string]string{"a@b": "admin"}})
			s.Fail(tt.name, keboolatest.Fault{ResetAfter: true})
			if err := tt.delete(t.Context(), c); err != nil {
				t.Error(err)
			}
			if len(s.Requests()) != 2 || s.Applied(tt.name) != 1 {
				t.Errorf("%d requests, %d applied", len(s.Requests()), s.Applied(tt.name))
			}
			// Without a lost answer, what is not there is an error.
			if err := tt.delete(t.Context(), c); !errors.Is(err, tenantkit.ErrNotFound) {
				t.Errorf("a second time: %v", err)
			}
		})
	}
	t.Run("unknown under another status", func(t *testing.T) {
		t.Parallel()
		c, mock := newMock(t, policy)
		first := true
		mock.RegisterNoResponder(func(*http.Request) (*http.Response, error) {
			if first {
				first = false
				return nil, errors.New("connection reset by peer")
			}
			return httpmock.NewStringResponse(http.StatusBadRequest, `{"errorMessage":"Project p not found in database"}`), nil
		})
		if err := c.DeleteProject(t.Context(), "p", nil); err != nil {
			t.Error(err)
		}
	})
}

// A project of which the answer is lost is made once, and its quota spent once; the error says to
// look.
func TestCreateProjectWithALostAnswer(t *testing.T) {
	t.Parallel()
	c, s := newFake(t, nil)
	for name, create := range map[string]func() error{
		"CreateProject":         func() error { _, err := c.CreateProject(t.Context(), demo()); return err },
		"CreateProjectWithUser": func() error { _, err := c.CreateProjectWithUser(t.Context(), demo()); return err },
	} {
		s.Fail(name, keboolatest.Fault{ResetAfter: true})
		if err := create(); tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown {
			t.Errorf("%s: %v", name, err)
		}
		if s.Applied(name) != 1 {
			t.Errorf("%s was applied %d times", name, s.Applied(name))
		}
	}
	_, err := c.CreateProject(t.Context(), demo())
	if !errors.Is(err, tenantkit.ErrBadRequest) || tenantkit.OutcomeOf(err) != tenantkit.OutcomeRejected || len(s.Projects()) != 2 {
		t.Errorf("beyond the quota: %v, %d projects", err, len(s.Projects()))
	}
}

// A kept connection that the service closed must not make net/http send these GETs by itself a
// second time.
func TestGetsThatChangeAreNotRepeatedBelow(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"ProjectCredentials", "ProjectAccess"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			c, s := newFake(t, nil)
			s.AddProject(keboolatest.Project{PID: "p"})
			if err := calls[operation](t.Context(), c); err != nil {
				t.Fatal(err)
			}
			s.Fail(operation, keboolatest.Fault{ResetAfter: true})
			if err := calls[operation](t.Context(), c); tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown {
				t.Errorf("error = %v", err)
			}
			if len(s.Requests()) != 2 {
				t.Errorf("%d requests for two calls", len(s.Requests()))
			}
		})
	}
}

// The end of a maintenance is waited for where the policy allows it, by writes too.
func TestMaintenance(t *testing.T) {
	t.Parallel()
	for wait, ends := range map[string]bool{"60": true, "600": false} {
		synctest.Test(t, func(t *testing.T) {
			c, mock := newMock(t, tenantkit.WithRetry(tenantkit.DefaultRetryPolicy()))
			var asked []time.Duration
			begin := time.Now()
			mock.RegisterNoResponder(func(*http.Request) (*http.Response, error) {
				asked = append(asked, time.Since(begin))
				if len(asked) == 1 {
					response := httpmock.NewStringResponse(http.StatusServiceUnavailable, `{"status":"maintenance","reason":"Upgrade of the database"}`)
					response.Header.Set("Retry-After", wait)
					return response, nil
				}
				response := httpmock.NewStringResponse(http.StatusCreated, `{"pid":"p"}`)
				response.Header.Set("Content-Type", "application/json")
				return response, nil
			})
			created, err := c.CreateProject(t.Context(), demo())
			if ends {
				if err != nil || created.PID != "p" || len(asked) != 2 || asked[1] != time.Minute {
					t.Errorf("%s s: %v, %v, asked at %v", wait, created, err, asked)
				}
				return
			}
			var failed *tenantkit.Error
			if !errors.As(err, &failed) || failed.Message != "Upgrade of the database" || failed.RetryAfter != 10*time.Minute ||
				failed.Outcome != tenantkit.OutcomeRejected || len(asked) != 1 {
				t.Errorf("%s s: %v, asked at %v", wait, err, asked)
			}
		})
	}
}

// GoodData takes minutes to make a project: a call has five, unless it is given another time
// itself.
func TestTimeOfCreation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		operation string
		client    []tenantkit.Option
		call      []tenantkit.Option
		want      time.Duration
	}{
		{"creation", "CreateProject", nil, nil, 5 * time.Minute},
		{"creation with user", "CreateProjectWithUser", nil, nil, 5 * time.Minute},
		{"a shorter time of the client", "CreateProject", []tenantkit.Option{tenantkit.WithTimeout(time.Second)}, nil, 5 * time.Minute},
		{"a longer time of the client", "CreateProject", []tenantkit.Option{tenantkit.WithTimeout(time.Hour)}, nil, time.Hour},
		{"a time of the call", "CreateProject", nil, []tenantkit.Option{tenantkit.WithTimeout(time.Minute)}, time.Minute},
		{"another operation", "GetProject", nil, nil, 30 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, mock := newMock(t, tt.client...)
				mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
					<-req.Context().Done()
					return nil, req.Context().Err()
				})
				begin := time.Now()
				var err error
				switch tt.operation {
				case "CreateProject":
					_, err = c.CreateProject(t.Context(), demo(), tt.call...)
				case "CreateProjectWithUser":
					_, err = c.CreateProjectWithUser(t.Context(), demo(), tt.call...)
				default:
					_, err = c.GetProject(t.Context(), "p", tt.call...)
				}
				if took := time.Since(begin); took != tt.want || tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown {
					t.Errorf("%v after %v, want %v", err, took, tt.want)
				}
			})
		})
	}
}

// A token that was refused is asked for again, so that one that changed is found.
func TestTokenThatChanges(t *testing.T) {
	t.Parallel()
	s := keboolatest.Start(t, keboolatest.WithToken("second"))
	asked := 0
	c, err := keboola.NewClient(s.BaseURL(), tokens(func() string {
		asked++
		return []string{"first", "second"}[min(asked, 2)-1]
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdleConnections()
	if _, err := c.CreateProject(t.Context(), demo()); err != nil {
		t.Error(err)
	}
	var seen []string
	for _, r := range s.Requests() {
		seen = append(seen, fmt.Sprint(r.Header.Get("X-StorageApi-Token"), " ", r.Status))
	}
	if diff := cmp.Diff([]string{"first 401", "second 201"}, seen); diff != "" {
		t.Errorf("requests differ (-want +got):\n%s", diff)
	}
}
