// Package provisioning has a client for each service that provisions accounts for others. It
// contains no code.
//
//   - [github.com/tenantkit/tenantkit/provisioning/keboola]: the GoodData Provisioning API of
//     Keboola. A Keboola project creates and deletes its GoodData projects, their users, and the
//     users' access. The credential is a Storage API token.
package provisioning
