package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tenantkit/tenantkit/auth"
)

// header is the first line of a journal.
type header struct {
	Version int    `json:"version"`
	Account string `json:"account"`
}

const journalVersion = 1

// journal holds what was read, and where the reading goes on. In its file each page is one line,
// which is on the disk before the next page is asked for; so a run that is killed loses one page at
// most, and a line that was cut off is the last one and does not count.
type journal struct {
	inventory
	list, next string
	seen       map[string]bool // the pages that were read, by list and token
	file       *os.File        // nil where nothing is kept
	unlock     func() error
}

// lockTime is how long a run waits for another to end, which may be about to.
const lockTime = time.Second

// openJournal reads the journal in the file of the given name, or begins one, and keeps other runs
// from it. Without a name nothing is kept.
func openJournal(ctx context.Context, name, account string) (*journal, error) {
	j := &journal{list: listProjects, seen: make(map[string]bool)}
	if name == "" {
		return j, nil
	}
	waiting, cancel := context.WithTimeout(ctx, lockTime)
	defer cancel()
	// The lock of a file of tokens serves for other files as well: NAME.lock, which the system
	// takes back from a run that is killed.
	unlock, err := auth.FileStore(name).Lock(waiting)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("%s: another run is at work with it: wait for its end (where there is no flock, as on Windows, two minutes more if it was killed), or name another file", name)
	case err != nil:
		return nil, err
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	j.file, j.unlock = file, unlock
	if err := j.load(header{journalVersion, account}); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), j.close())
	}
	return j, nil
}

// load reads all whole lines, and leaves the file ready for the next one.
func (j *journal) load(want header) error {
	lines := bufio.NewReader(j.file)
	var whole int64
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return j.begin(want, whole)
		}
		if err != nil {
			return err
		}
		if number == 1 {
			err = check(line, want)
		} else {
			err = j.take(line)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		whole += int64(len(line))
	}
}

func check(line []byte, want header) error {
	var got header
	if err := json.Unmarshal(line, &got); err != nil {
		return fmt.Errorf("it is no state of this program: %w", err)
	}
	if got != want {
		return fmt.Errorf("it is the state of %q (version %d), not of %q (version %d)", got.Account, got.Version, want.Account, want.Version)
	}
	return nil
}

func (j *journal) take(line []byte) error {
	var p page
	if err := json.Unmarshal(line, &p); err != nil {
		return err
	}
	if p.List != j.list {
		return fmt.Errorf("it holds a page of %q in place of %q", p.List, j.list)
	}
	j.enter(&p)
	return nil
}

// begin goes on behind the whole lines, over what was cut off, and writes the first line where
// there is none.
func (j *journal) begin(h header, whole int64) error {
	if _, err := j.file.Seek(whole, io.SeekStart); err != nil {
		return err
	}
	if whole > 0 {
		return nil
	}
	return j.write(h)
}

// add keeps a page.
func (j *journal) add(p *page) error {
	if j.file != nil {
		if err := j.write(p); err != nil {
			return err
		}
	}
	j.enter(p)
	return nil
}

func (j *journal) write(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return err
	}
	return j.file.Sync()
}

// enter takes a page into the inventory, and goes on to what comes after it.
func (j *journal) enter(p *page) {
	j.seen[j.list+" "+j.next] = true
	j.Projects = append(j.Projects, p.Projects...)
	j.Users = append(j.Users, p.Users...)
	j.next = p.Next
	if p.Next == "" {
		j.list = map[string]string{listProjects: listUsers, listUsers: listEnd}[j.list]
	}
}

// close ends the work with the file, which stays for the next run.
func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	return errors.Join(j.file.Close(), j.unlock())
}

// remove is close for a run that came to its end: it deletes the file first, while no other run can
// have begun with it.
func (j *journal) remove() error {
	if j.file == nil {
		return nil
	}
	return errors.Join(j.file.Close(), os.Remove(j.file.Name()), j.unlock())
}
