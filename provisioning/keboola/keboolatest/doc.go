// Package keboolatest is a fake of Keboola's GoodData Provisioning API, for tests of programs that
// use it.
//
// It is stateful, and behaves as the service is described and was seen to behave, its surprises
// included:
//
//   - Links to the next page have no angle brackets, those of users name /projects, and the last
//     page has an empty Link: [LinkStyle] changes that.
//   - Projects have quotas: see [WithQuotas].
//   - Logins are lower-cased, and not found where a path spells their @ as %40.
//   - Single sign-on is not ready for a while after the creation of a project, where [WithSSODelay]
//     says so.
//   - Maintenance stops everything: see [Server.StartMaintenance].
//
// A test starts it, and gives its address to the client:
//
//	server := keboolatest.Start(t, keboolatest.WithPageSize(2))
//	client, err := keboola.NewClient(server.BaseURL(), auth.StaticToken(keboolatest.DefaultToken))
//
// A [Server] records what is sent to it (its method Requests), and fails when it is asked to (its
// method Fail).
//
// Not public, and chosen here: the size of a page, the form of its tokens, the answer to the
// deletion of something unknown (404), the status of a quota that is used up (422), of a login that
// exists (422) or is foreign (400), and of single sign-on that is not ready (400).
package keboolatest
