//go:build race

package proof

// Under the race detector, which takes ten times as long, a tenth of it. The gate runs the tests
// without it, too.
const (
	million  = 100_000
	hugeText = 1 << 20
)
