// Package autoidtest is a fake of the data sink API of Autonomous Identity, for tests of programs
// that use it.
//
// It keeps data sinks, their logs, and the status of decisions, and asks for the credentials that
// the documentation asks for: a bearer token to create, update and delete sinks, an API key for
// everything else. It gives tokens to those who log in.
//
//	server := autoidtest.Start(t)
//	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{
//		Tokens: auth.StaticToken(autoidtest.DefaultToken),
//		APIKey: auth.StaticToken(autoidtest.DefaultAPIKey),
//	})
//
// A [Server] records what is sent to it (its method Requests), and fails when it is asked to (its
// method Fail).
//
// The documentation does not say what the service does with mistakes. The fake refuses them: 400
// for what does not fit the documentation, 401 for a wrong credential, 404 for an unknown sink, 409
// for an id that is taken. An update leaves fields that are not sent as they are; an update of logs
// replaces them.
package autoidtest
