//go:build unix

package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// A signal ends the program in good order, while a stream of events is open and a request is late
// by a fault.
func TestSignals(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			program, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), program)
			cmd.Env = append(os.Environ(), runMain+"=-addr 127.0.0.1:0")
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			said := readIntroduction(t, out)
			page := pageOf(t, said)

			events, first := openEvents(t, page)
			defer events.Close()
			if first != "retry: 1000" {
				t.Errorf("the stream begins with %q", first)
			}
			if status, body := ask(t, "POST", page+"faults", "operation=argo.ListTenants&fault=slow", formType); status != http.StatusSeeOther {
				t.Fatalf("the fault: %d %s", status, body)
			}
			late := make(chan struct{})
			go func() {
				defer close(late)
				curl(t, linesOf(t, said)[0].words)
			}()
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			// The stream is ended, not cut off.
			if _, err := io.Copy(io.Discard, events); err != nil {
				t.Errorf("the stream ended with %v", err)
			}
			<-late
			if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
				t.Errorf("%v\n%s", err, &stderr)
			}
		})
	}
}
