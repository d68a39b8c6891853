// Package security has a client for each service whose tokens, authorization and users can be
// administered. It contains no code.
//
//   - [github.com/tenantkit/tenantkit/security/infoworks]: the security API of Infoworks. It
//     creates and revokes access tokens, authorizes users, and adds users from a directory. The
//     credential is a refresh token, or a user and password.
package security
