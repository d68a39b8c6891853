module github.com/tenantkit/tenantkit/examples/worklytics-connect

go 1.26.0

replace github.com/tenantkit/tenantkit => ../..

// For the program.
require (
	github.com/goccy/go-yaml v1.19.2
	github.com/tenantkit/tenantkit v0.0.0
)

// For tests.
require github.com/google/go-cmp v0.7.0

require (
	github.com/cenkalti/backoff/v4 v4.3.0 // indirect
	github.com/go-json-experiment/json v1.27.2 // indirect
	github.com/golang-jwt/jwt/v5 v5.3.1 // indirect
	github.com/google/go-querystring v1.2.0 // indirect
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	golang.org/x/time v0.16.0 // indirect
)
