package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// account starts a service with 5 projects and 4 users on pages of two.
func account(t *testing.T) *keboolatest.Server {
	t.Helper()
	server := keboolatest.Start(t, keboolatest.WithPageSize(2))
	day := time.Date(2021, 3, 1, 9, 0, 0, 0, time.UTC)
	for i := range 5 {
		server.AddProject(keboolatest.Project{PID: fmt.Sprint("p", i), CreatedOn: day, CreatedBy: "kbc", ExpiresOn: map[int]time.Time{1: day}[i]})
	}
	for i := range 4 {
		server.AddUser(keboolatest.User{Login: fmt.Sprintf("u%d@example.org", i), UID: fmt.Sprint("id", i), CreatedOn: day, CreatedBy: "kbc"})
	}
	return server
}

// result is what a run of the program gives.
type result struct {
	stdout, stderr string
	err            error
}

func runProgram(t *testing.T, ctx context.Context, terminal bool, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	err := run(ctx, args, &stdout, &stderr, terminal)
	return result{stdout.String(), stderr.String(), err}
}

const table = `PROJECT  CREATED               BY   EXPIRES
p0       2021-03-01T09:00:00Z  kbc  -
p1       2021-03-01T09:00:00Z  kbc  2021-03-01T09:00:00Z
p2       2021-03-01T09:00:00Z  kbc  -
p3       2021-03-01T09:00:00Z  kbc  -
p4       2021-03-01T09:00:00Z  kbc  -

USER            CREATED               BY   UID
u0@example.org  2021-03-01T09:00:00Z  kbc  id0
u1@example.org  2021-03-01T09:00:00Z  kbc  id1
u2@example.org  2021-03-01T09:00:00Z  kbc  id2
u3@example.org  2021-03-01T09:00:00Z  kbc  id3

5 projects, 4 users
`

func TestFormats(t *testing.T) {
	server := account(t)
	t.Setenv("INVENTORY_TOKEN", keboolatest.DefaultToken)
	source := []string{"-url", server.BaseURL(), "-token-env", "INVENTORY_TOKEN"}

	got := runProgram(t, t.Context(), false, source...)
	if diff := cmp.Diff(table, got.stdout); diff != "" || got.err != nil || got.stderr != "" {
		t.Errorf("table: %v, %q, differs (-want +got):\n%s", got.err, got.stderr, diff)
	}

	got = runProgram(t, t.Context(), false, append(source, "-format", "csv")...)
	rows, err := csv.NewReader(strings.NewReader(got.stdout)).ReadAll()
	if err != nil || got.err != nil || len(rows) != 10 {
		t.Fatalf("CSV: %v, %v, %d rows", err, got.err, len(rows))
	}
	want := [][]string{
		{"kind", "pid_or_login", "uid", "created_on", "created_by", "created_by_id", "expires_on"},
		{"project", "p1", "", "2021-03-01T09:00:00Z", "kbc", "0", "2021-03-01T09:00:00Z"},
		{"user", "u3@example.org", "id3", "2021-03-01T09:00:00Z", "kbc", "0", ""},
	}
	if diff := cmp.Diff(want, [][]string{rows[0], rows[2], rows[9]}); diff != "" {
		t.Errorf("CSV differs (-want +got):\n%s", diff)
	}

	got = runProgram(t, t.Context(), false, append(source, "-format", "json")...)
	var list struct {
		Projects []struct{ PID string }
		Users    []struct{ Login string }
	}
	if err := json.Unmarshal([]byte(got.stdout), &list); err != nil || got.err != nil {
		t.Fatalf("JSON: %v, %v", err, got.err)
	}
	if len(list.Projects) != 5 || list.Projects[4].PID != "p4" || len(list.Users) != 4 || list.Users[3].Login != "u3@example.org" {
		t.Errorf("JSON: %s", got.stdout)
	}
}

func TestEmptyAccount(t *testing.T) {
	server := keboolatest.Start(t)
	t.Setenv("INVENTORY_TOKEN", keboolatest.DefaultToken)
	got := runProgram(t, t.Context(), false, "-connection", server.ConnectionURL(), "-token-env", "INVENTORY_TOKEN", "-format", "json")
	if want := "{\n  \"projects\": [],\n  \"users\": []\n}\n"; got.stdout != want || got.err != nil {
		t.Errorf("%q, %v, want %q", got.stdout, got.err, want)
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	got := runProgram(t, t.Context(), false, "-demo")
	if !strings.HasSuffix(got.stdout, "\n12 projects, 23 users\n") || got.err != nil || got.stderr != "" {
		t.Errorf("%s%s%v", got.stdout, got.stderr, got.err)
	}
}

// A run that is interrupted after any number of pages goes on where it was, and its output is that
// of one run.
func TestGoingOn(t *testing.T) {
	t.Setenv("INVENTORY_TOKEN", keboolatest.DefaultToken)
	for pages := range 5 {
		for _, way := range []string{"cancelled", "refused", "killed while writing"} {
			t.Run(fmt.Sprintf("%s after %d pages", way, pages), func(t *testing.T) {
				server := account(t)
				dir := t.TempDir()
				state, out := filepath.Join(dir, "state"), filepath.Join(dir, "out")
				args := []string{"-url", server.BaseURL(), "-token-env", "INVENTORY_TOKEN", "-state", state, "-out", out}

				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				requests := pages
				stderr := io.Writer(io.Discard)
				if way == "cancelled" {
					// The progress is told before each page.
					stderr = writerFunc(func(string) {
						if len(server.Requests()) == pages {
							cancel()
						}
					})
				} else {
					requests++
					if pages > 0 {
						server.Fail("", keboolatest.Fault{Times: pages})
					}
					server.Fail("", keboolatest.Fault{Status: 403, Body: `{"errorMessage":"not now"}`})
				}
				var stdout bytes.Buffer
				err := run(ctx, args, &stdout, stderr, true)
				if err == nil || !strings.Contains(err.Error(), "run it again to go on") || len(server.Requests()) != requests {
					t.Fatalf("the first run: %v after %d requests", err, len(server.Requests()))
				}
				if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("there is output of half an account: %v", err)
				}
				if way == "killed while writing" {
					appendTo(t, state, `{"list":"users","next":"abc","us`)
				}
				server.Recover()
				second := runProgram(t, t.Context(), false, args...)
				if second.err != nil {
					t.Fatal(second.err)
				}
				written, err := os.ReadFile(out)
				if diff := cmp.Diff(table, string(written)); diff != "" || err != nil {
					t.Errorf("%v, the output differs (-want +got):\n%s", err, diff)
				}
				if want := 5 + requests - pages; len(server.Requests()) != want {
					t.Errorf("%d requests for 5 pages, want %d", len(server.Requests()), want)
				}
				// The lock may stay.
				left, err := filepath.Glob(filepath.Join(dir, "*[^k]"))
				if err != nil || len(left) != 1 || left[0] != out {
					t.Errorf("left behind: %v, %v", left, err)
				}
			})
		}
	}
}

// writerFunc is a writer that hands each text on.
type writerFunc func(text string)

func (f writerFunc) Write(p []byte) (int, error) { f(string(p)); return len(p), nil }

func appendTo(t *testing.T, name, text string) {
	t.Helper()
	file, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestStateOfSomethingElse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"notes of mine\n": "it is no state of this program",
		`{"version":1,"account":"https://x"}` + "\n":                        `it is the state of "https://x" (version 1), not of "demo" (version 1)`,
		`{"version":2,"account":"demo"}` + "\n":                             `(version 2)`,
		`{"version":1,"account":"demo"}` + "\nx\n":                          "line 2",
		`{"version":1,"account":"demo"}` + "\n" + `{"list":"users"}` + "\n": `a page of "users" in place of "projects"`,
	} {
		state := filepath.Join(t.TempDir(), "state")
		appendTo(t, state, text)
		got := runProgram(t, t.Context(), false, "-demo", "-state", state)
		if got.err == nil || !strings.Contains(got.err.Error(), want) || got.stdout != "" {
			t.Errorf("%q: %v, want %q", text, got.err, want)
		}
		if kept, err := os.ReadFile(state); err != nil || string(kept) != text {
			t.Errorf("%q was changed to %q, %v", text, kept, err)
		}
	}
}

// While a run is at work with a file of state, another one is kept from it.
func TestTwoRuns(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	first, err := openJournal(t.Context(), state, "demo")
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	got := runProgram(t, t.Context(), false, "-demo", "-state", state)
	if got.err == nil || !strings.Contains(got.err.Error(), state+": another run is at work with it") || got.stdout != "" {
		t.Errorf("%v, %s", got.err, got.stdout)
	}
	if after, err := os.ReadFile(state); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the state was changed to %q, %v", after, err)
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	if got := runProgram(t, t.Context(), false, "-demo", "-state", state); got.err != nil {
		t.Error(got.err)
	}
}

// The token comes from a file, where one is named.
func TestTokenFile(t *testing.T) {
	t.Parallel()
	server := account(t)
	token := filepath.Join(t.TempDir(), "token")
	appendTo(t, token, keboolatest.DefaultToken+"\n")
	if got := runProgram(t, t.Context(), false, "-url", server.BaseURL(), "-token-file", token); got.err != nil || got.stdout != table {
		t.Errorf("%v, %s", got.err, got.stdout)
	}
	if got := runProgram(t, t.Context(), false, "-url", server.BaseURL(), "-token-file", token+".none"); !errors.Is(got.err, os.ErrNotExist) {
		t.Errorf("no file: %v", got.err)
	}
}

func TestFilesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing", "file")
	for _, flagName := range []string{"-state", "-out"} {
		if got := runProgram(t, t.Context(), false, "-demo", flagName, missing); !errors.Is(got.err, os.ErrNotExist) {
			t.Errorf("%s: %v", flagName, got.err)
		}
	}
}

// A page that leads back to an earlier one ends the run.
func TestCircle(t *testing.T) {
	server := account(t)
	t.Setenv("INVENTORY_TOKEN", keboolatest.DefaultToken)
	link := func(after string) string { return `<?nextPageToken=` + after + `>; rel="next"` }
	fault := func(next string) keboolatest.Fault {
		return keboolatest.Fault{Header: map[string][]string{"Link": {link(next)}, "X-Loop": {"1"}}}
	}
	// The tokens of the pages behind the second and the fourth project.
	const second, fourth = "YWZ0ZXI%2BMg==", "YWZ0ZXI%2BNA=="
	server.Fail("ListProjects", fault(second), fault(fourth), fault(second))
	got := runProgram(t, t.Context(), false, "-url", server.BaseURL(), "-token-env", "INVENTORY_TOKEN")
	if got.err == nil || !strings.Contains(got.err.Error(), "circle") || len(server.Requests()) != 3 {
		t.Errorf("%v after %d requests", got.err, len(server.Requests()))
	}
}

func TestProgress(t *testing.T) {
	server := account(t)
	t.Setenv("INVENTORY_TOKEN", keboolatest.DefaultToken)
	got := runProgram(t, t.Context(), true, "-url", server.BaseURL(), "-token-env", "INVENTORY_TOKEN")
	if want := "\rread 0 projects, 0 users"; !strings.HasPrefix(got.stderr, want) || !strings.HasSuffix(got.stderr, "\rread 5 projects, 4 users\r\x1b[K") {
		t.Errorf("progress: %q", got.stderr)
	}
	if got.stdout != table {
		t.Errorf("the progress is in the output: %q", got.stdout)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-nothing"}, {"more"}, {"-format", "xml"}} {
		if got := runProgram(t, t.Context(), false, args...); !errors.Is(got.err, errUsage) || !strings.Contains(got.stderr, "Usage") {
			t.Errorf("%q: %v, %s", args, got.err, got.stderr)
		}
	}
	if got := runProgram(t, t.Context(), false, "-help"); !errors.Is(got.err, flag.ErrHelp) || !strings.Contains(got.stderr, "-token-env") {
		t.Errorf("help: %v, %s", got.err, got.stderr)
	}
	for want, args := range map[string][]string{
		"baseURL":                        {"-url", "nowhere"},
		"connectionURL":                  {"-connection", "nowhere"},
		"INVENTORY_NO_SUCH_TOKEN is not": {"-url", "http://127.0.0.1:1", "-token-env", "INVENTORY_NO_SUCH_TOKEN"},
	} {
		if got := runProgram(t, t.Context(), false, args...); got.err == nil || !strings.Contains(got.err.Error(), want) {
			t.Errorf("%q: %v, want %q", args, got.err, want)
		}
	}
}

// What a service names cannot command the terminal.
func TestTableIsPrintable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	inv := &inventory{Users: []keboola.User{{Login: "\x1b]0;x\aeve\ttab\u202e@example.org", UID: "\n"}}}
	if err := renderTable(inv, &out); err != nil {
		t.Fatal(err)
	}
	if want := "]0;xevetab@example.org  -        -   -\n"; !strings.Contains(out.String(), want) {
		t.Errorf("table %q, want %q in it", out.String(), want)
	}
}
