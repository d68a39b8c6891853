package keboola_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
)

// refusal is an answer, and what an error makes of it.
type refusal struct {
	Name, ContentType, Body, RetryAfter   string
	Status                                int
	Code, Message, Details, RequestID, Is string
}

func refusals(t testing.TB) []refusal {
	t.Helper()
	var list []refusal
	if err := json.Unmarshal([]byte(testdata(t, "refusals.json")), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func (r refusal) response() *http.Response {
	response := httpmock.NewStringResponse(r.Status, r.Body)
	response.Header.Set("X-Amzn-Requestid", "from-header")
	if r.ContentType != "" {
		response.Header.Set("Content-Type", r.ContentType)
	}
	if r.RetryAfter != "" {
		response.Header.Set("Retry-After", r.RetryAfter)
	}
	return response
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	kinds := map[string]error{}
	for _, kind := range []error{
		tenantkit.ErrBadRequest, tenantkit.ErrUnauthenticated, tenantkit.ErrForbidden, tenantkit.ErrNotFound, tenantkit.ErrConflict,
		tenantkit.ErrRateLimited, tenantkit.ErrUnavailable,
	} {
		kinds[kind.Error()] = kind
	}
	for _, r := range refusals(t) {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			c, mock := newMock(t)
			mock.RegisterNoResponder(httpmock.ResponderFromResponse(r.response()))
			_, err := c.GetProject(t.Context(), "p")
			var got *tenantkit.Error
			if !errors.As(err, &got) {
				t.Fatalf("error = %v, want a *tenantkit.Error", err)
			}
			want := [...]string{r.Code, r.Message, r.Details, r.RequestID, r.Body}
			if diff := cmp.Diff(want, [...]string{got.Code, got.Message, got.Details, got.RequestID, got.Body.Reveal()}); diff != "" {
				t.Errorf("code, message, details, request id, body differ (-want +got):\n%s", diff)
			}
			if got.StatusCode != r.Status || got.Service != "keboola" || got.Operation != "GetProject" {
				t.Errorf("%d of %s %s", got.StatusCode, got.Service, got.Operation)
			}
			if kinds[r.Is] == nil || !errors.Is(err, kinds[r.Is]) {
				t.Errorf("%v is not %q", err, r.Is)
			}
			if r.RetryAfter != "" && got.RetryAfter != 2*time.Minute {
				t.Errorf("RetryAfter = %v", got.RetryAfter)
			}
			if !strings.Contains(err.Error(), r.Message) {
				t.Errorf("%v does not tell %q", err, r.Message)
			}
		})
	}
}

func TestLongPlainText(t *testing.T) {
	t.Parallel()
	c, mock := newMock(t)
	always(mock, http.StatusBadGateway, strings.Repeat("ž", 1000))
	_, err := c.GetProject(t.Context(), "p")
	var got *tenantkit.Error
	if !errors.As(err, &got) || got.Message != strings.Repeat("ž", 300)+"…" || len(got.Body.Reveal()) != 2000 {
		t.Errorf("error = %v", err)
	}
}

// A 2xx answer that does not hold what it should is an error, and says what became of the call.
func TestAnswersThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	type client = *keboola.Client
	calls := map[string]func(context.Context, client) error{
		"ListProjects":  func(ctx context.Context, c client) error { _, err := c.ListProjects(ctx, nil); return err },
		"ListUsers":     func(ctx context.Context, c client) error { _, err := c.ListUsers(ctx, nil); return err },
		"GetProject":    func(ctx context.Context, c client) error { _, err := c.GetProject(ctx, "p"); return err },
		"CreateProject": func(ctx context.Context, c client) error { _, err := c.CreateProject(ctx, demo()); return err },
		"CreateProjectWithUser": func(ctx context.Context, c client) error {
			_, err := c.CreateProjectWithUser(ctx, demo())
			return err
		},
		"CreateUser":         func(ctx context.Context, c client) error { _, err := c.CreateUser(ctx, ada()); return err },
		"UserSSO":            func(ctx context.Context, c client) error { _, err := c.UserSSO(ctx, "a@b"); return err },
		"ProjectAccess":      func(ctx context.Context, c client) error { _, err := c.ProjectAccess(ctx, "p"); return err },
		"ProjectCredentials": func(ctx context.Context, c client) error { _, err := c.ProjectCredentials(ctx, "p"); return err },
	}
	holdsSecret := map[string]bool{
		"GetProject": true, "CreateProjectWithUser": true, "UserSSO": true, "ProjectAccess": true, "ProjectCredentials": true,
	}
	const secret = `"pid":"p","login":"l","password":"MARKER","encryptedClaims":"MARKER","token":"MARKER"`
	for _, tt := range []struct {
		name, contentType, body string
		outcome                 tenantkit.Outcome
	}{
		{"nothing", "", "", tenantkit.OutcomeUnknown},
		{"no content at all", "application/json", " \n", tenantkit.OutcomeUnknown},
		{"a page", "text/html", "<html><title>Login</title></html>", tenantkit.OutcomeUnknown},
		{"a number", "application/json", "1", tenantkit.OutcomeApplied},
		{"cut off", "application/json", `{` + secret, tenantkit.OutcomeApplied},
		{"cut off list", "application/json", `[{"pid":"p","login":"l"}`, tenantkit.OutcomeApplied},
		{"wrong types", "application/json", `{"pid":1,"uid":1,"login":1,"password":{"a":"MARKER"},"encryptedClaims":["MARKER"]}`, tenantkit.OutcomeApplied},
		{"nothing in it", "application/json", `{}`, tenantkit.OutcomeUnknown},
		{"an element with nothing in it", "application/json", `[null]`, tenantkit.OutcomeApplied},
		{"a time of another form", "application/json", `[{"pid":"p","login":"l","createdOn":"yesterday"}]`, tenantkit.OutcomeApplied},
	} {
		for operation, call := range calls {
			t.Run(tt.name+"/"+operation, func(t *testing.T) {
				t.Parallel()
				c, mock := newMock(t)
				response := httpmock.NewStringResponse(http.StatusOK, tt.body)
				if tt.contentType != "" {
					response.Header.Set("Content-Type", tt.contentType)
				}
				mock.RegisterNoResponder(httpmock.ResponderFromResponse(response))
				err := call(t.Context(), c)
				var got *tenantkit.Error
				if !errors.As(err, &got) || got.StatusCode != http.StatusOK || got.Operation != operation {
					t.Fatalf("error = %v", err)
				}
				if got.Outcome != tt.outcome && !strings.HasPrefix(operation, "List") {
					t.Errorf("outcome %v, want %v", got.Outcome, tt.outcome)
				}
				if holdsSecret[operation] && (shows(got.Error()) || shows(fmt.Sprintf("%+v", *got))) {
					t.Errorf("the error shows a secret of the answer: %v, %s", got, got.Body)
				}
			})
		}
	}
}

// An answer with half of what it should hold is an error too.
func TestHalfAnswers(t *testing.T) {
	t.Parallel()
	for body, call := range map[string]func(context.Context, *keboola.Client) error{
		`{"pid":"p","login":"l"}`: func(ctx context.Context, c *keboola.Client) error {
			_, err := c.CreateProjectWithUser(ctx, demo())
			return err
		},
		`{"login":"l","password":""}`: func(ctx context.Context, c *keboola.Client) error {
			_, err := c.ProjectCredentials(ctx, "p")
			return err
		},
		`{"encryptedClaims":"MARKER-claims"}`: func(ctx context.Context, c *keboola.Client) error { _, err := c.UserSSO(ctx, "l"); return err },
		`{"ssoProvider":"s"}`:                 func(ctx context.Context, c *keboola.Client) error { _, err := c.UserSSO(ctx, "l"); return err },
	} {
		c, mock := newMock(t)
		always(mock, http.StatusOK, body)
		if err := call(t.Context(), c); err == nil || !strings.Contains(err.Error(), "it lacks") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// A list of null, and one of nothing, are empty.
func TestEmptyLists(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"[]", "null"} {
		c, mock := newMock(t)
		always(mock, http.StatusOK, body)
		page, err := c.ListUsers(t.Context(), nil)
		if err != nil || len(page.Items) != 0 || page.Next != "" {
			t.Errorf("%s: %+v, %v", body, page, err)
		}
	}
}

func demo() *keboola.NewProject {
	return &keboola.NewProject{Name: "n", KeboolaToken: keboola.KeboolaTokenDemo}
}

func ada() *keboola.NewUser {
	return &keboola.NewUser{Login: "ada@example.org", Password: tenantkit.NewSecret("MARKER-password"), FirstName: "Ada", LastName: "Lovelace"}
}

// Whatever a refusal holds, its error is made, tells its status, and shows no secret.
func FuzzRefusal(f *testing.F) {
	for _, r := range refusals(f) {
		f.Add(r.Body)
	}
	f.Add(`{"errorMessage":"` + testToken + `"}`)
	f.Fuzz(func(t *testing.T, body string) {
		c, mock := newMock(t)
		always(mock, http.StatusBadRequest, body)
		err := c.DeleteProject(t.Context(), "p", nil)
		var got *tenantkit.Error
		if !errors.As(err, &got) || got.StatusCode != http.StatusBadRequest || got.Outcome != tenantkit.OutcomeRejected {
			t.Fatalf("error = %v", err)
		}
		for _, text := range []string{got.Code, got.Message, got.Details, got.RequestID, err.Error()} {
			if strings.Contains(text, testToken) {
				t.Errorf("the token is shown: %q", text)
			}
			if !utf8.ValidString(text) {
				t.Errorf("not UTF-8: %q", text)
			}
		}
		if len([]rune(got.Message)) > 301 && !json.Valid([]byte(body)) {
			t.Errorf("the message of plain text is %d letters long", len([]rune(got.Message)))
		}
	})
}

// Whatever a list holds, it is read as JSON reads it, or refused; and no element without a name
// gets through.
func FuzzLists(f *testing.F) {
	for _, name := range []string{"projects.json", "projects-lenient.json", "users.json"} {
		f.Add(testdata(f, "answers/"+name), "")
	}
	f.Add(`[{"pid":"p"}]`, `https://other.example/projects/?nextPageToken=1234; rel="next"`)
	f.Add(`[{"login":"l","createdById":{}}]`, `<?nextPageToken=12%3b>; rel="next", <`)
	f.Fuzz(func(t *testing.T, body, link string) {
		c, mock := newMock(t)
		response := httpmock.NewStringResponse(http.StatusOK, body)
		response.Header = http.Header{"Content-Type": {"application/json"}, "Link": {link}}
		mock.RegisterNoResponder(httpmock.ResponderFromResponse(response))
		var generic []map[string]any
		readable := json.Unmarshal([]byte(body), &generic) == nil
		if page, err := c.ListProjects(t.Context(), nil); err == nil {
			if !readable || len(page.Items) != len(generic) {
				t.Errorf("%d projects of %q", len(page.Items), body)
			}
			for _, p := range page.Items {
				if p.PID == "" {
					t.Errorf("a project without pid of %q", body)
				}
			}
		}
		if page, err := c.ListUsers(t.Context(), nil); err == nil {
			if !readable || len(page.Items) != len(generic) {
				t.Errorf("%d users of %q", len(page.Items), body)
			}
			for _, u := range page.Items {
				if u.Login == "" {
					t.Errorf("a user without login of %q", body)
				}
			}
		}
	})
}
