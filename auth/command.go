package auth

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/atomicfile"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// Command returns a source that runs a program, with the arguments as they are (there is no shell),
// and takes what it prints for the token. Put it under a [Cache]. Change the fields of what it
// returns before the first use, if need be:
//
//	token := auth.Command("vault", "token", "lookup", "-format=json")
//	token.JSONPath = "data.id"
//	client, err := argo.NewClient(url, auth.Cache(token))
func Command(name string, args ...string) *CommandSource {
	return &CommandSource{Name: name, Args: args}
}

// CommandSource is a [TokenSource] that runs a program each time that it is asked: see [Command].
//
// The program has the environment and the working directory of this process and no standard input,
// so it must not ask questions. What it prints must be one token of one line, or JSON with
// JSONPath; white space around the token is ignored, and so is one byte order mark at the start.
// The token's expiry is read from it where it is a JSON Web Token.
//
// A program that fails, is not found, prints something else or takes too long is an error. The
// error holds the end of what the program wrote to its standard error, with everything left out
// that is, or looks like, a secret; never its standard output, nor its arguments.
//
// When the time is up or the context ends, the program is killed; on Unix, with all programs that
// it started and that did not leave its process group.
type CommandSource struct {
	// Name is the program, looked up in PATH where it has no path of its own.
	Name string
	// Args are its arguments, without Name. Other users of the machine can see them: they are
	// no place for a secret.
	Args []string
	// Env are variables that the program gets beside those of this process: the place for a
	// secret that it needs.
	Env map[string]tenantkit.Secret
	// Timeout bounds a run. Zero, or less, means 30 seconds.
	Timeout time.Duration
	// JSONPath leads to the token in JSON output: the names of the fields, and the indices of
	// lists, with dots between them, such as "Token" or "auth.client_token" or "items.0.token".
	// Without it the output is the token.
	JSONPath string

	invalid error // every call fails with it
}

const (
	commandTimeout = 30 * time.Second
	// How long a program that has ended, or was killed, may keep its output open through
	// programs that it left behind.
	commandWaitDelay = time.Second
	maxOutputBytes   = 1 << 20
)

// Token runs the program. When the context ends, or Timeout is up, the error is that of the
// context, or [os.ErrDeadlineExceeded].
func (c *CommandSource) Token(ctx context.Context) (Token, error) {
	if err := checkContext("Token", ctx); err != nil {
		return Token{}, err
	}
	if c == nil {
		return Token{}, invalid("Token", "source", "must not be nil")
	}
	if c.invalid != nil {
		return Token{}, c.invalid
	}
	if reason := atomicfile.BadPath(c.Name); reason != "" {
		return Token{}, invalid("Command", "name", "%s", reason)
	}
	output, err := c.run(ctx)
	if err == nil && c.JSONPath != "" {
		output, err = textAt(output, c.JSONPath)
	} else if err == nil && isJSONObject(output) {
		err = errors.New("printed JSON: say with JSONPath where in it the token is")
	}
	var token Token
	if err == nil {
		if token, err = tokenFrom(output); err != nil {
			err = fmt.Errorf("printed something that %w", err)
		}
	}
	if err != nil {
		return Token{}, fmt.Errorf("the program %.200s %w", c.Name, err)
	}
	return token, nil
}

// run returns the program's standard output. Its error completes a sentence that begins with the
// program.
func (c *CommandSource) run(ctx context.Context) (string, error) {
	limit := c.Timeout
	if limit <= 0 {
		limit = commandTimeout
	}
	running, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(running, c.Name, c.Args...)
	cmd.Env = cmd.Environ()
	for name, value := range c.Env {
		cmd.Env = append(cmd.Env, name+"="+value.Reveal())
	}
	cmd.WaitDelay = commandWaitDelay
	killGroup(cmd)
	stdout, stderr := &limitedWriter{overflow: cancel}, &tailWriter{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()

	said := func() string {
		if text := stderr.summary(secretsIn(stdout.kept.String(), c.Env)); text != "" {
			return "; it said: " + text
		}
		return " and said nothing"
	}
	var exit *exec.ExitError
	switch {
	case stdout.overflowed:
		return "", fmt.Errorf("printed more than %d bytes, which is too long for a token", maxOutputBytes)
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		// In the second case the program has ended well, and something that it left behind
		// keeps its output open.
		return stdout.kept.String(), nil
	case ctx.Err() != nil:
		return "", fmt.Errorf("was stopped, since its caller gave up: %w", ctx.Err())
	case running.Err() != nil:
		return "", fmt.Errorf("was stopped after %v: %w%s", limit, os.ErrDeadlineExceeded, said())
	case errors.As(err, &exit):
		return "", fmt.Errorf("failed (%w)%s", exit, said())
	case errors.Is(err, exec.ErrNotFound):
		return "", errors.New("is not in PATH: install it, or give its full path")
	default:
		return "", fmt.Errorf("could not be run: %w", err)
	}
}

func isJSONObject(text string) bool {
	var object map[string]any
	text = withoutMark(text)
	return strings.HasPrefix(strings.TrimSpace(text), "{") && wire.Unmarshal([]byte(text), &object) == nil
}

// textAt returns the text that path leads to in a JSON value.
func textAt(output, path string) (string, error) {
	var value any
	if wire.Unmarshal([]byte(withoutMark(output)), &value) != nil {
		// The cause is left out, since it may quote the output.
		return "", fmt.Errorf("did not print JSON, so %q leads to no token", path)
	}
	for _, name := range strings.Split(strings.TrimPrefix(path, "."), ".") {
		switch container := value.(type) {
		case map[string]any:
			value = container[name]
		case []any:
			index, err := strconv.Atoi(name)
			if err != nil || index < 0 || index >= len(container) {
				return "", fmt.Errorf("printed JSON in which %q leads to nothing: %q is not an index of the list of %d there", path, name, len(container))
			}
			value = container[index]
		default:
			value = nil
		}
		if value == nil {
			return "", fmt.Errorf("printed JSON in which %q leads to nothing: there is no %q", path, name)
		}
	}
	text, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("printed JSON in which %q leads to something that is not a text", path)
	}
	return text, nil
}
