package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

const (
	childVariable = "DATASINK_ACK_CHILD"
	keyVariable   = "DATASINK_ACK_TEST_KEY"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		main()
		os.Exit(0)
	}
	if err := os.Setenv(keyVariable, autoidtest.DefaultAPIKey); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// write makes a file in a directory of the test.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// lines are n decisions.
func lines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{\"user\":\"u%d\",\"entitlements\":[\"e\"]}\n", i)
	}
	return b.String()
}

func ack(t *testing.T, server *autoidtest.Server, terminal bool, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), nil, append([]string{"-url", server.BaseURL(), "-key-env", keyVariable}, args...), &out, terminal)
	return out.String(), err
}

func TestFormats(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       []string // statuses of u1/e1, u1/e2, u2/e1
	}{
		{"x.jsonl", `{"user":"u1","entitlements":["e1","e2"]}` + "\n\n" + `{"user":"u2","entitlements":["e1"],"datasink_status":"nack"}`, []string{"ack", "ack", "nack"}},
		{"x.csv", "entitlement,user\ne1,u1\n\"e2\",u1\n", []string{"ack", "ack", ""}},
		{"y.csv", "user,entitlement,datasink_status\nu1,e1,nack\nu2,e1,\n", []string{"nack", "", "ack"}},
		{"marked.csv", "\ufeffuser,entitlement\nu1,e1\n", []string{"ack", "", ""}},
		{"marked.jsonl", "\ufeff" + `{"user":"u1","entitlements":["e1"]}`, []string{"ack", "", ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := autoidtest.Start(t)
			out, err := ack(t, server, false, "-in", write(t, test.name, test.text))
			if err != nil {
				t.Fatal(err)
			}
			for i, key := range [][2]string{{"u1", "e1"}, {"u1", "e2"}, {"u2", "e1"}} {
				if got := server.AssignmentStatus(key[0], key[1]); got != test.want[i] {
					t.Errorf("%s has the status %q, want %q", key, got, test.want[i])
				}
			}
			if !strings.Contains(out, "0 refused, 0 unknown") || !strings.Contains(out, "memory: ") {
				t.Errorf("output %q", out)
			}
		})
	}
}

func TestBar(t *testing.T) {
	t.Parallel()
	server := autoidtest.Start(t)
	out, err := ack(t, server, true, "-in", write(t, "x.jsonl", lines(1200)))
	if err != nil || !strings.Contains(out, "acknowledged 100%") || !strings.Contains(out, "1200/1200") {
		t.Errorf("%v, output %q", err, out)
	}
}

// Nothing is sent of a file with a mistake in it.
func TestBadInput(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		name, text, want string
	}{
		"bad JSON":         {"x.jsonl", lines(1000) + "{\"user\":\n", "x.jsonl:1001: "},
		"another kind":     {"x.jsonl", `{"user":1}`, "x.jsonl:1: "},
		"a misspelt field": {"x.jsonl", lines(2) + `{"user":"u","entitlements":["e"],"datasinkStatus":"nack"}`, `x.jsonl:3: json: unknown field "datasinkStatus"`},
		"two on a line":    {"x.jsonl", strings.TrimSpace(lines(1)) + lines(1), "x.jsonl:1: something stands behind the decision"},
		"no user":          {"x.jsonl", lines(1) + `{"entitlements":["e"]}`, "x.jsonl:2: user is missing"},
		"no entitlement":   {"x.jsonl", `{"user":"u"}`, "x.jsonl:1: an entitlement is missing"},
		"a wrong status":   {"x.csv", "user,entitlement,datasink_status\nu1,e1,ack\nu2,e1,akc\n", `x.csv:3: the status "akc" is neither ack nor nack`},
		"an empty cell":    {"x.csv", "user,entitlement\nu1,\n", "x.csv:2: an entitlement is missing"},
		"another column":   {"x.csv", "user,entitlement,datasinkStatus\nu1,e1,nack\n", `x.csv:1: the column "datasinkStatus" is none of`},
		"a column twice":   {"x.csv", "user,user,entitlement\nu1,u2,e1\n", `x.csv:1: the column "user" is none of`},
		"missing column":   {"x.csv", "user\nu1\n", "must name the columns"},
		"no header":        {"x.csv", "", "the header: EOF"},
		"a short row":      {"x.csv", "user,entitlement\nu1\n", "wrong number of fields"},
		"an unknown kind":  {"x.txt", "u1", "must end in .jsonl or .csv"},
		"a line too long":  {"x.jsonl", strings.Repeat(" ", maxLine+1), "too long"},
		"a good beginning": {"x.csv", "user,entitlement\nu1,e1\n\"\n", "x.csv: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := autoidtest.Start(t)
			_, err := ack(t, server, false, "-in", write(t, test.name, test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if n := len(server.Requests()); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
	for name, args := range map[string][]string{
		"no file": {"-url", "https://x.example.com"}, "no URL": {"-in", "x.jsonl"}, "an argument": {"x"}, "an unknown flag": {"-x"},
		"a file that is not there": {"-url", "https://x.example.com", "-in", "none.jsonl"},
		"no authority":             {"-url", "https://x.example.com", "-in", "x.jsonl", "-ca-file", "none.pem"},
		"a bad authority":          {"-url", "https://x.example.com", "-in", "x.jsonl", "-ca-file", "main.go"},
		"a bad URL":                {"-url", "x.example.com", "-in", "x.jsonl"},
		"a bad tenant":             {"-url", "https://x.example.com", "-in", "x.jsonl", "-tenant", "a\nb"},
	} {
		if err := run(t.Context(), nil, args, new(bytes.Buffer), false); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	server := autoidtest.Start(t, autoidtest.WithUnknownDecisionsRefused())
	for i := range 1000 {
		if i != 7 && i != 900 {
			server.AddAssignment(fmt.Sprint("u", i), "e")
		}
	}
	path := write(t, "x.jsonl", lines(1000))
	for range 2 {
		_, err := ack(t, server, false, "-in", path)
		if err == nil || !strings.Contains(err.Error(), "2 decisions were refused; they are in "+path+".refused") {
			t.Errorf("error %v", err)
		}
	}
	refused, err := os.ReadFile(path + ".refused")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"user":"u7"`, `"user":"u900"`, `"position":7`, "unknown assignment of u7"} {
		if !strings.Contains(string(refused), want) {
			t.Errorf("%s is not in %s", want, refused)
		}
	}
	if n := bytes.Count(refused, []byte("\n")); n != 2 {
		t.Errorf("%d refused decisions, want 2", n)
	}
	// Another file does not pass for this one because it is all settled there.
	shorter := write(t, "z.jsonl", lines(10))
	if _, err := ack(t, server, false, "-in", shorter, "-checkpoint", path+".checkpoint"); !errors.Is(err, autoid.ErrOtherItems) || !strings.Contains(err.Error(), "delete "+path+".checkpoint") {
		t.Errorf("another file: %v", err)
	}
	other := write(t, "y.jsonl", `{"user":"u0","entitlements":["other"]}`)
	if _, err := ack(t, server, false, "-in", other, "-refused", t.TempDir()); err == nil || !strings.Contains(err.Error(), "delete "+other+".checkpoint") {
		t.Errorf("refusals that cannot be written down: %v", err)
	}
}

// A run that fails, or is stopped, is done by the next one.
func TestResume(t *testing.T) {
	t.Parallel()
	server := autoidtest.Start(t)
	path := write(t, "x.jsonl", lines(5000))
	server.Fail("UpdateAssignmentStatus", autoidtest.Fault{Delay: time.Millisecond}, autoidtest.Fault{Delay: time.Millisecond}, autoidtest.Fault{Status: 401, Times: 10})
	_, err := ack(t, server, false, "-in", path, "-parallel", "1")
	if !errors.Is(err, tenantkit.ErrUnauthenticated) || !strings.Contains(err.Error(), "run again to do the rest") {
		t.Errorf("error %v", err)
	}
	server.Recover()

	// A stop that came before the first decision.
	stop := make(chan struct{})
	close(stop)
	args := []string{"-url", server.BaseURL(), "-key-env", keyVariable, "-in", path}
	if err := run(t.Context(), stop, args, new(bytes.Buffer), false); !errors.Is(err, errStopped) {
		t.Errorf("error %v", err)
	}
	var out bytes.Buffer
	if err := run(t.Context(), make(chan struct{}), args, &out, false); err != nil || !strings.Contains(out.String(), "1000 done before, 4000 done") {
		t.Errorf("%v, output %q", err, out.String())
	}
	if got := server.StatusesSet(); got != 5000 {
		t.Errorf("%d statuses were set, want each once", got)
	}
}

// A stop in the middle waits for the requests on their way, so that nothing is left unknown.
func TestStop(t *testing.T) {
	t.Parallel()
	server := autoidtest.Start(t)
	server.Fail("UpdateAssignmentStatus", autoidtest.Fault{Delay: 20 * time.Millisecond, Times: -1})
	stop := make(chan struct{})
	// The second line of progress stops the run.
	out := &stopper{stop: stop, lines: 2}
	args := []string{"-url", server.BaseURL(), "-key-env", keyVariable, "-in", write(t, "x.jsonl", lines(5000)), "-batch", "10", "-every", "1us"}
	err := run(t.Context(), stop, args, out, false)
	if err == nil || !strings.HasPrefix(err.Error(), "stopped: ") {
		t.Errorf("error %v", err)
	}
	done := server.StatusesSet()
	if want := fmt.Sprintf("%d of 5000: 0 done before, %d done, 0 refused, 0 unknown", done, done); !strings.Contains(out.String(), want) || done == 5000 {
		t.Errorf("output %q, want %q", out.String(), want)
	}
}

// stopper closes stop when it has been written to for some times.
type stopper struct {
	bytes.Buffer
	stop  chan struct{}
	lines int
}

func (s *stopper) Write(p []byte) (int, error) {
	if s.lines--; s.lines == 0 {
		close(s.stop)
	}
	return s.Buffer.Write(p)
}

func TestAuthorityAndTenant(t *testing.T) {
	t.Parallel()
	server := autoidtest.Start(t, autoidtest.WithTLS(), autoidtest.WithTenantID("tenant-1"))
	path := write(t, "x.jsonl", lines(10))
	if _, err := ack(t, server, false, "-in", path, "-tenant", "tenant-1"); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without the authority: %v", err)
	}
	var authority bytes.Buffer
	if err := pem.Encode(&authority, &pem.Block{Type: "CERTIFICATE", Bytes: certificate(t, server)}); err != nil {
		t.Fatal(err)
	}
	// The key comes from a file, where one is named.
	if _, err := ack(t, server, false, "-in", path, "-tenant", "tenant-1", "-ca-file", write(t, "ca.pem", authority.String()),
		"-key-env", "DATASINK_ACK_NOT_SET", "-key-file", write(t, "key", autoidtest.DefaultAPIKey+"\n")); err != nil {
		t.Errorf("with the authority: %v", err)
	}
}

func certificate(t *testing.T, server *autoidtest.Server) []byte {
	t.Helper()
	connection, err := tls.Dial("tcp", strings.TrimPrefix(server.URL(), "https://"), &tls.Config{RootCAs: server.CertPool(), MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	return connection.ConnectionState().PeerCertificates[0].Raw
}

// The program is killed again and again, and loses nothing.
func TestKill(t *testing.T) {
	t.Parallel()
	const n, kills = 20_000, 4
	server := autoidtest.Start(t)
	path := write(t, "x.jsonl", lines(n))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for kill := range kills {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		child := exec.CommandContext(ctx, self, "-url", server.BaseURL(), "-key-env", keyVariable, "-in", path, "-batch", "50", "-every", "1us")
		child.Env = append(os.Environ(), childVariable+"=1")
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		scanner := bufio.NewScanner(out)
		killed := false
		for line := 0; scanner.Scan(); line++ {
			// A slow disk may take longer than many requests to save that they are
			// done.
			if _, err := os.Stat(path + ".checkpoint"); !killed && err == nil && line >= 10+5*kill {
				killed = true
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := child.Wait(); err == nil {
			t.Error("the program ended before it was killed")
		}
		cancel()
	}
	out, err := ack(t, server, false, "-in", path)
	if err != nil || strings.Contains(out, " 0 done before") {
		t.Errorf("%v, output %q", err, out)
	}
	for i := range n {
		if got := server.AssignmentStatus(fmt.Sprint("u", i), "e"); got != "ack" {
			t.Fatalf("user %d has the status %q", i, got)
		}
	}
	t.Logf("%d decisions were sent again", server.StatusesSet()-n)
}

func TestDemo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), nil, []string{"-demo", "-n", "2001"}, &out, false); err != nil {
		t.Fatal(err)
	}
	if want := "the service was told of 2001 decisions in 5 requests"; !strings.Contains(out.String(), want) {
		t.Errorf("output %q, want %q", out.String(), want)
	}
}
