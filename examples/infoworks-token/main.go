// Infoworks-token is a credential helper, as kubectl and git have them: it prints an access token
// of Infoworks that is good for a while, and keeps it in a file for the next time. README.md tells
// how it is used.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run returns the exit code. Standard output gets the answer in one piece, or nothing.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	answer, err := ask(ctx, args, in, errOut)
	if err == nil {
		_, err = out.Write(answer)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		// The flag package has told it.
		return 2
	}
	// There is nobody to tell that standard error is gone.
	_, _ = fmt.Fprintln(errOut, "infoworks-token:", err)
	return 1
}

// ask returns what is to be printed.
func ask(ctx context.Context, args []string, in io.Reader, errOut io.Writer) ([]byte, error) {
	o, err := parse(args, errOut)
	if err != nil {
		return nil, err
	}
	if o.demo {
		return runDemo(ctx)
	}
	return o.answer(ctx, in)
}

// answer does what the command line asks for.
func (o *options) answer(ctx context.Context, in io.Reader) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	if o.format == "git" {
		ours, err := o.isOurs(in)
		if err != nil || !ours {
			return nil, err
		}
	}
	if o.action != "get" && o.action != "erase" {
		// What git wants to be stored came from here, and an action that is not known is to
		// be ignored, as git's documentation says.
		return nil, nil
	}
	path, err := o.cacheFile(ctx)
	if err != nil {
		return nil, err
	}
	if o.action == "erase" {
		return nil, erase(path)
	}
	token, err := o.token(ctx, path)
	if err != nil {
		return nil, err
	}
	return formats[o.format](token)
}
