// Package infoworks is a client for the security part of the Infoworks REST API V3: it makes,
// renews, checks and revokes the tokens that every other part of Infoworks asks for, looks up what
// a user may do, and brings users in from a directory (LDAP).
//
// Infoworks knows two kinds of tokens. A refresh token belongs to a user for long; the web
// interface shows it under My Profile > Settings. An access token (authentication_token) is made
// from it, or from the user's name and password, and lives for 15 minutes unless the deployment
// says otherwise. The client makes access tokens itself, and a new one before the old one expires:
//
//	client, err := infoworks.NewClient("https://infoworks.example.org/v3", infoworks.Credentials{
//		RefreshToken: auth.File("/run/secrets/infoworks-refresh-token"),
//	})
//	users, err := client.UserData(ctx, &infoworks.UserQuery{UserIDs: []string{"ada"}, SearchAttribute: "uid"})
//
// A call that fails returns a [*tenantkit.Error], and input that cannot be sent a
// [*tenantkit.ValidationError]. [errors.Is] with [tenantkit.ErrNotFound] and its siblings tells the
// kind of a refusal, [tenantkit.OutcomeOf] what became of a write, and [tenantkit.RetryPolicy] what
// is repeated.
//
// # Every other part of Infoworks
//
// [Client.TokenSource] serves any HTTP client for as long as it runs:
//
//	infoworks := &http.Client{Transport: auth.Transport(auth.Bearer(client.TokenSource()), nil)}
//	resp, err := infoworks.Get("https://infoworks.example.org/v3/admin/users?limit=50&offset=0")
//
// Lists of users hold everybody's refresh tokens: decode them into a [tenantkit.Secret].
//
// # What to know of the server
//
//   - It answers 406 to wrong credentials where others answer 401. Both are
//     [tenantkit.ErrUnauthenticated].
//   - Users who fail too often may be locked out, so a call does not send a refused password or
//     refresh token a second time.
//   - Where users log in by SAML, passwords do not work, and refresh tokens do.
//   - [Client.RegenerateRefreshToken] ends every program that lives on the old refresh token, and
//     does not tell the new one.
//   - Many deployments have a certificate of a private authority. Give the client its root, as the
//     example of [NewClient] does. This module has no switch that turns the check of certificates
//     off.
//
// The API is described at https://docs.infoworks.io and, as OpenAPI, by
// https://github.com/api-evangelist/infoworks. Package infoworkstest is a fake of the server.
package infoworks
