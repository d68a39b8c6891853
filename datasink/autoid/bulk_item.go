package autoid

import (
	"slices"
	"strings"
)

// bulkItem is an item of a long run.
type bulkItem interface {
	// check returns the field that cannot be sent and why, or nothing.
	check() (field, reason string)
	// appendKeys adds a hash of each thing that the item sets the status of. Items that share
	// one are kept in order. The hashes are the same in every process, since a checkpoint holds
	// them.
	appendKeys(keys []uint64) []uint64
	// size is the length of the item's JSON, or slightly more.
	size() int
	// value is what the status is set to.
	value() string
}

func (s AssignmentStatus) appendKeys(keys []uint64) []uint64 {
	user := hash(hashSeed, s.User)
	for _, entitlement := range s.Entitlements {
		keys = append(keys, hash(user, entitlement))
	}
	return keys
}

func (s AssignmentStatus) size() int {
	return len(`{"user":,"entitlements":,"datasink_status":}`) + textSize(s.User) + listSize(s.Entitlements) + textSize(string(s.DatasinkStatus))
}

func (s AssignmentStatus) value() string { return string(s.DatasinkStatus) }

func (s RuleStatus) appendKeys(keys []uint64) []uint64 {
	conditions := s.Justification
	if !slices.IsSorted(conditions) {
		conditions = slices.Sorted(slices.Values(conditions))
	}
	key := hash(hashSeed, s.Entitlement)
	for _, condition := range conditions {
		key = hash(key, condition)
	}
	return append(keys, key)
}

func (s RuleStatus) size() int {
	return len(`{"entitlement":,"justification":,"datasink_status":}`) + textSize(s.Entitlement) + listSize(s.Justification) + textSize(string(s.DatasinkStatus))
}

func (s RuleStatus) value() string { return string(s.DatasinkStatus) }

func (s RoleStatus) appendKeys(keys []uint64) []uint64 {
	// Whether the service tells roles apart by their case, it does not say; one wait too many
	// does no harm.
	return append(keys, hash(hashSeed, strings.ToLower(s.RoleID)))
}

func (s RoleStatus) size() int {
	return len(`{"role_id":,"status":,"datasink_status":}`) + textSize(s.RoleID) + textSize(string(s.Status)) + textSize(string(s.DatasinkStatus))
}

func (s RoleStatus) value() string { return string(s.Status) + " " + string(s.DatasinkStatus) }

// textSize is the length of a text in JSON.
func textSize(text string) int {
	n := len(text) + len(`""`)
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ':
			n += len(`\u0000`) - 1
		case c == '"' || c == '\\':
			n++
		}
	}
	return n
}

func listSize(texts []string) int {
	n := len(`[]`)
	for _, text := range texts {
		n += textSize(text) + len(`,`)
	}
	return n
}

// FNV-1a, with the text's end as a byte of its own, which no UTF-8 holds.
const (
	hashSeed  uint64 = 14695981039346656037
	hashPrime uint64 = 1099511628211
)

func hash(h uint64, text string) uint64 {
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * hashPrime
	}
	return (h ^ 0xff) * hashPrime
}

// hashNumber mixes a hash into another.
func hashNumber(h, number uint64) uint64 {
	for shift := 0; shift < 64; shift += 8 {
		h = (h ^ (number>>shift)&0xff) * hashPrime
	}
	return h
}
