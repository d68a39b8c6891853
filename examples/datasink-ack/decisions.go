package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/tenantkit/tenantkit/datasink"
)

// file is a file of decisions: JSON lines such as
//
//	{"user": "john.doe", "entitlements": ["entitlement_1"], "datasink_status": "ack"}
//
// or CSV with a header that names the columns user, entitlement and, if need be, datasink_status.
type file struct {
	path   string
	status datasink.Status // of decisions that come without one
}

// maxLine bounds a line of JSON, in bytes.
const maxLine = 16 << 20

// errStopped ends the reading where the user asked for it.
var errStopped = errors.New("stopped")

// count reads the whole file, and returns how many decisions it has.
func (f file) count(stop <-chan struct{}) (n int64, err error) {
	err = f.read(stop, func(datasink.AssignmentStatus) bool { n++; return true })
	return n, err
}

// each gives the decisions to yield, in order, until yield returns false or the user asks to stop.
func (f file) each(stop <-chan struct{}, yield func(datasink.AssignmentStatus) bool) error {
	if err := f.read(stop, yield); !errors.Is(err, errStopped) {
		return err
	}
	return nil
}

func (f file) read(stop <-chan struct{}, yield func(datasink.AssignmentStatus) bool) error {
	opened, err := os.Open(f.path)
	if err != nil {
		return err
	}
	// Nothing was written.
	defer func() { _ = opened.Close() }()
	use := func(decision datasink.AssignmentStatus) (more bool, err error) {
		if stopped(stop) {
			return false, errStopped
		}
		if decision.DatasinkStatus == "" {
			decision.DatasinkStatus = f.status
		}
		return yield(decision), nil
	}
	switch extension := filepath.Ext(f.path); extension {
	case ".jsonl":
		return f.readLines(opened, use)
	case ".csv":
		return f.readCSV(opened, use)
	default:
		return fmt.Errorf("%s: the name must end in .jsonl or .csv", f.path)
	}
}

func (f file) readLines(r io.Reader, use func(datasink.AssignmentStatus) (bool, error)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for number := 1; lines.Scan(); number++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var decision datasink.AssignmentStatus
		if err := json.Unmarshal(lines.Bytes(), &decision); err != nil {
			return fmt.Errorf("%s:%d: %w", f.path, number, err)
		}
		if more, err := use(decision); !more {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return nil
}

func (f file) readCSV(r io.Reader, use func(datasink.AssignmentStatus) (bool, error)) error {
	rows := csv.NewReader(r)
	header, err := rows.Read()
	if err != nil {
		return fmt.Errorf("%s: the header: %w", f.path, err)
	}
	user, entitlement, status := slices.Index(header, "user"), slices.Index(header, "entitlement"), slices.Index(header, "datasink_status")
	if user < 0 || entitlement < 0 {
		return fmt.Errorf("%s: the header must name the columns user and entitlement, and may name datasink_status", f.path)
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
		decision := datasink.AssignmentStatus{User: row[user], Entitlements: []string{row[entitlement]}}
		if status >= 0 {
			decision.DatasinkStatus = datasink.Status(row[status])
		}
		if more, err := use(decision); !more {
			return err
		}
	}
}

// refusals writes down what the service refuses, before the checkpoint counts it as settled; so none is lost, and one may be there
// twice after a kill.
type refusals struct {
	path string
	file *os.File
	err  error // the first one
}

func (r *refusals) add(refusal datasink.BulkRefusal) {
	if r.err == nil {
		r.err = r.write(refusal)
	}
}

func (r *refusals) write(refusal datasink.BulkRefusal) (err error) {
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
