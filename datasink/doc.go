// Package datasink has a client for each service that hands out decisions for other systems to
// apply. It contains no code.
//
//   - [github.com/tenantkit/tenantkit/datasink/autoid]: the data sink of ForgeRock (now Ping)
//     Autonomous Identity. A sink is a system that applies decisions on entitlements, and
//     acknowledges them. The credential is an API key, or a user and password.
package datasink
