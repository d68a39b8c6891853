package coord

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/tenantkit/tenantkit/internal/atomicfile"
)

// Memory returns an empty Store that lasts as long as the process: for tests, and for programs that
// need not remember.
func Memory() Store { return &memory{entries: make(map[string]entry)} }

type memory struct {
	mu      sync.Mutex
	entries map[string]entry
}

type entry struct {
	value   []byte
	version string
}

// Load returns a copy of the value of key.
func (m *memory) Load(ctx context.Context, key string) ([]byte, string, error) {
	if err := checkContext(ctx); err != nil {
		return nil, "", fmt.Errorf("coord: Load: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := m.entries[key]
	return slices.Clone(kept.value), kept.version, nil
}

// Save keeps a copy of value.
func (m *memory) Save(ctx context.Context, key string, value []byte, version string) (string, error) {
	if err := checkContext(ctx); err != nil {
		return "", fmt.Errorf("coord: Save: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.entries[key].version != version:
		return "", fmt.Errorf("coord: Save: %w", ErrStale)
	case value == nil:
		delete(m.entries, key)
		return "", nil
	}
	next := rand.Text()
	m.entries[key] = entry{slices.Clone(value), next}
	return next, nil
}

// Format writes "coord.Memory()", for every verb, and may be called at any time.
func (m *memory) Format(f fmt.State, _ rune) {
	// fmt.State reports no write errors.
	_, _ = io.WriteString(f, "coord.Memory()")
}

func checkContext(ctx context.Context) error {
	switch {
	case ctx == nil:
		return errors.New("ctx must not be nil")
	case ctx.Err() != nil:
		return atomicfile.Ended(ctx)
	}
	return nil
}
