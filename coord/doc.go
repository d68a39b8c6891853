// Package coord has locks and small stores that processes and machines share, so that a client's
// guarantees among its goroutines hold among replicas too.
//
// [Local] serves one process and [Dir] all processes of a machine. Give a [Locker] to a client with
// tenantkit.WithLocker.
package coord
