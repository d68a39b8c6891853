package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/tenantkit/tenantkit/datasink/autoid"
)

// file is a file of decisions: JSON lines such as
//
//	{"user": "john.doe", "entitlements": ["entitlement_1"], "datasink_status": "ack"}
//
// or CSV with a header that names the columns user, entitlement and, if need be, datasink_status. A
// name beside these is an error: one that is misspelt would pass for one that is left out.
type file struct {
	path   string
	status autoid.Status // of decisions that come without one
}

// maxLine bounds a line of JSON, in bytes.
const maxLine = 16 << 20

// errStopped ends the reading where the user asked for it.
var errStopped = errors.New("stopped")

// count reads the whole file, and returns how many decisions it has.
func (f file) count(stop <-chan struct{}) (n int64, err error) {
	err = f.read(stop, func(autoid.AssignmentStatus) bool { n++; return true })
	return n, err
}

// each gives the decisions to yield, in order, until yield returns false or the user asks to stop.
func (f file) each(stop <-chan struct{}, yield func(autoid.AssignmentStatus) bool) error {
	if err := f.read(stop, yield); !errors.Is(err, errStopped) {
		return err
	}
	return nil
}

func (f file) read(stop <-chan struct{}, yield func(autoid.AssignmentStatus) bool) error {
	opened, err := os.Open(f.path)
	if err != nil {
		return err
	}
	// Nothing was written.
	defer func() { _ = opened.Close() }()
	use := func(line int, decision autoid.AssignmentStatus) (more bool, err error) {
		if stopped(stop) {
			return false, errStopped
		}
		if decision.DatasinkStatus == "" {
			decision.DatasinkStatus = f.status
		}
		if wrong := check(decision); wrong != "" {
			return false, fmt.Errorf("%s:%d: %s", f.path, line, wrong)
		}
		return yield(decision), nil
	}
	content := bufio.NewReader(opened)
	// Spreadsheets mark UTF-8 so.
	if mark, err := content.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = content.Discard(len(mark))
	}
	switch extension := filepath.Ext(f.path); extension {
	case ".jsonl":
		return f.readLines(content, use)
	case ".csv":
		return f.readCSV(content, use)
	default:
		return fmt.Errorf("%s: the name must end in .jsonl or .csv", f.path)
	}
}

// check says what is wrong with a decision, so that it is found before anything is sent.
func check(decision autoid.AssignmentStatus) string {
	switch {
	case decision.User == "":
		return "user is missing"
	case len(decision.Entitlements) == 0 || slices.Contains(decision.Entitlements, ""):
		return "an entitlement is missing"
	case decision.DatasinkStatus != autoid.Ack && decision.DatasinkStatus != autoid.Nack:
		return fmt.Sprintf("the status %q is neither ack nor nack", string(decision.DatasinkStatus))
	}
	return ""
}

// useFunc takes the decision of a line.
type useFunc func(line int, decision autoid.AssignmentStatus) (more bool, err error)

func (f file) readLines(r io.Reader, use useFunc) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for number := 1; lines.Scan(); number++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var decision autoid.AssignmentStatus
		if err := unmarshal(lines.Bytes(), &decision); err != nil {
			return fmt.Errorf("%s:%d: %w", f.path, number, err)
		}
		if more, err := use(number, decision); !more {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return nil
}

// unmarshal refuses what json.Unmarshal does, and fields that a decision does not have.
func unmarshal(line []byte, decision *autoid.AssignmentStatus) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(decision); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("something stands behind the decision")
	}
	return nil
}

func (f file) readCSV(r io.Reader, use useFunc) error {
	rows := csv.NewReader(r)
	header, err := rows.Read()
	if err != nil {
		return fmt.Errorf("%s: the header: %w", f.path, err)
	}
	user, entitlement, status := slices.Index(header, "user"), slices.Index(header, "entitlement"), slices.Index(header, "datasink_status")
	if user < 0 || entitlement < 0 {
		return fmt.Errorf("%s:1: the header must name the columns user and entitlement, and may name datasink_status", f.path)
	}
	for i, name := range header {
		if i != user && i != entitlement && i != status {
			return fmt.Errorf("%s:1: the column %q is none of user, entitlement and datasink_status, or is there twice: rename it, or leave it out", f.path, name)
		}
	}
	rows.ReuseRecord = true
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		decision := autoid.AssignmentStatus{User: row[user], Entitlements: []string{row[entitlement]}}
		if status >= 0 {
			decision.DatasinkStatus = autoid.Status(row[status])
		}
		line, _ := rows.FieldPos(user)
		if more, err := use(line, decision); !more {
			return err
		}
	}
}

// refusals writes down what the service refuses, before the checkpoint counts it as settled; so
// none is lost, and one may be there twice after a kill.
type refusals struct {
	path string
	file *os.File
	err  error // the first one
}

func (r *refusals) add(refusal autoid.BulkRefusal) {
	if r.err == nil {
		r.err = r.write(refusal)
	}
}

func (r *refusals) write(refusal autoid.BulkRefusal) (err error) {
	if r.file == nil {
		if r.file, err = os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
			return err
		}
	}
	line, err := json.Marshal(map[string]any{"position": refusal.Position, "decision": refusal.Item, "error": refusal.Err.Error()})
	if err != nil {
		return err
	}
	if _, err := r.file.Write(append(line, '\n')); err != nil {
		return err
	}
	return r.file.Sync()
}

func (r *refusals) close() {
	if r.file != nil {
		// Each line was synced.
		_ = r.file.Close()
	}
}
