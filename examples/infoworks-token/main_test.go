package main

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	user     = "admin@infoworks.io"
	password = "MARKER-password"
	refresh  = "MARKER+refresh/token"
)

func start(t *testing.T, opts ...infoworkstest.Option) *infoworkstest.Server {
	t.Helper()
	return infoworkstest.Start(t, append([]infoworkstest.Option{infoworkstest.WithUsers(infoworkstest.User{
		Email: user, Password: password, RefreshToken: refresh,
	})}, opts...)...)
}

// write returns the path of a new file.
func write(t *testing.T, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// helper runs the program for a server, with one cache.
type helper struct {
	t     *testing.T
	flags []string
	cache string
}

func newHelper(t *testing.T, server *infoworkstest.Server, flags ...string) *helper {
	t.Helper()
	cache := filepath.Join(t.TempDir(), "cache")
	return &helper{t, append([]string{"-url", server.BaseURL(), "-cache-dir", cache}, flags...), cache}
}

func byFile(t *testing.T, server *infoworkstest.Server) *helper {
	t.Helper()
	return newHelper(t, server, "-refresh-token-file", write(t, refresh+"\n"))
}

// run checks the exit code, and returns what was printed.
func (h *helper) run(code int, in string, args ...string) (out, errOut string) {
	h.t.Helper()
	var stdout, stderr bytes.Buffer
	got := run(h.t.Context(), slices.Concat(h.flags, args), strings.NewReader(in), &stdout, &stderr)
	if got != code {
		h.t.Errorf("exit code %d, want %d: %s", got, code, &stderr)
	}
	if strings.Contains(stdout.String()+stderr.String(), "MARKER") {
		h.t.Errorf("a secret is printed: %s%s", &stdout, &stderr)
	}
	if code == 0 && stderr.Len() > 0 {
		h.t.Errorf("standard error has %q", &stderr)
	}
	if code != 0 && (stdout.Len() > 0 || stderr.Len() == 0) {
		h.t.Errorf("a failure printed %q, and %q to standard error", &stdout, &stderr)
	}
	return stdout.String(), stderr.String()
}

// files returns the files of the cache, without locks.
func (h *helper) files() []string {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.cache, "*.json"))
	if err != nil {
		h.t.Fatal(err)
	}
	return files
}

func TestFormats(t *testing.T) {
	t.Parallel()
	server := start(t)
	h := byFile(t, server)
	text, _ := h.run(0, "")
	token, ok := strings.CutSuffix(text, "\n")
	claims, err := infoworks.ParseClaims(tenantkit.NewSecret(token))
	if !ok || err != nil || claims.Email != user {
		t.Fatalf("printed %q: %+v, %v", text, claims, err)
	}

	var plain struct {
		Token  string
		Expiry time.Time
	}
	out, _ := h.run(0, "", "-format", "json")
	if err := json.Unmarshal([]byte(out), &plain); err != nil || plain.Token != token || !plain.Expiry.Equal(claims.Expiry) {
		t.Errorf("JSON is %s, %v", out, err)
	}

	out, _ = h.run(0, "", "-format", "exec")
	want := fmt.Sprintf(`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s","expirationTimestamp":"%s"}}`+"\n",
		token, claims.Expiry.UTC().Format(time.RFC3339))
	if out != want {
		t.Errorf("kubectl gets %s, want %s", out, want)
	}

	at, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	out, _ = h.run(0, "protocol=http\nhost="+at.Host+"\nwwwauth[]=Basic\n\nrest", "-format", "git", "get")
	if want := fmt.Sprintf("username=%s\npassword=%s\npassword_expiry_utc=%d\n", user, token, claims.Expiry.Unix()); out != want {
		t.Errorf("git gets %q, want %q", out, want)
	}
	for name, question := range map[string]string{"another host": "host=example.org\n", "another protocol": "protocol=https\nhost=" + at.Host} {
		if out, _ := h.run(0, question, "-format", "git", "get"); out != "" {
			t.Errorf("git asks for %s, and gets %q", name, out)
		}
	}
	for _, action := range []string{"store", "one of a later git"} {
		if out, _ := h.run(0, "host="+at.Host+"\n", "-format", "git", action); out != "" {
			t.Errorf("git asks for %s, and gets %q", action, out)
		}
	}

	// One token for all of that, in a file that is its owner's.
	if n := server.Applied("AccessToken"); n != 1 {
		t.Errorf("%d tokens were made, want 1", n)
	}
	files := h.files()
	if len(files) != 1 {
		t.Fatalf("the cache has %q", files)
	}
	info, err := os.Stat(files[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v", info.Mode(), err)
	}
	dir, err := os.Stat(h.cache)
	if err != nil || dir.Mode().Perm() != 0o700 {
		t.Errorf("the directory has mode %v, %v", dir.Mode(), err)
	}
}

func TestVersionOfExecCredential(t *testing.T) {
	server := start(t)
	h := byFile(t, server)
	t.Setenv("KUBERNETES_EXEC_INFO", `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{"interactive":false}}`)
	if out, _ := h.run(0, "", "-format", "exec"); !strings.Contains(out, `"apiVersion":"client.authentication.k8s.io/v1beta1"`) {
		t.Errorf("kubectl gets %s", out)
	}
	t.Setenv("KUBERNETES_EXEC_INFO", "x")
	h.run(1, "", "-format", "exec")
}

func TestCredentials(t *testing.T) {
	server := start(t)
	t.Setenv("TEST_REFRESH_TOKEN", refresh)
	t.Setenv("TEST_PASSWORD", password)
	for name, test := range map[string]struct {
		flags     []string
		operation string
		query     string
	}{
		"refresh token from the environment": {[]string{"-refresh-token-env", "TEST_REFRESH_TOKEN"}, "AccessToken", ""},
		"refresh token from a file":          {[]string{"-refresh-token-file", write(t, refresh)}, "AccessToken", ""},
		"password from the environment":      {[]string{"-user", user, "-password-env", "TEST_PASSWORD"}, "Authenticate", ""},
		"password from a file":               {[]string{"-user", user, "-password-file", write(t, password), "-service-id", "2"}, "Authenticate", "service_id=2"},
		"password, since there is no refresh token": {
			[]string{"-refresh-token-env", "TEST_NOT_SET", "-user", user, "-password-env", "TEST_PASSWORD"}, "Authenticate", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(server.Requests())
			if out, _ := newHelper(t, server, test.flags...).run(0, ""); out == "" {
				t.Error("no token is printed")
			}
			requests := server.Requests()[before:]
			if len(requests) != 1 || requests[0].Operation != test.operation || requests[0].RawQuery != test.query {
				t.Errorf("requests %+v", requests)
			}
		})
	}
}

// A token is kept until it has too little life left, for one server and one user.
func TestCache(t *testing.T) {
	t.Parallel()
	server := start(t)
	h := byFile(t, server)
	first, _ := h.run(0, "")
	if again, _ := h.run(0, ""); again != first {
		t.Error("the token was not kept")
	}
	longer, _ := h.run(0, "", "-min-life", "20m")
	if longer == first {
		t.Error("a token with too little life left was printed")
	}
	if again, _ := h.run(0, ""); again != longer {
		t.Error("the new token was not kept")
	}

	// Another refresh token, though in the same file.
	if err := os.WriteFile(h.flags[len(h.flags)-1], []byte("MARKER+other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errOut := h.run(1, ""); !strings.Contains(errOut, "wrong credentials") {
		t.Errorf("the error is %q", errOut)
	}
	if err := os.WriteFile(h.flags[len(h.flags)-1], []byte(refresh), 0o600); err != nil {
		t.Fatal(err)
	}
	h.run(0, "", "erase")
	h.run(0, "", "erase")
	if files := h.files(); len(files) != 0 {
		t.Errorf("the cache has %q", files)
	}
	if again, _ := h.run(0, ""); again == longer {
		t.Error("the token was not forgotten")
	}

	// A file that others may read is not trusted, and not replaced behind its owner's back.
	if err := os.Chmod(h.files()[0], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, errOut := h.run(1, ""); !strings.Contains(errOut, "0600") {
		t.Errorf("the error is %q", errOut)
	}
}

// Many at once make one token.
func TestConcurrentRuns(t *testing.T) {
	t.Parallel()
	server := start(t)
	h := byFile(t, server)
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() { h.run(0, "") })
	}
	group.Wait()
	if n := server.Applied("AccessToken"); n != 1 {
		t.Errorf("%d tokens were made, want 1", n)
	}
}

func TestPrivateAuthority(t *testing.T) {
	t.Parallel()
	server := start(t, infoworkstest.WithTLS())
	resp, err := server.Client().Get(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	authority := write(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: resp.TLS.PeerCertificates[0].Raw})))
	h := byFile(t, server)
	if _, errOut := h.run(1, ""); !strings.Contains(errOut, "certificate") {
		t.Errorf("without the authority: %q", errOut)
	}
	if out, _ := h.run(0, "", "-ca-file", authority); out == "" {
		t.Error("with the authority: no token")
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	server := start(t)
	good := []string{"-url", server.BaseURL(), "-refresh-token-file", write(t, refresh), "-cache-dir", t.TempDir()}
	with := func(args ...string) []string { return slices.Concat(good, args) }
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no URL":                {[]string{"-refresh-token-env", "X"}, 2, "-url is missing"},
		"no credential":         {[]string{"-url", "https://x/v3"}, 2, "is needed"},
		"two refresh tokens":    {with("-refresh-token-env", "X"), 2, "exclude each other"},
		"two passwords":         {with("-password-env", "X", "-password-file", "x"), 2, "exclude each other"},
		"unknown flag":          {with("-x"), 2, "usage:"},
		"unknown format":        {with("-format", "xml"), 2, "unknown format"},
		"unknown action":        {with("fetch"), 2, "unknown action"},
		"two actions":           {with("get", "get"), 2, "unexpected arguments"},
		"wrong service":         {with("-service-id", "x"), 2, "service-id"},
		"service with a rest":   {with("-service-id", "1x"), 2, "service-id"},
		"password, and no user": {with("-password-env", "X", "-min-life", "1h"), 1, "Username"},
		"plain http":            {with("-url", "http://infoworks.example.org/v3"), 1, "plain http"},
		"no refresh token":      {with("-refresh-token-file", "/does/not/exist"), 1, "/does/not/exist"},
		"no authority":          {with("-ca-file", "/does/not/exist"), 1, "/does/not/exist"},
		"wrong authority":       {with("-ca-file", write(t, "x")), 1, "no certificate"},
		"cache is a file":       {with("-cache-dir", write(t, "x")), 1, "not a directory"},
		"no time":               {with("-timeout", "1ns"), 1, "deadline"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &helper{t: t}
			if _, errOut := h.run(test.code, "", test.args...); !strings.Contains(errOut, test.want) {
				t.Errorf("standard error has %q, want %q in it", errOut, test.want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var out, errOut bytes.Buffer
	if code := run(t.Context(), []string{"-help"}, nil, &out, &errOut); code != 0 || out.Len() > 0 || !strings.Contains(errOut.String(), "-refresh-token-file") {
		t.Errorf("exit code %d, %s, %s", code, &out, &errOut)
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	var out, errOut bytes.Buffer
	code := run(t.Context(), []string{"-demo"}, nil, &out, &errOut)
	if want := "These were 4 runs; the server was asked 1 time.\n"; code != 0 || errOut.Len() > 0 || !strings.HasSuffix(out.String(), want) {
		t.Errorf("exit code %d, %s, %s", code, &out, &errOut)
	}
	if code := run(t.Context(), []string{"-demo", "erase"}, nil, &out, &errOut); code != 2 {
		t.Errorf("exit code %d for a demo with an action", code)
	}
}
