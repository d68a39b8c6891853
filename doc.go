// Package tenantkit is the vocabulary that the client packages of this module share: options, retry
// policy, errors, outcomes of writes, pages and secrets.
//
// Choose the client package of the system that you administer:
//
//   - datasink/autoid: data sinks of Autonomous Identity, and the acknowledgement of its decisions
//   - tenant/argo: tenants and users of an ARGO monitoring service
//   - provisioning/keboola: GoodData projects and users of a Keboola Connection project
//   - security/infoworks: tokens, authorisation and directory users of an Infoworks server
//   - tenant/worklytics: data connections of a Worklytics tenant
//
// A client is made from a base URL, a source of its credential (package auth) and options, and is
// safe for concurrent use. Each [Option] can be given to a single call too:
//
//	client, err := argo.NewClient("https://api.argo.example.org/api/v2", auth.Env("ARGO_API_KEY"),
//		tenantkit.WithLogger(slog.Default()))
//	tenant, err := client.GetTenant(ctx, id, tenantkit.WithTimeout(5*time.Second))
//
// Beside each client is a fake of its service (argotest, worklyticstest, keboolatest, autoidtest,
// infoworkstest), to test programs with: a server on a loopback address that keeps state, and fails
// on request. In a test its function Start makes one that closes itself; elsewhere NewServer does,
// and Close ends it.
//
// # Failures
//
// A call that was sent, or should have been, fails with an [*Error]. Invalid input is a
// [*ValidationError] before anything is sent. Test for a kind of rejection with [errors.Is] and the
// sentinels ([ErrNotFound], [ErrConflict], …). After a failed write, [OutcomeOf] reports whether it
// took effect. A response of a gateway, such as an HTML page, never shows that a write took effect.
//
// # Invalid input
//
// All input is checked before anything is sent: strings that a name or path cannot have, numbers
// out of range, and unexpected nils are reported as a [*ValidationError] with the service, the
// operation and the field. This includes a nil client and a client that was not made by its
// constructor. The methods of other types that return an error return one for a nil receiver.
//
// # Retry classes
//
// Each operation has a [Class], which decides about retries. Reads and idempotent writes are
// retried after any transient failure. A write that creates something is retried only if it
// definitely was not applied. An operation that destroys a credential is never retried. See
// [RetryPolicy]. Each client package lists its operations in Operations, and a middleware
// ([WithTransport]) gets the operation of a request from [OperationFromContext].
//
// # Other endpoints
//
// The methods Call and CallPage of a client call any other endpoint of its service with the same
// credentials, retries, limits, errors and redaction. The class must be given:
//
//	op := tenantkit.Operation{Name: "ListReports", Method: "GET", Path: "/reports/{kind}", Class: tenantkit.Read}
//	params := tenantkit.CallParams{Path: map[string]string{"kind": "daily"}, Items: "data"}
//	for report, err := range tenantkit.Pages[Report](ctx, client.CallPage, op, params) {
//		...
//	}
//
// # Several machines
//
// Some changes read an object, change it and write it back. A client makes such changes to one
// object one after another. With [WithLocker], all clients that share a locker of package coord do
// so, also those of other processes and machines.
//
// # Secrets
//
// Passwords, keys and tokens have the type [Secret], which prints, logs, compares and marshals
// without showing them. A client knows the credentials that it sent and all secrets in its requests
// and responses. If a server echoes any of them, in whatever encoding, the whole field of the error
// or response becomes [Redacted]. The raw body of an error response is a Secret as well.
//
// Fields that a service has and this module does not know are kept, so that they can be sent back:
// in fields named Extra, as JSON. They are shown as they are, by slog and encoding/json too. A
// newer service may keep a secret in one, so log the name of an object rather than all of it.
//
// # Compatibility
//
// Versions follow Semantic Versioning. Before v1 a minor version may break programs, a patch never
// does; from v1 on only a new major version does. The folder api of the repository records the
// exported API, that of the fakes included.
//
//   - Any minor version may add fields to structs (write literals with field names), constants to
//     enumerations (a named type keeps values that it does not know: have a default), methods to
//     clients and fakes (do not embed them next to methods of your own), and details to the
//     messages of errors (compare with [errors.Is] and fields). Interfaces stay as they are.
//   - What requests look like, when they are retried, and what is redacted is behaviour that
//     programs rely on: a change of it is announced like one of the API.
//   - A fake responds as the real service does: when that turns out to be different, the fake
//     changes.
//   - Internal packages may change at any time.
package tenantkit

//go:generate go run ./internal/readme
//go:generate go -C internal/release test -run TestAPI -update .
