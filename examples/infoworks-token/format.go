package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
)

// formats are the ways to print a token.
var formats = map[string]func(auth.Token) ([]byte, error){
	"text": func(token auth.Token) ([]byte, error) { return []byte(token.Value.Reveal() + "\n"), nil },
	"json": asJSON,
	"exec": asExecCredential,
	"git":  asGitCredential,
}

func asJSON(token auth.Token) ([]byte, error) {
	return line(struct {
		Token  string    `json:"token"`
		Expiry time.Time `json:"expiry,omitzero"`
	}{token.Value.Reveal(), token.Expiry.UTC()})
}

// asExecCredential answers as
// https://kubernetes.io/docs/reference/config-api/client-authentication.v1/ says, in the version
// that is asked for.
func asExecCredential(token auth.Token) ([]byte, error) {
	type status struct {
		Token  string    `json:"token"`
		Expiry time.Time `json:"expirationTimestamp,omitzero"`
	}
	type execCredential struct {
		Kind       string `json:"kind"`
		APIVersion string `json:"apiVersion"`
		Status     status `json:"status"`
	}
	answer := execCredential{"ExecCredential", "client.authentication.k8s.io/v1", status{token.Value.Reveal(), token.Expiry.UTC()}}
	if info := os.Getenv("KUBERNETES_EXEC_INFO"); info != "" {
		var asked execCredential
		if err := json.Unmarshal([]byte(info), &asked); err != nil {
			return nil, fmt.Errorf("KUBERNETES_EXEC_INFO: %w", err)
		}
		answer.APIVersion = asked.APIVersion
	}
	return line(answer)
}

// line returns v as JSON, on a line.
func line(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// asGitCredential answers as https://git-scm.com/docs/git-credential says.
func asGitCredential(token auth.Token) ([]byte, error) {
	name := "token"
	if claims, err := infoworks.ParseClaims(token.Value); err == nil && !strings.ContainsAny(claims.Email, "\n\x00") {
		name = claims.Email
	}
	text := "username=" + name + "\npassword=" + token.Value.Reveal() + "\n"
	if !token.Expiry.IsZero() {
		text += fmt.Sprintf("password_expiry_utc=%d\n", token.Expiry.Unix())
	}
	return []byte(text), nil
}

// isOurs reads git's question, and tells whether it is about the server.
func (o *options) isOurs(in io.Reader) (bool, error) {
	ours := true
	lines := bufio.NewScanner(in)
	for lines.Scan() && lines.Text() != "" {
		switch name, value, _ := strings.Cut(lines.Text(), "="); name {
		case "protocol":
			ours = ours && value == o.base.Scheme
		case "host":
			ours = ours && value == o.base.Host
		}
	}
	return ours, lines.Err()
}
