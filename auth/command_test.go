package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

func TestCommandOutput(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		output, path, want string
	}{
		"bare":                        {"t0ken", "", "t0ken"},
		"line":                        {"t0ken\n", "", "t0ken"},
		"line of Windows":             {"t0ken\r\n", "", "t0ken"},
		"white space around":          {"\n\t t0ken \n\n", "", "t0ken"},
		"a password with blanks":      {"correct horse {battery} staple\n", "", "correct horse {battery} staple"},
		"looks like JSON, and is not": {"{t0ken", "", "{t0ken"},
		"field":                       {`{"IdentityId":"x","Token":"t0ken"}`, "Token", "t0ken"},
		"field, with a leading dot":   {`{"Token":" t0ken\n"}`, ".Token", "t0ken"},
		"nested field":                {`{"auth":{"client_token":"t0ken"}}`, "auth.client_token", "t0ken"},
		"byte order mark":             {"\ufefft0ken\n", "", "t0ken"},
		"byte order mark and JSON":    {"\ufeff{\"Token\":\"t0ken\"}", "Token", "t0ken"},
		"list":                        {`[{"a":["x","t0ken"]}]`, "0.a.1", "t0ken"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := auth.Command(program(t), "print", test.output)
			c.JSONPath = test.path
			token, err := c.Token(t.Context())
			if err != nil || token.Value.Reveal() != test.want || !token.Expiry.IsZero() {
				t.Errorf("got %q, %v, %v", token.Value.Reveal(), token.Expiry, err)
			}
		})
	}
}

func TestCommandReadsTheExpiry(t *testing.T) {
	t.Parallel()
	exp := time.Unix(1700000900, 0)
	value := jwtOf(map[string]any{"exp": exp.Unix()})
	token, err := auth.Command(program(t), "print", value.Reveal()+"\n").Token(t.Context())
	if err != nil || token.Value != value || !token.Expiry.Equal(exp) {
		t.Errorf("got %v, %v", token.Expiry, err)
	}
}

func TestCommandBadOutput(t *testing.T) {
	t.Parallel()
	const marker = "MARKER-of-a-secret"
	tests := map[string]struct {
		output, path, want string
	}{
		"nothing":                  {"", "", "empty"},
		"white space":              {" \n\n", "", "empty"},
		"two lines":                {"one " + marker + "\ntwo " + marker + "\n", "", "more than one line"},
		"control characters":       {marker + "\x1b[0m", "", "not text"},
		"not UTF-8":                {marker + "\xff\xfe", "", "not text"},
		"JSON unasked":             {`{"Token":"` + marker + `"}`, "", "JSONPath"},
		"no JSON":                  {marker, "Token", `did not print JSON, so "Token" leads to no token`},
		"cut JSON":                 {`{"Token":"` + marker, "Token", "did not print JSON"},
		"no such field":            {`{"IdentityId":"` + marker + `"}`, "Token", `there is no "Token"`},
		"null":                     {`{"Token":null,"a":"` + marker + `"}`, "Token", `there is no "Token"`},
		"field of a text":          {`{"Token":"` + marker + `"}`, "Token.value", `there is no "value"`},
		"beyond a list":            {`["` + marker + `"]`, "1", `"1" is not an index of the list of 1`},
		"before a list":            {`["` + marker + `"]`, "-1", `"-1" is not an index`},
		"field of a list":          {`["` + marker + `"]`, "Token", `"Token" is not an index`},
		"number":                   {`{"Token":12345,"a":"` + marker + `"}`, "Token", "not a text"},
		"empty text":               {`{"Token":"","a":"` + marker + `"}`, "Token", "empty"},
		"text of two lines":        {`{"Token":"` + marker + `\n` + marker + `"}`, "Token", "more than one line"},
		"object":                   {`{"Token":{"a":"` + marker + `"}}`, "Token", "not a text"},
		"field of that name twice": {`{"Token":"` + marker + `","Token":"` + marker + `"}`, "Token", "did not print JSON"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := auth.Command(program(t), "print", test.output)
			c.JSONPath = test.path
			token, err := c.Token(t.Context())
			if err == nil {
				t.Fatalf("got %q", token.Value.Reveal())
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "the program ") {
				t.Errorf("the error says %q", err)
			}
			mustNotShow(t, err, marker)
		})
	}
}

// mustNotShow looks for a marker in everything that can be made of an error.
func mustNotShow(t *testing.T, err error, marker string) {
	t.Helper()
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		shown := fmt.Sprintf(format, err)
		if strings.Contains(shown, marker) || strings.Contains(shown, fmt.Sprintf("%x", marker)) {
			t.Errorf("%s shows the secret: %s", format, shown)
		}
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(e.Error(), marker) {
			t.Errorf("the chain shows the secret: %v", e)
		}
	}
}

func TestCommandFailure(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stderr, want string
	}{
		"says why":                            {"ERROR: (gcloud.auth) Invalid account type for `--audiences`.\n", "failed (exit status 3); it said: ERROR: (gcloud.auth) Invalid account type for `--audiences`."},
		"says several lines":                  {"one\n\n  two\r\nthree", "it said: one | two | three"},
		"says nothing":                        {"", "failed (exit status 3) and said nothing"},
		"is colourful":                        {"\x1b[1;31mred\x1b[0m\tbell\a\n", "it said: red bell"},
		"says no text":                        {"caf\xff\xfe\x00\n", "it said: caf"},
		"says one long line":                  {strings.Repeat("word ", 400), strings.Repeat("word ", 160) + "…"},
		"says many lines":                     {strings.Repeat(strings.Repeat("word ", 20)+"\n", 40) + "last", "word | last"},
		"says a JWT":                          {"token was " + jwtOf(map[string]any{"sub": "MARKER"}).Reveal() + "!", "token was [redacted]!"},
		"says half a JWT":                     {"token was eyJhbGciOiJub25lIn0.eyJzdWI", "token was [redacted]"},
		"says a long word":                    {"key " + strings.Repeat("0123456789abcdef", 4) + ".", "key [redacted]."},
		"says a line too long for an error":   {"first\n" + strings.Repeat("word ", 170) + "\nlast", "it said: last"},
		"says more than is kept":              {"MARKER-on-stdout " + strings.Repeat("word ", 8184/5) + "a b", "it said: " + strings.Repeat("word ", 160) + "…"},
		"says more than is kept, in one word": {strings.Repeat("0123456789", 1000), "and said nothing"},
		"says what it prints":                 {"debug: MARKER-on-stdout and MARKER-on-stdout-2", "debug: [redacted] and [redacted]"},
		"says its variable":                   {"debug: MARKER-in-env", "debug: [redacted]"},
		"paints a secret":                     {"debug: MARKER-\x1b[31mon-std\x1b[0mout", "debug: [redacted]"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(test.stderr, "\x00") {
				test.stderr = strings.ReplaceAll(test.stderr, "\x00", "\x01") // no argument can hold a zero
			}
			c := auth.Command(program(t), "fail", "3", `{"a":"MARKER-on-stdout","b":"MARKER-on-stdout-2"}`, test.stderr)
			c.Env = map[string]tenantkit.Secret{"SECRET": tenantkit.NewSecret("MARKER-in-env")}
			_, err := c.Token(t.Context())
			if err == nil || !strings.HasSuffix(err.Error(), test.want) {
				t.Fatalf("the error says %q", err)
			}
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 3 {
				t.Errorf("the exit status is not in the chain: %v", err)
			}
			if len(err.Error()) > 1200 {
				t.Errorf("the error is %d bytes long", len(err.Error()))
			}
			mustNotShow(t, err, "MARKER")
		})
	}
}

func TestCommandChatter(t *testing.T) {
	t.Parallel()
	_, err := auth.Command(program(t), "chatter", "10000000", "the reason").Token(t.Context())
	if err == nil || !strings.HasSuffix(err.Error(), "the reason") || len(err.Error()) > 1200 {
		t.Errorf("got %v", err)
	}
}

func TestCommandCannotStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tests := map[string]struct{ name, want string }{
		"not in PATH":  {"tenantkit-no-such-program", "is not in PATH: install it"},
		"no such file": {dir + "/no-such-program", "no such file"},
		"a directory":  {dir, "could not be run"},
		"no name":      {"", "it is empty"},
		"two lines":    {"a\r\nb", "control character"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := auth.Command(test.name, "MARKER").Token(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v", err)
			}
			mustNotShow(t, err, "MARKER")
		})
	}
}

func TestCommandPrintsForEver(t *testing.T) {
	t.Parallel()
	c := auth.Command(program(t), "flood")
	c.Timeout = time.Hour
	_, err := c.Token(t.Context())
	if err == nil || !strings.Contains(err.Error(), "more than 1048576 bytes") {
		t.Errorf("got %v", err)
	}
}

func TestCommandEnvironment(t *testing.T) {
	t.Setenv("TENANTKIT_INHERITED", "inherited")
	c := auth.Command(program(t), "env", "TENANTKIT_INHERITED")
	if token, err := c.Token(t.Context()); err != nil || token.Value != tenantkit.NewSecret("inherited") {
		t.Errorf("the program does not inherit the environment: %v", err)
	}
	c = auth.Command(program(t), "env", "TENANTKIT_INHERITED")
	c.Env = map[string]tenantkit.Secret{"OTHER": tenantkit.NewSecret("1")}
	if token, err := c.Token(t.Context()); err != nil || token.Value != tenantkit.NewSecret("inherited") {
		t.Errorf("Env replaces the environment: %v", err)
	}
	c.Env = map[string]tenantkit.Secret{"TENANTKIT_INHERITED": tenantkit.NewSecret("replaced")}
	if token, err := c.Token(t.Context()); err != nil || token.Value != tenantkit.NewSecret("replaced") {
		t.Errorf("Env does not stand above the environment: %v", err)
	}
}

func TestCommandHasNobodyToAsk(t *testing.T) {
	t.Parallel()
	_, err := auth.Command(program(t), "question").Token(t.Context())
	if err == nil || !strings.Contains(err.Error(), "Password: there is nobody to answer") {
		t.Errorf("got %v", err)
	}
}

func TestCommandTimeout(t *testing.T) {
	t.Parallel()
	listener := listen(t)
	c := auth.Command(program(t), "hang", listener.Addr().String())
	c.Timeout = 100 * time.Millisecond
	_, err := c.Token(t.Context())
	if !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "100ms") {
		t.Errorf("got %v", err)
	}
}

// The program ends well, but leaves a child that keeps its output open.
func TestCommandLeavesAnOrphan(t *testing.T) {
	t.Parallel()
	listener := listen(t)
	token, err := auth.Command(program(t), "orphan", listener.Addr().String(), "t0ken").Token(t.Context())
	if err != nil || token.Value != tenantkit.NewSecret("t0ken") {
		t.Errorf("got %q, %v", token.Value.Reveal(), err)
	}
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	// It is none of ours any more: it ends when the test hangs up.
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

func TestCommandContextHasEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := auth.Command(program(t), "print", "t0ken").Token(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	// Bounds the wait for a program that does not come up.
	if err := listener.(*net.TCPListener).SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	})
	return listener
}

func TestGCloudIDToken(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		options auth.GCloudOptions
		want    string
	}{
		"impersonation": {
			auth.GCloudOptions{Audience: "https://app.worklytics.co", ServiceAccount: "api@acme.iam.gserviceaccount.com"},
			"auth print-identity-token --audiences=https://app.worklytics.co --impersonate-service-account=api@acme.iam.gserviceaccount.com --include-email",
		},
		"as a service account": {
			auth.GCloudOptions{Audience: "https://app.worklytics.co"},
			"auth print-identity-token --audiences=https://app.worklytics.co",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runs(t, auth.GCloudIDToken(test.options), "gcloud", test.want)
		})
	}
}

func TestCognitoCLI(t *testing.T) {
	t.Parallel()
	const pool = "us-east-1:6f0c24c0-93a2-4d1d-8a0e-1c9c7f0b7a11"
	tests := map[string]struct {
		options auth.CognitoOptions
		want    string
	}{
		"documented": {
			auth.CognitoOptions{IdentityPoolID: pool, Provider: "intl.worklytics.co", User: "john@acme.com"},
			"cognito-identity get-open-id-token-for-developer-identity --identity-pool-id " + pool +
				" --logins intl.worklytics.co=john@acme.com --region us-east-1 output=json",
		},
		"with region and duration": {
			auth.CognitoOptions{IdentityPoolID: pool, Provider: "p", User: "o+x@acme.com", Region: "eu-west-1", Duration: time.Hour},
			"cognito-identity get-open-id-token-for-developer-identity --identity-pool-id " + pool +
				" --logins p=o+x@acme.com --region eu-west-1 --token-duration 3600 output=json",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runs(t, auth.CognitoCLI(test.options), "aws", test.want)
		})
	}
}

// runs checks which program a source runs, and with what.
func runs(t *testing.T, source *auth.CommandSource, name, want string) {
	t.Helper()
	if source.Name != name {
		t.Errorf("the program is %q", source.Name)
	}
	source.Name = program(t)
	token, err := source.Token(t.Context())
	if err != nil || token.Value.Reveal() != want {
		t.Errorf("got %q, %v", token.Value.Reveal(), err)
	}
}

func TestCloudOptionsAreChecked(t *testing.T) {
	t.Parallel()
	gcloud := func(change func(*auth.GCloudOptions)) auth.TokenSource {
		o := auth.GCloudOptions{Audience: "https://app.worklytics.co", ServiceAccount: "api@acme.iam.gserviceaccount.com"}
		change(&o)
		return auth.GCloudIDToken(o)
	}
	cognito := func(change func(*auth.CognitoOptions)) auth.TokenSource {
		o := auth.CognitoOptions{IdentityPoolID: "us-east-1:6f0c24c0", Provider: "intl.worklytics.co", User: "john@acme.com"}
		change(&o)
		return auth.CognitoCLI(o)
	}
	tests := map[string]struct {
		source    auth.TokenSource
		operation string
		field     string
	}{
		"no audience":                {gcloud(func(o *auth.GCloudOptions) { o.Audience = "" }), "GCloudIDToken", "Audience"},
		"two audiences":              {gcloud(func(o *auth.GCloudOptions) { o.Audience = "https://a,https://b" }), "GCloudIDToken", "Audience"},
		"audience with a line break": {gcloud(func(o *auth.GCloudOptions) { o.Audience = "https://a\n" }), "GCloudIDToken", "Audience"},
		"account without a host":     {gcloud(func(o *auth.GCloudOptions) { o.ServiceAccount = "api" }), "GCloudIDToken", "ServiceAccount"},
		"account with a blank":       {gcloud(func(o *auth.GCloudOptions) { o.ServiceAccount = "api@x y" }), "GCloudIDToken", "ServiceAccount"},
		"no pool":                    {cognito(func(o *auth.CognitoOptions) { o.IdentityPoolID = "" }), "CognitoOptions", "IdentityPoolID"},
		"pool without a region":      {cognito(func(o *auth.CognitoOptions) { o.IdentityPoolID = "6f0c24c0" }), "CognitoOptions", "IdentityPoolID"},
		"pool as an option":          {cognito(func(o *auth.CognitoOptions) { o.IdentityPoolID = "--help:1" }), "CognitoOptions", "IdentityPoolID"},
		"no provider":                {cognito(func(o *auth.CognitoOptions) { o.Provider = "" }), "CognitoOptions", "Provider"},
		"provider with a port":       {cognito(func(o *auth.CognitoOptions) { o.Provider = "localhost:8080" }), "CognitoOptions", "Provider"},
		"long provider":              {cognito(func(o *auth.CognitoOptions) { o.Provider = strings.Repeat("p", 129) }), "CognitoOptions", "Provider"},
		"no user":                    {cognito(func(o *auth.CognitoOptions) { o.User = "" }), "CognitoOptions", "User"},
		"two users":                  {cognito(func(o *auth.CognitoOptions) { o.User = "a@b,c=d" }), "CognitoOptions", "User"},
		"user in quotes":             {cognito(func(o *auth.CognitoOptions) { o.User = `"a@b"` }), "CognitoOptions", "User"},
		"user with a blank":          {cognito(func(o *auth.CognitoOptions) { o.User = "a @b" }), "CognitoOptions", "User"},
		"region as an option":        {cognito(func(o *auth.CognitoOptions) { o.Region = "--debug" }), "CognitoOptions", "Region"},
		"negative duration":          {cognito(func(o *auth.CognitoOptions) { o.Duration = -time.Second }), "CognitoOptions", "Duration"},
		"broken duration":            {cognito(func(o *auth.CognitoOptions) { o.Duration = time.Second / 2 }), "CognitoOptions", "Duration"},
		"long duration":              {cognito(func(o *auth.CognitoOptions) { o.Duration = 25 * time.Hour }), "CognitoOptions", "Duration"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := test.source.Token(t.Context())
			var invalid *tenantkit.ValidationError
			if !errors.As(err, &invalid) || invalid.Operation != test.operation || invalid.Field != test.field {
				t.Errorf("got %v", err)
			}
		})
	}
}
