package rest

import (
	"slices"
	"sync"
)

// maxKnown bounds how many credentials a client remembers: several kinds, each renewed now and then.
const maxKnown = 16

// known remembers what the client's credentials lately put on requests, since a server may show one in the answer to a call that was
// made with another.
type known struct {
	mu     sync.RWMutex
	values []string
}

// add remembers the values of a credential's header.
func (k *known) add(values ...string) {
	for _, value := range values {
		k.mu.RLock()
		there := slices.Contains(k.values, value)
		k.mu.RUnlock()
		if there {
			continue
		}
		k.mu.Lock()
		if len(k.values) == maxKnown {
			k.values = slices.Delete(k.values, 0, 1)
		}
		k.values = append(k.values, value)
		k.mu.Unlock()
	}
}

// all returns what is remembered.
func (k *known) all() []string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Clone(k.values)
}
