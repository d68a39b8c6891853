// Package argo administers the tenants of an ARGO monitoring service, and their users, through the
// ARGO Web API.
//
// A tenant is a customer of the service: its databases, its topology, and its users, each with an
// API key and roles. The argo engine reports for each tenant a status, which says whether its data
// arrives and its reports are set up.
//
//	client, err := argo.NewClient("https://api.argo.example.org/api/v2", auth.Env("ARGO_API_KEY"))
//	for tenant, err := range client.AllTenants(ctx) {
//		…
//	}
//
// The key must belong to an administrator of the service; the key of a tenant's user is rejected.
// Each method says what restricted administrators may do.
//
// A call that fails returns a [*tenantkit.Error], and invalid input a [*tenantkit.ValidationError].
// [errors.Is] with [tenantkit.ErrNotFound] and the other sentinels reports the kind of a failure,
// and [tenantkit.OutcomeOf] whether a write took effect. Each method names its retry class, see
// [tenantkit.RetryPolicy].
//
// [Client.EnsureTenant] and [Client.EnsureUser] find or create one object, and [Client.Reconcile]
// brings a tenant with its users to a desired state. All three can be called again after any error.
// [Client.Call] and [Client.CallPage] reach the other resources of the service, such as reports.
//
// # What to know of the server
//
// The server keeps a tenant, its users and its status in one document, without locks. Hence:
//
//   - Concurrent changes of a tenant's users overwrite each other, although each gets a success.
//     This package makes them one after the other for each tenant, for all clients that share a
//     locker ([tenantkit.WithLocker]); without that option, for one client. Other programs do not
//     take part, and a call without a response may still be under way. [Client.ProvisionUser]
//     checks that what it created was kept.
//   - A tenant's name is checked and taken in two steps. Creations of one name run one after the
//     other in the same way.
//   - Every change of a tenant or of its users wipes the tenant's status. [Client.KeepStatus]
//     restores it.
//   - An update of a tenant replaces all of it, including the keys of users. [Client.ModifyTenant]
//     changes a part.
//
// The server is https://github.com/ARGOeu/argo-web-api; its documentation is
// https://argoeu.github.io/argo-web-api/. Package argotest is a fake of it.
package argo
