// Package proof holds no code, only tests: those of the promises that all clients make together.
// Each operation of each client, found from the clients' own tables, meets each fault; nothing may
// be applied twice, told wrongly, or shown that is secret.
package proof
