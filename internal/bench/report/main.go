// Report measures this module beside calls by hand and other SDKs, and prints what it found as
// Markdown:
//
//	go run ./internal/bench/report -help
//
// The work is done by the program in internal/bench/suite, a module of its own, so that nobody who
// uses this one downloads the SDKs that it is compared with.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	err := run()
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit):
		// It has said why.
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	module, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("go env GOMOD: %w", err)
	}
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	root := filepath.Dir(strings.TrimSpace(string(module)))
	command := exec.CommandContext(ctx, "go", append([]string{"run", ".", "-from", here}, os.Args[1:]...)...)
	command.Dir = filepath.Join(root, "internal", "bench", "suite")
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return command.Run()
}
