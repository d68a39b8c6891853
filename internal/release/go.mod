module github.com/tenantkit/tenantkit/internal/release

go 1.26.0

// For tests.
require (
	github.com/google/go-cmp v0.7.0
	golang.org/x/mod v0.43.0
	golang.org/x/tools v0.52.0
)

require golang.org/x/sync v0.25.0 // indirect
