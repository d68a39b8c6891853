// Package tenantkit is the vocabulary that the client packages of this module share: options, retry policy, errors,
// outcomes of writes, pages and secrets.
//
// Choose the client package of the system that you administer:
//
//   - datasink/autoid: data sinks of Autonomous Identity, and the acknowledgement of its decisions
//   - tenant/argo: tenants and users of an ARGO monitoring service
//   - provisioning/keboola: GoodData projects and users of a Keboola Connection project
//   - security/infoworks: tokens, authorisation and directory users of an Infoworks server
//   - tenant/worklytics: data connections of a Worklytics tenant
//
// A client is made from a base URL, a source of its credential (package auth) and options, and is safe for concurrent use. Each
// [Option] can be given to a single call too:
//
//	client, err := argo.NewClient("https://api.argo.example.org/api/v2", auth.Env("ARGO_API_KEY"),
//		tenantkit.WithLogger(slog.Default()))
//	tenant, err := client.GetTenant(ctx, id, tenantkit.WithTimeout(5*time.Second))
//
// Beside each client is a fake of its service (argotest, worklyticstest, keboolatest, autoidtest, infoworkstest), to test
// programs with: a server on a loopback address that keeps state, and fails when it is told to. In a test its function Start makes one
// that closes itself; elsewhere NewServer does, and Close ends it.
//
// # Failures
//
// A call that was sent, or should have been, fails with an [*Error]; bad input fails with a [*ValidationError] before anything is
// sent. Test for a kind of refusal with [errors.Is] and the sentinels ([ErrNotFound], [ErrConflict], …). After a failed write,
// [OutcomeOf] tells whether the server applied it.
//
// # Bad input
//
// Everything is checked before anything is sent: texts that cannot stand where they are to stand, numbers out of their range, and nil
// where a value is needed are a [*ValidationError] that names the parameter or field. That holds for a nil client too, and for one
// that was not made by its constructor. Of other types, the methods that return an error return one for a nil receiver.
//
// # Repetition
//
// What is repeated, and when, follows from the operation: reads and idempotent writes are repeated after any failure that
// another attempt may mend, a write that creates something only when it surely was not applied. See [RetryPolicy].
//
// # Secrets
//
// Passwords, keys and tokens are of type [Secret], which prints, logs and marshals as [redacted]. Secrets that a server echoes
// are removed from errors and responses.
//
// Fields that a service has and this module does not know are kept, so that they can be sent back: in fields named Extra, as JSON.
// They are shown as they are, by slog and encoding/json too. A newer service may keep a secret in one, so log the name of an object
// rather than all of it.
//
// # Compatibility
//
// Versions follow Semantic Versioning. Before v1 a minor version may break programs, a patch never does; from v1 on only a new major
// version does. The folder api of the repository records the exported API, that of the fakes included.
//
//   - Any minor version may add fields to structs (write literals with field names), constants to enumerations (a named type keeps
//     values that it does not know: have a default), methods to clients and fakes (do not embed them beside methods of your own), and
//     details to the texts of errors (compare with [errors.Is] and fields). Interfaces stay as they are.
//   - What requests look like, when they are repeated, and what is redacted is behaviour that programs rely on: a change of it is
//     announced like one of the API.
//   - A fake answers as the real service does: when that turns out to be different, the fake changes.
//   - The functions named Operations return a type of an internal package, for programs that list operations: its fields Name, Method,
//     Path and Class stay. Everything else in internal packages may change at any time.
package tenantkit

//go:generate go run ./internal/readme
//go:generate go -C internal/release test -run TestAPI -update .
