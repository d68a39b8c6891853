// Package infoworkstest is an Infoworks server, as far as security goes, that runs within a test:
// users, passwords, refresh and access tokens, SAML, a directory (LDAP), and the list of users as
// an example of all else.
//
//	server := infoworkstest.Start(t, infoworkstest.WithUsers(infoworkstest.User{
//		Email: "admin@infoworks.io", Password: "secret", RefreshToken: "refresh+token/of+admin",
//	}))
//	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{
//		RefreshToken: auth.StaticToken(server.RefreshToken("admin@infoworks.io")),
//	})
//
// It behaves as Infoworks' OpenAPI description of V3 (product 6.2.2) says, errors included: wrong
// credentials are answered with 406 on the calls that take Basic, and with 401 on those that take
// Bearer. Access tokens are JSON Web Tokens that live for 15 minutes, or as long as [WithTokenLife]
// says, by the clock of [WithClock].
//
// A [Server] records what is sent to it (its method Requests), and fails when it is asked to (its
// method Fail).
//
// In a testing/synctest bubble, where no socket works, make the server outside of the bubble and
// send requests through its RoundTripper. Time is then the bubble's.
package infoworkstest
