// Package auth says where credentials come from, and how they are put on requests.
//
// A [TokenSource] gives a secret: [StaticToken], [Env], [File], [Command] with [GCloudIDToken] and
// [CognitoCLI], or one of your own ([TokenSourceFunc]). A [Credential] puts it on a request:
// [APIKey], [Basic], [Bearer], [RawBasic]. The clients of this module take token sources and know
// the credential; with any other HTTP client, use [Transport].
//
// A source is asked before each attempt of a call, so that a secret may change while the program
// runs. It must be safe for concurrent use. A source that takes long, or must not be asked often,
// goes under a [Cache]:
//
//	tokens := auth.Cache(auth.GCloudIDToken(auth.GCloudOptions{Audience: "https://app.worklytics.co", ServiceAccount: email}))
//
// A call for which no token can be had fails with the error of the source, and is not sent. No
// error of this package holds a secret.
//
// [RefreshToken] exchanges a refresh token for short-lived access tokens, and keeps a replaced
// refresh token in a [TokenStore]: in memory, in a file, or, for replicas, in a [coord.Store]
// ([TokenStoreIn]).
//
// [ParseClaims] and [CheckIDToken] read a JSON Web Token to explain why a service refuses it.
package auth
