package rest

import "sync"

// budget is the bucket of repetitions that a client's calls share. A nil budget has no bound.
type budget struct {
	mu        sync.Mutex
	size, has int
}

func newBudget(size int) *budget {
	if size < 0 {
		return nil
	}
	return &budget{size: size, has: size}
}

// take takes one repetition out, if there is one.
func (b *budget) take() bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.has == 0 {
		return false
	}
	b.has--
	return true
}

// give puts back n repetitions.
func (b *budget) give(n int) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.has = min(b.has+n, b.size)
}
