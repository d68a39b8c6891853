package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

// runDemo acknowledges n made-up decisions, with a fake of the service in this program. Its files
// have the same place in each run, so that one that was killed is resumed; they are removed when
// all is done.
func runDemo(ctx context.Context, stop <-chan struct{}, c *command, n int, out io.Writer, terminal bool) error {
	directory := filepath.Join(os.TempDir(), fmt.Sprintf("datasink-ack-demo-%d", n))
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	c.file.path = filepath.Join(directory, "decisions.jsonl")
	if _, err := os.Stat(c.file.path); errors.Is(err, fs.ErrNotExist) {
		err = makeUp(c.file.path, n)
		if err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	server := autoidtest.NewServer(autoidtest.WithCountsOnly())
	defer server.Close()
	server.Fail("", autoidtest.Fault{Times: -1, Delay: 5 * time.Millisecond})
	c.url, c.key, c.client = server.BaseURL(), auth.StaticToken(autoidtest.DefaultAPIKey), server.Client()
	if err := c.run(ctx, stop, out, terminal); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "the service was told of %d decisions in %d requests\n", server.StatusesSet(), server.Applied("UpdateAssignmentStatus")); err != nil {
		return err
	}
	return os.RemoveAll(directory)
}

// makeUp writes n decisions to a file, the same in each run.
func makeUp(path string, n int) error {
	// Under another name until it is whole.
	file, err := os.Create(path + ".tmp")
	if err != nil {
		return err
	}
	lines := bufio.NewWriter(file)
	for i := range n {
		// A failed write is told by Flush.
		_, _ = fmt.Fprintf(lines, "{\"user\":\"user-%07d\",\"entitlements\":[\"cn=Group %d,ou=Groups,dc=example,dc=com\"]}\n", i, i%1000)
	}
	if err := errors.Join(lines.Flush(), file.Close()); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}
