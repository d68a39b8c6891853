// Package keboola manages the GoodData projects and users of a Keboola Connection project, through
// the GoodData Provisioning API of Keboola.
//
// A project is a GoodData workspace, known by its pid. A user is known by its login. Both belong to
// the Keboola project whose Storage API token the client is given: a master token, or one that is
// allowed for the component keboola.gooddata-provisioning.
//
//	client, err := keboola.NewClient(keboola.BaseURLEU, auth.Env("KBC_STORAGE_TOKEN"))
//	for project, err := range client.AllProjects(ctx) {
//		…
//	}
//
// A call that fails returns a [*tenantkit.Error], and input that cannot be sent a
// [*tenantkit.ValidationError]. [errors.Is] with [tenantkit.ErrNotFound] and its siblings tells the
// kind of a refusal, [tenantkit.OutcomeOf] what became of a write, and [tenantkit.RetryPolicy] what
// is repeated.
//
// # What to know of the service
//
//   - It makes projects within a quota: by default one with Keboola's production token, two with
//     its demo token, and any number with a token of your own. A project made by mistake counts.
//     Creation is therefore never repeated once the request may have arrived; [tenantkit.OutcomeOf]
//     tells whether it did.
//   - [Client.ProjectCredentials] and [Client.ProjectAccess] are sent by GET, and change something
//     each time.
//   - Single sign-on to a project works only some seconds after its creation.
//   - It lower-cases logins. Compare them with [strings.EqualFold].
//   - A login that exists in another GoodData domain can be neither created nor added; such a user
//     must be invited in GoodData.
//   - During maintenance it answers 503 with its reason in the error's Message and the time of its
//     end in RetryAfter. The client waits that long where the retry policy allows it.
//
// The API is described at https://keboolagooddataprovisioning.docs.apiary.io, which calls it Beta.
// Keboola took it out of the index of its public APIs in 2021; ask Keboola whether your stack still
// has it, and find its URL with [DiscoverBaseURL]. What its description leaves open follows the
// public programs that call it. The following is not public: the size of a page, the form of its
// tokens, the limits on the rate of calls, what the deletion of an unknown user answers, and the
// status of a quota that is used up.
//
// Package keboolatest is a fake of it.
package keboola
