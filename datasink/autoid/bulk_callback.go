package autoid

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// wake tells the reading goroutine that something has changed.
func (r *bulkRun[T]) wake() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// catch stops the run where a callback panicked, or ended its goroutine. The panic is kept for the
// caller's goroutine, since nobody could recover from it in this one.
func (r *bulkRun[T]) catch(whole *bool) {
	if *whole {
		return
	}
	value := recover()
	r.mu.Lock()
	if value != nil && r.panicked == nil {
		r.panicked = &callbackPanic{value, debug.Stack()}
	}
	if r.stop == nil {
		r.stop = errors.New("a callback did not return")
	}
	r.mu.Unlock()
	r.wake()
}

// callbackPanic is a panic that has come from one goroutine to another, with the stack of the
// first.
type callbackPanic struct {
	value any
	stack []byte
}

func (p *callbackPanic) Error() string { return fmt.Sprintf("%v\n\n%s", p.value, p.stack) }

// Unwrap returns the value of the panic, if it is an error.
func (p *callbackPanic) Unwrap() error {
	err, _ := p.value.(error)
	return err
}
