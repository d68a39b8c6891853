// Package tenant holds the clients of two services that both call the customer of a platform a
// tenant, and otherwise have nothing in common. It has no code of its own. Choose by the service
// that you administer:
//
//   - [github.com/tenantkit/tenantkit/tenant/worklytics], the Tenant API of Worklytics: you are a
//     tenant, and connect your data sources to Worklytics through your own pseudonymization proxy
//     (Psoxy). The tenant is fixed when the client is made; what is created, changed and deleted
//     are its data connections. The credential is an ID token of Google or of AWS.
//
//   - [github.com/tenantkit/tenantkit/tenant/argo], the Web API of ARGO: you run a monitoring
//     service, and the tenants are your customers. What is created, changed and deleted are the
//     tenants themselves, their users and their status. The credential is an administrator's API
//     key.
package tenant
