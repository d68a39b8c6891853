//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestSignalsCleanUp ends the program from outside while it has a tenant.
func TestSignalsCleanUp(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *exec.Cmd, *os.File){
		"interrupt":       func(t *testing.T, cmd *exec.Cmd, _ *os.File) { signalTo(t, cmd, syscall.SIGINT) },
		"termination":     func(t *testing.T, cmd *exec.Cmd, _ *os.File) { signalTo(t, cmd, syscall.SIGTERM) },
		"closed terminal": func(t *testing.T, cmd *exec.Cmd, _ *os.File) { signalTo(t, cmd, syscall.SIGHUP) },
		"closed pipe": func(t *testing.T, _ *exec.Cmd, out *os.File) {
			if err := out.Close(); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			server, _ := ownServer(t)
			program, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			out, in, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			var said bytes.Buffer
			cmd := exec.CommandContext(t.Context(), program)
			cmd.Env = append(os.Environ(), runMain+"=1")
			cmd.Stdout, cmd.Stderr = in, &said
			err = cmd.Start()
			if err := in.Close(); err != nil {
				t.Error(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), "created tenant"); {
			}
			end(t, cmd, out)
			// What the program says of its end does not matter, and it may have come to
			// its end before.
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code == -1 {
				t.Errorf("it was killed: %v\n%s", cmd.ProcessState, &said)
			}
			onlyOthersLeft(t, server)
		})
	}
}

func signalTo(t *testing.T, cmd *exec.Cmd, signal os.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
}
