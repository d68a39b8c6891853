package rest

import (
	"sync"
	"sync/atomic"
)

const (
	// firstBytes is the size of the buffer for an answer of unknown length, and maxFirstBytes that for one which may be as long as
	// the last of its operation.
	firstBytes    = 8 << 10
	maxFirstBytes = 256 << 10
)

// sizes remembers how long the last answer of each operation was, so that the next one fits into its first buffer: lists come
// without their length, and are as long as before.
type sizes struct{ last sync.Map } // of *atomic.Int64 by *Operation

// get returns the size of a buffer for an answer of the operation.
func (s *sizes) get(op *Operation) int64 {
	last, known := s.last.Load(op)
	if !known {
		return firstBytes
	}
	return last.(*atomic.Int64).Load()
}

// set remembers the length of an answer.
func (s *sizes) set(op *Operation, length int) {
	last, known := s.last.Load(op)
	if !known {
		last, _ = s.last.LoadOrStore(op, new(atomic.Int64))
	}
	// One byte above, to meet the end without growing.
	last.(*atomic.Int64).Store(min(max(int64(length)+1, firstBytes), maxFirstBytes))
}
