// Package worklyticstest is a fake Worklytics Tenant API for tests of programs that administer data
// connections.
//
//	server := worklyticstest.Start(t)
//	tokens := auth.StaticToken(server.GoogleToken("ci@acme.iam.gserviceaccount.com", time.Hour))
//	client, err := worklytics.NewClient(server.BaseURL(), worklyticstest.DefaultTenantID, tokens)
//
// A [Server] records what is sent to it (its method Requests), and fails when it is asked to (its
// method Fail).
//
// # What is documented, and what is made up
//
// The calls, the object, the settings that every connection needs, and the statuses 200, 400, 403
// and 404 are those of https://docs.worklytics.co/knowledge-base/tenant-api. What is not documented
// is done in the way that asks most of a client:
//
//   - An ID comes as a JSON number, or as text [WithTextIDs], and must be sent back as it came.
//   - Objects have the fields creationDate and lastUpdateDate, which are ignored when they are
//     sent. All other fields that are sent are kept, whatever they are.
//   - A token that cannot be verified gets a 401, one whose principal lacks the role a 403.
//   - Refusals are JSON with a message, and a path that is not there is answered with a page of
//     HTML.
//   - Nothing is known to refuse a second connection like the first, so it is created.
//
// Tokens are checked as those of their issuer: of Google, the audience https://app.worklytics.co
// and a verified email are needed; of Amazon Cognito, the principal in the claim amr. They are
// signed with a key of the server, not with that of the issuer.
package worklyticstest
