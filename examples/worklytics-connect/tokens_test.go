package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	programAnswer = "CLOUD_PROGRAM_ANSWER"
	programCalls  = "CLOUD_PROGRAM_CALLS"
)

// cloudProgram is what the command runs as gcloud or aws: it notes its command line, and prints its
// answer.
func cloudProgram(name string) {
	line := strings.Join(append([]string{name}, os.Args[1:]...), " ")
	file, err := os.OpenFile(os.Getenv(programCalls), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(file, line)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(os.Getenv(programAnswer))
}

// The ID token comes from where the flags say.
func TestWhereTheTokenComesFrom(t *testing.T) {
	t.Parallel()
	const (
		pool    = "eu-west-1:12345678-90ab-4cde-8f01-234567890abc"
		account = "ci@acme.iam.gserviceaccount.com"
		gcloud  = "gcloud auth print-identity-token --audiences=https://app.worklytics.co"
	)
	for _, test := range []struct {
		name  string
		args  []string
		env   string // what stands before the token
		token string // %s is the token
		calls string
	}{
		{name: "variable", env: "WORKLYTICS_TOKEN="},
		{name: "another variable", args: []string{"-token-env", "MY_TOKEN"}, env: "MY_TOKEN="},
		{name: "file", args: []string{"-token-file", "token.txt"}},
		{name: "gcloud", args: []string{"-gcloud", account}, env: programAnswer + "=",
			calls: gcloud + " --impersonate-service-account=" + account + " --include-email\n"},
		{name: "gcloud as it is", args: []string{"-gcloud", "active"}, env: programAnswer + "=", calls: gcloud + "\n"},
		{name: "aws", args: []string{"-cognito", pool + "=ci@acme.example"}, env: programAnswer + "=", token: `{"IdentityId": "eu-west-1:77", "Token": "%s"}`,
			calls: "aws cognito-identity get-open-id-token-for-developer-identity --identity-pool-id " + pool +
				" --logins 127.0.0.1=ci@acme.example --region eu-west-1\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t)
			s.write("a asana-psoxy", "b zoom-psoxy")
			directory := t.TempDir()
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"gcloud", "aws"} {
				if err := os.Symlink(self, filepath.Join(directory, name)); err != nil {
					t.Fatal(err)
				}
			}
			token := s.server.CognitoToken("ci@acme.example", time.Hour)
			if err := os.WriteFile(filepath.Join(directory, "token.txt"), []byte(token+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			for i, arg := range test.args {
				if arg == "token.txt" {
					test.args[i] = filepath.Join(directory, arg)
				}
			}
			if test.token != "" {
				token = fmt.Sprintf(test.token, token)
			}
			calls := filepath.Join(directory, "calls")
			env := []string{"PATH=" + directory, programCalls + "=" + calls, "WORKLYTICS_TOKEN="}
			if test.env != "" {
				env = append(env, test.env+token)
			}
			run := s.startWith(env, test.args...)
			if err := <-run.ended; err != nil {
				t.Fatalf("%v\n%s", err, &run.out)
			}
			contains(t, run.out.String(), "+ a: created", "+ b: created")
			got, err := os.ReadFile(calls)
			if err != nil && test.calls != "" {
				t.Fatal(err)
			}
			if string(got) != test.calls {
				t.Errorf("the programs were run as %q, want %q", got, test.calls)
			}
		})
	}
}
