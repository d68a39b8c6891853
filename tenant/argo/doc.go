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
// The key must be that of an administrator of the service; the key of a tenant's user is refused.
// What the restricted administrators may do is told at each method.
//
// A call that fails returns a [*tenantkit.Error], and input that cannot be sent a
// [*tenantkit.ValidationError]. [errors.Is] with [tenantkit.ErrNotFound] and its siblings tells the
// kind of a refusal, [tenantkit.OutcomeOf] what became of a write, and [tenantkit.RetryPolicy] what
// is repeated.
//
// # What to know of the server
//
// The server keeps a tenant, its users and its status in one document, without locks. Hence:
//
//   - Concurrent changes of a tenant's users overwrite each other, although each is answered with
//     success. A client of this package makes its own one after the other, for each tenant; other
//     clients do not know of them, and a call that ended without an answer may still be under way.
//     [Client.ProvisionUser] checks that what it created was kept.
//   - Every change of a tenant or of its users wipes the tenant's status. [Client.KeepStatus]
//     restores it.
//   - An update of a tenant replaces all of it, keys of users included. [Client.ModifyTenant]
//     changes a part.
//
// The server is that of https://github.com/ARGOeu/argo-web-api; its documentation is
// https://argoeu.github.io/argo-web-api/. Package argotest is a fake of it.
package argo
