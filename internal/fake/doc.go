// Package fake is the engine of the fake servers that tenantkit offers to its users: an HTTP server
// on a loopback address that routes requests, keeps a record of them and fails on demand, on the
// wire where that is asked for.
//
// The package of a fake says how its API responds, as a list of [Route]. The engine holds no
// goroutine after [Server.Close] and no state that outlives its [Server].
package fake
