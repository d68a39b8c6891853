//go:build !race

package proof

// million is how long the longest list of a hostile server is, and hugeText how long the longest
// text that a service may take.
const (
	million  = 1_000_000
	hugeText = 10 << 20
)
