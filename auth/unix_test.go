//go:build unix

package auth_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit/auth"
)

// The program and its child hang, are deaf to SIGTERM, and share the pipes. Both must be dead after
// the context's end.
func TestCommandKillsTheWholeFamily(t *testing.T) {
	t.Parallel()
	listener := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	family := make(chan []net.Conn, 1)
	go func() {
		var conns []net.Conn
		for range 2 {
			conn, err := listener.Accept()
			if err != nil {
				t.Error(err)
				break
			}
			conns = append(conns, conn)
		}
		family <- conns
		cancel()
	}()
	_, err := auth.Command(program(t), "family", listener.Addr().String()).Token(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	for _, conn := range <-family {
		wantDeath(t, conn)
	}
}

// wantDeath waits until the process at the other end is dead.
func wantDeath(t *testing.T, conn net.Conn) {
	t.Helper()
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("a process outlives its call")
	} else if !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
}

// To read a named pipe would wait for a writer.
func TestFileRejectsAPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := auth.File(pipe).Token(t.Context()); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("got %v", err)
	}
}
