// Package coordtest is the conformance suite for implementations of [coord.Locker] and
// [coord.Store].
package coordtest

import "strings"

// keys are strings that an implementation may confuse with each other, or with something else.
var keys = []string{
	"", " ", "a", "A", "a ", "a.lock", "a.value", "a/b", "a//b", "../a", "/a", `a\b`, ".", "..", "a\x00", "\x00", "a\nb", "a%00", "a*", "é", "e\u0301",
	"\xff\xfe", "\xff", "argo https://host.example/api tenant EGI", strings.Repeat("k", 4000) + "1", strings.Repeat("k", 4000) + "2",
}
