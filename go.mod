module github.com/tenantkit/tenantkit

go 1.26.0

// For the packages.
require (
	github.com/cenkalti/backoff/v4 v4.3.0 // Later major versions change a retry loop that is not used here.
	github.com/go-json-experiment/json v1.27.2
	github.com/golang-jwt/jwt/v5 v5.3.1
	github.com/google/go-querystring v1.2.0
	github.com/hashicorp/go-cleanhttp v0.5.2
	golang.org/x/time v0.16.0
)

// For tests.
require (
	github.com/google/go-cmp v0.7.0
	github.com/jarcoal/httpmock v1.4.2
	go.uber.org/goleak v1.3.0
)
